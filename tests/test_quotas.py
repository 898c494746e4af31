"""How much people and groups may ask, by clocks of the tests."""

import datetime
import random
from collections import defaultdict

import pytest

from bot.settings import Settings
from bot.telegram.bounds import Bound, Wait
from bot.telegram.quotas import Quotas

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
NOON = datetime.datetime(2026, 3, 7, 12, tzinfo=SHANGHAI)
ANNE, BERT, GROUP, OTHER_GROUP = 11, 12, -21, -22


class Clock:
    """Seconds that pass when a test says so, and the time of day that goes with them."""

    def __init__(self, begin: datetime.datetime = NOON) -> None:
        self.seconds = 1_000.0
        self._begin = begin
        self.kept: list[tuple[list[int], datetime.date]] = []

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime.datetime:
        passed = datetime.timedelta(seconds=self.seconds - 1_000)
        return (self._begin + passed).astimezone(datetime.UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def quotas_of(clock: Clock, **settings: object) -> Quotas:
    usual = {"user_questions_per_minute": 10_000, "chat_questions_per_minute": 10_000}
    made = Settings.model_validate(usual | settings)

    async def keep(who: list[int], day: datetime.date) -> None:
        clock.kept.append((who, day))

    return Quotas(made, clock=clock, now=clock.now, keep=keep)


def wait_of(quotas: Quotas, person: int | None, chat: int) -> Wait:
    wait = quotas.take(person, chat)
    assert wait is not None
    return wait


@pytest.mark.parametrize("seed", range(3))
def test_no_minute_holds_more_than_is_allowed_and_nobody_waits_longer_than_told(
    clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    quotas = quotas_of(clock, user_questions_per_minute=5, chat_questions_per_minute=12)
    asked: dict[int, list[float]] = defaultdict(list)
    for _ in range(1_500):
        clock.seconds += chance.expovariate(0.5)
        person, chat = chance.choice(range(1, 9)), chance.choice([GROUP, OTHER_GROUP, 0])
        chat = chat or person
        bounds = {person: 5} if chat > 0 else {person: 5, chat: 12}
        full = {
            who: asked[who][-most] + 60 - clock.seconds
            for who, most in bounds.items()
            if len(asked[who]) >= most and asked[who][-most] + 60 > clock.seconds
        }
        wait = quotas.take(person, chat)
        if wait is None:
            assert not full
            for who in bounds:
                asked[who].append(clock.seconds)
        else:
            who = chat if wait.bound is Bound.CHAT_RATE else person
            assert wait.most == bounds[who]
            assert wait.seconds == pytest.approx(full[who])
    for who, moments in asked.items():
        most = 5 if who > 0 else 12
        assert all(b - a >= 60 for a, b in zip(moments, moments[most:], strict=False))


def test_who_waits_as_long_as_told_may_ask(clock: Clock) -> None:
    quotas = quotas_of(clock, user_questions_per_minute=2)
    for seconds in (0, 20, 0):
        clock.seconds += seconds
        wait = quotas.take(ANNE, ANNE)
    assert wait == Wait(Bound.OWN_RATE, 2, 40)
    clock.seconds += wait.seconds
    assert quotas.take(ANNE, ANNE) is None


def test_what_is_refused_does_not_count(clock: Clock) -> None:
    quotas = quotas_of(clock, user_questions_per_minute=1, chat_questions_per_minute=2)
    assert quotas.take(ANNE, GROUP) is None
    for _ in range(5):
        assert wait_of(quotas, ANNE, GROUP).bound is Bound.OWN_RATE
    assert quotas.take(BERT, GROUP) is None
    assert wait_of(quotas, 13, GROUP) == Wait(Bound.CHAT_RATE, 2, 60)
    assert quotas.take(13, 13) is None


def test_the_bounds_of_a_chat_are_for_groups(clock: Clock) -> None:
    quotas = quotas_of(clock, chat_questions_per_minute=1, chat_daily_questions=1)
    assert [quotas.take(ANNE, ANNE) for _ in range(3)] == [None] * 3


def test_one_person_has_one_share_in_all_chats(clock: Clock) -> None:
    quotas = quotas_of(clock, user_daily_questions=2)
    assert quotas.take(ANNE, GROUP) is None
    assert quotas.take(ANNE, ANNE) is None
    assert wait_of(quotas, ANNE, OTHER_GROUP).bound is Bound.OWN_DAY
    assert quotas.take(BERT, GROUP) is None


def test_anonymous_admins_share_what_is_the_groups(clock: Clock) -> None:
    quotas = quotas_of(
        clock, user_questions_per_minute=1, user_daily_questions=1, chat_daily_questions=3
    )
    assert [quotas.take(None, GROUP) for _ in range(3)] == [None] * 3
    assert wait_of(quotas, None, GROUP).bound is Bound.CHAT_DAY
    assert quotas.take(None, OTHER_GROUP) is None


@pytest.mark.parametrize(
    ("begin", "zone", "seconds"),
    [
        (NOON, "Asia/Shanghai", 12 * 3600),
        (NOON, "UTC", 20 * 3600),
        (NOON, "America/New_York", 1 * 3600),
        # the nights in which the clocks of New York are put forward and back
        (datetime.datetime(2026, 3, 8, 5, tzinfo=datetime.UTC), "America/New_York", 23 * 3600),
        (datetime.datetime(2026, 11, 1, 4, tzinfo=datetime.UTC), "America/New_York", 25 * 3600),
    ],
)
def test_the_day_ends_at_midnight_of_the_time_zone(
    begin: datetime.datetime, zone: str, seconds: float
) -> None:
    clock = Clock(begin)
    quotas = quotas_of(clock, user_daily_questions=1, chat_daily_questions=1, timezone=zone)
    assert quotas.take(ANNE, GROUP) is None
    assert wait_of(quotas, ANNE, ANNE) == Wait(Bound.OWN_DAY, 1, seconds)
    assert wait_of(quotas, BERT, GROUP) == Wait(Bound.CHAT_DAY, 1, seconds)
    clock.seconds += seconds - 1
    assert wait_of(quotas, ANNE, ANNE).seconds == 1
    clock.seconds += 1
    assert quotas.take(ANNE, GROUP) is None


def test_what_was_asked_before_a_restart_counts(clock: Clock) -> None:
    quotas = quotas_of(clock, user_daily_questions=2, chat_daily_questions=3)
    assert quotas.today() == datetime.date(2026, 3, 7)
    quotas.recall({ANNE: 2, BERT: 1, GROUP: 3})
    assert wait_of(quotas, ANNE, ANNE).bound is Bound.OWN_DAY
    assert wait_of(quotas, BERT, GROUP).bound is Bound.CHAT_DAY
    assert quotas.take(BERT, BERT) is None
    assert wait_of(quotas, BERT, BERT).bound is Bound.OWN_DAY


async def test_what_counts_for_the_day_is_kept_where_the_day_is_bounded(clock: Clock) -> None:
    day = datetime.date(2026, 3, 7)
    await quotas_of(clock, user_daily_questions=2).keep(ANNE, GROUP)
    await quotas_of(clock, user_daily_questions=2).keep(ANNE, ANNE)
    await quotas_of(clock).keep(ANNE, GROUP)
    assert clock.kept == [([ANNE, GROUP], day), ([ANNE], day)]


def test_a_command_counts_for_the_minute_alone(clock: Clock) -> None:
    quotas = quotas_of(clock, user_questions_per_minute=2, user_daily_questions=2)
    assert quotas.take_command(ANNE, ANNE) is None
    assert quotas.take(ANNE, ANNE) is None
    wait = quotas.take_command(ANNE, ANNE)
    assert wait is not None
    assert (wait.bound, wait.is_told) == (Bound.OWN_RATE, False)
    clock.seconds += 60
    assert quotas.take(ANNE, ANNE) is None


def test_who_was_told_a_wait_is_known_for_that_minute_in_that_chat(clock: Clock) -> None:
    quotas = quotas_of(clock, user_daily_questions=1)
    assert quotas.take(ANNE, GROUP) is None
    told = [wait_of(quotas, ANNE, chat).is_told for chat in (GROUP, GROUP, OTHER_GROUP)]
    clock.seconds += 60
    assert [*told, wait_of(quotas, ANNE, GROUP).is_told] == [False, True, False, False]


def test_a_group_that_moves_takes_what_it_asked_along(clock: Clock) -> None:
    quotas = quotas_of(clock, chat_questions_per_minute=1)
    assert quotas.take(ANNE, GROUP) is None
    quotas.move(GROUP, OTHER_GROUP)
    assert wait_of(quotas, BERT, OTHER_GROUP).bound is Bound.CHAT_RATE


def test_what_is_given_back_may_be_asked_again_on_that_day(clock: Clock) -> None:
    quotas = quotas_of(clock, user_daily_questions=1, chat_daily_questions=1)
    assert quotas.take(ANNE, GROUP) is None
    quotas.give_back(ANNE, GROUP)
    assert quotas.take(ANNE, GROUP) is None
    assert wait_of(quotas, ANNE, GROUP).bound is Bound.OWN_DAY


def test_nothing_is_given_back_beyond_nothing_or_on_another_day(clock: Clock) -> None:
    quotas = quotas_of(clock, user_daily_questions=1)
    quotas.give_back(ANNE, GROUP)
    assert quotas.take(ANNE, GROUP) is None
    clock.seconds += 12 * 3600
    quotas.give_back(ANNE, GROUP)
    assert quotas.take(ANNE, GROUP) is None
    assert quotas.take(ANNE, GROUP) is not None


def test_what_is_owed_since_before_a_restart_keeps_to_the_day_alone(clock: Clock) -> None:
    quotas = quotas_of(clock, user_questions_per_minute=1, user_daily_questions=3)
    assert [quotas.take(ANNE, ANNE, is_owed=True) for _ in range(3)] == [None] * 3
    assert wait_of(quotas, ANNE, ANNE).bound is Bound.OWN_DAY
    assert quotas.take(ANNE, ANNE, is_owed=True) is not None


def test_a_crowd_does_not_make_it_forget_who_asked_just_now(clock: Clock) -> None:
    quotas = quotas_of(clock, user_questions_per_minute=1)
    assert quotas.take(ANNE, ANNE) is None
    for person in range(100, 2_500):
        clock.seconds += 0.02
        assert quotas.take(person, person) is None
    assert wait_of(quotas, ANNE, ANNE).bound is Bound.OWN_RATE
    assert wait_of(quotas, 2_499, 2_499).bound is Bound.OWN_RATE
