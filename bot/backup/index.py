"""The live index and the cache of embeddings go into a backup."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.backup.archive import Archive
from bot.backup.articles import Skipped
from bot.backup.errors import BackupError
from bot.backup.layout import CURRENT, EMBEDDINGS, GENERATIONS, ROLL_BACK
from bot.backup.readable import readable
from retrieval.errors import CollectionError
from retrieval.index.generations import (
    SCHEMA_VERSION,
    VECTORS,
    WRITTEN_BY_READERS,
    Generations,
)
from retrieval.index.room import blank_room

_TRIES = 3
_BUSY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Live:
    """The index that is live."""

    generation: str
    schema: str
    """Of its files."""

    roll_back: str | None
    """What is noted of a roll-back to it."""


def is_served(generations: Generations) -> bool:
    """Whether anybody answers from a generation."""
    return any(map(generations.is_read, generations.kept()))


def live_index(generations: Generations, opened: ExitStack) -> Live | None:
    """The live index, held until `opened` is closed. Raises CollectionError."""
    for attempt in range(_TRIES):
        roll_back = generations.roll_back_note()
        live = generations.live()
        if live is None:
            return None
        with ExitStack() as held:
            try:
                held.enter_context(generations.reading(live))
            except CollectionError:
                if generations.live() == live or attempt == _TRIES - 1:
                    raise
                continue
            schema = generations.manifest(live).schema
            if generations.roll_back_note() == roll_back or attempt == _TRIES - 1:
                opened.push(held.pop_all())
                return Live(live, schema, roll_back)
    raise AssertionError


def add_index(archive: Archive, generations: Generations, live: Live, workshop: Path) -> None:
    """The pointer too. Raises CollectionError, OSError."""
    folder = generations.folder(live.generation)
    is_former = live.schema != SCHEMA_VERSION
    blanked = _blanked(folder / VECTORS, workshop) if is_former else {}
    _add_generation(archive, folder, blanked, workshop)
    archive.add_text(CURRENT, live.generation + "\n")
    if live.roll_back is not None:
        archive.add_text(ROLL_BACK, live.roll_back)


def copy_embeddings(data_dir: Path, workshop: Path) -> Sequence[Skipped]:
    """Copy the cache of vectors; itself comes back where it cannot be read and is left out.

    It could be made anew, in hours. Raises OSError where the disk is full.
    """
    cache = data_dir / Path(EMBEDDINGS).name
    copy = workshop / cache.name
    if not cache.is_file():
        return ()
    try:
        with (
            readable(cache, workshop) as source,
            closing(sqlite3.connect(source, timeout=_BUSY_SECONDS)) as database,
        ):
            database.execute("VACUUM INTO ?", (str(copy),))
    except (sqlite3.DatabaseError, BackupError) as error:
        copy.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error) and error.sqlite_errorname == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(copy)) from error
        reason = (
            f"cannot be read ({error}) and is left out: after a restore the first reload embeds "
            "everything again"
        )
        return (Skipped(str(cache), reason),)
    return ()


def _blanked(vectors: Path, workshop: Path) -> dict[Path, Path]:
    """Copies of the graphs of a former version, which left there what lay in memory."""
    copies = {}
    for path in vectors.glob("*/*"):
        copies[path] = workshop / VECTORS / path.relative_to(vectors)
        copies[path].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copies[path])
    blank_room(workshop / VECTORS)
    return copies


def _add_generation(
    archive: Archive, folder: Path, blanked: Mapping[Path, Path], workshop: Path
) -> None:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.endswith(("-journal", "-wal", "-shm")):
            continue
        name = f"{GENERATIONS}/{folder.name}/{path.relative_to(folder).as_posix()}"
        if path.name == WRITTEN_BY_READERS:
            copy = workshop / WRITTEN_BY_READERS
            with _at_rest(path):  # not for as long as compressing takes: readers wait to open it
                shutil.copy2(path, copy)
            archive.add_file(name, copy)
            copy.unlink()
        else:
            archive.add_file(name, blanked.get(path, path))


@contextmanager
def _at_rest(path: Path) -> Iterator[None]:
    """An SQLite file without write-ahead log, which nobody writes meanwhile."""
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as database:
            database.execute("BEGIN")
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield
    except sqlite3.Error as error:
        raise CollectionError(
            f"{path} cannot be read ({error}); run `baoda reload --full`"
        ) from error
