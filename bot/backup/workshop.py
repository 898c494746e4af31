"""A private folder beside a backup, where it is made."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.backup.errors import FULL, BackupError

_PREFIX = ".baoda-backup-"
"""What a folder beside the backup begins with that is there while the backup is made."""


@contextmanager
def workshop_in(parent: Path) -> Iterator[Path]:
    """A private folder, which goes at the end; those of backups that were killed go now.

    Raises BackupError; OSError where the disk is full.
    """
    for remains in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError), _held(remains):
            shutil.rmtree(remains, ignore_errors=True)
    folder = parent / f"{_PREFIX}{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise BackupError(
            f"the backup cannot be written to {parent} ({error.strerror}): let this user write "
            "there, or name a file elsewhere"
        ) from error
    try:
        with _held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
