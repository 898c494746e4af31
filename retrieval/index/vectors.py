"""chroma/ of a generation: the chunks with their vectors.

One process writes a folder, before it is published; afterwards it is only read.
"""

import logging
import random
import re
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from retrieval.errors import CollectionError, HinderedCollectionError, damage_of
from retrieval.index.chroma import (
    ChromaError,
    Client,
    CreateCollectionConfiguration,
    PersistentClient,
    Settings,
)
from retrieval.types import Chunk, Vectors

_NAME = "articles"
_CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 300}
}
"""Measured: the defaults lose recall on large collections; these keep it at little cost."""

_MAX_BATCH = 2_000
_EQUAL = 0.9999
"""Cosine from which on two vectors are taken for the same."""

_COMPARED_ONE_BY_ONE = 1_000
_MOST_IN_ONE_QUERY = 30_000
_BLOCK = 5_000
_SAMPLES = 200
_LOOK_UP = 100
_WIDTHS = (10, 1_000)
"""How many nearest ones a chunk looks for itself among: the search is approximate, so that what a
narrow look-up misses is not lost yet."""

_TOLERATED = 0.1
"""Of a sample that does not find itself though one query found it: of vectors close together the
approximate search misses some (measured 1.5 %), of damaged ones nearly all."""

_DATABASE = "chroma.sqlite3"
_STRAYS = "strays.npz"

_HINDRANCE = re.compile(r"\(code: (8|13|14)\)|No space left|Read-only file system")
"""SQLite's codes for what cannot be written, for a full disk, and for what cannot be opened."""

logger = logging.getLogger(__name__)
logging.getLogger("chromadb").setLevel(logging.WARNING)


