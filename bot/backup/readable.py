"""An SQLite file is read where SQLite cannot: it writes beside a file even to read it."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bot.backup.errors import FULL, BackupError
from bot.backup.paths import real
from retrieval.corpus.files import Version, version
from retrieval.sqlite import BUSY_TIMEOUT_SECONDS, write_ahead

_ENDS = ("", "-wal", "-journal")
_UNWRITABLE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR")
_TRIES = 3


@contextmanager
def readable(path: Path, workshop: Path) -> Iterator[Path]:
    """The file, or where its disk is full or only to be read, a copy of it in the workshop.

    Who has it open keeps what SQLite writes beside it, so that nobody should be writing it then;
    a copy that was written meanwhile is made again. Raises BackupError, and OSError where the
    copy's disk is full.
    """
    if _can_be_opened(path):
        yield path
        return
    with tempfile.TemporaryDirectory(dir=workshop) as folder:
        try:
            copy = _copied(path, Path(folder))
        except OSError as error:
            if error.errno in FULL:
                raise
            raise BackupError(f"{path} cannot be read: {error.strerror}") from error
        yield copy


def _can_be_opened(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS)) as database:
            write_ahead(database)
            database.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as error:
        return not error.sqlite_errorname.startswith(_UNWRITABLE)
    return True


def _copied(path: Path, folder: Path) -> Path:
    source = real(path)  # what belongs to it lies beside it, not beside a link
    copy = folder / path.name
    for _ in range(_TRIES):
        before = _versions(source)
        for end in before:
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{source}{end}", f"{copy}{end}")
        if _versions(source) == before and _is_sound(copy):
            return copy
        for end in _ENDS:
            Path(f"{copy}{end}").unlink(missing_ok=True)
    raise BackupError(
        f"{path} cannot be read as a whole: make room on its disk, let this user write there, and "
        "back up again"
    )


def _versions(path: Path) -> dict[str, Version]:
    """Of the file and of those beside it that are there."""
    files = {end: Path(f"{path}{end}") for end in _ENDS}
    return {end: version(file) for end, file in files.items() if not end or file.exists()}


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as database:
            found: tuple[str] = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError:
        return False
    return found == ("ok",)
