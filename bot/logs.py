"""Logging to standard error, with every secret blotted out."""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote

SPEAKER = "baoda: "
"""What the command line's own messages on standard error begin with."""

_OURS = ("bot", "retrieval")
_PASSWORD = re.compile(r"://[^:@/]*:(.+)@")


class _Redacting(logging.Formatter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._secrets)


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret replaced by stars."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "***")
    return text


def configure(level: str, secrets: Sequence[str]) -> None:
    """Send all logging to standard error: ours from `level` up, other packages' from WARNING up.

    At INFO httpx prints the bot token inside the address. telegram.request writes a traceback for
    every reply that is not JSON, as those of a proxy are; it raises the same as an error.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.captureWarnings(True)


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as it stands in addresses, and the password alone where it is an address."""
    password = _PASSWORD.search(secret)
    for text in (secret, password[1] if password else ""):
        yield from filter(None, (text, quote(text, safe=""), unquote(text)))
