"""A backup is unpacked aside, looked through, and moved to where it belongs.

Until everything is unpacked and found whole nothing is in its place, and what is killed then is
begun anew. From then on a restore that was killed is finished by the next one. Meanwhile the
folder UNFINISHED in DATA_DIR keeps everything else from starting. No file is ever replaced.
"""

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from bot.backup.errors import FULL, BackupError
from bot.backup.layout import BIN, CORPUS, CURRENT, DATA, DATABASE, UNFINISHED, Header
from bot.backup.paths import real, real_file
from bot.backup.reading import damaged, read_header, unpack
from bot.store.address import FILE_NAME, in_folder, is_file
from bot.store.copying import check_fits, fill_database
from bot.store.database import is_damage
from bot.store.errors import StoreError
from bot.store.restoring import make_fit
from retrieval import lock
from retrieval.corpus import printable
from retrieval.durable import flush, write_whole
from retrieval.errors import CollectionError
from retrieval.index.generations import Generations

_READY = "ready.json"
_BLOCK = 1 << 20
_SHOWN = 40
"""Characters of a name that is too long."""

_SPARE = 10_000_000
"""Bytes that are to be free beyond what the backup holds."""

_PASSED_OVER = (lock.NAME, "lost+found", UNFINISHED)
"""What an empty data folder may hold."""

