"""How much people and groups may ask: so often in a minute, so much in a day."""

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.settings import Settings
from bot.telegram.bounds import Bound, Wait
from bot.telegram.delivery.pace import Pace

_MINUTE = 60.0
_REMEMBERED = 1_000
"""Beyond so many, those that have asked nothing for a minute are let go."""


Keep = Callable[[list[int], datetime.date], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Of one person or group."""

    who: int
    a_minute: int
    a_day: int | None
    rate: Bound
    day: Bound


class Quotas:
    """The bounds of the settings. Those of a chat are for groups: a private one is its person's.

    Whoever may ask has asked: between looking and counting nothing is awaited, so that of many at
    once nobody gets more than is theirs, and nobody less.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime.datetime],
        keep: Keep,
    ) -> None:
        """`clock` gives seconds of a monotonic clock, `now` an aware time.

        `keep` is given those for whom one question more of a day is to be kept.
        """
        self._own_rate = settings.user_questions_per_minute
        self._chat_rate = settings.chat_questions_per_minute
        self._own_day = settings.user_daily_questions
        self._chat_day = settings.chat_daily_questions
        self._zone = zoneinfo.ZoneInfo(settings.timezone)
        self._clock = clock
        self._now = now
        self._keep = keep
        self._paces: dict[int, Pace] = {}
        self._told: dict[tuple[int | None, int], float] = {}
        self._asked: Counter[int] = Counter()
        self._day = self.today()

    def today(self) -> datetime.date:
        """The day it is in TIMEZONE."""
        return self._now().astimezone(self._zone).date()

    def recall(self, asked: Mapping[int, int]) -> None:
        """Go on with what people and groups have asked today, before a restart."""
        self._asked = Counter(dict(asked))

    def take(self, person: int | None, chat: int, *, is_owed: bool = False) -> Wait | None:
        """Count a question; or why it may not be asked now.

        What is owed since before a restart need not keep to the minute.
        """
        self._begin_day()
        bounds = self._bounds(person, chat)
        for bound in bounds:
            if bound.a_day is not None and self._asked[bound.who] >= bound.a_day:
                return self._wait(person, chat, bound.day, bound.a_day, self._until_midnight())
        if not is_owed and (wait := self._hurry(person, chat, bounds)):
            return wait
        for bound in bounds:
            self._pace(bound).mark(self._clock())
            self._asked[bound.who] += 1
        return None

    def take_command(self, person: int | None, chat: int) -> Wait | None:
        """Count a command, which is one for the minute and none for the day."""
        bounds = self._bounds(person, chat)
        if wait := self._hurry(person, chat, bounds):
            return wait
        for bound in bounds:
            self._pace(bound).mark(self._clock())
        return None

    async def keep(self, person: int | None, chat: int) -> None:
        """Have a question that was taken, and is answered, count after a restart too."""
        bounds = self._bounds(person, chat)
        if any(bound.a_day is not None for bound in bounds):
            await self._keep([bound.who for bound in bounds], self.today())

    def give_back(self, person: int | None, chat: int) -> None:
        """A question was not answered through our fault: it does not count for the day."""
        self._begin_day()
        for bound in self._bounds(person, chat):
            if self._asked[bound.who] > 0:
                self._asked[bound.who] -= 1

    def move(self, former: int, new: int) -> None:
        """A group has another number: what was asked there today counts on."""
        self._asked[new] += self._asked.pop(former, 0)
        if former in self._paces:
            self._paces[new] = self._paces.pop(former)

    def _bounds(self, person: int | None, chat: int) -> list[_Bounds]:
        own = _Bounds(person or 0, self._own_rate, self._own_day, Bound.OWN_RATE, Bound.OWN_DAY)
        shared = _Bounds(chat, self._chat_rate, self._chat_day, Bound.CHAT_RATE, Bound.CHAT_DAY)
        return [*([] if person is None else [own]), *([] if chat > 0 else [shared])]

    def _hurry(self, person: int | None, chat: int, bounds: list[_Bounds]) -> Wait | None:
        now = self._clock()
        for bound in bounds:
            if (left := self._pace(bound).next(now) - now) > 0:
                return self._wait(person, chat, bound.rate, bound.a_minute, left)
        return None

    def _wait(self, person: int | None, chat: int, bound: Bound, most: int, seconds: float) -> Wait:
        now, key = self._clock(), (person, chat)
        is_told = self._told.get(key, 0.0) > now
        if not is_told:
            if len(self._told) > _REMEMBERED:
                self._told = {one: until for one, until in self._told.items() if until > now}
            self._told[key] = now + min(seconds, _MINUTE)
        return Wait(bound, most, seconds, is_told)

    def _begin_day(self) -> None:
        if (today := self.today()) != self._day:
            self._day = today
            self._asked.clear()

    def _until_midnight(self) -> float:
        tomorrow = self.today() + datetime.timedelta(days=1)
        midnight = datetime.datetime.combine(tomorrow, datetime.time(), self._zone)
        return (midnight - self._now()).total_seconds()

    def _pace(self, bound: _Bounds) -> Pace:
        now = self._clock()
        if len(self._paces) > _REMEMBERED:
            self._paces = {one: pace for one, pace in self._paces.items() if not pace.is_idle(now)}
        return self._paces.setdefault(bound.who, Pace(bound.a_minute, _MINUTE))