class VectorIndex:
    """Nearest chunks by cosine. Chroma ids are the chunks' ordinals.

    Beside a hundred equal chunks, such as a notice that is printed daily, Chroma's graph loses its
    way to others. What it cannot reach are strays: they are compared one by one.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._strays_file = folder / _STRAYS
        self._copied = ExitStack()
        try:
            self._open(folder, create)
        except CollectionError as error:
            if not _HINDRANCE.search(str(error)):
                raise
            if create:
                raise HinderedCollectionError(
                    f"the disk of {folder} or of TMPDIR is full or cannot be written: make room"
                ) from error
            logger.warning(
                "the disk of %s is full or cannot be written: a copy of its vectors in %s is read",
                folder,
                tempfile.gettempdir(),
            )
            self._open_copy(folder)

    def _open(self, folder: Path, create: bool) -> None:
        try:
            self._strays = _load_strays(self._strays_file)
            self._client = PersistentClient(
                str(folder), settings=Settings(anonymized_telemetry=False)
            )
            if create:
                self._collection = self._client.create_collection(
                    _NAME, embedding_function=None, configuration=_CONFIGURATION
                )
            else:
                self._collection = self._client.get_collection(_NAME, embedding_function=None)
        except (ChromaError, ValueError, OSError, KeyError) as error:
            raise CollectionError(
                f"the vector index cannot be opened ({error}); run `baoda reload`"
            ) from error

    def _open_copy(self, folder: Path) -> None:
        """Chroma writes to its database even when it only reads: let it write elsewhere."""
        with ExitStack() as made:
            try:
                temporary = made.enter_context(tempfile.TemporaryDirectory(prefix="baoda-"))
                copy_index(folder, Path(temporary) / folder.name)
                self._open(Path(temporary) / folder.name, create=False)
            except (OSError, sqlite3.Error, CollectionError) as error:
                raise HinderedCollectionError(
                    f"the disk of {folder} is full or cannot be written, and so is "
                    f"{tempfile.gettempdir()}: make room, or set TMPDIR to another disk"
                ) from error
            self._copied = made.pop_all()

    def add(self, ordinals: Sequence[int], chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add chunks with their ordinals. Raises CollectionError, as on a full disk."""
        for start in range(0, len(chunks), _MAX_BATCH):
            batch = chunks[start : start + _MAX_BATCH]
            with _written():
                self._collection.add(
                    ids=[str(ordinal) for ordinal in ordinals[start : start + len(batch)]],
                    embeddings=vectors[start : start + len(batch)],
                    documents=[chunk.text for chunk in batch],
                    metadatas=[
                        {
                            "article_id": chunk.article_id,
                            "position": chunk.position,
                            "start": chunk.start,
                            "end": chunk.end,
                        }
                        for chunk in batch
                    ],
                )

    def nearest(
        self, vector: Vectors, limit: int, *, among: Collection[int] | None = None
    ) -> dict[int, float]:
        """Ordinals of the `limit` nearest chunks with their cosine, best first.

        `among` these only, where given: all are compared then when they are few, else as many
        more are asked for as there are others.
        """
        if among is None:
            return self._nearest(vector[np.newaxis, :], limit)[0]
        if len(among) <= _COMPARED_ONE_BY_ONE:
            return self._compared(vector, among, limit)
        count = self.count()
        others = count - len(among)
        near = self._nearest(vector[np.newaxis, :], min(limit + others, count))[0]
        wanted = frozenset(among)
        return dict([pair for pair in near.items() if pair[0] in wanted][:limit])

    def _compared(self, vector: Vectors, among: Collection[int], limit: int) -> dict[int, float]:
        """The nearest of a few chunks, exactly."""
        with _read():
            stored = self._collection.get([str(one) for one in among], include=["embeddings"])
        if not stored["ids"]:
            return {}
        rows = np.asarray(stored["embeddings"], dtype=np.float32)
        cosines = rows @ vector
        order = np.argsort(-cosines, kind="stable")[:limit]
        return {int(stored["ids"][row]): float(cosines[row]) for row in order}

    def _nearest(self, vectors: Vectors, limit: int) -> list[dict[int, float]]:
        with _read():
            found = self._collection.query(
                query_embeddings=vectors, n_results=limit, include=["distances"]
            )
        near = [
            {int(ordinal): 1.0 - distance for ordinal, distance in zip(ids, distances, strict=True)}
            for ids, distances in zip(found["ids"], found["distances"] or [], strict=True)
        ]
        if not self._strays:
            return near
        ordinals = list(self._strays)
        cosines = vectors @ np.stack(list(self._strays.values())).T
        for row, similar in zip(near, cosines.tolist(), strict=True):
            row.update(zip(ordinals, similar, strict=True))
        return [dict(sorted(row.items(), key=lambda pair: -pair[1])[:limit]) for row in near]

    def remove(self, ordinals: Sequence[int]) -> None:
        """Remove chunks."""
        for start in range(0, len(ordinals), _MAX_BATCH):
            with _written():
                self._collection.delete([str(one) for one in ordinals[start : start + _MAX_BATCH]])
        if self._strays.keys() & set(ordinals):
            gone = set(ordinals)
            self._keep_strays({one: row for one, row in self._strays.items() if one not in gone})

    def settle(self) -> None:
        """Have the next opening write the whole graph to disk.

        Otherwise Chroma keeps up to a thousand vectors for every later opening to add again.
        """
        with warnings.catch_warnings():
            # it reads its own configuration back and calls one without an embedding function old
            warnings.filterwarnings("ignore", "legacy embedding function", DeprecationWarning)
            self._collection.modify(configuration={"hnsw": {"batch_size": 2, "sync_threshold": 2}})

    def unreachable(self, dimensions: int, ordinals: Sequence[int]) -> list[int]:
        """Those of the ordinals that no search finds; Chroma's own `count()` proves nothing.

        One query should return all; above 30,000 they are looked up in blocks. Of many equal
        vectors a query may leave out some: those count as found when a look-up by their own vector
        finds an equal one. Besides, a sample of 200 has to find itself.
        """
        if not ordinals:
            return []
        if len(ordinals) <= _MOST_IN_ONE_QUERY:
            direction = np.full(dimensions, dimensions**-0.5, dtype=np.float32)
            found = set(self.nearest(direction, len(ordinals)))
        else:
            found = self._stored(ordinals)
        missed = [one for one in ordinals if one not in found]
        lost = self._lost_in_all(missed)
        sample = random.sample(ordinals, min(_SAMPLES, len(ordinals)))
        astray = self._lost_in_all([one for one in sample if one not in lost])
        return [*lost, *astray] if len(astray) > _TOLERATED * len(sample) else lost

    def _lost_in_all(self, ordinals: Sequence[int]) -> list[int]:
        for width in _WIDTHS:
            ordinals = self._lost(ordinals, width)
        return list(ordinals)

    def adopt(self, ordinals: Sequence[int]) -> None:
        """Find these chunks, which the graph does not reach, by comparing them one by one."""
        strays = dict(self._strays)
        for start in range(0, len(ordinals), _BLOCK):
            block = [str(one) for one in ordinals[start : start + _BLOCK]]
            stored = self._collection.get(block, include=["embeddings"])
            rows = np.asarray(stored["embeddings"], dtype=np.float32)
            strays.update(zip(map(int, stored["ids"]), rows, strict=True))
        self._keep_strays(strays)

    def _keep_strays(self, strays: dict[int, Vectors]) -> None:
        self._strays = strays
        if not strays:
            self._strays_file.unlink(missing_ok=True)
            return
        np.savez(self._strays_file, ordinals=list(strays), vectors=np.stack(list(strays.values())))

    def count(self) -> int:
        """How many chunks Chroma says it holds."""
        return self._collection.count()

    def _stored(self, ordinals: Sequence[int]) -> set[int]:
        stored: set[int] = set()
        for start in range(0, len(ordinals), _BLOCK):
            block = [str(one) for one in ordinals[start : start + _BLOCK]]
            stored.update(map(int, self._collection.get(block, include=[])["ids"]))
        return stored

    def _lost(self, ordinals: Sequence[int], width: int) -> list[int]:
        """Those whose own vector does not find them, or an equal one, among the `width` nearest."""
        lost: list[int] = []
        for start in range(0, len(ordinals), _LOOK_UP):
            block = ordinals[start : start + _LOOK_UP]
            found = self._found_by_their_own(block, width)
            lost += [one for one in block if one not in found]
        return lost

    def _found_by_their_own(self, ordinals: Sequence[int], width: int) -> set[int]:
        try:
            stored = self._collection.get([str(one) for one in ordinals], include=["embeddings"])
            own = [int(one) for one in stored["ids"]]
            rows = np.asarray(stored["embeddings"], dtype=np.float32)
            near = self._nearest(rows, width) if own else []
        except (ChromaError, CollectionError, ValueError, TypeError):
            return set()
        return {
            one
            for one, nearest in zip(own, near, strict=True)
            if one in nearest or max(nearest.values(), default=0.0) > _EQUAL
        }

    def close(self) -> None:
        """Let go of the folder."""
        assert isinstance(self._client, Client)
        self._client.close()
        self._copied.close()


