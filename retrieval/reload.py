"""From files to a checked, published generation."""

import dataclasses
import datetime
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from retrieval.chunking import VERSION, chunk_article, embedded_text
from retrieval.corpus import read_corpus
from retrieval.embedding import EmbeddingCache
from retrieval.errors import CollectionError, CorpusError, ReloadError
from retrieval.index import collection as layout
from retrieval.index import keywords
from retrieval.index.articles import (
    SCHEMA_VERSION,
    ArticleStore,
    ArticleWriter,
    Fingerprint,
    article_hash,
)
from retrieval.index.collection import check_complete, matches
from retrieval.index.generations import Generations, Manifest
from retrieval.index.vectors import VectorIndex
from retrieval.pinyin import romanised_names
from retrieval.sentences import split_sentences
from retrieval.types import Article, Chunk, Embedder, Loaded, Problem, Span, Step

logger = logging.getLogger(__name__)

_MAX_GONE = 0.3
"""A larger share of the articles gone looks like a folder that is not there."""

Progress = Callable[[Step], None]


@dataclasses.dataclass(frozen=True, slots=True)
class ReloadResult:
    """What a reload did. Without a change `generation` equals `previous`; times in seconds."""

    generation: str | None
    previous: str | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    failed: tuple[Problem, ...]
    articles: int
    chunks: int
    embedded: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class _Difference:
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def nothing(self) -> bool:
        return not (self.added or self.changed or self.removed)


