"""Whether the clock may be trusted with deleting what is old: that is gone for good."""

import datetime
import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

_DAY = datetime.timedelta(days=1)
_LEAP = datetime.timedelta(days=2)
"""By so much a clock that is right does not go on between two questions of a busy bot."""

_PROVED = _DAY
"""A clock that has gone on steadily for so long is right, or somebody wants it so."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Steadiness:
    """Of the clock, since what was kept last and since the start.

    A machine without a clock of its own starts in 1970, one with a wrong clock may start years
    ahead: everything that is kept would seem too old, until the network puts the clock right.
    """

    def __init__(
        self,
        latest: datetime.datetime | None,
        *,
        now: Callable[[], datetime.datetime] = _now,
        passing: Callable[[], float] = time.monotonic,
    ) -> None:
        """`latest`: when something was kept last, before the start; `passing` gives seconds."""
        self._now, self._passing = now, passing
        self._since = self._moment()
        self._is_doubtful = False
        if latest is not None:
            self._judge(self._since[0] - latest)

    def is_proved(self) -> bool:
        """Whether what is old by the clock is old; it says so once where that is not sure."""
        now, passed = self._moment()
        self._judge(now - self._since[0] - (passed - self._since[1]))
        if self._is_doubtful and passed - self._since[1] >= _PROVED:
            self._is_doubtful = False
        return not self._is_doubtful

    def _judge(self, leap: datetime.timedelta) -> None:
        if abs(leap) > _LEAP:
            self._since = self._moment()
            self._is_doubtful = True
            logger.warning(
                "the clock is %d days %s what was expected: nothing is deleted for its age "
                "(RETENTION_DAYS) until it has gone on steadily for a day; set it if it is wrong",
                round(abs(leap) / _DAY),
                "ahead of" if leap > datetime.timedelta(0) else "behind",
            )

    def _moment(self) -> tuple[datetime.datetime, datetime.timedelta]:
        return self._now(), datetime.timedelta(seconds=self._passing())
