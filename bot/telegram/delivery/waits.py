"""The pauses that Telegram has asked for, kept beyond a restart."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from telegram.error import RetryAfter

from bot.meters import UNCOUNTED, Meters

_LONGEST_RECALLED_SECONDS = 3600
"""The clock may have been set back meanwhile: Telegram asks anew for what is longer still."""

Keep = Callable[[str, datetime.datetime], Awaitable[None]]


class FloodWaits:
    """By name: the id of a chat, or a method that belongs to none."""

    def __init__(self, keep: Keep, meters: Meters = UNCOUNTED) -> None:
        """`keep` is given each pause with its end."""
        self._keep = keep
        self._meters = meters
        self._ends: dict[str, float] = {}
        self._unkept: set[str] = set()

    def keep_none(self, name: object) -> None:
        """Keep no pause of that name until the next start: whose it is wants nothing kept."""
        self._unkept.add(str(name))

    def recall(self, kept: Mapping[str, datetime.datetime]) -> None:
        """Go on with pauses from before a restart."""
        now, moment = asyncio.get_running_loop().time(), datetime.datetime.now(datetime.UTC)
        for name, end in kept.items():
            left = (end - moment).total_seconds()
            if left <= _LONGEST_RECALLED_SECONDS:
                self._ends[name] = now + left

    def left(self, name: object) -> float:
        """Seconds until Telegram wants to be called again, 0 where it has not asked for a pause."""
        end = self._ends.get(str(name))
        return max(0.0, end - asyncio.get_running_loop().time()) if end is not None else 0.0

    async def begin(self, name: object, error: RetryAfter) -> float:
        """Note a pause; its seconds."""
        seconds, now = seconds_of(error), asyncio.get_running_loop().time()
        self._meters.flooded(seconds)
        self._ends = {one: end for one, end in self._ends.items() if end > now}
        self._ends[str(name)] = now + seconds
        if str(name) in self._unkept:
            return seconds
        until = datetime.datetime.now(datetime.UTC) + timedelta(seconds=seconds)
        await self._keep(str(name), until)
        return seconds


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    wait: int | timedelta = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
