"""The file of a backup while it is written."""

import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Self

from bot.backup.layout import FILES, Member
from retrieval.durable import flush

_LEVEL = 1
"""Of gzip: the sixth takes twice as long for 4 % less, for vectors hardly shrink."""


class Archive:
    """A tar that ends with a list of what was put into it."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: list[Member] = []

    @classmethod
    @contextmanager
    def at(cls, path: Path) -> Iterator[Self]:
        """One at a path, readable by nobody else; whole and on disk when the block is left."""
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with (
            os.fdopen(descriptor, "wb") as stream,
            tarfile.open(
                fileobj=stream, mode="w:gz", compresslevel=_LEVEL, format=tarfile.PAX_FORMAT
            ) as tar,
        ):
            archive = cls(tar)
            yield archive
            archive._finish()
        flush(path)

    def add_text(self, name: str, text: str) -> None:
        """Add a file with this text, of now."""
        data = text.encode()
        self.add(name, io.BytesIO(data), len(data), time.time())

    def add_file(self, name: str, path: Path) -> None:
        """Add a file that nobody writes."""
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            self.add(name, stream, status.st_size, status.st_mtime)

    def add(self, name: str, stream: IO[bytes], size: int, modified: float) -> None:
        """Add `size` bytes, which were `modified` so many seconds after 1970."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, int(modified), 0o644
        hashing = _Hashing(stream)
        self._tar.addfile(info, hashing)
        self._tar.members.clear()  # type: ignore[attr-defined] # it would keep them all
        self.members.append(Member(name, size, hashing.sha256.hexdigest()))

    def _finish(self) -> None:
        self.add_text(FILES, json.dumps([asdict(one) for one in self.members]))


class _Hashing(io.RawIOBase):
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.sha256.update(data)
        return data
