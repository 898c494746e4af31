"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` says what to do about a problem."""

    check: str
    state: Literal["ok", "note", "problem"]
    detail: str
    advice: str = ""
