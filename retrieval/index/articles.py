"""articles.sqlite3 of a generation: the articles, their chunks and their sentences by offsets."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from retrieval.errors import CollectionError
from retrieval.sqlite import open_finished, open_private
from retrieval.types import Article, Chunk, Span

SCHEMA_VERSION = "1"
"""Part of a generation's fingerprint: changed whenever its files come out otherwise."""

_METADATA = MetaData()
_FIELDS = [field.name for field in dataclasses.fields(Article)]
_ARTICLES = Table(
    "articles",
    _METADATA,
    Column("ordinal", Integer, primary_key=True),
    Column("path", String, nullable=False),
    Column("hash", String, nullable=False),
    *(Column(name, String, nullable=False, unique=name == "id") for name in _FIELDS),
)
_CHUNKS = Table(
    "chunks",
    _METADATA,
    Column("ordinal", Integer, primary_key=True),
    Column("article", ForeignKey(_ARTICLES.c.ordinal), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)
_SENTENCES = Table(
    "sentences",
    _METADATA,
    Column("ordinal", Integer, primary_key=True),
    Column("article", ForeignKey(_ARTICLES.c.ordinal), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)


@dataclasses.dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence of an article; `ordinal` is the row of its vector."""

    ordinal: int
    start: int
    end: int


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """Rows of each table."""

    articles: int
    chunks: int
    sentences: int


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    """Tells whether an article changed, and which file it came from."""

    path: str
    hash: str


def article_hash(article: Article) -> str:
    """sha256 over all fields."""
    packed = json.dumps(dataclasses.astuple(article), ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()


class ArticleWriter:
    """Builds articles.sqlite3; ordinals count from 0 in the order of adding."""

    def __init__(self, path: Path) -> None:
        self._engine = open_private(path)
        _METADATA.create_all(self._engine)
        self._connection = self._engine.connect()
        self._articles = 0
        self._chunks = 0
        self._sentences = 0

    def add(
        self,
        article: Article,
        *,
        path: str,
        chunks: Sequence[Chunk],
        sentences: Sequence[Span],
    ) -> None:
        """Add an article with its chunks and its sentences."""
        ordinal = self._articles
        row = dataclasses.asdict(article) | {
            "ordinal": ordinal,
            "path": path,
            "hash": article_hash(article),
        }
        self._connection.execute(insert(_ARTICLES), [row])
        if chunks:
            rows = [
                {
                    "ordinal": self._chunks + index,
                    "article": ordinal,
                    "position": chunk.position,
                    "start": chunk.start,
                    "end": chunk.end,
                }
                for index, chunk in enumerate(chunks)
            ]
            self._connection.execute(insert(_CHUNKS), rows)
        if sentences:
            rows = [
                {
                    "ordinal": self._sentences + index,
                    "article": ordinal,
                    "start": span.start,
                    "end": span.end,
                }
                for index, span in enumerate(sentences)
            ]
            self._connection.execute(insert(_SENTENCES), rows)
        self._articles += 1
        self._chunks += len(chunks)
        self._sentences += len(sentences)

    def close(self) -> Counts:
        """Write everything to disk and say how much it is."""
        self._connection.commit()
        self._connection.close()
        self._engine.dispose()
        return Counts(self._articles, self._chunks, self._sentences)


class ArticleStore:
    """Reads a finished articles.sqlite3. Raises CollectionError where that is none."""

    def __init__(self, path: Path) -> None:
        self._engine: Engine = open_finished(path)
        try:
            self.counts()
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise CollectionError(
                "the stored articles cannot be read; run `baoda reload`"
            ) from error

    def article(self, article_id: str) -> Article | None:
        """The article, or None."""
        query = select(_ARTICLES).where(_ARTICLES.c.id == article_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return _article(row) if row else None

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Those of the articles that there are, by id."""
        query = select(_ARTICLES).where(_ARTICLES.c.id.in_(bindparam("ids", expanding=True)))
        with self._engine.connect() as connection:
            rows = connection.execute(query, {"ids": list(ids)})
            return {row.id: _article(row) for row in rows}

    def fingerprints(self) -> dict[str, Fingerprint]:
        """Path and hash of every article, by id."""
        query = select(_ARTICLES.c.id, _ARTICLES.c.path, _ARTICLES.c.hash)
        with self._engine.connect() as connection:
            return {row.id: Fingerprint(row.path, row.hash) for row in connection.execute(query)}

    def chunks(self, ordinals: Sequence[int]) -> dict[int, Chunk]:
        """Chunks by ordinal."""
        query = (
            select(_CHUNKS, _ARTICLES.c.id, _ARTICLES.c.text)
            .join(_ARTICLES)
            .where(_CHUNKS.c.ordinal.in_(bindparam("ordinals", expanding=True)))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query, {"ordinals": list(ordinals)})
            return {
                row.ordinal: Chunk(
                    row.id, row.position, row.start, row.end, row.text[row.start : row.end]
                )
                for row in rows
            }

    def sentences(self, article_id: str, start: int, end: int) -> list[StoredSentence]:
        """The sentences of an article that reach into `start` to `end`, in order."""
        query = (
            select(_SENTENCES.c.ordinal, _SENTENCES.c.start, _SENTENCES.c.end)
            .join(_ARTICLES)
            .where(_ARTICLES.c.id == article_id)
            .where(_SENTENCES.c.start < end, _SENTENCES.c.end > start)
            .order_by(_SENTENCES.c.ordinal)
        )
        with self._engine.connect() as connection:
            return [StoredSentence(*row) for row in connection.execute(query)]

    def everything(self) -> Iterator[tuple[Article, list[Chunk]]]:
        """All articles with their chunks, in order of their ordinals."""
        chunk_query = select(_CHUNKS).order_by(_CHUNKS.c.ordinal)
        with self._engine.connect() as connection, self._engine.connect() as other:
            chunk_rows = iter(other.execute(chunk_query))
            pending = next(chunk_rows, None)
            for row in connection.execute(select(_ARTICLES).order_by(_ARTICLES.c.ordinal)):
                article = _article(row)
                chunks = []
                while pending is not None and pending.article == row.ordinal:
                    span = (pending.start, pending.end)
                    text = article.text[slice(*span)]
                    chunks.append(Chunk(article.id, pending.position, *span, text))
                    pending = next(chunk_rows, None)
                yield article, chunks

    def counts(self) -> Counts:
        """Rows of each table."""
        with self._engine.connect() as connection:
            articles, chunks, sentences = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (_ARTICLES, _CHUNKS, _SENTENCES)
            )
        return Counts(articles, chunks, sentences)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()


def _article(row: Row[tuple[object, ...]]) -> Article:
    return Article(**{name: getattr(row, name) for name in _FIELDS})
