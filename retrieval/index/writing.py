"""Writes a generation's files: anew, or into a copy of another generation."""

import datetime
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from retrieval.batches import batched
from retrieval.cache import EmbeddingCache, text_hash
from retrieval.chunking import VERSION, chunk_article, embedded_text, located_text
from retrieval.index.articles import ArticleStore, ArticleWriter
from retrieval.index.generations import (
    ARTICLES,
    KEYWORDS,
    SCHEMA_VERSION,
    SENTENCES,
    VECTORS,
    Manifest,
)
from retrieval.index.keywords import KeywordWriter
from retrieval.index.vectors import VectorIndex, copy_index
from retrieval.pinyin import romanised_names
from retrieval.sentences import split_sentences
from retrieval.types import Article, Embedder, Loaded, Progress, Span, Step, Vectors
from retrieval.words import names_of

_BATCH = 500


class GenerationWriter:
    """Builds the files of one generation in `folder`, starting from those of `source` if given.

    Articles are removed and added, then `finish` embeds what is new and writes everything.
    """

    def __init__(self, folder: Path, *, source: Path | None, progress: Progress) -> None:
        self._folder = folder
        self._source = source
        self._progress = progress
        if source is not None:
            progress(Step("copy"))
            shutil.copyfile(source / ARTICLES, folder / ARTICLES)
            copy_index(source / VECTORS, folder / VECTORS)
        self._articles = ArticleWriter(folder / ARTICLES)
        self._keywords = KeywordWriter(source / KEYWORDS if source else None)
        self._removed: list[int] = []
        self._first_chunk, self._first_sentence = self._articles.next_ordinals()
        self._count = 0
        self._chunks = 0

    def remove(self, ids: Sequence[str]) -> None:
        """Remove articles."""
        ordinals = self._articles.remove(ids)
        self._keywords.remove(ordinals)
        self._removed += ordinals

    def add(self, loaded: Loaded, count_tokens: Callable[[str], int]) -> int:
        """Cut an article into chunks and sentences; how many chunks."""
        article = loaded.article
        chunks = chunk_article(article, count_tokens)
        sentences = split_sentences(article.text)
        ordinals = self._articles.add_parts(
            self._articles.add(article, path=loaded.path),
            chunks=chunks,
            chunk_hashes=[text_hash(embedded_text(article, one)) for one in chunks],
            sentences=sentences,
            sentence_hashes=[text_hash(_sentence_text(article, one)) for one in sentences],
        )
        self._keywords.add(
            ordinals,
            [located_text(article, one) for one in chunks],
            _searchable_fields(article),
            names=names_of(article),
            written=article.day,
        )
        self._count += 1
        self._chunks += len(chunks)
        self._progress(Step("chunk", self._count, articles=self._count, chunks=self._chunks))
        return len(chunks)

    def finish(
        self, generation: str, files: Iterable[tuple[str, bytes]], embedding: "Embedding"
    ) -> Manifest:
        """Write all to disk; the manifest. Raises ModelUnavailableError."""
        self._articles.set_files(files)
        self._articles.close()
        self._keywords.save(self._folder / KEYWORDS)
        with ExitStack() as stack:
            store = ArticleStore(self._folder / ARTICLES)
            stack.callback(store.close)
            vectors = VectorIndex(self._folder / VECTORS, create=self._source is None)
            stack.callback(vectors.close)
            vectors.remove(self._removed)
            embedding.start(
                store.chunks_from(self._first_chunk) + store.sentences_from(self._first_sentence)
            )
            dimensions = self._embed_chunks(store, vectors, embedding)
            vectors.settle()
            dimensions = self._embed_sentences(store, dimensions, embedding)
            counts = store.counts()
        return Manifest(
            id=generation,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            embedding=embedding.fingerprint,
            dimensions=dimensions,
            chunker=VERSION,
            schema=SCHEMA_VERSION,
            articles=counts.articles,
            chunks=counts.chunks,
            sentences=counts.sentences,
        )

    def close(self) -> None:
        """Let go of the files."""
        self._articles.close()

    def _embed_chunks(
        self, store: ArticleStore, vectors: VectorIndex, embedding: "Embedding"
    ) -> int:
        dimensions = 0
        for batch in batched(store.all_chunks(self._first_chunk), _BATCH):
            rows = embedding.embed([embedded_text(article, chunk) for _, article, chunk in batch])
            vectors.add(
                [ordinal for ordinal, _, _ in batch], [chunk for _, _, chunk in batch], rows
            )
            dimensions = rows.shape[1]
        return dimensions

    def _embed_sentences(self, store: ArticleStore, dimensions: int, embedding: "Embedding") -> int:
        """Rows by the sentences' ordinals; rows of removed sentences stay. The dimensions."""
        old = np.load(self._source / SENTENCES, mmap_mode="r") if self._source else None
        if old is not None:
            dimensions = old.shape[1]
        rows = np.lib.format.open_memmap(
            self._folder / SENTENCES,
            "w+",
            np.float16,
            (max(store.sentence_rows(), self._first_sentence), dimensions),
        )
        if old is not None:
            rows[: self._first_sentence] = old[: self._first_sentence]
        for batch in batched(store.all_sentences(self._first_sentence), _BATCH):
            texts = [_sentence_text(article, span) for _, article, span in batch]
            rows[batch[0][0] : batch[-1][0] + 1] = embedding.embed(texts)
        rows.flush()
        return dimensions


class Embedding:
    """Texts to vectors, from the cache where it can, telling how far it is."""

    def __init__(self, cache: EmbeddingCache, embedder: Embedder, progress: Progress) -> None:
        self.embedded = 0
        self._cache = cache
        self._embedder = embedder
        self._progress = progress
        self._started = 0.0
        self._done = 0
        self._under_way = 0
        self._total = 0

    @property
    def fingerprint(self) -> str:
        """Of the model."""
        return self._embedder.fingerprint

    def start(self, total: int) -> None:
        """Begin with `total` texts to come."""
        self._started = time.monotonic()
        self._done, self._total, self.embedded = 0, total, 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, same order. Raises ModelUnavailableError."""
        self._under_way = 0
        rows = self._cache.embed(self._embedder, texts, self._advance)
        self._done += len(texts)
        self._under_way = 0
        self._tell()
        return rows

    def _advance(self, new: int) -> None:
        self.embedded += new
        self._under_way += new
        self._tell()

    def _tell(self) -> None:
        seconds = time.monotonic() - self._started
        done = self._done + self._under_way
        self._progress(
            Step(
                "embed",
                done,
                self._total,
                embedded=self.embedded,
                rate=round(self.embedded / seconds, 1) if seconds else 0.0,
                seconds_left=round(seconds / done * (self._total - done), 1) if done else None,
            )
        )


def _searchable_fields(article: Article) -> str:
    """What readers search by besides the text, found with every chunk of the article."""
    fields = (article.heading, article.byline, article.column, article.date, article.source)
    names = romanised_names("\n".join((*fields, article.text)))
    return "\n".join((*fields, *names))


def _sentence_text(article: Article, span: Span) -> str:
    return article.text[span.start : span.end]
