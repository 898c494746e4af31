"""A whole database to an SQLite file, and back into a database of any kind."""

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    Column,
    Connection,
    DateTime,
    Engine,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from bot.store.database import Database, fault_of
from bot.store.errors import StoreError
from bot.store.migrating import migrate, refuse_newer, upgrade
from bot.store.models import Base, Moment, Words
from bot.store.revision import revision_of
from bot.store.texts import to_json
from retrieval.durable import flush

_ROWS = 500
"""Held in memory at a time."""

_SEQUENCE = "SELECT pg_get_serial_sequence(:name, 'id')"
_SPACE = (
    "SELECT sum(pg_table_size(oid)) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)
_HAS_SEQUENCES = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"


def copy_database(url: URL, path: Path) -> str | None:
    """Copy a database, as it is at one moment, to an SQLite file; its revision, None without one.

    Others may read and write meanwhile. The file is private, on disk when this returns, and holds
    nothing of what was deleted. It must not exist; where this raises StoreError, it does not.
    """
    database = Database(url)
    try:
        _create(path)
        try:
            if database.is_file:
                database.vacuum_into(path)
            else:
                with database.snapshot() as source:
                    fetch(source, database.name, path)
            flush(path)
            with opened(path) as engine, engine.connect() as connection:
                return revision_of(connection)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    finally:
        database.close()


def fill_database(url: URL, path: Path) -> None:
    """Put all rows of an SQLite file with this version's tables into a database without any.

    All or nothing; where exactly these rows are there already, nothing is left to do. No number
    that was given there before is given again. Raises StoreError, also where other rows are there.
    """
    database = Database(url)
    try:
        with opened(path) as engine, engine.connect() as source, database.writing() as session:
            target = session.connection()
            upgrade(target, database.name)
            if (held := _first_held(target)) is not None:
                if not _are_equal(source, target):
                    raise StoreError(_not_empty(database, held))
                return
            for table in Base.metadata.sorted_tables:
                for rows in _blocks(source, table):
                    target.execute(insert(table), rows)
            set_counters(target, counters(source, Base.metadata))
    finally:
        database.close()


def check_fits(url: URL, path: Path | None = None) -> None:
    """Raise StoreError unless a database can be reached and holds no rows, or just those of a file.

    The file is an SQLite one with this version's tables.
    """
    database = Database(url)
    try:
        with database.reading() as session:
            target = session.connection()
            held = _first_held(target)
            if held is None:
                return
            if path is not None:
                with opened(path) as engine, engine.connect() as source:
                    if _are_equal(source, target):
                        return
            raise StoreError(_not_empty(database, held))
    finally:
        database.close()


def _not_empty(database: Database, held: str) -> str:
    return (
        f"{database.name} is not empty (there are rows in {held}): move it away, or "
        "set another DATA_DIR or DATABASE_URL"
    )


def fetch(source: Connection, name: str, path: Path) -> None:
    """Copy the tables of a server's database called `name` to an SQLite file.

    They are made there by the migrations that made them on the server. Raises StoreError.
    """
    revision = revision_of(source)
    if revision is None:
        return
    refuse_newer(revision, name)
    present = set(inspect(source).get_table_names())
    with opened(path) as engine, engine.begin() as target:
        migrate(target, revision)
        names = set(inspect(target).get_table_names()) - {"alembic_version"}
        if missing := ", ".join(sorted(names - present)):
            raise StoreError(f"{name} lacks {missing}, which were there: restore a backup")
        tables = _described(source, names)
        for table in tables.sorted_tables:
            for rows in _blocks(source, table):
                target.execute(insert(table), rows)
        set_counters(target, counters(source, tables))


def space_of(source: Connection) -> int:
    """About how many bytes the tables of a server's database take; 0 where it does not say."""
    if source.dialect.name != "postgresql":
        return 0
    return int(source.execute(text(_SPACE)).scalar() or 0)


def _described(source: Connection, names: Collection[str]) -> MetaData:
    """Tables as whatever version has made them, with types that every database has."""
    tables = MetaData()

    def generalise(_inspector: object, _table: Table, column: Any) -> None:
        kind = column["type"].as_generic(allow_nulltype=True)
        if isinstance(kind, DateTime):
            kind = Moment()
        elif isinstance(kind, JSON):
            kind = JSON(none_as_null=column["nullable"])
        elif isinstance(kind, String):
            kind = Words()
        column["type"] = kind

    event.listen(tables, "column_reflect", generalise)
    tables.reflect(source, only=sorted(names))
    return tables


def _blocks(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key)
    with source.execute(query, execution_options={"yield_per": _ROWS}) as found:
        for block in found.mappings().partitions():
            yield [dict(row) for row in block]


def _first_held(connection: Connection) -> str | None:
    """The name of the first table of ours that has rows, None where there are none."""
    present = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name in present and connection.execute(select(table).limit(1)).first():
            return table.name
    return None


def _are_equal(one: Connection, other: Connection) -> bool:
    """Whether the same rows are in both."""
    for table in Base.metadata.sorted_tables:
        pairs = zip_longest(_blocks(one, table), _blocks(other, table))
        if any(left != right for left, right in pairs):
            return False
    return True


def counters(source: Connection, tables: MetaData) -> dict[str, int]:
    """The highest number that was ever given, by table; where the database notes it, and 0 is none.

    Deleted rows count: their numbers are not given again.
    """
    given = {}
    for table in tables.sorted_tables:
        if (column := _numbered(table)) is not None:
            highest: int = source.execute(select(func.max(column))).scalar() or 0
            given[table.name] = max(highest, _noted_counter(source, table))
    return given


def _numbered(table: Table) -> Column[int] | None:
    """The column whose numbers the database gives."""
    column = table.primary_key.columns.get("id")
    is_alone = len(table.primary_key) == 1 and column is not None and not column.foreign_keys
    return column if is_alone else None


def _noted_counter(source: Connection, table: Table) -> int:
    if source.dialect.name == "sqlite":
        if not source.execute(text(_HAS_SEQUENCES)).scalar():
            return 0
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return source.execute(query, {"name": table.name}).scalar() or 0
    if source.dialect.name == "postgresql":
        query = text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:name, 'id')::regclass)")
        return source.execute(query, {"name": table.name}).scalar() or 0
    return 0


def set_counters(target: Connection, counters: Mapping[str, int]) -> None:
    """Let the next number be higher than these. Other servers go by the rows that are there."""
    for name, number in counters.items():
        if not number:
            continue
        values = {"name": name, "number": number}
        if target.dialect.name == "sqlite":
            keeps = text("SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = :name")
            if target.execute(keeps, values).scalar():
                target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
                target.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :number)"), values)
        elif target.dialect.name == "postgresql":
            sequence = target.execute(text(_SEQUENCE), values).scalar()
            if sequence is not None:
                target.execute(text("SELECT setval(:name, :number)"), {**values, "name": sequence})


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    """An SQLite file that nobody else uses. Raises StoreError for what goes wrong with it."""
    address = path.resolve().as_uri()
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True),
        poolclass=NullPool,
        json_serializer=to_json,
        hide_parameters=True,
    )
    try:
        yield engine
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise fault_of(path, error) from error
        raise
    finally:
        engine.dispose()


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(f"{path} cannot be created: {error.strerror}") from error
