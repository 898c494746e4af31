"""Small files of text that people write: settings and secrets."""

import errno
import os
import stat
from pathlib import Path

_LARGEST_BYTES = 65_536
_ADVICE = {
    errno.EACCES: ": give this user the right to read it",
    errno.EISDIR: ": put a file there; Docker makes a folder where the file to mount is missing",
}


def read_text(path: Path, called: str) -> str:
    """What stands in a file. Raises ValueError, which begins with `called` and repeats nothing."""
    try:
        # a pipe without a writer would be waited for
        with open(
            path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)
        ) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError(f"{called} is not a file: put one there")
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "")
        raise ValueError(f"{called} cannot be read ({error.strerror}){advice}") from None
    if len(content) > _LARGEST_BYTES:
        raise ValueError(f"{called} is too large: it may have {_LARGEST_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{called} is not UTF-8: save it as UTF-8") from None
