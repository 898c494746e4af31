"""DATA_DIR/generations and the pointer file that names the live one."""

import dataclasses
import datetime
import fcntl
import json
import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import TypeAdapter

from retrieval.addresses import bare
from retrieval.chunking import VERSION
from retrieval.durable import flush, write_whole
from retrieval.errors import (
    CollectionError,
    NoCollectionError,
    OutdatedCollectionError,
    reason_of,
)

SCHEMA_VERSION = "5"
"""Part of a generation's fingerprint: changed whenever its files come out otherwise.

A whole number that only grows: of two versions the newer one has the larger.
"""

READABLE = frozenset({"4", SCHEMA_VERSION})
"""Those whose files this version can answer from."""

VERSION_FILE = "version.json"
"""Of a data folder; see retrieval.index.layout."""

FOLDER = "generations"
"""In a data folder."""

ARTICLES = "articles.sqlite3"
SENTENCES = "sentences.npy"
VECTORS = "chroma"
KEYWORDS = "bm25"

KEPT = 3
"""The live generation and the two before it."""

_MANIFEST = "manifest.json"
_DAMAGED = ".damaged"
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{4}")
_STAMP = "%Y%m%dT%H%M%S%f"
WRITTEN_BY_READERS = "chroma.sqlite3"
"""Chroma changes this file even when it only reads."""


