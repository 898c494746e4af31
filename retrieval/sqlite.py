"""How Baoda opens its SQLite files."""

import sqlite3
import time
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

BUSY_TIMEOUT_SECONDS = 10
_PAUSE_SECONDS = 0.01


def open_shared(path: Path) -> Engine:
    """A file that several processes read and write; created with its folder."""
    engine = open_private(path)
    event.listen(engine, "connect", _prepare_shared)
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
            address, uri=True, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False
        )

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool)


def write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers go on while somebody writes. Raises sqlite3.OperationalError."""
    # SQLite itself does not always wait when others open a new file at the same time
    patience = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > patience:
                raise
        time.sleep(_PAUSE_SECONDS)


def _prepare_shared(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
