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
        self._trying = False
        self.rests = 0
        """How often the model was left alone, to tell one time from another."""

    @property
    def is_open(self) -> bool:
        """Whether the model is left alone now."""
        return self._until is not None and (self._trying or self._clock() < self._until)

    def begin(self) -> bool:
        """Whether a call may be made; after a rest only one at a time, until it succeeded."""
        if self.is_open:
            return False
        self._trying = self._until is not None
        return True

    def succeeded(self) -> None:
        """The model answered."""
        self._failures = 0
        self._rest = _FIRST_REST_SECONDS
        self._until = None
        self._trying = False

    def failed(self, wait_seconds: float | None = None) -> None:
        """The model did not answer; `wait_seconds` is what its server asks for."""
        self._failures += 1
        tried, self._trying = self._trying, False
        if not tried and (self._failures < FAILURES or self._until is not None):
            return
        if tried:
            self._rest = min(2 * self._rest, _LONGEST_REST_SECONDS)
        else:
            self.rests += 1
        rest = min(max(self._rest, wait_seconds or 0.0), _LONGEST_REST_SECONDS)
        self._until = self._clock() + rest

    def abandoned(self) -> None:
        """The call ended without telling how the model is."""
        self._trying = False
