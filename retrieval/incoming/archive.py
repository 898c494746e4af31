"""Zip archives, Word files among them: looked at as a whole before anything is unpacked.

The standard library's zipfile unpacks; what it takes without a word is refused here: bytes that
belong to no member, members that share bytes, links, names that lead out, sizes that lie.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from retrieval.corpus import printable
from retrieval.corpus.encoding import detect
from retrieval.errors import CorpusError
from retrieval.incoming.errors import HostileError
from retrieval.incoming.limits import (
    MAX_COMMENT_BYTES,
    MAX_DIRECTORY_BYTES,
    MAX_MEMBER_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_PARTS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_MATTERS,
)

LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
_END_FIELDS = struct.Struct("<4s4H2LH")
_LOCAL_FIELDS = struct.Struct("<4s5H3L2H")
_END_64_BYTES = 20
_MAX_DESCRIPTOR = 24
"""Bytes that may follow a member: its sizes and checksum again."""

_ENCRYPTED = 1
_UTF8 = 1 << 11
_NAME_CODECS = ("utf-8", "gb18030", "big5hkscs")
_DRIVE = re.compile("[A-Za-z]:")
_PIECE_BYTES = 1 << 16
_AGAIN = "pack it again as .zip"
DAMAGED = f"a damaged zip archive; {_AGAIN}"


@dataclass(frozen=True, slots=True)
class _End:
    """The record at the end of an archive."""

    at: int
    disks: tuple[int, int]
    count: int
    directory_bytes: int
    directory_at: int
    comment_bytes: int

    @property
    def bytes(self) -> int:
        return _END_FIELDS.size + self.comment_bytes


def _find_end(data: bytes) -> _End | None:
    at = data.rfind(_END, max(0, len(data) - _END_FIELDS.size - 0xFFFF))
    if at < 0 or len(data) < at + _END_FIELDS.size:
        return None
    _, disk, first_disk, _, count, size, offset, comment = _END_FIELDS.unpack_from(data, at)
    return _End(at, (disk, first_disk), count, size, offset, comment)


def has_archive(data: bytes) -> bool:
    """Whether other programs would find a zip archive in bytes that do not begin as one."""
    end = _find_end(data)
    if end is None:
        return False
    start = end.at - end.directory_bytes
    return start >= 0 and (not end.directory_bytes or data.startswith(_CENTRAL, start))


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive; `name` is decoded and has / between its folders."""

    name: str
    info: zipfile.ZipInfo


class Archive:
    """An archive whose list of members was checked."""

    def __init__(self, data: bytes) -> None:
        """Raises CorpusError for a damaged archive, HostileError for what none is by chance."""
        self._unpacked = 0
        end = _check_end(data)
        try:
            self._file = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise CorpusError(DAMAGED) from error
        infos = self._file.infolist()
        if len(infos) != end.count:
            raise HostileError(f"its list of files and their number disagree; {_AGAIN}")
        names = _names(infos)
        for name, info in zip(names, infos, strict=True):
            _check_member(name, info)
        folded = {name.rstrip("/").casefold() for name in names}
        if len(folded) < len(names):
            raise HostileError("two of its files have the same name; rename one")
        _check_places(data, infos, end.directory_at)
        total = sum(info.file_size for info in infos)
        if total > MAX_UNPACKED_BYTES:
            raise HostileError(
                f"unpacks to {_megabytes(total):,} MB, at most {_megabytes(MAX_UNPACKED_BYTES)}"
                " are read; send it in parts"
            )
        self.members = tuple(
            Member(name, info)
            for name, info in zip(names, infos, strict=True)
            if not name.endswith("/")
        )

    def unpack(self, member: Member) -> bytes:
        """The bytes of one member, counted while they come. Raises CorpusError, HostileError."""
        info = member.info
        pieces: list[bytes] = []
        size = 0
        try:
            with self._file.open(info) as stream:
                while piece := stream.read(_PIECE_BYTES):
                    pieces.append(piece)
                    size += len(piece)
                    self._unpacked += len(piece)
                    if size > MAX_MEMBER_BYTES or self._unpacked > MAX_UNPACKED_BYTES:
                        raise HostileError(f"{member.name} unpacks to more than it states")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
            raise HostileError(f"{member.name} is damaged; {_AGAIN}") from error
        if size != info.file_size:
            raise HostileError(f"{member.name} does not have the size it states; {_AGAIN}")
        return b"".join(pieces)

    def parts(self) -> Iterator[tuple[Member, bytes]]:
        """Every member with its bytes, one in memory at a time."""
        for member in self.members:
            yield member, self.unpack(member)


