"""How often something may happen."""

from collections import deque


class Pace:
    """At most `calls` within any `seconds`. Moments are those of one monotonic clock."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._seconds = seconds
        self._moments: deque[float] = deque(maxlen=calls)

    def next(self, now: float) -> float:
        """The moment from which on the next call may be made."""
        if len(self._moments) < (self._moments.maxlen or 0):
            return now
        return max(now, self._moments[0] + self._seconds)

    def mark(self, moment: float) -> None:
        """Count a call that is made at this moment."""
        self._moments.append(moment)

    def room(self, now: float) -> int:
        """How many calls may be made at once now."""
        counting = sum(moment + self._seconds > now for moment in self._moments)
        return (self._moments.maxlen or 0) - counting

    def is_idle(self, now: float) -> bool:
        """Whether what was called before does not count any more."""
        return not self._moments or self._moments[-1] + self._seconds <= now
