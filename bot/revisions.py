"""Versions of the database, told apart without SQLAlchemy, whose import takes 0.3 s."""

import sqlite3
from contextlib import closing
from pathlib import Path

FILE_NAME = "baoda.sqlite3"
"""The database of a data folder."""


NEWEST = "0004"
"""The migration that makes the tables of this version."""


def revision_in_file(path: Path) -> str | None:
    """The revision of an SQLite file; None where it has none, or cannot be read as it is."""
    try:
        with closing(read_only(path)) as database:
            query = "SELECT version_num FROM alembic_version"
            found: tuple[str] | None = database.execute(query).fetchone()
    except sqlite3.Error:
        return None
    return found[0] if found else None


def read_only(path: Path) -> sqlite3.Connection:
    """An SQLite file, opened so that its folder stays as it is and nobody is kept waiting.

    Raises sqlite3.Error.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        # without a log nothing may be made beside the file, as SQLite does even to read
        has_log = log.stat().st_size > 0
    except OSError:
        has_log = False
    how = "mode=ro" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)


def is_newer(revision: str) -> bool:
    """Whether a revision comes after the newest that this version knows."""
    return revision.isdecimal() and int(revision) > int(NEWEST)


def newer_database(name: str, revision: str) -> str:
    """What to say of a database that a newer version has brought up."""
    return (
        f"{name} was made by a newer version of Baoda (its revision is {revision}): "
        "install that version, or set DATA_DIR or DATABASE_URL"
    )
