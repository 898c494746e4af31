"""What is to outlive a power cut: file systems keep new files and names back until told not to."""

import errno
import os
import secrets
from pathlib import Path

_NOT_FOR_FOLDERS = (errno.EINVAL, errno.ENOTSUP)
"""What file systems say that cannot be told of a folder alone."""


def flush(path: Path) -> None:
    """Return once a file, or the names in a folder, are on disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS or not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder that lasts, with those above it, where there is none. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush(folder.parent)


def write_whole(path: Path, text: str) -> None:
    """Replace the file as a whole, or leave it; on disk when this returns. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_text(text, "utf-8")
    flush(temporary)
    temporary.replace(path)
    flush(path.parent)
