"""A complaint that comes again and again, once in a while."""

import logging
import threading
import time
from collections.abc import Callable

_PAUSE_SECONDS = 60.0
_REMEMBERED = 200


class Repeats(logging.Filter):
    """Lets an error through once a minute, then with how often it came meanwhile.

    With a full disk each question would else bring the same five lines.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], float] = {}
        self._kept_back: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is shown now."""
        if record.levelno < logging.ERROR or record.exc_info:
            return True
        text, now = record.getMessage(), self._clock()
        key = (record.name, text)
        with self._lock:
            if now - self._shown.get(key, -_PAUSE_SECONDS) < _PAUSE_SECONDS:
                self._kept_back[key] = self._kept_back.get(key, 0) + 1
                return False
            if len(self._shown) >= _REMEMBERED:
                self._shown.clear()
                self._kept_back.clear()
            self._shown[key] = now
            if times := self._kept_back.pop(key, 0):
                record.msg, record.args = f"{text} (and {times} times since it was last said)", ()
        return True
