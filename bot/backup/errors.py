"""What can go wrong with a backup."""

from retrieval.errors import BaodaError


class BackupError(BaodaError):
    """A backup cannot be made or not be restored; nothing was changed."""
