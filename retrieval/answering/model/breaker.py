"""Leaves a model alone after repeated failures, so that nobody waits for the next one.

The circuit breaker of M. Nygard, Release It!, chapter 5.
"""

import time
from collections.abc import Callable

FAILURES = 3
"""So many in a row and the model is left alone."""

_FIRST_REST_SECONDS = 30.0
_LONGEST_REST_SECONDS = 600.0


class Breaker:
    """Counts failures in a row. After a rest one call is let through to see how things stand."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rest = _FIRST_REST_SECONDS
        self._until: float | None = None
        self._trial: Call | None = None

    def begin(self) -> "Call | None":
        """A call, whose end is to be told; None while the model is left alone."""
        if self._until is None:
            return Call(self)
        if self._trial is not None or self._clock() < self._until:
            return None
        self._trial = Call(self)
        return self._trial

    def close(self) -> None:
        """The model answers."""
        self._failures = 0
        self._rest = _FIRST_REST_SECONDS
        self._until = None
        self._trial = None

    def count_failure(self, call: "Call", wait_seconds: float) -> None:
        """A call failed; `wait_seconds` is what the server asks for."""
        self._failures += 1
        if call is self._trial:
            self._rest = min(2 * self._rest, _LONGEST_REST_SECONDS)
        elif self._until is not None or self._failures < FAILURES:
            return
        rest = min(max(self._rest, wait_seconds), _LONGEST_REST_SECONDS)
        self._until = self._clock() + rest
        self._trial = None

    def give_up(self, call: "Call") -> None:
        """A call ended without telling how the model is."""
        if call is self._trial:
            self._trial = None


class Call:
    """One call of the model; the first word on how it ended counts."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker: Breaker | None = breaker

    def succeeded(self) -> None:
        """The model answered."""
        if breaker := self._end():
            breaker.close()

    def failed(self, wait_seconds: float | None = None) -> None:
        """It did not; `wait_seconds` is what its server asks for."""
        if breaker := self._end():
            breaker.count_failure(self, wait_seconds or 0.0)

    def given_up(self) -> None:
        """Nobody waited for its end."""
        if breaker := self._end():
            breaker.give_up(self)

    def _end(self) -> Breaker | None:
        breaker, self._breaker = self._breaker, None
        return breaker
