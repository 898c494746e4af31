"""A backup is written, while others ask, reload and send articles."""

import dataclasses
import datetime
import json
import os
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

from sqlalchemy import URL

import bot
from bot.backup.archive import Archive
from bot.backup.articles import Articles, Skipped
from bot.backup.errors import FULL, BackupError
from bot.backup.index import Live, add_index, copy_embeddings, is_served, live_index
from bot.backup.layout import DATABASE, EMBEDDINGS, FORMAT, HEADER, Header
from bot.backup.paths import real, real_file
from bot.backup.readable import readable
from bot.backup.reading import is_backup
from bot.backup.workshop import workshop_in
from bot.store.address import is_file
from bot.store.copies import copies_of
from bot.store.copying import copy_database
from retrieval.durable import flush
from retrieval.index.generations import Generations


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
    secret_files: tuple[Path, ...] = ()
    """They are left out, wherever they lie."""


def write_backup(places: Places, file: Path) -> BackedUp:
    """Write a backup under that name, whole or not at all; it takes the place of a former one.

    Raises BackupError, StoreError, CollectionError.
    """
    started = time.monotonic()
    file = _checked_target(places, file)
    try:
        with workshop_in(file.parent) as workshop:
            result = _write(places, workshop, workshop / "backup")
            (workshop / "backup").replace(file)
            flush(file.parent)
    except OSError as error:
        if error.errno in FULL:
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
        file = real_file(file)
        if file.is_dir():
            raise BackupError(f"{file} is a folder: name a file, such as {file}/baoda.tar.gz")
        for folder, name in ((places.data_dir, "DATA_DIR"), (places.corpus_dir, "CORPUS_DIR")):
            if file.is_relative_to(real(folder)):
                raise BackupError(f"{file} lies in {name}: name a file outside, on another disk")
        if not file.parent.is_dir():
            raise BackupError(f"there is no folder {file.parent}: make it, or name another file")
        if os.path.lexists(file) and not (
            file.is_file() and (not file.stat().st_size or is_backup(file))
        ):
            raise BackupError(f"{file} is there and no backup: name another file")
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from error
    return file


def _write(places: Places, workshop: Path, target: Path) -> BackedUp:
    created = datetime.datetime.now(datetime.UTC)
    generations = Generations(places.data_dir)
    articles = Articles(places.corpus_dir, _left_out(places))
    # first, so that no article is told of here as accepted that is not in the folder yet
    revision, questions = _copy_conversations(places, workshop)
    with ExitStack() as opened:
        served = is_served(generations)
        live = live_index(generations, opened)
        if live is None and revision is None:
            raise BackupError(f"{places.data_dir} holds neither an index nor conversations")
        left_out = copy_embeddings(places.data_dir, workshop)
        header = Header(
            format=FORMAT,
            baoda=bot.__version__,
            created=created.isoformat(timespec="seconds"),
            generation=None if live is None else live.generation,
            revision=revision,
            served=served,
            size=_size(generations, live, workshop) + articles.size(),
        )
        with Archive.at(target) as archive:
            archive.add_text(HEADER, json.dumps(dataclasses.asdict(header)))
            if live is not None:
                add_index(archive, generations, live, workshop)
            _add_copies(archive, workshop)
            before = len(archive.members)
            skipped = (*left_out, *articles.add_to(archive, workshop))
            files = len(archive.members)
    return BackedUp(header, 0, files - 1, files - before, questions, skipped, 0.0)


def _left_out(places: Places) -> list[Path]:
    """What may lie among the articles and is none of them."""
    paths = [places.data_dir, *places.secret_files]
    if places.database is not None and is_file(places.database):
        database = Path(str(places.database.database))
        paths += [database.with_name(database.name + end) for end in ("", "-wal", "-shm")]
        paths += copies_of(database)
    return paths


def _copy_conversations(places: Places, workshop: Path) -> tuple[str | None, int]:
    """Their revision, None without any, and how many questions there are."""
    if places.database is None:
        return None, 0
    copy = workshop / Path(DATABASE).name
    with ExitStack() as opened:
        source = places.database
        if is_file(source):
            path = opened.enter_context(readable(Path(str(source.database)), workshop))
            source = source.set(database=str(path))
        revision = copy_database(source, copy)
    if revision is None:
        copy.unlink()
        return None, 0
    with closing(sqlite3.connect(copy)) as database:
        (questions,) = database.execute("SELECT count(*) FROM message").fetchone()
    return revision, questions


def _add_copies(archive: Archive, workshop: Path) -> None:
    """Those of databases, which are gone afterwards."""
    for name in (DATABASE, EMBEDDINGS):
        copy = workshop / Path(name).name
        if copy.exists():
            archive.add_file(name, copy)
            copy.unlink()


def _size(generations: Generations, live: Live | None, workshop: Path) -> int:
    copies = (workshop / Path(name).name for name in (DATABASE, EMBEDDINGS))
    size = sum(path.stat().st_size for path in copies if path.exists())
    return size if live is None else size + generations.size(live.generation)
