"""What can go wrong with a backup."""

import errno

from retrieval.errors import BaodaError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a disk that has no room left."""


class BackupError(BaodaError):
    """A backup cannot be made or not be restored; nothing was changed."""
