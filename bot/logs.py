"""Logging to standard error, as text or JSON, with every secret blotted out."""

import json
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal, TextIO
from urllib.parse import quote, unquote

from bot import request_ids
from bot.repeats import Repeats

SPEAKER = "baoda: "
"""What the command line's own messages on standard error begin with."""

Format = Literal["text", "json"]

logger = logging.getLogger(__name__)

_OURS = ("bot", "retrieval")
_PASSWORD = re.compile(r"://[^:@/]*:(.+)@")
_MESSAGE = "baoda"
"""The logger of the command line's own messages."""

_AS_IT_IS = "as_it_is"
"""Set on a record whose message is a finished line of another process of ours."""


class _Handler(logging.StreamHandler[TextIO]):
    def __init__(self, secrets: Sequence[str], formatter: logging.Formatter) -> None:
        super().__init__(sys.stderr)
        self.secrets = secrets
        self.setFormatter(formatter)
        self.addFilter(Repeats())

    def handleError(self, record: logging.LogRecord) -> None:
        """Go on without a line that cannot be written; logging would write a traceback there."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _Text(logging.Formatter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(request)s%(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        if hasattr(record, _AS_IT_IS):
            return redact(record.getMessage(), self._secrets)
        request = request_ids.current()
        record.request = f"[{request}] " if request else ""
        return redact(super().format(record), self._secrets)


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret replaced by stars."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "***")
    return text


def blotted(text: str) -> str:
    """The text without the secrets that logging was configured with; as it is before that."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Handler):
            return redact(text, handler.secrets)
    return text


def configure(level: str, secrets: Sequence[str], log_format: Format = "text") -> None:
    """Send all logging to standard error: ours from `level` up, other packages' from WARNING up.

    At INFO httpx prints the bot token inside the address. telegram.request writes a traceback for
    every reply that is not JSON, as those of a proxy are; it raises the same as an error.
    """
    root = logging.getLogger()
    root.handlers[:] = [_Handler(secrets, _formatter(secrets, log_format))]
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.captureWarnings(True)


def say(message: str) -> None:
    """Write a message of the command line itself to standard error, where that can be written."""
    if _writes_json():
        logging.getLogger(_MESSAGE).error("%s", message)
        return
    with suppress(OSError):  # its disk is full, or its reader is gone
        print(f"{SPEAKER}{blotted(message)}", file=sys.stderr, flush=True)


def said(line: str) -> str | None:
    """The message in a line that `say` wrote, in this process or another; None in others."""
    if line.startswith(SPEAKER):
        return line.removeprefix(SPEAKER)
    fields = _fields(line)
    return str(fields.get("message")) if fields.get("logger") == _MESSAGE else None


def hand_on(line: str) -> None:
    """Write a line that another process of ours wrote to its standard error; not what it says.

    Who started it tells that in words of their own.
    """
    if said(line) is not None or not line.strip():
        return
    is_finished = not _writes_json() or bool(_fields(line))
    # that process has sorted out by level already
    logger.error("%s", line, extra={_AS_IT_IS: True} if is_finished else None)


def _writes_json() -> bool:
    handlers = logging.getLogger().handlers
    return any(getattr(one.formatter, "writes_json", False) for one in handlers)


def _fields(line: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _formatter(secrets: Sequence[str], log_format: Format) -> logging.Formatter:
    if log_format == "text":
        return _Text(secrets)
    from bot.json_lines import JsonLines

    return JsonLines(lambda text: redact(text, secrets), finished=_AS_IT_IS)


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as it stands in addresses, and the password alone where it is an address."""
    password = _PASSWORD.search(secret)
    for text in (secret, password[1] if password else ""):
        yield from filter(None, (text, quote(text, safe=""), unquote(text)))
