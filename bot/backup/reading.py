"""A backup is read with mistrust: it may be truncated, damaged, or none at all."""

import gzip
import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from bot.backup.errors import BackupError
from bot.backup.layout import (
    CURRENT,
    DATABASE,
    FILES,
    FORMAT,
    HEADER,
    HEADERS,
    MEMBERS,
    Header,
    Member,
    belongs,
)
from retrieval.durable import flush

_BLOCK = 1 << 20
_MAX_HEADER = 64_000
_MAX_LIST = 1_000_000_000
_MOST_AT_ONCE = 64_000_000
"""Bytes that the reader of tar may ask for: of a long name or of such a thing."""

_MAX_NAME = 4_096
_MAX_FILES = 5_000_000
_ALLOWANCE = 100_000_000
"""Bytes that a backup may hold beyond what it says of itself: it was written while others wrote."""

_FAR_FUTURE = 1 << 33
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError)


def is_backup(file: Path) -> bool:
    """Whether a file begins as backups of any version do. Raises OSError."""
    try:
        with _opened(file) as tar:
            member = tar.next()
            return member is not None and member.name == HEADER
    except BackupError:
        return False


def read_header(file: Path) -> Header:
    """What a backup says of itself. Raises BackupError, also where it is of a newer version.

    Raises OSError.
    """
    with _opened(file) as tar:
        return _header(tar, file)


def unpack(file: Path, folders: dict[str, Path]) -> tuple[Header, list[Member]]:
    """Write the files of a backup below the folders, which are given by the first part of a name.

    They are on disk when this returns, and what the backup holds was found whole. Raises
    BackupError; OSError where a file cannot be written.
    """
    found: dict[str, Member] = {}
    with _opened(file) as tar:
        header = _header(tar, file)
        room = header.size + header.size // 2 + _ALLOWANCE
        for info in _members(tar):
            if info.name == FILES:
                _compare(file, found, info, tar)
                break
            room -= info.size
            if room < 0 or len(found) > _MAX_FILES:
                raise damaged(file, "it holds more than it says")
            if info.name in found or not belongs(info.name, header.generation):
                raise damaged(file, f"it holds {info.name[:200]!r}, which does not belong there")
            first, _, rest = info.name.partition("/")
            found[info.name] = _extract(file, tar, info, folders[first] / rest)
        else:
            raise damaged(file, "its end is missing")
    if header.generation is not None and CURRENT not in found:
        raise damaged(file, "it has no index")
    for folder in folders.values():
        _flush_all(folder)
    return header, list(found.values())


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    with file.open("rb") as stream:
        try:
            with gzip.GzipFile(fileobj=stream) as plain:
                bounded: IO[bytes] = _Bounded(plain)  # type: ignore[assignment]
                with tarfile.open(fileobj=bounded, mode="r:") as tar:
                    yield tar
        except gzip.BadGzipFile as error:
            if stream.tell() <= _BLOCK and not _is_gzip(file):
                raise BackupError(f"{file} is no backup of Baoda") from error
            raise damaged(file, str(error)) from error
        except tarfile.ReadError as error:
            raise damaged(file, str(error)) from error
        except _DAMAGE as error:
            raise damaged(file, str(error) or type(error).__name__) from error


class _Bounded:
    """A stream that is never read at a go into much memory."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise tarfile.ReadError("a name is too long")
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        # never where it is already: going back would begin at the beginning
        return position if position == self._stream.tell() else self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined] # it would keep them all
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.issparse():
            raise tarfile.ReadError(f"{info.name[:200]!r} is no regular file")
        if len(os.fsencode(info.name)) > _MAX_NAME:
            raise tarfile.ReadError("a name is too long")
        yield info


def _header(tar: tarfile.TarFile, file: Path) -> Header:
    info = next(_members(tar), None)
    if info is None or info.name != HEADER or info.size > _MAX_HEADER:
        raise BackupError(f"{file} is no backup of Baoda")
    data = _read(tar, info)
    try:
        header = HEADERS.validate_json(data)
    except ValidationError as error:
        number = _format_of(data)
        if number is None or number <= FORMAT:
            raise damaged(file, "it does not say what it is") from error
    else:
        number = header.format
        if number <= FORMAT:
            return header
    raise BackupError(
        f"{file} was made by a newer version of Baoda (its format is {number}): install that "
        "version"
    )


def _format_of(data: bytes) -> int | None:
    """The format of a header, of which nothing else may be known here."""
    try:
        number = json.loads(data)["format"]
    except (ValueError, KeyError, TypeError):
        return None
    return number if isinstance(number, int) else None


def _read(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(info)
    assert stream is not None
    parts = []
    while block := stream.read(_BLOCK):
        parts.append(block)
    return b"".join(parts)


def _extract(file: Path, tar: tarfile.TarFile, info: tarfile.TarInfo, target: Path) -> Member:
    stream = tar.extractfile(info)
    assert stream is not None
    sha256, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if info.name == DATABASE else 0o666
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as out:
        while block := stream.read(_BLOCK):
            sha256.update(block)
            size += len(block)
            out.write(block)
    if size != info.size:
        raise damaged(file, "its end is missing")
    if 0 <= info.mtime < _FAR_FUTURE:
        os.utime(target, (info.mtime, info.mtime))
    return Member(info.name, size, sha256.hexdigest())


def _compare(
    file: Path, found: dict[str, Member], info: tarfile.TarInfo, tar: tarfile.TarFile
) -> None:
    if info.size > _MAX_LIST:
        raise damaged(file, "its list of files is too long")
    try:
        # not by Pydantic's own reader of JSON: it refuses names that are not UTF-8
        listed = MEMBERS.validate_python(json.loads(_read(tar, info)))
    except (ValueError, RecursionError) as error:
        raise damaged(file, "its list of files cannot be read") from error
    said = {one.name: one for one in listed if one.name != HEADER}
    for name in said.keys() | found.keys():
        if said.get(name) != found.get(name):
            raise damaged(file, f"{name[:200]!r} is not as it was")
    for rest in _members(tar):
        raise damaged(file, f"it holds {rest.name[:200]!r} after its end")


def damaged(file: Path, reason: str) -> BackupError:
    """The error of a backup that is not as it was written."""
    reason = " ".join(reason.split())
    return BackupError(f"{file} is damaged ({reason}): take another backup")


def _flush_all(folder: Path) -> None:
    """All at the end: one after the other, each would wait for the disk."""
    for parent, _, files in os.walk(folder):
        for path in (*(Path(parent, name) for name in files), Path(parent)):
            flush(path)
