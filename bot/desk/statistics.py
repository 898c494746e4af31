"""How much was asked on each day, how well it was answered, how long it took and what it cost."""

import datetime
import math
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.journal import Journal
from bot.store import Tally
from retrieval.types import Usage

MOST_DAYS = 365
_SLOW = 0.95


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the time zone."""

    date: datetime.date
    tally: Tally
    tokens: Usage

    @property
    def median(self) -> float | None:
        """Seconds within which half of the answers came; None without any."""
        return _seconds(self.tally.milliseconds, 0.5)

    @property
    def slow(self) -> float | None:
        """Seconds within which 95 % of them came."""
        return _seconds(self.tally.milliseconds, _SLOW)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Some days in a row."""

    days: tuple[Day, ...]
    """The oldest first."""

    @property
    def whole(self) -> Day:
        """All of them as if they were one; with the date of the last."""
        tallies = [day.tally for day in self.days]
        tokens = Usage(0, 0)
        for day in self.days:
            tokens += day.tokens
        return Day(
            self.days[-1].date,
            Tally(
                questions=sum(one.questions for one in tallies),
                refused=sum(one.refused for one in tallies),
                fallback=sum(one.fallback for one in tallies),
                liked=sum(one.liked for one in tallies),
                disliked=sum(one.disliked for one in tallies),
                askers=frozenset[int]().union(*(one.askers for one in tallies)),
                milliseconds=tuple(time for one in tallies for time in one.milliseconds),
            ),
            tokens,
        )


async def gather(
    journal: Journal, days: int, zone: zoneinfo.ZoneInfo, today: datetime.date
) -> Statistics:
    """The last so many days up to `today`. Raises StoreError.

    Each day is read by itself, so that what readers ask meanwhile is kept in between.
    """
    dates = [today - datetime.timedelta(days=ago) for ago in reversed(range(days))]
    spent = await journal.run(lambda store: store.spent_by_day(dates[0]))
    tokens = {one.day: one.usage for one in spent}
    found = []
    for date in dates:
        first, last = _midnight(date, zone), _midnight(date + datetime.timedelta(days=1), zone)
        tally = await journal.run(
            lambda store, first=first, last=last: store.count(first, last)  # type: ignore[misc]
        )
        found.append(Day(date, tally, tokens.get(date, Usage(0, 0))))
    return Statistics(tuple(found))


def _midnight(date: datetime.date, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    """When a day begins; where clocks leave out its first hour, when the next one does."""
    return datetime.datetime.combine(date, datetime.time.min, zone).astimezone(datetime.UTC)


def _seconds(milliseconds: Iterable[float], share: float) -> float | None:
    """The time within which that share of the answers came."""
    ordered: Sequence[float] = sorted(milliseconds)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] / 1000