class Reloader:
    """Builds the next generation of a data folder and publishes it."""

    def __init__(
        self, *, corpus_dir: Path, data_dir: Path, generations: Generations, embedder: Embedder
    ) -> None:
        self._corpus_dir = corpus_dir
        self._data_dir = data_dir
        self._generations = generations
        self._embedder = embedder

    def reload(self, *, full: bool, force: bool, dry_run: bool, progress: Progress) -> ReloadResult:
        """Read the folder and publish what is new in it; readers see the old until the end.

        `full` builds even without a change, `force` also when many articles are gone. Raises
        CorpusError, ReloadError, CollectionError or ModelUnavailableError; then nothing changed.
        """
        started = time.monotonic()
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            with _exclusive(self._data_dir / "reload.lock"):
                return self._reload(full, force, dry_run, progress, started)
        except OSError as error:
            where = error.filename or self._data_dir
            raise ReloadError(f"the reload stopped: {where}: {error.strerror}") from error

    def _reload(
        self, full: bool, force: bool, dry_run: bool, progress: Progress, started: float
    ) -> ReloadResult:
        loaded, failed = self._read(progress)
        previous, manifest = self._previous()
        before = self._stored(previous, loaded, failed) if previous else {}
        if not loaded:
            raise CorpusError(f"no article in {self._corpus_dir} can be read; nothing was changed")
        difference = _compare(loaded, before)
        if not (force or dry_run) and len(difference.removed) > _MAX_GONE * max(1, len(before)):
            raise ReloadError(
                f"{len(difference.removed)} of {len(before)} articles are gone; nothing changed. "
                "Is the folder complete? If so: baoda reload --force"
            )
        generation, embedded = previous, 0
        articles = len(loaded)
        chunks = manifest.chunks if manifest else 0
        if not dry_run and (full or manifest is None or not difference.nothing):
            manifest, embedded = self._build(loaded, progress)
            generation, chunks = manifest.id, manifest.chunks
            self._generations.publish(manifest)
            self._generations.prune()
        return ReloadResult(
            generation=generation,
            previous=previous,
            added=difference.added,
            changed=difference.changed,
            removed=difference.removed,
            unchanged=difference.unchanged,
            failed=tuple(failed),
            articles=articles,
            chunks=chunks,
            embedded=embedded,
            seconds=round(time.monotonic() - started, 3),
        )

    def _read(self, progress: Progress) -> tuple[list[Loaded], list[Problem]]:
        loaded: list[Loaded] = []
        failed: list[Problem] = []
        for item in read_corpus(self._corpus_dir):
            if isinstance(item, Loaded):
                loaded.append(item)
                progress(Step("read", len(loaded)))
            else:
                failed.append(item)
        return loaded, failed

    def _previous(self) -> tuple[str | None, Manifest | None]:
        """The live generation, and its manifest if this version can go on from it."""
        live = None
        try:
            live = self._generations.live()
            if live is None:
                return None, None
            manifest = self._generations.manifest(live)
            if not matches(manifest, self._embedder.fingerprint):
                return live, None
            check_complete(self._generations.folder(live), manifest)
        except CollectionError as error:
            logger.warning("%s; building anew", error)
            return live, None
        return live, manifest

    def _stored(
        self, generation: str, loaded: list[Loaded], failed: list[Problem]
    ) -> dict[str, Fingerprint]:
        """What the live generation holds; articles of files that now fail are taken over."""
        try:
            store = ArticleStore(self._generations.folder(generation) / layout.ARTICLES)
        except CollectionError as error:
            logger.warning("%s; articles of files that now fail are lost", error)
            return {}
        try:
            stored = store.fingerprints()
            read = {item.article.id for item in loaded}
            broken = {problem.file for problem in failed}
            lost = [
                article_id
                for article_id, fingerprint in stored.items()
                if article_id not in read and fingerprint.path in broken
            ]
            kept = store.articles(lost)
            loaded.extend(Loaded(kept[name], stored[name].path) for name in lost)
            return stored
        finally:
            store.close()

    def _build(self, loaded: list[Loaded], progress: Progress) -> tuple[Manifest, int]:
        generation, folder = self._generations.new()
        try:
            manifest, embedded = self._write(generation, folder, loaded, progress)
            progress(Step("check"))
            check_complete(folder, manifest)
        except BaseException:
            self._generations.discard(generation)
            raise
        return manifest, embedded

    def _write(
        self, generation: str, folder: Path, loaded: list[Loaded], progress: Progress
    ) -> tuple[Manifest, int]:
        writer = ArticleWriter(folder / layout.ARTICLES)
        chunks: list[Chunk] = []
        chunk_texts: list[str] = []
        keyword_texts: list[str] = []
        sentence_texts: list[str] = []
        for number, item in enumerate(loaded, start=1):
            article = item.article
            own_chunks = chunk_article(article, self._embedder.count_tokens)
            sentences = split_sentences(article.text)
            writer.add(article, path=item.path, chunks=own_chunks, sentences=sentences)
            chunks.extend(own_chunks)
            chunk_texts.extend(embedded_text(article, chunk.text) for chunk in own_chunks)
            fields = _searchable_fields(article)
            keyword_texts.extend(f"{chunk.text}\n{fields}" for chunk in own_chunks)
            sentence_texts.extend(_sentence_text(article, span) for span in sentences)
            progress(Step("chunk", number, len(loaded)))
        counts = writer.close()
        vectors = VectorIndex(folder / layout.VECTORS, create=True)
        cache = EmbeddingCache(self._data_dir / "embeddings.sqlite3")
        try:
            embedded = 0
            done = 0
            total = len(chunk_texts) + len(sentence_texts)
            dimensions = 0
            for new, block in cache.embed(self._embedder, chunk_texts):
                vectors.add(done, chunks[done : done + len(block)], block)
                dimensions = block.shape[1]
                embedded += new
                done += len(block)
                progress(Step("embed", done, total))
            rows = np.lib.format.open_memmap(
                folder / layout.SENTENCES, "w+", np.float16, (len(sentence_texts), dimensions)
            )
            first = 0
            for new, block in cache.embed(self._embedder, sentence_texts):
                rows[first : first + len(block)] = block
                embedded += new
                first += len(block)
                progress(Step("embed", done + first, total))
            rows.flush()
        finally:
            cache.close()
            vectors.close()
        keywords.build(keyword_texts, folder / layout.KEYWORDS)
        manifest = Manifest(
            id=generation,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            embedding=self._embedder.fingerprint,
            dimensions=dimensions,
            chunker=VERSION,
            schema=SCHEMA_VERSION,
            articles=counts.articles,
            chunks=counts.chunks,
            sentences=counts.sentences,
        )
        return manifest, embedded


def _compare(loaded: list[Loaded], before: dict[str, Fingerprint]) -> _Difference:
    now = {item.article.id: article_hash(item.article) for item in loaded}
    changed = [name for name, value in now.items() if name in before and before[name].hash != value]
    return _Difference(
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(sorted(changed)),
        removed=tuple(sorted(before.keys() - now.keys())),
        unchanged=len(now.keys() & before.keys()) - len(changed),
    )


def _searchable_fields(article: Article) -> str:
    """What readers search by besides the text, found with every chunk of the article."""
    fields = (article.heading, article.byline, article.column, article.date, article.source)
    names = romanised_names("\n".join((*fields, article.text)))
    return "\n".join((*fields, *names))


def _sentence_text(article: Article, span: Span) -> str:
    return article.text[span.start : span.end]


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold the one lock of reloads; it is gone with the process that holds it."""
    with path.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "another process"
            raise ReloadError(f"another reload is running ({holder}); try again later") from None
        stream.truncate(0)
        now = datetime.datetime.now(datetime.UTC)
        stream.write(f"process {os.getpid()} since {now:%Y-%m-%d %H:%M:%S} UTC")
        stream.flush()
        yield
