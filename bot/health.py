"""Whether a question could be answered now, and if not, for want of what and since when."""

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

PartName = Literal["index", "store", "telegram"]
PARTS: tuple[PartName, ...] = ("index", "store", "telegram")


@dataclass(frozen=True, slots=True)
class _Part:
    reason: str
    """Why it is not ready; "" where it is."""
    since: datetime.datetime
    patience_ends: float = 0.0
    """Until then it counts as ready still."""


class Health:
    """The parts that an answer needs. Each is as it was last said to be."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._parts = {name: _Part("was not reached yet", _now()) for name in PARTS}

    def ready(self, name: PartName) -> None:
        """A part does what it has to."""
        if self._parts[name].reason:
            self._parts[name] = _Part("", _now())

    def unready(self, name: PartName, reason: str, *, patience_seconds: float = 0) -> None:
        """A part does not; one that was ready before counts as ready for a while yet."""
        former = self._parts[name]
        if former.reason:
            self._parts[name] = _Part(reason, former.since, former.patience_ends)
        else:
            self._parts[name] = _Part(reason, _now(), self._clock() + patience_seconds)

    def is_ready(self, name: PartName) -> bool:
        """Whether a part counts as ready."""
        part = self._parts[name]
        return not part.reason or self._clock() < part.patience_ends

    def report(self) -> dict[str, Any]:
        """{"ready": whether all are, "parts": of each "ready", "since" and, if not, "reason"}."""
        parts = {}
        for name, part in self._parts.items():
            since = part.since.isoformat(timespec="seconds").replace("+00:00", "Z")
            reason = {"reason": part.reason} if part.reason else {}
            parts[name] = {"ready": self.is_ready(name), "since": since, **reason}
        return {"ready": all(map(self.is_ready, PARTS)), "parts": parts}


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
