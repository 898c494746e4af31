"""What does not let somebody ask now."""

from dataclasses import dataclass
from enum import StrEnum


class Bound(StrEnum):
    """What does not let somebody ask now."""

    OWN_RATE = "own_rate"
    CHAT_RATE = "chat_rate"
    OWN_DAY = "own_day"
    CHAT_DAY = "chat_day"


@dataclass(frozen=True, slots=True)
class Wait:
    """Why one may not ask now, what the bound is, and how many seconds are left.

    `is_told`: they have been told so there, within this minute.
    """

    bound: Bound
    most: int
    seconds: float
    is_told: bool = False
