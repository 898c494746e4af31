"""What an operator wants counted: told here by whoever sees it happen."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from retrieval.types import Purpose, Usage

if TYPE_CHECKING:
    from retrieval.answering.model.faults import Fault
    from retrieval.index.generations import Manifest


class Meters:
    """Counts nothing: METRICS_PORT is not set. Any thread may call it; no call fails or waits."""

    def question(self, outcome: str, mode: str, seconds: Mapping[str, float]) -> None:
        """A question of a chat has its end; the seconds are those of its stages."""

    def inline(self, outcome: str) -> None:
        """Words after the bot's name were looked up, or not."""

    def delivered(self, seconds: float, *, is_complete: bool) -> None:
        """The answer to a question is in its chat, or cannot be brought there."""

    def model_failed(self, fault: "Fault") -> None:
        """A call of the chat model failed."""

    def spent(self, usage: Usage, purpose: Purpose) -> None:
        """A call of the chat model has cost so much."""

    def flooded(self, seconds: float) -> None:
        """Telegram asks for a pause."""

    def called(self, method: str, outcome: str) -> None:
        """Telegram was called."""

    def reloaded(self, by: str, outcome: str, seconds: float) -> None:
        """A reload that was begun here has ended."""

    def serving(self, manifest: "Manifest", published: float) -> None:
        """The generation that answers; `published` in seconds since 1970."""

    def pending(self, updates: int) -> None:
        """So many updates in the store have not got all they are owed."""

    def watch(self, queue: str, length: Callable[[], float]) -> None:
        """Ask for the length of a queue whenever somebody wants to know."""

    def watch_readiness(self, part: str, is_ready: Callable[[], bool]) -> None:
        """Ask whether a part is ready whenever somebody wants to know."""


UNCOUNTED = Meters()
"""For whoever is not watched."""
