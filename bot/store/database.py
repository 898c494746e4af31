"""A database: its transactions, and in one line each what goes wrong with it."""

import errno
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from bot.store.errors import StoreError
from bot.store.texts import to_json
from retrieval.durable import flush, make_folder
from retrieval.sqlite import BUSY_TIMEOUT_SECONDS, write_ahead

if TYPE_CHECKING:
    import psycopg

_BEGIN = "baoda_begin"
_PATIENCE = "baoda_patience"
_LONGEST_REASON = 300
_SHORT_PATIENCE_SECONDS = 0.2
"""Once it was waited for in vain: what comes next must not wait as long, one after the other."""

_SCRUBBING_TRIES = 5
_PAUSE_SECONDS = 0.05

_ELSEWHERE = "give this user the right to write it, or set DATA_DIR or DATABASE_URL"
_PRAGMAS = (
    "PRAGMA synchronous = FULL",  # an update taken from Telegram outlives a power cut too
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is deleted does not stay in the file
)
_ADVICE = {
    "FULL": "cannot grow, the disk is full: make room",
    "READONLY": f"cannot be written: {_ELSEWHERE}",
    "PERM": f"cannot be written: {_ELSEWHERE}",
    "CANTOPEN": f"cannot be opened: {_ELSEWHERE}",
    "NOTADB": "is not a database: move it away and start again, or restore a backup",
    "CORRUPT": "is damaged: move it away and start again, or restore a backup",
    "BUSY": "is held by another program: stop that one, or try again",
    "IOERR": "cannot be read or written: look at the disk, and whether it is full",
}
"""By the first word of SQLite's code after SQLITE_."""

_OF_THE_COPY = ("FULL", "READONLY", "CANTOPEN", "IOERR")
"""What goes wrong with the file that is written rather than with the one that is read."""

_OF_THE_PLACE = (*_OF_THE_COPY, "PERM", "BUSY", "NOMEM")

_ON_SERVER = "the database of DATABASE_URL"

_WRITERS = 0x62616F6461
"""PostgreSQL's lock that a writing transaction takes: one at a time, as SQLite has it."""

_REACH_SECONDS = 10
_SERVER_OPTIONS = {
    "connect_timeout": _REACH_SECONDS,
    "options": f"-c lock_timeout={round(1000 * BUSY_TIMEOUT_SECONDS)}",
    # a machine that vanished says nothing: without these it is waited for a quarter of an hour
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 1000 * _REACH_SECONDS,
    "application_name": "baoda",
    # without it a server that knows no encoding gives bytes, at which SQLAlchemy breaks off
    "client_encoding": "utf8",
}
"""Of PostgreSQL. What DATABASE_URL says goes before."""

_SERVER_ADVICE = {
    "53100": "cannot grow, the server's disk is full: make room there",
    "53300": "has no connection left: end others, or raise the server's max_connections",
    "55P03": "is held by another program: stop that one, or try again",
    "25006": "cannot be written, the server only reads: set DATABASE_URL to one that writes",
    "42501": "may not be used so: give the user of DATABASE_URL its tables, and CREATE on schema "
    "public",
}
"""By PostgreSQL's codes."""


