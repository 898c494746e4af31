"""Lines of the log as JSON objects."""

import datetime
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS, merge_record_extra
from pythonjsonlogger.json import JsonFormatter

from bot import request_ids

_DEEPEST = 6
"""Levels of an extra field that are written as JSON; what lies deeper is written as text."""


class JsonLines(JsonFormatter):
    """time (ISO 8601, UTC), level, logger, message, request, exception, stack, extra fields."""

    writes_json = True

    def __init__(self, redact: Callable[[str], str], *, finished: str) -> None:
        """`redact` is applied to every text; a record with `finished` holds a line as it is."""
        super().__init__(json_ensure_ascii=False)
        self._redact = redact
        self._finished = finished

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        if hasattr(record, self._finished):
            return self._redact(record.getMessage())
        return str(super().format(record))

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """See BaseJsonFormatter.add_fields."""
        extra: dict[str, Any] = dict(message_dict)
        merge_record_extra(record, extra, reserved=RESERVED_ATTRS)
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        ours = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.message,
            "request": request_ids.current() or None,
            "exception": extra.pop("exc_info", None),
            "stack": extra.pop("stack_info", None),
        }
        log_data |= {name: self._plain(value) for name, value in ours.items() if value is not None}
        for name, value in extra.items():
            log_data.setdefault(self._redact(str(name)), self._plain(value))

    def _plain(self, value: object, depth: int = 0) -> object:
        """The value as JSON has it, without secrets, whatever it is."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                return {
                    self._redact(str(name)): self._plain(one, depth + 1)
                    for name, one in value.items()
                }
            if isinstance(value, list | tuple | set | frozenset):
                return [self._plain(one, depth + 1) for one in value]
        return self._redact(str(value))
