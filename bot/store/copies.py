"""Copies of a database that are made before its tables are changed: SQLite files.

That of a file lies beside it, that of a server's database in the data folder, with tables of the
version before. They hold readers' words: whoever deletes those for good deletes the copies too.
"""

import contextlib
import datetime
import os
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import URL

from bot.revisions import NEWEST
from bot.store.address import is_file
from bot.store.errors import StoreError
from retrieval.durable import flush, make_folder

SERVER_COPY = "baoda-server.sqlite3"
"""What copies of a server's database are called, but for their ends."""

_UNFINISHED = ".new"


def copied_as(url: URL, data_dir: Path) -> Path:
    """Where the copies of a database lie, and what they are called but for their ends."""
    return Path(str(url.database)) if is_file(url) else data_dir / SERVER_COPY


def copy_file(path: Path) -> Path:
    """Copy an SQLite file, see copy_before_change."""
    size = path.stat().st_size
    return copy_before_change(str(path), path, size=size, fill=partial(_vacuum_into, path))


def copy_before_change(name: str, path: Path, *, size: int, fill: Callable[[Path], None]) -> Path:
    """Let `fill` copy the database called `name` to a file, in place of a copy of before.

    `path` is of copied_as, `size` is about how many bytes it takes. The copy, which is returned, is
    readable by nobody else, and on disk. Nobody may write the database meanwhile: the caller holds
    its write lock. Raises StoreError; then there is no copy.
    """
    copy = path.with_name(f"{path.name}.before-{NEWEST}")
    unfinished = copy.with_name(copy.name + _UNFINISHED)
    try:
        make_folder(path.parent)
        _check_room(path.parent, size)
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            fill(unfinished)
            flush(unfinished)
            unfinished.replace(copy)
            flush(path.parent)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except (OSError, sqlite3.Error, StoreError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise StoreError(
            f"{name} is not brought up to this version, for it cannot be copied before ({reason}): "
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


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(
            None, f"it takes {needed / 1e6:,.1f} MB and only {free / 1e6:,.1f} MB are free"
        )


def _vacuum_into(path: Path, copy: Path) -> None:
    """VACUUM leaves out what was deleted."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
        database.execute("VACUUM INTO ?", (str(copy.absolute()),))
