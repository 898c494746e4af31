"""How one question goes, told to the log and the meters at its end."""

import logging
import time

from bot.meters import Meters
from bot.telegram.delivery import ANSWERED
from bot.telegram.tickets import Ticket
from retrieval.types import Answer

logger = logging.getLogger(__name__)


class Course:
    """The stages of a question; what is not told of it by its end has failed."""

    def __init__(self, ticket: Ticket, meters: Meters) -> None:
        self._ticket = ticket
        self._meters = meters
        self._outcome, self._mode = "failed", "none"
        self._seconds: dict[str, float] = {}

    def begun(self) -> None:
        """Its turn has come."""
        self._seconds["wait"] = time.monotonic() - self._ticket.taken

    def answered(self, answer: Answer) -> None:
        """There is an answer."""
        refused = "refused" if answer.refused else "answered"
        self._outcome, self._mode = "stopped" if answer.stopped else refused, answer.mode
        timings = answer.timings_ms
        for stage in ("retrieve", "write", "check", "total"):
            self._seconds[stage] = max(0.0, getattr(timings, stage) / 1000)

    def put_off(self) -> None:
        """It was one too many."""
        self._outcome = "put_off"

    def counted(self) -> None:
        """All is known but whether it can be delivered."""
        self._meters.question(self._outcome, self._mode, self._seconds)

    def delivered(self, seconds: float) -> None:
        """Its reply is in the chat, or cannot be brought there."""
        is_complete = self._ticket.outcome == ANSWERED
        self._meters.delivered(seconds, is_complete=is_complete)
        stages = {stage: round(1000 * taken, 1) for stage, taken in self._seconds.items()}
        stages["deliver"] = round(1000 * seconds, 1)
        logger.info(
            "a question is done: %s, %s, %s%s",
            self._outcome,
            self._mode,
            ", ".join(f"{stage} {taken:.0f} ms" for stage, taken in stages.items()),
            "" if is_complete else f"; not delivered: {self._ticket.outcome}",
            extra={
                "outcome": self._outcome,
                "mode": self._mode,
                "timings_ms": stages,
                "delivery": self._ticket.outcome,
            },
        )
