"""How much people and groups may ask: so often in a minute, so much in a day."""

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Callable

from bot.settings import Settings
from bot.store import Asked
from bot.telegram.bounds import Bound, Wait
from bot.telegram.delivery.pace import Pace

_MINUTE = 60.0
_REMEMBERED = 1_000
"""Beyond so many, those that have asked nothing for a minute are let go."""


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
    ) -> None:
        """`clock` gives seconds of a monotonic clock, `now` an aware time."""
        self._own_rate = settings.user_questions_per_minute
        self._chat_rate = settings.chat_questions_per_minute
        self._own_day = settings.user_daily_questions
        self._chat_day = settings.chat_daily_questions
        self._zone = zoneinfo.ZoneInfo(settings.timezone)
        self._clock = clock
        self._now = now
        self._paces: dict[int, Pace] = {}
        self._asked: Counter[int] = Counter()
        self._day = self._today()

    def midnight(self) -> datetime.datetime:
        """When the day of TIMEZONE began."""
        return datetime.datetime.combine(self._today(), datetime.time(), self._zone)

    def recall(self, asked: Asked) -> None:
        """Go on with what was asked since midnight, before a restart."""
        self._asked = Counter(dict(asked.by_person))
        self._asked.update({chat: many for chat, many in asked.by_chat.items() if chat < 0})

    def take(self, person: int | None, chat: int, *, is_owed: bool = False) -> Wait | None:
        """Count a question; or why it may not be asked now.

        What is owed since before a restart need not keep to the minute.
        """
        self._begin_day()
        own = [] if person is None else [(person, self._own_rate, self._own_day)]
        shared = [] if chat > 0 else [(chat, self._chat_rate, self._chat_day)]
        for who, _, most in own + shared:
            if most is not None and self._asked[who] >= most:
                bound = Bound.CHAT_DAY if who == chat and shared else Bound.OWN_DAY
                return Wait(bound, most, self._until_midnight())
        now = self._clock()
        for who, most, _ in [] if is_owed else own + shared:
            if (left := self._pace(who, most).next(now) - now) > 0:
                bound = Bound.CHAT_RATE if who == chat and shared else Bound.OWN_RATE
                return Wait(bound, most, left)
        for who, most, _ in own + shared:
            self._pace(who, most).mark(now)
            self._asked[who] += 1
        return None

    def give_back(self, person: int | None, chat: int) -> None:
        """A question was not answered through our fault: it does not count for the day."""
        self._begin_day()
        for who in {person, chat} if chat < 0 else {person}:
            if who is not None and self._asked[who] > 0:
                self._asked[who] -= 1

    def move(self, former: int, new: int) -> None:
        """A group has another number: what was asked there today counts on."""
        self._asked[new] += self._asked.pop(former, 0)

    def _today(self) -> datetime.date:
        return self._now().astimezone(self._zone).date()

    def _begin_day(self) -> None:
        if (today := self._today()) != self._day:
            self._day = today
            self._asked.clear()

    def _until_midnight(self) -> float:
        tomorrow = self._today() + datetime.timedelta(days=1)
        midnight = datetime.datetime.combine(tomorrow, datetime.time(), self._zone)
        return (midnight - self._now()).total_seconds()

    def _pace(self, who: int, most: int) -> Pace:
        now = self._clock()
        if len(self._paces) > _REMEMBERED:
            self._paces = {one: pace for one, pace in self._paces.items() if not pace.is_idle(now)}
        return self._paces.setdefault(who, Pace(most, _MINUTE))
