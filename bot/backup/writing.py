"""A backup is written, while others ask, reload and send articles."""

import dataclasses
import datetime
import errno
import fcntl
import hashlib
import io
import json
import os
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy import URL

import bot
from bot.backup.errors import BackupError
from bot.backup.layout import (
    BIN,
    CORPUS,
    CURRENT,
    DATABASE,
    EMBEDDINGS,
    FILES,
    FORMAT,
    GENERATIONS,
    HEADER,
    ROLL_BACK,
    Header,
    Member,
)
from bot.backup.reading import is_backup
from bot.store.address import is_file
from bot.store.copying import copy_database
from retrieval.corpus.files import open_regular, version
from retrieval.errors import CollectionError, CorpusError
from retrieval.index.generations import WRITTEN_BY_READERS, Generations

_LEVEL = 1
"""Of gzip: the sixth takes twice as long for 4 % less, for vectors hardly shrink."""

_WORKSHOP = ".baoda-backup-"
"""What a folder beside the backup begins with that is there while the backup is made."""

_TRIES = 3
_IN_MEMORY = 8_000_000
_BLOCK = 1 << 20
_BUSY_SECONDS = 10
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """A file of the folder of articles that is not in the backup, or may be torn there."""

    file: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup; times in seconds."""

    header: Header
    bytes: int
    files: int
    articles: int
    """Files of the folder of articles."""
    questions: int
    skipped: tuple[Skipped, ...]
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """What is backed up."""

    data_dir: Path
    corpus_dir: Path
    database: URL | None
    """None where it is that of DATA_DIR and there is none yet."""


def write_backup(places: Places, file: Path) -> BackedUp:
    """Write a backup under that name, whole or not at all; it takes the place of a former one.

    Raises BackupError, StoreError, CollectionError.
    """
    started = time.monotonic()
    file = _checked_target(places, file)
    try:
        with _workshop(file.parent) as workshop:
            result = _write(places, workshop, workshop / "backup")
            (workshop / "backup").replace(file)
            _flush(file.parent)
    except OSError as error:
        if error.errno in _FULL:
            raise BackupError(
                f"there is no room for the backup in {file.parent}: make room, or name a file on "
                "another disk"
            ) from error
        raise BackupError(f"{error.filename or file}: {error.strerror or error}") from error
    seconds = round(time.monotonic() - started, 3)
    return dataclasses.replace(result, bytes=file.stat().st_size, seconds=seconds)


def _checked_target(places: Places, file: Path) -> Path:
    """Where it will really lie."""
    try:
        file = file.expanduser().resolve()
        if file.is_dir():
            raise BackupError(f"{file} is a folder: name a file, such as {file}/baoda.tar.gz")
        for folder, name in ((places.data_dir, "DATA_DIR"), (places.corpus_dir, "CORPUS_DIR")):
            if file.is_relative_to(folder.resolve()):
                raise BackupError(f"{file} lies in {name}: name a file outside, on another disk")
        if not file.parent.is_dir():
            raise BackupError(f"there is no folder {file.parent}: make it, or name another file")
        if file.exists() and not (file.is_file() and (not file.stat().st_size or is_backup(file))):
            raise BackupError(f"{file} is there and no backup: name another file")
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from error
    return file


@contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    """A private folder, which goes at the end; those of backups that were killed go now."""
    for remains in parent.glob(f"{_WORKSHOP}*"):
        with suppress(OSError), _held(remains):
            shutil.rmtree(remains, ignore_errors=True)
    folder = parent / f"{_WORKSHOP}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        with _held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _write(places: Places, workshop: Path, target: Path) -> BackedUp:
    created = datetime.datetime.now(datetime.UTC)
    generations = Generations(places.data_dir)
    # first, so that no article is told of here as accepted that is not in the folder yet
    revision, questions = _copy_conversations(places, workshop)
    with ExitStack() as opened:
        generation, roll_back, served = _live(generations, opened)
        if generation is None and revision is None:
            raise BackupError(f"{places.data_dir} holds neither an index nor conversations")
        has_vectors = _copy_embeddings(places.data_dir, workshop)
        header = Header(
            format=FORMAT,
            baoda=bot.__version__,
            created=created.isoformat(timespec="seconds"),
            generation=generation,
            revision=revision,
            served=served,
            size=_size(places, generation, workshop),
        )
        with _private(target) as stream, _Archive.on(stream) as archive:
            archive.add_text(HEADER, json.dumps(dataclasses.asdict(header)))
            if generation is not None:
                _add_generation(archive, generations.folder(generation), workshop)
                archive.add_text(CURRENT, generation + "\n")
            if roll_back is not None:
                archive.add_text(ROLL_BACK, roll_back)
            for name in [DATABASE] * (revision is not None) + [EMBEDDINGS] * has_vectors:
                archive.add_file(name, workshop / Path(name).name)
                (workshop / Path(name).name).unlink()
            before = len(archive.members)
            skipped = tuple(_add_articles(archive, places, workshop))
            articles = len(archive.members) - before
            files = len(archive.members) - 1
            archive.finish()
    _flush(target)
    return BackedUp(header, 0, files, articles, questions, skipped, 0.0)


def _private(path: Path) -> IO[bytes]:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _copy_conversations(places: Places, workshop: Path) -> tuple[str | None, int]:
    """Their revision, None without any, and how many questions there are."""
    if places.database is None:
        return None, 0
    copy = workshop / Path(DATABASE).name
    revision = copy_database(places.database, copy)
    if revision is None:
        return None, 0
    with closing(sqlite3.connect(copy)) as database:
        (questions,) = database.execute("SELECT count(*) FROM message").fetchone()
    return revision, questions


def _copy_embeddings(data_dir: Path, workshop: Path) -> bool:
    """Whether there is a cache of vectors that can be read; it could be made anew, in hours."""
    cache = data_dir / Path(EMBEDDINGS).name
    copy = workshop / cache.name
    if not cache.is_file():
        return False
    try:
        with closing(sqlite3.connect(cache, timeout=_BUSY_SECONDS)) as database:
            database.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.DatabaseError as error:
        copy.unlink(missing_ok=True)
        if error.sqlite_errorname == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(copy)) from error
        return False
    return True


def _live(generations: Generations, opened: ExitStack) -> tuple[str | None, str | None, bool]:
    """The live generation, held until `opened` is closed; what is noted of a roll-back to it.

    And whether anybody answers from a generation. Raises CollectionError.
    """
    served = any(map(generations.is_read, generations.kept()))
    for attempt in range(_TRIES):
        roll_back = generations.roll_back_note()
        live = generations.live()
        if live is None:
            return None, None, served
        with ExitStack() as held:
            try:
                held.enter_context(generations.reading(live))
            except CollectionError:
                if generations.live() == live or attempt == _TRIES - 1:
                    raise
                continue
            generations.manifest(live)
            if generations.roll_back_note() == roll_back or attempt == _TRIES - 1:
                opened.push(held.pop_all())
                return live, roll_back, served
    raise AssertionError


def _size(places: Places, generation: str | None, workshop: Path) -> int:
    size = sum(path.stat().st_size for path in workshop.iterdir())
    if generation is not None:
        size += Generations(places.data_dir).size(generation)
    for path, _ in _article_files(places):
        with suppress(OSError):
            size += path.stat().st_size
    return size


class _Archive:
    """A tar that notes what is put into it."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: list[Member] = []

    @classmethod
    @contextmanager
    def on(cls, stream: IO[bytes]) -> Iterator["_Archive"]:
        with tarfile.open(
            fileobj=stream, mode="w:gz", compresslevel=_LEVEL, format=tarfile.PAX_FORMAT
        ) as tar:
            yield cls(tar)

    def add_text(self, name: str, text: str) -> None:
        data = text.encode()
        self.add(name, io.BytesIO(data), len(data), time.time())

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            self.add(name, stream, status.st_size, status.st_mtime)

    def add(self, name: str, stream: IO[bytes], size: int, modified: float) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, int(modified), 0o644
        hashing = _Hashing(stream)
        self._tar.addfile(info, hashing)
        self._tar.members.clear()  # type: ignore[attr-defined] # it would keep them all
        self.members.append(Member(name, size, hashing.sha256.hexdigest()))

    def finish(self) -> None:
        self.add_text(FILES, json.dumps([dataclasses.asdict(one) for one in self.members]))


