"""Why an upload is not read."""

from retrieval.errors import CorpusError


class HostileError(CorpusError):
    """Made to do harm, or as good as: nothing of the upload is read."""
