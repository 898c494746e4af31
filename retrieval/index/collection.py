"""A generation opened for reading, and the live one, whichever that is at the moment."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.chunking import VERSION
from retrieval.errors import CollectionError
from retrieval.index.articles import SCHEMA_VERSION, ArticleStore
from retrieval.index.generations import Generations, Manifest
from retrieval.index.keywords import KeywordIndex
from retrieval.index.vectors import VectorIndex

ARTICLES = "articles.sqlite3"
SENTENCES = "sentences.npy"
VECTORS = "chroma"
KEYWORDS = "bm25"


class Collection:
    """One generation: articles, chunk vectors, keywords, sentence vectors."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        try:
            self._sentence_vectors = np.load(folder / SENTENCES, mmap_mode="r")
        except (OSError, EOFError, ValueError) as error:
            raise CollectionError(
                f"the index {manifest.id} is damaged ({error}); run `baoda reload`"
            ) from error
        self.articles = ArticleStore(folder / ARTICLES)
        self.keywords = KeywordIndex(folder / KEYWORDS)
        self.vectors = VectorIndex(folder / VECTORS)

    def sentence_vectors(self, first: int, count: int) -> npt.NDArray[np.float32]:
        """Unit vectors of `count` sentences with the ordinals from `first` on, one a row."""
        rows: npt.NDArray[np.float32] = self._sentence_vectors[first : first + count].astype(
            np.float32
        )
        return rows

    def close(self) -> None:
        """Let go of the files."""
        self.vectors.close()
        self.articles.close()


class LiveCollection:
    """The live generation, opened when first asked for and again after each publication.

    Questions that run on the former generation finish there; then it is closed.
    """

    def __init__(
        self,
        generations: Generations,
        *,
        embedding: str,
        open_collection: Callable[[Path, Manifest], Collection] = Collection,
    ) -> None:
        self._generations = generations
        self._embedding = embedding
        self._open_collection = open_collection
        self._lock = threading.Lock()
        self._current: Collection | None = None
        self._users: dict[str, int] = {}
        self._retired: dict[str, Collection] = {}

    @contextmanager
    def use(self) -> Iterator[Collection]:
        """The live collection, kept open for the length of a `with` block.

        Raises NoCollectionError before the first reload, CollectionError when it cannot be used.
        """
        with self._lock:
            collection = self._latest()
            identity = collection.manifest.id
            self._users[identity] = self._users.get(identity, 0) + 1
        try:
            yield collection
        finally:
            with self._lock:
                self._users[identity] -= 1
                if not self._users[identity]:
                    del self._users[identity]
                    if retired := self._retired.pop(identity, None):
                        retired.close()

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            for collection in [*self._retired.values(), self._current]:
                if collection is not None:
                    collection.close()
            self._retired.clear()
            self._current = None

    def _latest(self) -> Collection:
        generation = self._generations.require_live()
        if self._current is not None and self._current.manifest.id == generation:
            return self._current
        manifest = self._generations.manifest(generation)
        check_fingerprint(manifest, self._embedding)
        opened = self._open_collection(self._generations.folder(generation), manifest)
        if self._current is not None:
            former = self._current.manifest.id
            if former in self._users:
                self._retired[former] = self._current
            else:
                self._current.close()
        self._current = opened
        return opened


def check_complete(folder: Path, manifest: Manifest) -> None:
    """Raise CollectionError unless a generation opens and every chunk of it can be found."""
    opened = Collection(folder, manifest)
    try:
        counts = opened.articles.counts()
        lost = len(opened.vectors.unreachable(manifest.dimensions, manifest.chunks))
        agree = counts.chunks == opened.keywords.count == manifest.chunks
        if lost or not agree or counts.articles != manifest.articles:
            raise CollectionError(
                f"the index {manifest.id} lacks {lost} of its {manifest.chunks} chunks"
            )
    finally:
        opened.close()


def check_fingerprint(manifest: Manifest, embedding: str) -> None:
    """Raise CollectionError unless the generation was made by this version with this model."""
    if not matches(manifest, embedding):
        raise CollectionError(
            f"the index was made with another embedding model or version "
            f"({manifest.embedding}, not {embedding}); run `baoda reload`"
        )


def matches(manifest: Manifest, embedding: str) -> bool:
    """Whether a generation was made by this version with this model."""
    made_by = (manifest.embedding, manifest.chunker, manifest.schema)
    return made_by == (embedding, VERSION, SCHEMA_VERSION)