class _Hashing(io.RawIOBase):
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.sha256.update(data)
        return data


def _add_generation(archive: _Archive, folder: Path, workshop: Path) -> None:
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
            archive.add_file(name, path)


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


def _article_files(places: Places) -> Iterator[tuple[Path, str]]:
    """The files of the folder of articles with their names in the backup, as they are found."""
    top = places.corpus_dir
    root = top.resolve()
    left_out = {places.data_dir.resolve()}
    if places.database is not None and is_file(places.database):
        database = Path(str(places.database.database)).resolve()
        left_out |= {database.with_name(database.name + end) for end in ("", "-wal", "-shm")}

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == top:
            raise BackupError(f"CORPUS_DIR: cannot list {top}: {error.strerror}") from error

    for parent, folders, files in os.walk(top, onerror=unreadable):
        inside = Path(parent).relative_to(top)
        folders[:] = sorted(
            name
            for name in folders
            if (not name.startswith(".") or (name == BIN and Path(parent) == top))
            and (root / inside / name) not in left_out
        )
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith(".") or (root / inside / name) in left_out:
                continue
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                continue
            yield path, f"{CORPUS}/{(inside / name).as_posix()}"


def _add_articles(archive: _Archive, places: Places, workshop: Path) -> Iterator[Skipped]:
    """Those that could not be read, or not as they are at one moment."""
    for path, name in _article_files(places):
        shown = name.removeprefix(f"{CORPUS}/")
        try:
            is_whole = _add_article(archive, path, name, workshop)
        except FileNotFoundError:
            continue
        except CorpusError as error:
            yield Skipped(shown, str(error))
        except OSError as error:
            if error.errno in _FULL:
                raise
            yield Skipped(shown, error.strerror or type(error).__name__)
        else:
            if not is_whole:
                yield Skipped(shown, "is written all the time and may be torn in the backup")


def _add_article(archive: _Archive, path: Path, name: str, workshop: Path) -> bool:
    """Whether the file stayed as it was while it was read. Raises CorpusError, OSError."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(workshop)) as copy:
        for _ in range(_TRIES):
            copy.seek(0)
            copy.truncate()
            with open_regular(path) as stream:
                before = version(stream)
                shutil.copyfileobj(stream, copy, _BLOCK)
                is_whole = version(stream) == before and copy.tell() == before.size
            if is_whole:
                break
        size = copy.tell()
        copy.seek(0)
        archive.add(name, copy, size, before.modified_ns / 1e9)
    return is_whole


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
