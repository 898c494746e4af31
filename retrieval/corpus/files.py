"""Bytes of one regular file, and whether it stayed as it was while it was read."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

CHANGED = "changed while it was read; reload again"


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one content of a file from the next."""

    inode: int
    size: int
    modified_ns: int


def version(file: Path | BufferedReader) -> Version:
    """Of the file a path leads to, or of an open one. Raises OSError."""
    status = file.stat() if isinstance(file, Path) else os.fstat(file.fileno())
    return Version(status.st_ino, status.st_size, status.st_mtime_ns)


def open_regular(file: Path) -> BufferedReader:
    """The file, open for reading; a pipe is never waited for.

    Raises CorpusError for what is no regular file, OSError for what cannot be opened.
    """
    try:
        is_file = file.is_file()
    except OSError:
        is_file = True  # opening it tells what is wrong
    if not is_file:
        raise CorpusError("not a regular file")
    stream = os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise CorpusError("not a regular file")
    return stream


def read_whole(file: Path, max_bytes: int) -> bytes:
    """All bytes of the file. Raises CorpusError when there are more than `max_bytes`, OSError."""
    with open_regular(file) as stream:
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise CorpusError(f"over {max_bytes // 1_000_000} MB; split it or make it smaller")
    return data


def read_file(
    read_bytes: Callable[[bytes, str], Iterator[Loaded | Problem]],
    file: Path,
    path: str,
    max_bytes: int,
) -> Iterator[Loaded | Problem]:
    """What `read_bytes` makes of the file called `path`, or that it is too large or none.

    Raises OSError.
    """
    try:
        data = read_whole(file, max_bytes)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    yield from read_bytes(data, path)
