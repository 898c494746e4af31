"""Room in the graph's files for vectors to come.

Chroma's hnswlib sets memory aside for more vectors than there are and saves all of it, as it lies:
with whatever the process kept there before, such as a request and the key that it was sent with.
"""

import struct
from pathlib import Path
from typing import IO

from retrieval.errors import CollectionError

HEADER = "header.bin"
_HEADER = struct.Struct("<i5Q")
"""hnswlib's persistDirty: the format's number, where links begin in an element, elements that there
is room for, elements, bytes of one, where its label begins, which is its end."""

_FORMAT = 1
_GRAPH, _LENGTHS = "data_level0.bin", "length.bin"
_LABEL_BYTES, _LENGTH_BYTES = 8, 4
_BLOCK = 1 << 20


def blank_room(folder: Path) -> None:
    """Write zeros over it in all graphs of a folder; publishing brings them to the disk.

    Nobody may be writing there. Raises CollectionError where a graph has another form, or the disk
    does not take it.
    """
    try:
        for header in sorted(folder.glob(f"*/{HEADER}")):
            used, size = _used(header)
            for name, each in ((_GRAPH, size), (_LENGTHS, _LENGTH_BYTES)):
                path = header.with_name(name)
                end = path.stat().st_size
                if end < used * each:
                    raise _unknown(path)
                with path.open("r+b") as file:
                    _blank(file, used * each, end)
    except OSError as error:
        raise CollectionError(f"the vector index cannot be written ({error})") from error


def _used(header: Path) -> tuple[int, int]:
    """Elements, and bytes of one."""
    try:
        form, _, most, used, size, label = _HEADER.unpack_from(header.read_bytes())
    except struct.error as error:
        raise _unknown(header) from error
    if form != _FORMAT or used > most or size != label + _LABEL_BYTES:
        raise _unknown(header)
    return used, size


def _blank(file: IO[bytes], start: int, end: int) -> None:
    file.seek(start)
    while start < end:
        start += file.write(bytes(min(_BLOCK, end - start)))


def _unknown(path: Path) -> CollectionError:
    return CollectionError(
        f"{path.name} of the vector index has a form that is not known here: Chroma must be of the "
        "version that requirements.lock names"
    )
