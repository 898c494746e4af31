"""The folder of articles goes into a backup, while editors write there."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.backup.archive import Archive
from bot.backup.errors import FULL, BackupError
from bot.backup.layout import BIN, CORPUS
from bot.backup.paths import real
from retrieval.corpus.files import open_regular, version
from retrieval.errors import CorpusError

_TRIES = 3
_IN_MEMORY = 8_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of the folder of articles that is not in the backup, or may be torn there.

    Or the cache of vectors, with its whole path.
    """

    file: str
    reason: str


class Articles:
    """The files of a folder, with what waits in its inbox and lies in its bin."""

    def __init__(self, folder: Path, left_out: Iterable[Path]) -> None:
        self._folder = folder
        self._root = real(folder)
        self._left_out = frozenset(map(real, left_out))

    def size(self) -> int:
        """About how many bytes they have. Raises BackupError."""
        size = 0
        for path, _ in self._files([]):
            with suppress(OSError):
                size += path.stat().st_size
        return size

    def add_to(self, archive: Archive, workshop: Path) -> Iterator[Skipped]:
        """Those that could not be read, or not as they are at one moment; the others are added.

        Raises BackupError; OSError where the disk is full.
        """
        left_out: list[Skipped] = []
        for path, name in self._files(left_out):
            shown = name.removeprefix(f"{CORPUS}/")
            try:
                is_whole = _add(archive, path, name, workshop)
            except FileNotFoundError:
                continue
            except CorpusError as error:
                yield Skipped(shown, str(error))
            except OSError as error:
                if error.errno in FULL:
                    raise
                yield Skipped(shown, error.strerror or type(error).__name__)
            else:
                if not is_whole:
                    yield Skipped(shown, "is written all the time and may be torn in the backup")
        yield from left_out

    def _files(self, left_out: list[Skipped]) -> Iterator[tuple[Path, str]]:
        """With their names in the backup, as they are found.

        Folders that cannot be listed and links that lead out are put into `left_out`. Raises
        BackupError.
        """

        def refuse(error: OSError) -> None:
            if Path(error.filename) == self._folder:
                raise BackupError(
                    f"CORPUS_DIR: cannot list {self._folder}: {error.strerror}"
                ) from error
            if not isinstance(error, FileNotFoundError):
                shown = Path(error.filename).relative_to(self._folder).as_posix()
                left_out.append(Skipped(shown, f"cannot be listed: {error.strerror}"))

        def leads_out(path: Path) -> bool:
            if real(path).is_relative_to(self._root):
                return False
            shown = path.relative_to(self._folder).as_posix()
            left_out.append(Skipped(shown, "link that leads out of the folder"))
            return True

        identities = frozenset(filter(None, map(_identity, self._left_out)))
        for parent, folders, files in os.walk(self._folder, onerror=refuse):
            inside = Path(parent).relative_to(self._folder)
            folders[:] = sorted(
                name
                for name in folders
                if (not name.startswith(".") or (name == BIN and Path(parent) == self._folder))
                and (self._root / inside / name) not in self._left_out
                and not leads_out(Path(parent, name))
            )
            for name in sorted(files):
                path = Path(parent, name)
                # by another name too: linked
                if name.startswith(".") or _identity(path) in identities:
                    continue
                if leads_out(path):
                    continue
                yield path, f"{CORPUS}/{(inside / name).as_posix()}"


def _identity(path: Path) -> tuple[int, int] | None:
    """What all names of a file share; None where none can be found."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _add(archive: Archive, path: Path, name: str, workshop: Path) -> bool:
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
