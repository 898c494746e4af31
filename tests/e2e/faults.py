"""Faults of Telegram and of the way to it, ordered by a test or at random."""

import random
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["flood", "error", "gateway", "dropped", "garbage", "slow", "lost"]
"""What happens to a request. Only "slow" and "lost" ones are carried out:

flood: 429 with retry_after; error: refused in JSON; gateway: 502 with a page of HTML; dropped: the
connection is closed; garbage: 200 without JSON; slow: carried out late; lost: the connection is
closed after it was carried out.
"""

HARMLESS: tuple[Kind, ...] = ("flood", "error", "gateway", "dropped", "garbage", "slow")
"""All that leave no doubt for ever: what is not confirmed was not done, or is confirmed late."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request."""

    kind: Kind
    status: int = 0
    description: str = ""
    parameters: dict[str, Any] | None = None
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Met:
    """A fault that a request met, at `time.monotonic()` seconds."""

    method: str
    kind: Kind
    chat_id: int | None
    at: float


class FaultPlan:
    """Faults at random, the same for a seed: every method in every chat has its own row of them.

    Long waits are rare: with `rarity` 1 every length is as likely, the more the rarer.
    """

    def __init__(
        self,
        seed: int,
        rate: float,
        kinds: tuple[Kind, ...] = HARMLESS,
        *,
        longest_flood_seconds: int = 30,
        longest_delay_seconds: float = 10.0,
        rarity: float = 3.0,
    ) -> None:
        self._seed, self._rate, self._kinds = seed, rate, kinds
        self._longest_flood = longest_flood_seconds
        self._longest_delay = longest_delay_seconds
        self._rarity = rarity
        self._rows: dict[str, random.Random] = {}

    def next(self, method: str, chat_id: int | None) -> Fault | None:
        """What happens to the next request of the method for the chat; None: nothing."""
        row = f"{self._seed} {method} {chat_id}"
        chance = self._rows.setdefault(row, random.Random(row))
        if chance.random() >= self._rate:
            return None
        kind = chance.choice(self._kinds)
        length = chance.random() ** self._rarity
        match kind:
            case "flood":
                return flood(1 + int(length * self._longest_flood))
            case "error":
                return Fault(kind, 500, "Internal Server Error")
            case "slow":
                return Fault(kind, delay_seconds=length * self._longest_delay)
            case _:
                return Fault(kind)


def flood(seconds: int) -> Fault:
    """A flood wait."""
    description = f"Too Many Requests: retry after {seconds}"
    return Fault("flood", 429, description, {"retry_after": seconds})
