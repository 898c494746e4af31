"""A generation opened for reading, and the live one, whichever that is at the moment."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy.exc import SQLAlchemyError

from retrieval.embedding import LOCAL_MODEL
from retrieval.errors import CollectionError, damage_of
from retrieval.folding import is_traditional
from retrieval.index.articles import ArticleStore
from retrieval.index.generations import (
    ARTICLES,
    KEYWORDS,
    SENTENCES,
    VECTORS,
    Generations,
    Manifest,
    check_servable,
    matches,
)
from retrieval.index.keywords import KeywordIndex
from retrieval.index.room import blank_room
from retrieval.index.vectors import VectorIndex

_FOLLOW_SECONDS = 0.5
_TOLD_BY = 20
"""Chunks, from all over the collection, that tell the characters it is written in."""

_SAMPLE = 300
_FAR_APART = 1
"""Percentile of the cosines of pairs of sentences: so few are further apart."""

_UNLIKE = 0.76
"""That of the bundled model: 0.76 to 0.82 measured on three collections."""

_LEAST_ROOM = 0.02

logger = logging.getLogger(__name__)


class Collection:
    """One generation: articles, chunk vectors, keywords, sentence vectors."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        try:
            self._sentence_vectors = np.load(folder / SENTENCES, mmap_mode="r")
        except (OSError, EOFError, ValueError) as error:
            raise CollectionError(
                f"the index {manifest.id} is damaged ({damage_of(error)}); run `baoda reload`"
            ) from error
        self._stretch = self._measured_stretch()
        with ExitStack() as opened:
            self.articles = ArticleStore(folder / ARTICLES)
            opened.callback(self.articles.close)
            self.keywords = KeywordIndex(folder / KEYWORDS)
            self.vectors = VectorIndex(folder / VECTORS)
            opened.pop_all()

    @cached_property
    def is_traditional(self) -> bool:
        """Whether most of its articles are in traditional characters, as some of them tell."""
        ordinals = self.articles.chunk_ordinals()
        some = self.articles.chunks(ordinals[:: max(1, len(ordinals) // _TOLD_BY)][:_TOLD_BY])
        told = [is_traditional(chunk.text) for chunk in some.values()]
        return 2 * sum(told) > len(told)

    @property
    def sentence_rows(self) -> int:
        """How many rows the array of sentence vectors has."""
        return len(self._sentence_vectors)

    def sentence_vectors(self, first: int, count: int) -> npt.NDArray[np.float32]:
        """Unit vectors of `count` sentences with the ordinals from `first` on, one a row."""
        rows: npt.NDArray[np.float32] = self._sentence_vectors[first : first + count].astype(
            np.float32
        )
        return rows

    def scaled(self, cosine: float) -> float:
        """A cosine of any embedding model on the scale of the bundled one.

        What is learned of cosines holds for that one alone: others put texts that have nothing in
        common at 0.1 or 0.3 where it has 0.8. Equal texts are at 1 everywhere.
        """
        return 1 - (1 - cosine) * self._stretch

    def _measured_stretch(self) -> float:
        if self.manifest.embedding.startswith(LOCAL_MODEL):
            return 1.0
        rows = np.linspace(0, len(self._sentence_vectors) - 1, num=_SAMPLE, dtype=np.int64)
        sample = self._sentence_vectors[np.unique(rows)].astype(np.float32)
        if len(sample) < 2:
            return 1.0
        unlike = float(np.percentile(sample @ sample.T, _FAR_APART))
        return min(1.0, (1 - _UNLIKE) / max(1 - unlike, _LEAST_ROOM))

    def close(self) -> None:
        """Let go of the files."""
        self.vectors.close()
        self.articles.close()


class Collections(Protocol):
    """Where an answerer gets the collection that a question is asked of."""

    def use(self) -> AbstractContextManager[Collection]:
        """The collection, kept open for the length of a `with` block. Raises CollectionError."""

    def generation(self) -> str | None:
        """Id of the generation that is used now, None where there is none. CollectionError."""

    def close(self) -> None:
        """Close what is open."""


class OneCollection:
    """A generation that need not be live, such as one that is being checked."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._collection = Collection(folder, manifest)

    @contextmanager
    def use(self) -> Iterator[Collection]:
        """The collection."""
        yield self._collection

    def generation(self) -> str:
        """Its id."""
        return self._collection.manifest.id

    def close(self) -> None:
        """Close it."""
        self._collection.close()


class LiveCollection:
    """The live generation, opened when first asked for and again after each publication.

    Questions that run on the former generation finish there; then it is closed. As long as it is
    open no reload deletes it. When the new one cannot be used, the former goes on serving.
    """

    def __init__(
        self,
        generations: Generations,
        *,
        embedding: str,
        has_model: Callable[[str], bool] | None = None,
        open_collection: Callable[[Path, Manifest], Collection] = Collection,
    ) -> None:
        """`embedding` is the fingerprint of the model in use; `has_model` knows those it replaced.

        A generation that one of those made serves until it is built anew.
        """
        self._generations = generations
        self._embedding = embedding
        self._has_model = has_model or (lambda fingerprint: fingerprint == embedding)
        self._open_collection = open_collection
        self._lock = threading.Lock()
        self._current: _Opened | None = None
        self._complaint = ""
        self._closed = threading.Event()
        self._follower: threading.Thread | None = None

    @contextmanager
    def use(self) -> Iterator[Collection]:
        """The live collection, kept open for the length of a `with` block.

        Raises NoCollectionError before the first reload, CollectionError when it cannot be used.
        """
        with self._lock:
            opened = self._latest()
            opened.users += 1
        try:
            yield opened.collection
        finally:
            with self._lock:
                opened.users -= 1
                if opened is not self._current and not opened.users:
                    opened.close()

    def generation(self) -> str | None:
        """Id of the live generation, or of the former while that one cannot be used.

        None before the first reload. Nothing is opened or waited for. Raises CollectionError when
        it cannot be told.
        """
        serving = self._current
        if serving is not None and self._complaint:
            return serving.collection.manifest.id
        return self._generations.live()

    def follow(self) -> None:
        """Go over to each new generation within a second even when nobody asks.

        Seldom does a question have to wait for the opening then, and the former is let go of.
        """
        self._follower = threading.Thread(target=self._follow, name="generations", daemon=True)
        self._follower.start()

    def close(self) -> None:
        """Close what is open; what is in use, when its user is done."""
        self._closed.set()
        if self._follower is not None:
            self._follower.join()
        with self._lock:
            former, self._current = self._current, None
            if former is not None and not former.users:
                former.close()

    def _follow(self) -> None:
        while not self._closed.wait(_FOLLOW_SECONDS):
            with self._lock:
                if self._current is not None:
                    self._latest()

    def _latest(self) -> "_Opened":
        try:
            opened = self._open_newer()
        except CollectionError as error:
            if self._current is None:
                raise
            if str(error) != self._complaint:
                logger.warning("%s; the former index goes on serving", error)
            self._complaint = str(error)
            return self._current
        former, self._current = self._current, opened
        self._complaint = ""
        if former is not None and former is not opened and not former.users:
            former.close()
        return opened

    def _open_newer(self) -> "_Opened":
        """The live generation, opened unless it is already the current one.

        Between looking up its name and opening it, it may be deleted: then another one is live.
        """
        while True:
            generation = self._generations.require_live()
            if self._current is not None and self._current.collection.manifest.id == generation:
                return self._current
            with ExitStack() as stack:
                try:
                    stack.enter_context(self._generations.reading(generation))
                    manifest = self._generations.manifest(generation)
                    check_servable(manifest, self._has_model)
                    folder = self._generations.folder(generation)
                    collection = self._open_collection(folder, manifest)
                    if not matches(manifest, self._embedding):
                        logger.warning(
                            "the index %s was made with another embedding model or by another "
                            "version; it serves until `baoda reload` has built it anew",
                            generation,
                        )
                    return _Opened(collection, stack.pop_all())
                except CollectionError:
                    if self._generations.live() == generation:
                        raise


class _Opened:
    """A collection with the number of questions that run on it."""

    def __init__(self, collection: Collection, kept: ExitStack) -> None:
        self.collection = collection
        self.users = 0
        self._kept = kept

    def close(self) -> None:
        self.collection.close()
        self._kept.close()


def check_complete(folder: Path, manifest: Manifest, *, just_written: bool = False) -> None:
    """Raise CollectionError unless a generation opens and every chunk of it can be found.

    Of one that was `just_written`, what the graph of vectors does not reach is made a stray, and
    its room for more is blanked: Chroma writes the graph when it is opened.
    """
    opened = Collection(folder, manifest)
    try:
        _check(opened, manifest, just_written)
    except SQLAlchemyError as error:
        raise CollectionError(f"the index {manifest.id} is damaged ({error})") from error
    finally:
        opened.close()
    if just_written:
        blank_room(folder / VECTORS)


def _check(opened: Collection, manifest: Manifest, just_written: bool) -> None:
    counts = opened.articles.counts()
    ordinals = opened.articles.chunk_ordinals()
    lost = opened.vectors.unreachable(manifest.dimensions, ordinals)
    if lost and just_written:
        opened.vectors.adopt(lost)
        lost = opened.vectors.unreachable(manifest.dimensions, ordinals)
    if lost:
        raise CollectionError(
            f"the index {manifest.id} lacks {len(lost)} of its {manifest.chunks} chunks"
        )
    stated = (manifest.articles, manifest.chunks, manifest.sentences)
    if (
        (counts.articles, counts.chunks, counts.sentences) != stated
        or opened.keywords.ordinals() != ordinals
        or opened.vectors.count() != len(ordinals)
        or opened.sentence_rows < opened.articles.sentence_rows()
    ):
        raise CollectionError(f"the parts of the index {manifest.id} do not agree")
