"""Logging to standard error, with every secret blotted out."""

import logging
import sys
from collections.abc import Sequence
from urllib.parse import quote

_QUIET = (
    "apscheduler",
    "asyncio",
    "bm25s",
    "chromadb",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "langchain",
    "openai",
    "telegram",
)
"""At INFO httpx prints the bot token inside the address."""


class _Redacting(logging.Formatter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        spellings = {
            spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))
        }
        self._secrets = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._secrets)


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret replaced by stars."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def configure(level: str, secrets: Sequence[str]) -> None:
    """Send all logging to standard error at `level`, other packages' from WARNING up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