def _check_end(data: bytes) -> _End:
    end = _find_end(data)
    if end is None:
        raise CorpusError(DAMAGED)
    if data.startswith(_END_64, max(0, end.at - _END_64_BYTES)) or 0xFFFF in (
        end.count,
        *end.disks,
    ):
        raise HostileError("says that it has 65,535 files or more; send it in parts")
    if any(end.disks):
        raise CorpusError("one part of a split archive; pack it again in one piece")
    if end.count > MAX_PARTS:
        raise HostileError(f"says that it has {end.count:,} files; send it in parts")
    if end.directory_bytes > MAX_DIRECTORY_BYTES:
        raise HostileError(f"its list of files is too long; {_AGAIN}")
    if end.comment_bytes > MAX_COMMENT_BYTES or end.at + end.bytes != len(data):
        raise HostileError(f"a zip archive with something else after its end; {_AGAIN}")
    if end.directory_at + end.directory_bytes != end.at or not data.startswith((LOCAL, _END)):
        raise HostileError(f"a zip archive with something else in front of it; {_AGAIN}")
    return end


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Names as they were meant: of what is not marked UTF-8, all in the one encoding found."""
    unmarked = [info.orig_filename.encode("cp437") for info in infos if not info.flag_bits & _UTF8]
    codec = _name_codec(b"\n".join(unmarked))
    names = [
        info.orig_filename
        if info.flag_bits & _UTF8
        else info.orig_filename.encode("cp437").decode(codec)
        for info in infos
    ]
    return [name.replace("\\", "/") for name in names]


def _name_codec(names: bytes) -> str:
    if names.isascii():
        return "ascii"
    try:
        found = detect(names)
    except CorpusError:
        found = ""
    for codec in (found, "gb18030"):
        if codec in _NAME_CODECS:
            try:
                for name in names.split(b"\n"):
                    name.decode(codec)
            except UnicodeDecodeError:
                continue
            return codec
    return "cp437"


def _check_member(name: str, info: zipfile.ZipInfo) -> None:
    shown = printable(name)[:MAX_NAME_CHARACTERS]
    if shown != name or not name:
        raise HostileError("the name of one of its files holds control characters or is too long")
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts:
        raise HostileError(f"{shown} would be written outside of its folder; {_AGAIN}")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise HostileError(f"{shown} is a link or a device, no file; pack the file itself")
    if info.flag_bits & _ENCRYPTED:
        raise HostileError("protected by a password; pack it without one")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise HostileError(f"packed in a way not read here; {_AGAIN}")
    if name.endswith("/"):
        if info.file_size:
            raise HostileError(f"{shown} is a folder with content of its own; {_AGAIN}")
    elif info.file_size > MAX_MEMBER_BYTES:
        raise HostileError(
            f"{shown} unpacks to {_megabytes(info.file_size):,} MB, at most"
            f" {_megabytes(MAX_MEMBER_BYTES)} are read; make it smaller"
        )
    if info.file_size > max(RATIO_MATTERS, MAX_RATIO * info.compress_size):
        raise HostileError(f"{shown} is packed too tightly to be an article; {_AGAIN}")


def _megabytes(size: int) -> int:
    return -(-size // 1_000_000)


def _check_places(data: bytes, infos: list[zipfile.ZipInfo], directory_at: int) -> None:
    """Every byte belongs to one member, from the first byte to the list of members."""
    at = 0
    gap = 0
    for info in sorted(infos, key=lambda each: each.header_offset):
        start = info.header_offset
        if start < at:
            raise HostileError(f"two of its files share their bytes; {_AGAIN}")
        if start > at + gap or len(data) < start + _LOCAL_FIELDS.size:
            raise HostileError(f"holds bytes that belong to none of its files; {_AGAIN}")
        signature, _, flags, method, *_, name, extra = _LOCAL_FIELDS.unpack_from(data, start)
        if signature != LOCAL or method != info.compress_type or (flags ^ info.flag_bits) & 1:
            raise HostileError(f"its list of files and their own headers disagree; {_AGAIN}")
        at = start + _LOCAL_FIELDS.size + name + extra + info.compress_size
        gap = _MAX_DESCRIPTOR
    if not at <= directory_at <= at + gap:
        raise HostileError(f"holds bytes that belong to none of its files; {_AGAIN}")
