"""A folder of files to articles: one reader a format."""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from retrieval.corpus.files import Version, open_regular, version
from retrieval.corpus.formats import SUFFIXES, FileReader
from retrieval.errors import CorpusError, reason_of
from retrieval.types import Loaded, Problem

VERSION = "1"
"""Changed whenever a reader makes other articles of the same bytes."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that holds the bytes it held before, and the ids of the articles read then."""

    path: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that was read without a complaint, and the sha256 of its bytes."""

    path: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What was read before, by path: the sha256 of a file, and the ids of its articles."""

    files: Mapping[str, bytes]
    ids: Mapping[str, Sequence[str]]


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_OTHERS = frozenset(".doc .docm .epub .odt .pages .rtf .tex .wps".split())
"""Documents that an editor may take for readable here; pictures and the like are passed over."""

NOTHING_KNOWN = Known({}, {})


def read_corpus(
    folder: Path, known: Known = NOTHING_KNOWN
) -> Iterator[Loaded | Problem | Unchanged | WholeFile]:
    """Every article of the folder and every problem, by path; the first path wins an id.

    A file of `known` whose bytes are the same is not read again. Raises CorpusError when the
    folder is missing or cannot be listed.
    """
    try:
        found_folder = folder.is_dir()
    except OSError as error:
        raise CorpusError(f"cannot list {folder}: {reason_of(error)}") from error
    if not found_folder:
        raise CorpusError(f"no folder of articles at {folder}: create it or set CORPUS_DIR")
    with closing(_Owners()) as owners, closing(FileReader()) as reader:
        for found in _files(folder):
            if isinstance(found, Problem):
                yield found
            else:
                yield from _read(folder / found, found, reader, owners, known)


def _read(
    file: Path, path: str, reader: FileReader, owners: "_Owners", known: Known
) -> Iterator[Loaded | Problem | Unchanged | WholeFile]:
    seen = _look_at(file)
    if seen is not None and known.files.get(path) == seen.sha256:
        ids = tuple(known.ids.get(path, ()))
        if ids and owners.claim_all(ids, path):
            yield Unchanged(path, ids)
            return
    complaints = False
    for item in reader.read(file, path):
        if isinstance(item, Loaded) and (owner := owners.claim(item.article.id, path)):
            item = Problem(
                path,
                f"the id {item.article.id!r} is already that of an article in {owner}",
                item.line,
                lost=False,
            )
        complaints = complaints or isinstance(item, Problem)
        yield item
    if seen is not None and not complaints and seen.version == _version(file):
        yield WholeFile(path, seen.sha256)


def _version(file: Path) -> Version | None:
    try:
        return version(file)
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Seen:
    version: Version
    sha256: bytes
    """Of the readers' version and the file's bytes."""


def _look_at(file: Path) -> _Seen | None:
    """None where it is no file to be read."""
    digest = hashlib.sha256(VERSION.encode())
    try:
        with open_regular(file) as stream:
            before = version(stream)
            while block := stream.read(1 << 20):
                digest.update(block)
    except (CorpusError, OSError):
        return None
    return _Seen(before, digest.digest())


class _Owners:
    """Which file holds which id: on disk, for there may be millions."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE owners (id TEXT PRIMARY KEY, path TEXT) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def claim(self, article_id: str, path: str) -> str | None:
        """Give the id to the file, unless another one has it: that one's path."""
        claim = "INSERT OR IGNORE INTO owners VALUES (?, ?)"
        if self._database.execute(claim, (article_id, path)).rowcount:
            return None
        query = "SELECT path FROM owners WHERE id = ?"
        owner: str = self._database.execute(query, (article_id,)).fetchone()[0]
        return owner

    def claim_all(self, ids: Sequence[str], path: str) -> bool:
        """Give the ids to the file, all or none of them; whether it has them now."""
        for number, article_id in enumerate(ids):
            if self.claim(article_id, path) is not None:
                release = [(one,) for one in ids[:number]]
                self._database.executemany("DELETE FROM owners WHERE id = ?", release)
                return False
        return True

    def close(self) -> None:
        self._database.close()


def _files(folder: Path) -> Iterator[str | Problem]:
    """Paths of possible articles relative to the folder, with /, sorted."""
    root = folder.resolve()
    problems: list[Problem] = []
    paths: list[str] = []

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise CorpusError(f"cannot list {folder}: {reason_of(error)}") from error
        relative = os.path.relpath(error.filename, folder)
        problems.append(Problem(printable(relative), f"cannot be listed: {error.strerror}"))

    top = os.fspath(folder)
    for parent, folders, files in os.walk(top, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        inner = set(folders)
        for name in folders + files:
            if is_no_article(name):
                continue
            path = os.path.join(parent, name)  # noqa: PTH118 (for thousands of files pathlib is slow)
            relative = path[len(top) :].lstrip("/")
            if _leads_out(path, root):
                problems.append(Problem(printable(relative), "link that leads out of the folder"))
            elif name not in inner and os.path.splitext(name)[1].lower() in _OTHERS:  # noqa: PTH122
                reason = f"not one of {', '.join(sorted(SUFFIXES))}; save it as one of these"
                problems.append(Problem(printable(relative), reason, lost=False))
            elif name not in inner and os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122
                if printable(relative) == relative:
                    paths.append(relative)
                else:
                    reason = "file name is not valid UTF-8 or holds control characters; rename it"
                    problems.append(Problem(printable(relative), reason))
    yield from sorted(problems, key=lambda problem: problem.file)
    yield from sorted(paths)


def _leads_out(path: str, root: Path) -> bool:
    # unlike pathlib's, these two bear loops of links and folders that cannot be entered
    is_link = os.path.islink(path)  # noqa: PTH114
    return is_link and not Path(os.path.realpath(path)).is_relative_to(root)


def is_no_article(name: str) -> bool:
    """Whether a file in the folder of articles is something else by its name."""
    return (
        name.startswith((".", "_")) or name.upper().startswith("README") or name == "golden.jsonl"
    )


def printable(path: str) -> str:
    """The same with U+FFFD for what would disturb a line: control characters, other directions."""
    return _CONTROL.sub("\ufffd", path.encode("utf-8", "replace").decode())