@dataclasses.dataclass(frozen=True, slots=True)
class Golden:
    """Ids of the golden questions that were answered as they should be, and of the others."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many were asked."""
        return len(self.passed) + len(self.failed)


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of. With another fingerprint it is built anew, never mixed."""

    id: str
    created: str
    """UTC, ISO 8601."""
    embedding: str
    dimensions: int
    chunker: str
    schema: str
    articles: int
    chunks: int
    sentences: int
    churned: int = 0
    """Chunks added or removed since all of the index was last built anew."""
    golden: Golden | None = None
    previous: str | None = None
    """The generation that was live before it."""


_MANIFESTS = TypeAdapter(Manifest)


@dataclasses.dataclass(frozen=True, slots=True)
class _RollBack:
    newest: str
    """Newest generation that was ever published: those after it are remains of broken builds."""
    watching_paused: bool


class Generations:
    """The generations of a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._pointer = data_dir / "CURRENT"
        self._roll_back = data_dir / "rollback.json"
        self._checked = data_dir / "checked.json"

    def live(self) -> str | None:
        """Id of the live generation, None before the first. Raises CollectionError."""
        try:
            generation = self._pointer.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            generation = ""
        except OSError as error:
            raise CollectionError(f"cannot read {self._pointer}: {reason_of(error)}") from error
        if not _ID.fullmatch(generation):
            raise CollectionError(f"{self._pointer} names no generation; run `baoda reload`")
        return generation

    def published_at(self) -> float:
        """When the live generation became that, in seconds since 1970. Raises OSError."""
        return self._pointer.stat().st_mtime

    def require_live(self) -> str:
        """Id of the live generation. Raises NoCollectionError."""
        generation = self.live()
        if generation is None:
            raise NoCollectionError("no articles are indexed yet; run `baoda reload`")
        return generation

    def new(self) -> str:
        """Id of a generation to be built, later than all others, with an empty folder."""
        now = datetime.datetime.now(datetime.UTC)
        for name in self._names():
            made = datetime.datetime.strptime(name[:-5], _STAMP).replace(tzinfo=datetime.UTC)
            now = max(now, made + datetime.timedelta(microseconds=1))  # the clock may go back
        generation = f"{now.strftime(_STAMP)}-{secrets.token_hex(2)}"
        self.folder(generation).mkdir(parents=True)
        return generation

    def folder(self, generation: str) -> Path:
        """Where a generation lies."""
        return self._folder / generation

    def manifest(self, generation: str) -> Manifest:
        """The manifest of a generation. Raises CollectionError."""
        try:
            return _MANIFESTS.validate_json((self.folder(generation) / _MANIFEST).read_bytes())
        except (PermissionError, NotADirectoryError) as error:
            raise CollectionError(f"cannot read {error.filename}: {reason_of(error)}") from error
        except (OSError, ValueError) as error:
            raise CollectionError(
                f"the index {generation} has no readable manifest; run `baoda reload --full`"
            ) from error

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest and make its generation the live one, in one step."""
        folder = self.folder(manifest.id)
        for path in folder.rglob("*"):
            flush(path)
        write_whole(folder / _MANIFEST, json.dumps(dataclasses.asdict(manifest), indent=1))
        flush(self._folder)
        write_whole(self._pointer, manifest.id + "\n")
        self._roll_back.unlink(missing_ok=True)

    def roll_back(self, generation: str) -> None:
        """Make a kept generation the live one. Raises CollectionError when it is not kept."""
        if generation not in self.kept():
            raise CollectionError(f"no generation {generation} is kept; `baoda status` lists them")
        # written before the pointer: the newer generations are published ones, not remains
        self._note_roll_back(_RollBack(self._newest_published() or generation, True))
        write_whole(self._pointer, generation + "\n")

    def resume_watching(self) -> None:
        """After a roll-back: let the folder be watched again."""
        if (noted := self._rolled_back()) and noted.watching_paused:
            self._note_roll_back(dataclasses.replace(noted, watching_paused=False))

    def watching_is_paused(self) -> bool:
        """Whether a roll-back stands that a reload on its own would undo."""
        noted = self._rolled_back()
        return noted is not None and noted.watching_paused and (self.live() or "") <= noted.newest

    def set_aside(self, generation: str) -> str | None:
        """Take a damaged generation out of use; id of the one that is live now, the last before it.

        Its folder stays, as `<id>.damaged`, until the next reload is done.
        """
        folder = self.folder(generation)
        left = [name for name in self.kept() if name != generation]
        last = next((name for name in left if name < generation), left[0] if left else None)
        if last:
            write_whole(self._pointer, last + "\n")
        else:
            self._pointer.unlink(missing_ok=True)
        if folder.is_dir():
            folder.rename(folder.with_name(f"{generation}{_DAMAGED}"))
        return last

    def discard(self, generation: str) -> None:
        """Delete a generation that was not published."""
        shutil.rmtree(self.folder(generation), ignore_errors=True)

    def clean(self) -> None:
        """Delete what broken builds and broken writes left. Only under the lock of reloads.

        The live generation stays even when it is damaged: articles may be held there alone.
        """
        version = self._pointer.with_name(VERSION_FILE)
        for path in (self._pointer, self._roll_back, self._checked, version):
            for leftover in path.parent.glob(f".{path.name}.????????"):
                leftover.unlink(missing_ok=True)
        if not self._folder.is_dir():
            return
        try:
            live = self.live()
        except CollectionError:
            live = None
        kept = {*self.kept(), live}
        for folder in self._folder.iterdir():
            if folder.name not in kept and not folder.name.endswith(_DAMAGED):
                shutil.rmtree(folder, ignore_errors=True)

    def superfluous(self) -> list[str]:
        """All but three, except those that somebody reads still.

        Those three are the live one, those it came from, and the newest others.
        """
        kept = self.kept()
        line = list(self._line(kept))
        keep = [*line, *(name for name in kept if name not in line)][:KEPT]
        return [name for name in kept if name not in keep and not self.is_read(name)]

    def before(self, generation: str) -> str | None:
        """The kept generation that this one followed, else the newest that is older."""
        kept = self.kept()
        previous = self.manifest(generation).previous
        older = [name for name in kept if name < generation]
        return previous if previous in kept else next(iter(older), None)

    def prune(self, superfluous: Sequence[str]) -> None:
        """Delete these generations, and what was damaged or broken off."""
        published = self.kept()
        for folder in self._folder.iterdir():
            if folder.name in superfluous or folder.name not in published:
                shutil.rmtree(folder, ignore_errors=True)

    def kept(self) -> list[str]:
        """Ids of the generations that are or were live, newest first."""
        published = self._published()
        names = (name for name in self._names() if published is None or name in published)
        return sorted(filter(self._has_manifest, names), reverse=True)

    @contextmanager
    def reading(self, generation: str) -> Iterator[None]:
        """Keep a generation from being deleted. Raises CollectionError when it is gone."""
        try:
            stream = (self.folder(generation) / _MANIFEST).open("rb")
        except OSError as error:
            raise CollectionError(
                f"the index {generation} cannot be opened ({error.strerror}); run `baoda reload`"
            ) from error
        with stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            yield

    def is_read(self, generation: str) -> bool:
        """Whether somebody keeps a generation from being deleted."""
        try:
            with (self.folder(generation) / _MANIFEST).open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def roll_back_note(self) -> str | None:
        """What is written of a roll-back, None where there was none since the last reload."""
        try:
            return self._roll_back.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def note_checked(self, generation: str) -> None:
        """Remember that a generation, as its files are now, passed its check."""
        write_whole(self._checked, json.dumps({"id": generation, "files": self._files(generation)}))

    def is_checked(self, generation: str) -> bool:
        """Whether the generation passed its check and no file of it was touched since."""
        try:
            noted = json.loads(self._checked.read_text("utf-8"))
            same = noted == {"id": generation, "files": self._files(generation)}
        except (OSError, ValueError, RecursionError):
            return False
        return same and all(map(_is_sound, self.folder(generation).rglob(WRITTEN_BY_READERS)))

    def articles_are_sound(self, generation: str) -> bool:
        """Whether the stored articles of a generation can be read."""
        return _is_sound(self.folder(generation) / ARTICLES)

    def size(self, generation: str) -> int:
        """Bytes that a generation takes on disk."""
        return sum(path.stat().st_size for path in _walk(self.folder(generation)))

    def _files(self, generation: str) -> dict[str, list[int]]:
        folder = self.folder(generation)
        files = {}
        for path in _walk(folder):
            stat = path.stat()
            name = path.relative_to(folder).as_posix()
            changes = path.name.startswith(WRITTEN_BY_READERS)
            files[name] = [] if changes else [stat.st_size, stat.st_mtime_ns]
        return files

    def point_to(self, generation: str) -> None:
        """Mend the pointer. Only under the lock of reloads."""
        write_whole(self._pointer, generation + "\n")

    def _line(self, kept: list[str]) -> Iterator[str]:
        """The live generation and those it came from."""
        name = self.live()
        while name in kept:
            yield name
            earlier = self.manifest(name).previous
            name = earlier if earlier is not None and earlier < name else None

    def of_a_newer_version(self) -> str | None:
        """Id of a generation that only a newer version can read. Raises OSError."""
        for name in sorted(self._names()):
            try:
                made = json.loads((self.folder(name) / _MANIFEST).read_bytes())
            except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
                continue  # broken off or damaged
            if isinstance(made, dict) and _is_newer(made.get("schema")):
                return name
        return None

    def _has_manifest(self, generation: str) -> bool:
        try:
            self.manifest(generation)
        except CollectionError:
            return False
        return True

    def _names(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return [path.name for path in self._folder.iterdir() if _ID.fullmatch(path.name)]

    def _published(self) -> set[str] | None:
        """Ids that may have been live; None where the pointer cannot tell."""
        try:
            newest = self._newest_published()
        except CollectionError:
            return None
        return {name for name in self._names() if name <= newest} if newest else None

    def _newest_published(self) -> str | None:
        live = self.live()
        if live is not None:
            self.manifest(live)
        noted = self._rolled_back()
        return max(live, noted.newest) if live and noted else live

    def _rolled_back(self) -> _RollBack | None:
        try:
            return _RollBack(**json.loads(self._roll_back.read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def _note_roll_back(self, noted: _RollBack) -> None:
        write_whole(self._roll_back, json.dumps(dataclasses.asdict(noted)))


def check_fingerprint(manifest: Manifest, embedding: str) -> None:
    """Raise OutdatedCollectionError unless this version made the generation with this model."""
    if manifest.embedding != embedding:
        raise OutdatedCollectionError(
            f"the index was made with another embedding model ({bare(manifest.embedding)}, "
            f"not {embedding}): there is no way back to it"
        )
    if not matches(manifest, embedding):
        raise OutdatedCollectionError(
            "the index was made by another version of Baoda: there is no way back to it"
        )


def check_servable(manifest: Manifest, has_model: Callable[[str], bool]) -> None:
    """Raise OutdatedCollectionError unless questions can be asked of the generation.

    That it was made with another embedding model or by another version is no hindrance where its
    files can be read, and where `has_model` says that the model of a fingerprint can be had.
    """
    if manifest.schema not in READABLE:
        raise OutdatedCollectionError(
            "the index was made by another version of Baoda; run `baoda reload`"
        )
    if not has_model(manifest.embedding):
        raise OutdatedCollectionError(
            f"the index was made with another embedding model ({bare(manifest.embedding)}), which "
            "the settings do not name; run `baoda reload`"
        )


def is_servable(manifest: Manifest, has_model: Callable[[str], bool]) -> bool:
    """Whether `check_servable` finds nothing."""
    try:
        check_servable(manifest, has_model)
    except OutdatedCollectionError:
        return False
    return True


def matches(manifest: Manifest, embedding: str) -> bool:
    """Whether a generation was made by this version with this model."""
    made_by = (manifest.embedding, manifest.chunker, manifest.schema)
    return made_by == (embedding, VERSION, SCHEMA_VERSION)


def _is_newer(schema: object) -> bool:
    """Whether a manifest's schema is none that this version or one before it has written."""
    if schema is None:
        return False
    known = isinstance(schema, str) and schema.isascii() and schema.isdecimal()
    return not known or int(str(schema)) > int(SCHEMA_VERSION)


def _is_sound(path: Path) -> bool:
    """Whether SQLite finds no fault in a file."""
    try:
        with closing(sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)) as database:
            found: tuple[str] = database.execute("PRAGMA quick_check(1)").fetchone()
            return found == ("ok",)
    except sqlite3.Error:
        return False


def _walk(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
