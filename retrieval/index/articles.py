"""articles.sqlite3 of a generation: the articles, their chunks and their sentences by offsets."""

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from retrieval.batches import batched
from retrieval.errors import CollectionError
from retrieval.folding import fold
from retrieval.index.keys import short_key
from retrieval.sqlite import open_finished, open_private
from retrieval.types import Article, Chunk, Field, Holdings, Span

_METADATA = MetaData()
_FIELDS = [field.name for field in dataclasses.fields(Article)]
_FILTERED = frozenset({"title", "byline", "column", "date", "source", "page"})
"""Each with an index: a row with its whole text would be read for every value otherwise."""

_ARTICLES = Table(
    "articles",
    _METADATA,
    Column("ordinal", Integer, primary_key=True),
    Column("path", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("key", String, nullable=False, unique=True),
    *(
        Column(name, String, nullable=False, unique=name == "id", index=name in _FILTERED or None)
        for name in _FIELDS
    ),
)
_WHOLE = [_ARTICLES.c[name] for name in _FIELDS]
"""What an Article is made of: generations of other versions have these columns too."""
_NEWEST = (_ARTICLES.c.date.desc(), _ARTICLES.c.ordinal)
"""The newest first, without a date at the end."""

_CHUNKS = Table(
    "chunks",
    _METADATA,
    Column("ordinal", Integer, primary_key=True),
    Column("article", ForeignKey(_ARTICLES.c.ordinal), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)
_SENTENCES = Table(
    "sentences",
    _METADATA,
    Column("ordinal", Integer, primary_key=True),
    Column("article", ForeignKey(_ARTICLES.c.ordinal), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)
_PARTS = (_CHUNKS, _SENTENCES)
_FILES = Table(
    "files",
    _METADATA,
    Column("path", String, primary_key=True),
    Column("sha256", LargeBinary, nullable=False),
)
_BATCH = 500
_VERSION_DIGITS = 8


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
class Placed:
    """An article, the file that it was read from, and what else is known of the two."""

    article: Article
    path: str
    """Relative to the folder of articles."""
    chunks: int
    in_file: int
    """How many articles the file holds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    """Tells whether an article changed, and which file it came from."""

    path: str
    hash: str


def article_hash(article: Article) -> str:
    """sha256 over all fields."""
    packed = json.dumps(dataclasses.astuple(article), ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()


def article_version(article: Article) -> str:
    """The first 8 hex digits of its hash: tells the versions of one article apart."""
    return article_hash(article)[:_VERSION_DIGITS]


class ArticleWriter:
    """Builds articles.sqlite3, or goes on from a copy of one.

    Ordinals count up from 0 in the order of adding and are not used again.
    """

    def __init__(self, path: Path) -> None:
        self._engine = open_private(path)
        _METADATA.create_all(self._engine)
        self._connection = self._engine.connect()
        self._pending: dict[str, list[dict[str, object]]] = {}
        self._next = {table.name: self._first_free(table) for table in (_ARTICLES, *_PARTS)}

    def add(self, article: Article, *, path: str) -> int:
        """Add an article from the file `path`; its ordinal."""
        ordinal = self._take(_ARTICLES, 1).start
        row = dataclasses.asdict(article) | {
            "ordinal": ordinal,
            "path": path,
            "hash": article_hash(article),
            "key": short_key(article.id),
        }
        self._put(_ARTICLES, [row])
        return ordinal

    def add_parts(
        self,
        article: int,
        *,
        chunks: Sequence[Chunk],
        chunk_hashes: Sequence[bytes],
        sentences: Sequence[Span],
        sentence_hashes: Sequence[bytes],
    ) -> range:
        """Add an article's parts with the hashes of what is embedded; the chunks' ordinals."""
        chunk_ordinals = self._take(_CHUNKS, len(chunks))
        sentence_ordinals = self._take(_SENTENCES, len(sentences))
        self._put(
            _CHUNKS,
            [
                {
                    "ordinal": ordinal,
                    "article": article,
                    "position": chunk.position,
                    "start": chunk.start,
                    "end": chunk.end,
                    "sha256": sha256,
                }
                for ordinal, chunk, sha256 in zip(chunk_ordinals, chunks, chunk_hashes, strict=True)
            ],
        )
        self._put(
            _SENTENCES,
            [
                {
                    "ordinal": ordinal,
                    "article": article,
                    "start": span.start,
                    "end": span.end,
                    "sha256": sha256,
                }
                for ordinal, span, sha256 in zip(
                    sentence_ordinals, sentences, sentence_hashes, strict=True
                )
            ],
        )
        return chunk_ordinals

    def remove(self, ids: Sequence[str]) -> list[int]:
        """Remove articles with their chunks and sentences; the ordinals of the chunks."""
        self._flush()
        removed: list[int] = []
        for first in range(0, len(ids), _BATCH):
            articles = select(_ARTICLES.c.ordinal).where(
                _ARTICLES.c.id.in_(ids[first : first + _BATCH])
            )
            ordinals = [row.ordinal for row in self._connection.execute(articles)]
            chunks = select(_CHUNKS.c.ordinal).where(_CHUNKS.c.article.in_(ordinals))
            removed += [row.ordinal for row in self._connection.execute(chunks)]
            for table in _PARTS:
                self._connection.execute(delete(table).where(table.c.article.in_(ordinals)))
            self._connection.execute(delete(_ARTICLES).where(_ARTICLES.c.ordinal.in_(ordinals)))
        return removed

    def next_ordinals(self) -> tuple[int, int]:
        """Ordinals of the chunk and of the sentence that will be added next."""
        return self._next[_CHUNKS.name], self._next[_SENTENCES.name]

    def set_files(self, hashes: Iterable[tuple[str, bytes]]) -> None:
        """Replace what is known of the files that articles were read from without a complaint."""
        self._connection.execute(delete(_FILES))
        self._put(_FILES, [{"path": path, "sha256": sha256} for path, sha256 in hashes])

    def close(self) -> None:
        """Write everything to disk."""
        self._flush()
        self._connection.commit()
        self._connection.close()
        self._engine.dispose()

    def _first_free(self, table: Table) -> int:
        query = select(func.coalesce(func.max(table.c.ordinal) + 1, 0))
        return int(self._connection.execute(query).scalar_one())

    def _take(self, table: Table, count: int) -> range:
        first = self._next[table.name]
        self._next[table.name] = first + count
        return range(first, first + count)

    def _put(self, table: Table, rows: list[dict[str, object]]) -> None:
        pending = self._pending.setdefault(table.name, [])
        pending += rows
        if len(pending) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        for table in (_FILES, _ARTICLES, *_PARTS):  # articles first: the parts refer to them
            if rows := self._pending.pop(table.name, []):
                self._connection.execute(insert(table), rows)


class ArticleStore:
    """Reads a finished articles.sqlite3. Raises CollectionError where that is none."""

    def __init__(self, path: Path) -> None:
        self._engine: Engine = open_finished(path)
        self._values: dict[Field, Mapping[str, str]] = {}
        try:
            self.counts()
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise CollectionError(
                "the stored articles cannot be read; run `baoda reload`"
            ) from error

    def article(self, article_id: str) -> Article | None:
        """The article, or None."""
        query = select(*_WHOLE).where(_ARTICLES.c.id == article_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return _article(row) if row else None

    def by_key(self, key: str) -> Article | None:
        """The article with that short key, or None.

        Raises CollectionError where none are kept: the file was made by another version.
        """
        query = select(*_WHOLE).where(_ARTICLES.c.key == key)
        with _looked_up(), self._engine.connect() as connection:
            row = connection.execute(query).first()
        return _article(row) if row else None

    def placed(self, key: str) -> Placed | None:
        """The article with that short key and its file, or None. Raises as `by_key` does."""
        query = select(_ARTICLES.c.path, _ARTICLES.c.ordinal, *_WHOLE).where(_ARTICLES.c.key == key)
        number = select(func.count())
        with _looked_up(), self._engine.connect() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            chunks = number.where(_CHUNKS.c.article == row.ordinal)
            beside = number.where(_ARTICLES.c.path == row.path)
            return Placed(
                _article(row),
                row.path,
                chunks=int(connection.execute(chunks).scalar_one()),
                in_file=int(connection.execute(beside).scalar_one()),
            )

    def titled(self, title: str, most: int) -> list[Article]:
        """The first of the articles with exactly that title. Raises as `by_key` does."""
        query = select(*_WHOLE).where(_ARTICLES.c.title == title).limit(most)
        with _looked_up(), self._engine.connect() as connection:
            return [_article(row) for row in connection.execute(query)]

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Those of the articles that there are, by id."""
        query = select(*_WHOLE).where(_ARTICLES.c.id.in_(bindparam("ids", expanding=True)))
        with self._engine.connect() as connection:
            rows = connection.execute(query, {"ids": list(ids)})
            return {row.id: _article(row) for row in rows}

    def fingerprints(self, ids: Sequence[str]) -> dict[str, Fingerprint]:
        """Path and hash of those of the articles that there are, by id."""
        query = select(_ARTICLES.c.id, _ARTICLES.c.path, _ARTICLES.c.hash).where(
            _ARTICLES.c.id.in_(bindparam("ids", expanding=True))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query, {"ids": list(ids)})
            return {row.id: Fingerprint(row.path, row.hash) for row in rows}

    def all_fingerprints(self) -> dict[str, Fingerprint]:
        """Path and hash of all articles, by id. Raises CollectionError."""
        query = select(_ARTICLES.c.id, _ARTICLES.c.path, _ARTICLES.c.hash)
        with _looked_up(), self._engine.connect() as connection:
            rows = _streamed(connection, query)
            return {row.id: Fingerprint(row.path, row.hash) for row in rows}

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        """What those of the articles that there are are called, by id. Raises CollectionError."""
        with _looked_up():
            return {one.id: one.name for one in self.articles(ids).values()}

    def ids(self) -> Iterator[tuple[str, str]]:
        """Id and file of every article, in order of their ordinals."""
        query = select(_ARTICLES.c.id, _ARTICLES.c.path).order_by(_ARTICLES.c.ordinal)
        with self._engine.connect() as connection:
            for row in _streamed(connection, query):
                yield row.id, row.path

    def files(self) -> dict[str, bytes]:
        """sha256 of every file that was read without a complaint, by path."""
        try:
            with self._engine.connect() as connection:
                return {row.path: row.sha256 for row in connection.execute(select(_FILES))}
        except OperationalError:  # made by a version that did not keep them
            return {}

    def chunk_ordinals(self) -> list[int]:
        """Ordinals of all chunks, in order."""
        query = select(_CHUNKS.c.ordinal).order_by(_CHUNKS.c.ordinal)
        with self._engine.connect() as connection:
            return [row.ordinal for row in connection.execute(query)]

    def values(self, field: Field) -> Mapping[str, str]:
        """What the articles hold in a field, each value once and folded; "" left out.

        Kept once asked for: the file does not change.
        """
        if field not in self._values:
            column = _ARTICLES.c[field]
            query = select(column).distinct().where(column != "")
            with self._engine.connect() as connection:
                stored = list(connection.scalars(query))
            lines = "\n".join(" ".join(value.splitlines()) for value in stored)
            # all at once, which is far quicker than one by one
            self._values[field] = dict(zip(stored, fold(lines).split("\n"), strict=False))
        return self._values[field]

    def chunks_where(
        self,
        *,
        first: datetime.date | None,
        last: datetime.date | None,
        values: Mapping[Field, Collection[str]],
    ) -> frozenset[int]:
        """Ordinals of the chunks of the articles of these days and with one of the values each.

        `first` and `last` are days of publication, None for no bound; an article without a date
        is of no day.
        """
        articles = _of(select(_ARTICLES.c.ordinal), first, last, values)
        query = select(_CHUNKS.c.ordinal).where(_CHUNKS.c.article.in_(articles))
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(query))

    def newest_where(
        self,
        *,
        first: datetime.date | None,
        last: datetime.date | None,
        values: Mapping[Field, Collection[str]],
        most: int,
    ) -> list[str]:
        """Ids of such articles, the newest first, then in order; without a date at the end."""
        query = _of(select(_ARTICLES.c.id), first, last, values).order_by(*_NEWEST).limit(most)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def newest(self, offset: int, limit: int) -> list[Article]:
        """The articles in that order, at most `limit` from the one at `offset` on."""
        ordinals = select(_ARTICLES.c.ordinal).order_by(*_NEWEST).offset(offset).limit(limit)
        query = select(*_WHOLE).where(_ARTICLES.c.ordinal.in_(ordinals)).order_by(*_NEWEST)
        with _looked_up(), self._engine.connect() as connection:
            return [_article(row) for row in connection.execute(query)]

    def holdings(self) -> Holdings:
        """How many articles there are, of which days and papers."""
        dates, source = _ARTICLES.c.date, _ARTICLES.c.source
        span = select(func.min(dates), func.max(dates), func.count()).where(dates != "")
        number = func.count()
        papers = select(source, number).group_by(source).order_by(number.desc(), source)
        with _looked_up(), self._engine.connect() as connection:
            first, last, dated = connection.execute(span).one()
            sources = tuple((paper, count) for paper, count in connection.execute(papers))
        articles = sum(count for _, count in sources)
        return Holdings(articles, first or "", last or "", articles - dated, sources)

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

    def sentences_in(self, ranges: Sequence[tuple[str, Span]]) -> dict[str, list[StoredSentence]]:
        """The sentences that reach into any of these ranges of articles, in order, by id."""
        reaching = " OR ".join(["(a.id = ? AND s.start < ? AND s.end > ?)"] * len(ranges))
        query = (
            f"SELECT a.id, s.ordinal, s.start, s.end FROM {_SENTENCES.name} s "  # noqa: S608
            f"JOIN {_ARTICLES.name} a ON a.ordinal = s.article WHERE {reaching} ORDER BY s.ordinal"
        )
        values = [value for name, span in ranges for value in (name, span.end, span.start)]
        sentences: dict[str, list[StoredSentence]] = {}
        with self._engine.connect() as connection:
            for name, *parts in connection.exec_driver_sql(query, tuple(values)):
                sentences.setdefault(name, []).append(StoredSentence(*parts))
        return sentences

    def everything(self) -> Iterator[tuple[str, Article]]:
        """File and article of all articles, in order of their ordinals."""
        query = select(_ARTICLES.c.path, *_WHOLE).order_by(_ARTICLES.c.ordinal)
        with self._engine.connect() as connection:
            for row in _streamed(connection, query):
                yield row.path, _article(row)

    def characters(self, ids: Sequence[str] | None = None) -> int:
        """How long the texts of these articles, or of all, are together."""
        total = func.coalesce(func.sum(func.length(_ARTICLES.c.text)), 0)
        batches = [None] if ids is None else list(batched(ids, _BATCH))
        with self._engine.connect() as connection:
            return sum(
                int(
                    connection.execute(
                        select(total)
                        if batch is None
                        else select(total).where(_ARTICLES.c.id.in_(batch))
                    ).scalar_one()
                )
                for batch in batches
            )

    def chunks_from(self, first: int) -> int:
        """How many chunks have an ordinal of `first` or more."""
        return self._count_from(_CHUNKS, first)

    def sentences_from(self, first: int) -> int:
        """How many sentences have an ordinal of `first` or more."""
        return self._count_from(_SENTENCES, first)

    def _count_from(self, table: Table, first: int) -> int:
        query = select(func.count()).select_from(table).where(table.c.ordinal >= first)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def all_chunks(self, first: int) -> Iterator[tuple[int, Article, Chunk]]:
        """Ordinal, article and chunk of the chunks with the ordinals from `first` on, in order."""
        for part, article, span in self._all(_CHUNKS, first):
            text = article.text[span.start : span.end]
            yield (
                part.ordinal,
                article,
                Chunk(article.id, part.position, span.start, span.end, text),
            )

    def all_sentences(self, first: int) -> Iterator[tuple[int, Article, Span]]:
        """Ordinal, article and span of the sentences with the ordinals from `first` on."""
        for part, article, span in self._all(_SENTENCES, first):
            yield part.ordinal, article, span

    def _all(self, table: Table, first: int) -> Iterator[tuple[Row[Any], Article, Span]]:
        parts = select(table).where(table.c.ordinal >= first).order_by(table.c.ordinal)
        with self._engine.connect() as connection:
            owner, article = -1, None
            for part in _streamed(connection, parts):
                if part.article != owner or article is None:
                    query = select(*_WHOLE).where(_ARTICLES.c.ordinal == part.article)
                    owner, article = part.article, _article(connection.execute(query).one())
                yield part, article, Span(part.start, part.end)

    def sentence_rows(self) -> int:
        """Rows that an array with a row for every sentence's ordinal has."""
        query = select(func.coalesce(func.max(_SENTENCES.c.ordinal) + 1, 0))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

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


@contextmanager
def _looked_up() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise CollectionError(
            "the stored articles cannot be looked up; run `baoda reload`"
        ) from error


def _of(
    query: Select[Any],
    first: datetime.date | None,
    last: datetime.date | None,
    values: Mapping[Field, Collection[str]],
) -> Select[Any]:
    """The query of articles, confined to those of these days and with one of the values each."""
    if first is not None or last is not None:
        earliest, latest = first or datetime.date.min, last or datetime.date.max
        query = query.where(_ARTICLES.c.date.between(earliest.isoformat(), latest.isoformat()))
    for field, wanted in values.items():
        query = query.where(_ARTICLES.c[field].in_(wanted))
    return query


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The rows of a query, some at a time."""
    yield from connection.execution_options(yield_per=_BATCH).execute(query)


def _article(row: Row[Any]) -> Article:
    return Article(**{name: getattr(row, name) for name in _FIELDS})