_OF_DATABASE = frozenset({FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup is restored."""

    data_dir: Path
    corpus_dir: Path
    database: URL | None
    """None: that of DATA_DIR."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    header: Header
    files: int
    articles: int
    """Files of the folder of articles."""
    questions: int
    settled: int
    """Updates that were open in the backup and are not gone on with."""
    open: int
    """Updates that were open in the backup and are gone on with."""


_RESTORED = TypeAdapter(tuple[str, Restored])


def restore_backup(file: Path, target: Target) -> tuple[Restored, float]:
    """What was restored, and in how many seconds.

    Raises BackupError, StoreError or LockedError; then nothing is in its place.
    """
    started = time.monotonic()
    try:
        file = real_file(file)
        if file.is_dir():
            raise BackupError(f"{file} is a folder: name the file that `baoda backup` wrote")
        header = read_header(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}") from error
    try:
        _check_places(target)
        missing = _missing(target)
        target.data_dir.mkdir(parents=True, exist_ok=True)
        with lock.exclusive(target.data_dir):
            try:
                staged = _staged(file, header, target)
            except BaseException:
                _remove(missing, target)
                raise
            restored = _finish(target, staged)
    except OSError as error:
        raise BackupError(_told(error, target)) from error
    return restored, round(time.monotonic() - started, 3)


def _check_places(target: Target) -> None:
    """Raise BackupError unless both folders are there or can be made. Raises OSError."""
    for folder, name in ((target.data_dir, "DATA_DIR"), (target.corpus_dir, "CORPUS_DIR")):
        present = next(filter(os.path.lexists, (folder, *folder.parents)), Path())
        if not present.is_dir():
            raise BackupError(
                f"{present} stands where a folder belongs: move it away, or set {name}"
            )
    if real(target.data_dir) == real(target.corpus_dir):
        raise BackupError(
            f"DATA_DIR and CORPUS_DIR are both {real(target.data_dir)}: set them to two folders"
        )


def _missing(target: Target) -> list[Path]:
    """The folders that a restore makes, inner ones first."""
    places = (target.data_dir, target.corpus_dir)
    return [path for place in places for path in (place, *place.parents) if not path.exists()]


def _remove(made: list[Path], target: Target) -> None:
    """Take away folders that were made, unless something is in them by now."""
    if target.data_dir in made:
        (target.data_dir / lock.NAME).unlink(missing_ok=True)
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


def _told(error: OSError, target: Target) -> str:
    where = error.filename or target.data_dir
    if error.errno in FULL:
        return f"there is no room for the backup at {where}: make room and restore again"
    if error.errno == errno.ENAMETOOLONG:
        name = max(Path(where).parts, key=len)[:_SHOWN]
        return (
            f"the backup holds a name that is too long for this file system ({name}…): set "
            "DATA_DIR and CORPUS_DIR to folders on another one"
        )
    return (
        f"{where}: {error.strerror or error}; set DATA_DIR and CORPUS_DIR to folders of this user"
    )


def _staged(file: Path, header: Header, target: Target) -> Restored:
    """Everything lies aside, whole and fit; what was staged before is not staged again."""
    aside, aside_corpus = target.data_dir / UNFINISHED, target.corpus_dir / UNFINISHED
    ready = aside / _READY
    if ready.exists():
        return _ready(ready, _mark(header, target))
    _check_data_dir(target)
    for folder in (aside, aside_corpus):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        aside.mkdir()
        (aside / DATA).mkdir()
        aside_corpus.mkdir(parents=True)
        _check_room(target, header)
        restored = _unpacked(file, target)
        write_whole(ready, json.dumps([_mark(header, target), asdict(restored)]))
        return restored
    except BaseException:
        for folder in (aside, aside_corpus):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _mark(header: Header, target: Target) -> str:
    """Tells one restore from another."""
    return json.dumps([asdict(header), str(real(target.corpus_dir))])


def _ready(ready: Path, mark: str) -> Restored:
    try:
        staged, restored = _RESTORED.validate_json(ready.read_bytes())
    except ValidationError as error:
        raise BackupError(
            f"{ready} cannot be read: delete {ready.parent} and start anew"
        ) from error
    if staged != mark:
        raise BackupError(
            f"a restore of the backup of {restored.header.created} into {ready.parent.parent} is "
            "not finished: give that file, with the CORPUS_DIR of then"
        )
    return restored


def _check_data_dir(target: Target) -> None:
    data_dir = target.data_dir
    for path in sorted(data_dir.iterdir()):
        if path.name in _PASSED_OVER or (path.is_dir() and not any(path.rglob("*"))):
            continue
        if path.name in _OF_DATABASE and target.database is None:
            continue
        raise BackupError(
            f"DATA_DIR ({data_dir}) is not empty, it holds {path.name}: move it away, or set "
            "DATA_DIR to an empty folder"
        )
    database = target.database
    if database is None and (data_dir / FILE_NAME).exists():
        database = in_folder(data_dir)
    if database is not None and not _is_new_file(database):
        check_fits(database)


def _is_new_file(database: URL) -> bool:
    return is_file(database) and not Path(str(database.database)).exists()


def _check_room(target: Target, header: Header) -> None:
    for folder in (target.data_dir, target.corpus_dir):
        free = shutil.disk_usage(folder).free
        if folder == target.data_dir and free < header.size + _SPARE:
            raise BackupError(
                f"{free / 1e6:,.0f} MB are free at {folder}, the backup needs "
                f"{(header.size + _SPARE) / 1e6:,.0f}: make room, or set DATA_DIR to another disk"
            )


def _unpacked(file: Path, target: Target) -> Restored:
    aside, aside_corpus = target.data_dir / UNFINISHED, target.corpus_dir / UNFINISHED
    header, members = unpack(file, {DATA: aside / DATA, CORPUS: aside_corpus})
    articles = {one.name.removeprefix(f"{CORPUS}/"): one.sha256 for one in members if _of(one.name)}
    _check_corpus_dir(target, articles)
    _check_index(file, header, aside / DATA)
    questions = open_ = 0
    database = aside / DATABASE
    if database.exists():
        questions, open_ = _made_fit(file, database, settle=header.served)
        flush(database)
    return Restored(
        header=header,
        files=len(members),
        articles=len(articles),
        questions=questions,
        settled=open_ if header.served else 0,
        open=0 if header.served else open_,
    )


def _check_index(file: Path, header: Header, data: Path) -> None:
    """Raise BackupError unless it can be told what the index is; the first start looks closer."""
    generations = Generations(data)
    if generations.of_a_newer_version() is not None:
        raise BackupError(
            f"{file} was made by a newer version of Baoda (its index says so): install that version"
        )
    try:
        live = generations.live()
        is_right = live == header.generation and (
            live is None or generations.manifest(live).id == live
        )
    except CollectionError:
        is_right = False
    if not is_right:
        raise damaged(file, "its index cannot be read")


def _made_fit(file: Path, database: Path, *, settle: bool) -> tuple[int, int]:
    try:
        return make_fit(database, settle=settle)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, DBAPIError) and is_damage(cause):
            raise damaged(file, f"its conversations: {cause.orig}") from error
        raise


def _of(name: str) -> bool:
    return name.startswith(f"{CORPUS}/")


def _check_corpus_dir(target: Target, articles: dict[str, str]) -> None:
    """Raise BackupError where other articles are there, or others of the same names."""
    corpus_dir = target.corpus_dir
    for path in _present(corpus_dir, real(target.data_dir)):
        name = path.relative_to(corpus_dir).as_posix()
        if name not in articles:
            trouble = f"it holds {printable(name)}, which is not in the backup"
        elif path.is_symlink() or not path.is_file() or _sha256(path) != articles[name]:
            trouble = f"{printable(name)} is another one in the backup"
        else:
            continue
        raise BackupError(
            f"CORPUS_DIR ({corpus_dir}) is not empty, {trouble}: move the folder away, or set "
            "CORPUS_DIR to an empty one"
        )


def _present(corpus_dir: Path, left_out: Path) -> Iterator[Path]:
    """Every file of a folder of articles, those of its bin too; what lies in one is left out."""
    for parent, folders, files in os.walk(corpus_dir):
        is_top = Path(parent) == corpus_dir
        folders[:] = sorted(
            name
            for name in folders
            if (not name.startswith(".") or (is_top and name == BIN))
            and real(Path(parent, name)) != left_out
        )
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(parent, name)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _finish(target: Target, restored: Restored) -> Restored:
    """Move everything to its place; done again after a kill, it goes on where it was."""
    aside, aside_corpus = target.data_dir / UNFINISHED, target.corpus_dir / UNFINISHED
    _place_database(aside / DATABASE, target)
    for path in sorted(aside_corpus.rglob("*")):
        if path.is_file():
            _place(path, target.corpus_dir / path.relative_to(aside_corpus))
    _flush_folders(target.corpus_dir)
    data = aside / DATA
    for path in sorted(data.glob("generations/*")):
        _place(path, target.data_dir / path.relative_to(data))
    # the pointer comes last
    for path in sorted(data.iterdir(), key=lambda path: path.name == Path(CURRENT).name):
        if path.is_file():
            _place(path, target.data_dir / path.name)
    _flush_folders(target.data_dir)
    for folder in (aside_corpus, data):
        shutil.rmtree(folder, ignore_errors=True)
    (aside / _READY).unlink()
    aside.rmdir()
    flush(target.data_dir)
    return restored


def _place_database(staged: Path, target: Target) -> None:
    if not staged.exists():
        return
    place = target.database or in_folder(target.data_dir)
    if target.database is None and _is_new_file(place):
        _place(staged, target.data_dir / FILE_NAME)
        return
    fill_database(place, staged)
    staged.unlink()


def _place(path: Path, place: Path) -> None:
    """Move a file or folder to its place. Raises BackupError where another one has it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        if path.is_dir() or place.is_symlink() or not place.is_file() or _differ(path, place):
            raise BackupError(f"{place} has appeared meanwhile: move it away, and restore again")
        path.unlink()
        return
    path.rename(place)


def _differ(path: Path, place: Path) -> bool:
    return path.stat().st_size != place.stat().st_size or _sha256(path) != _sha256(place)


def _flush_folders(folder: Path) -> None:
    for parent, _, _ in os.walk(folder):
        flush(Path(parent))
