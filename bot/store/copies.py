"""Copies of an SQLite database that are made beside it before its tables are changed.

They hold readers' words: whoever deletes those for good deletes the copies too.
"""

import contextlib
import datetime
import os
import shutil
import sqlite3
from pathlib import Path

from bot.revisions import NEWEST
from bot.store.errors import StoreError
from retrieval.durable import flush

_UNFINISHED = ".new"


def copy_before_change(path: Path) -> Path:
    """Copy a database, as it is now, in place of a copy of before; where it lies.

    Readable by nobody else, on disk when this returns. Nobody may write the database meanwhile: the
    caller holds its write lock. Raises StoreError; then there is no copy.
    """
    copy = path.with_name(f"{path.name}.before-{NEWEST}")
    unfinished = copy.with_name(copy.name + _UNFINISHED)
    try:
        _check_room(path)
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            _vacuum_into(path, unfinished)
            flush(unfinished)
            unfinished.replace(copy)
            flush(path.parent)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except (OSError, sqlite3.Error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise StoreError(
            f"{path} is not brought up to this version, for it cannot be copied before ({reason}): "
            f"make room in {path.parent} and let this user write there; nothing was changed"
        ) from error
    return copy


def copies_of(path: Path) -> list[Path]:
    """The copies of a database, unfinished ones too."""
    return sorted(path.parent.glob(f"{path.name}.before-*"))


def delete_copies(path: Path, made_before: datetime.datetime | None = None) -> None:
    """Delete all copies of a database, or those of before a moment. Raises StoreError."""
    for copy in copies_of(path):
        try:
            made = datetime.datetime.fromtimestamp(copy.stat().st_mtime, datetime.UTC)
            if made_before is None or made < made_before:
                copy.unlink()
        except FileNotFoundError:
            continue  # another process has deleted it
        except OSError as error:
            raise StoreError(
                f"{copy}, which holds what was deleted, cannot be deleted ({error.strerror}): "
                "delete it"
            ) from error


def _check_room(path: Path) -> None:
    needed = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise OSError(
            None, f"it takes {needed / 1e6:,.1f} MB and only {free / 1e6:,.1f} MB are free"
        )


def _vacuum_into(path: Path, copy: Path) -> None:
    """VACUUM leaves out what was deleted."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
        database.execute("VACUUM INTO ?", (str(copy.absolute()),))