class Database:
    """A database of SQLite or of a server.

    An SQLite file is created with its folder, readable by nobody else; one of ours that others may
    read is closed to them. Raises StoreError.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self.is_file = url.get_backend_name() == "sqlite"
        self.name = str(url.database) if self.is_file else _ON_SERVER
        if self.is_file:
            _create(Path(self.name))
        self._is_held_up = False
        """Whether another program held it for longer than we waited."""
        self._engine = _open_file(url) if self.is_file else _open_server(url)
        if self.is_file:
            event.listen(self._engine, "begin", self._begin)
        self._is_postgres = url.get_backend_name() == "postgresql"
        self._shared = _Shared()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that keeps no writer waiting. Raises StoreError."""
        if self._shared.session is not None:
            yield self._shared.session
            return
        engine = self._engine
        if self._is_postgres:  # all of it as it was at one moment, as in SQLite
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with self._translated(), Session(engine) as session:
            yield session

    @contextmanager
    def writing(self, patience_seconds: float | None = None) -> Iterator[Session]:
        """One transaction, on disk once it is left. Raises StoreError.

        `patience_seconds` is how long others who write are waited for, if longer than usual.
        """
        if self._shared.session is not None:
            yield self._shared.session
            self._shared.session.flush()
            self._shared.session.expunge_all()
            return
        # a transaction that reads first and writes then fails if another wrote in between
        options = {_BEGIN: "BEGIN IMMEDIATE", _PATIENCE: patience_seconds}
        engine = self._engine.execution_options(**options)
        with self._translated(), Session(engine) as session, session.begin():
            if self._is_postgres:
                if patience_seconds is not None:
                    milliseconds = round(1000 * patience_seconds)
                    session.execute(text(f"SET LOCAL lock_timeout = {milliseconds}"))
                session.execute(select(func.pg_advisory_xact_lock(_WRITERS)))
            yield session
        self._is_held_up = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all that this thread does meanwhile. Raises StoreError."""
        with self.writing() as session:
            self._shared.session = session
            try:
                yield
            finally:
                self._shared.session = None

    def empty_log(self) -> None:
        """Let go of deleted rows in SQLite's write-ahead log. Raises StoreError."""
        if self.is_file:
            engine = self._engine.execution_options(**{_BEGIN: ""})
            with self._translated(), engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()

    def scrub(self) -> None:
        """Leave no byte of deleted rows in an SQLite file and its log; others may read meanwhile.

        A server is left alone. Raises StoreError, also where a reader does not let go of the log.
        """
        if not self.is_file:
            return
        engine = self._engine.execution_options(**{_BEGIN: ""})
        patience = round(1000 * BUSY_TIMEOUT_SECONDS / _SCRUBBING_TRIES)
        with self._translated(), engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")
            connection.exec_driver_sql("VACUUM")
            for _ in range(_SCRUBBING_TRIES):
                # a result, not an error, says that others kept the log from being emptied
                is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
                if not is_busy:
                    return
                time.sleep(_PAUSE_SECONDS)
        raise StoreError(
            f"{self.name}-wal cannot be emptied of what was deleted, another program reads it: "
            "stop that one, and try again"
        )

    def vacuum_into(self, path: Path) -> None:
        """Copy an SQLite file, as it is at one moment, to an empty one, without what was deleted.

        Others may read and write meanwhile. Raises StoreError.
        """
        engine = self._engine.execution_options(**{_BEGIN: ""})
        with self._translated(), engine.connect() as connection:
            try:
                connection.exec_driver_sql("VACUUM INTO ?", (str(path.resolve()),))
            except DBAPIError as error:
                if _code(error) in _OF_THE_COPY:
                    raise fault_of(path, error) from error
                raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A server's database as it is at one moment, for reading. Raises StoreError."""
        engine = self._engine.execution_options(isolation_level="REPEATABLE READ")
        if self._url.get_backend_name() == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
        with self._translated(), engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise
        except DBAPIError as error:
            self._is_held_up = _code(error) == "BUSY"
            raise StoreError(f"{self.name} {self._advice(error)}") from error

    def _begin(self, connection: Connection) -> None:
        statement = connection.get_execution_options().get(_BEGIN, "BEGIN")
        if statement:
            patience = connection.get_execution_options().get(_PATIENCE) or (
                _SHORT_PATIENCE_SECONDS if self._is_held_up else BUSY_TIMEOUT_SECONDS
            )
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * patience)}")
            connection.exec_driver_sql(statement)

    def _advice(self, error: DBAPIError) -> str:
        known = _ADVICE.get(_code(error)) or _SERVER_ADVICE.get(_state(error))
        if known is not None:
            return known
        reason = " ".join(str(error.orig).split())
        for secret in _passwords(self._url):
            reason = reason.replace(secret, "***")
        reason = reason[:_LONGEST_REASON]
        if not self.is_file and _state(error) == "":
            return f"cannot be reached ({reason}): look at DATABASE_URL and at the server"
        return f"cannot be used: {reason}"


class _Shared(threading.local):
    session: Session | None = None


def _advice_for(error: OSError) -> str:
    return "make room" if error.errno == errno.ENOSPC else _ELSEWHERE


def _create(path: Path) -> None:
    try:
        make_folder(path.parent)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            flush(path.parent)
        _close_to_others(path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be created ({error.strerror}): {_advice_for(error)}"
        ) from error


def _close_to_others(path: Path) -> None:
    """Take from others the right to a file of ours, and to what SQLite keeps beside it."""
    for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(OSError):  # doctor tells of what stays open
            found = one.stat()
            if found.st_uid == os.geteuid() and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                one.chmod(stat.S_IRUSR | stat.S_IWUSR)


def _open_file(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        json_serializer=to_json,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _open_server(url: URL) -> Engine:
    options = _SERVER_OPTIONS if url.get_driver_name() == "psycopg" else {}
    engine = create_engine(
        url,
        connect_args={name: value for name, value in options.items() if name not in url.query},
        pool_pre_ping=True,
        json_serializer=to_json,
        hide_parameters=True,
    )
    if options:
        event.listen(engine, "connect", _refuse_other_encodings)
    return engine


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # else sqlite3 would begin transactions, and too late
    write_ahead(connection)
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _refuse_other_encodings(connection: "psycopg.Connection", _: ConnectionPoolEntry) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise StoreError(
            f"{_ON_SERVER} is kept in {encoding}, which cannot hold every text: make one with "
            "CREATE DATABASE baoda ENCODING 'UTF8' TEMPLATE template0"
        )


def _code(error: DBAPIError) -> str:
    """The first word of SQLite's code after SQLITE_."""
    return getattr(error.orig, "sqlite_errorname", "").removeprefix("SQLITE_").split("_")[0]


def fault_of(path: Path, error: DBAPIError) -> StoreError:
    """What is wrong with an SQLite file that is none of DATABASE_URL."""
    advice = _ADVICE.get(_code(error), f"cannot be used: {error.orig}")
    return StoreError(f"{path} {advice.removesuffix(f': {_ELSEWHERE}')}")


def is_damage(error: DBAPIError) -> bool:
    """Whether what is in an SQLite file is wrong, rather than its disk or its rights."""
    return _code(error) not in _OF_THE_PLACE


def _state(error: DBAPIError) -> str:
    """PostgreSQL's code; "" where its server did not answer."""
    return getattr(error.orig, "sqlstate", None) or ""


def _passwords(url: URL) -> set[str]:
    """Everything in the address that may be a password, as it is and as addresses spell it."""
    found = [url.password, *(url.query.get(name) for name in ("password", "passwd", "sslpassword"))]
    plain = {text for text in found if isinstance(text, str) and text}
    return plain | {quote(text, safe="") for text in plain}
