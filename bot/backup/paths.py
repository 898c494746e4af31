"""Where paths lead that somebody has named."""

import os
from pathlib import Path

from bot.backup.errors import BackupError


def real(path: Path) -> Path:
    """Where a path leads; unlike pathlib's this bears loops of links."""
    return Path(os.path.realpath(path))


def real_file(file: Path) -> Path:
    """Where the file of a backup lies, which may be named by a home. Raises BackupError."""
    try:
        return real(file.expanduser())
    except RuntimeError as error:
        raise BackupError(
            f"{file}: no home {file.parts[0]} is known here, name the file by its whole path"
        ) from error