def _load_strays(file: Path) -> dict[int, Vectors]:
    if not file.exists():
        return {}
    try:
        with np.load(file) as stored:
            return dict(zip(stored["ordinals"].tolist(), stored["vectors"], strict=True))
    except (ValueError, OSError, EOFError, KeyError, BadZipFile) as error:
        raise CollectionError(
            f"the vector index cannot be opened ({damage_of(error)}); run `baoda reload`"
        ) from error


@contextmanager
def _read() -> Iterator[None]:
    try:
        yield
    except (ChromaError, ValueError) as error:
        raise CollectionError(
            f"the vector index cannot be searched ({error}); run `baoda reload`"
        ) from error


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except ChromaError as error:
        raise CollectionError(f"the vector index cannot be written ({error})") from error


def copy_index(source: Path, target: Path) -> None:
    """Copy the folder of an index that others may be reading: they write its database."""
    target.mkdir(parents=True)
    for path in source.rglob("*"):
        copied = target / path.relative_to(source)
        if path.is_dir():
            copied.mkdir(exist_ok=True, parents=True)
        elif not path.name.startswith(_DATABASE):
            copied.parent.mkdir(exist_ok=True, parents=True)
            shutil.copyfile(path, copied)
    with (
        closing(sqlite3.connect(source / _DATABASE)) as original,
        closing(sqlite3.connect(target / _DATABASE)) as copy,
    ):
        original.backup(copy)
