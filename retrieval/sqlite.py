"""How Baoda opens its SQLite files."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

_BUSY_TIMEOUT_SECONDS = 10


def open_shared(path: Path) -> Engine:
    """A file that several processes read and write; created with its folder."""
    engine = open_private(path)
    event.listen(engine, "connect", _write_ahead)
    return engine


def open_private(path: Path) -> Engine:
    """A file that one process builds; created with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _engine(path, "")


def open_finished(path: Path) -> Engine:
    """A file that nobody writes any more: no locks, no side files, any number of readers."""
    return _engine(path, "?mode=ro&immutable=1")


def _engine(path: Path, options: str) -> Engine:
    # SQLite's own address: SQLAlchemy's would lose paths with # or ? in them
    address = path.resolve().as_uri() + options

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            address, uri=True, timeout=_BUSY_TIMEOUT_SECONDS, check_same_thread=False
        )

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool)


def _write_ahead(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
