"""How large a picture would be unfolded, told by its first bytes; nothing here unfolds one."""

import struct

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers whose segment gives the size."""


def pixels(data: bytes) -> int:
    """Width times height of a PNG, GIF, BMP or JPEG, 0 for anything else."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack_from(">2L", data, 16)
    elif data.startswith(b"GIF8") and len(data) >= 10:
        width, height = struct.unpack_from("<2H", data, 6)
    elif data.startswith(b"BM") and len(data) >= 26:
        width, height = map(abs, struct.unpack_from("<2l", data, 18))
    elif data.startswith(b"\xff\xd8"):
        width, height = _jpeg(data)
    else:
        return 0
    return int(width * height)


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while len(data) >= at + 9 and data[at] == 0xFF:
        if data[at + 1] in _FRAMES:
            height, width = struct.unpack_from(">2H", data, at + 5)
            return width, height
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return 0, 0
