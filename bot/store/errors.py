"""What can go wrong with the store."""

from retrieval.errors import BaodaError


class StoreError(BaodaError):
    """Conversations cannot be read or kept: mend the database, its disk or DATABASE_URL."""
