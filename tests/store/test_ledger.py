"""Ratings and tokens spent."""

import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store import DaySpent, Store
from retrieval.types import Usage
from tests.store.exchanges import exchange, rows, take

MONDAY = datetime.date(2026, 3, 2)
TUESDAY = datetime.date(2026, 3, 3)


def test_a_reader_has_one_opinion_of_an_answer_the_last_one(store: Store, place: sa.URL) -> None:
    message = store.keep(exchange())
    assert store.rate(message, 1001, 1)
    assert store.rate(message, 1002, 1)
    assert store.rate(message, 1001, -1, "日期不对")
    query = "SELECT user_id, value, reason FROM feedback ORDER BY user_id"
    assert rows(place, query) == [(1001, -1, "日期不对"), (1002, 1, None)]


def test_an_answer_that_is_not_kept_cannot_be_rated(store: Store) -> None:
    assert not store.rate(5, 1001, 1)


def test_there_is_no_other_opinion_than_for_and_against(store: Store) -> None:
    message = store.keep(exchange())
    with pytest.raises(IntegrityError):
        store.rate(message, 1001, 2)  # type: ignore[arg-type]


def test_tokens_are_counted_by_day_and_asker(store: Store) -> None:
    for day, asker, tokens in (
        (MONDAY, 1, 10),
        (MONDAY, 2, 20),
        (MONDAY, None, 5),
        (TUESDAY, 1, 1),
    ):
        usage = Usage(tokens, 100 * tokens)
        store.spend(usage, day=day, asker_id=asker, model="stub", purpose="answer")
    assert store.spent_today(MONDAY) == 35 * 101
    assert store.spent_today(MONDAY, 1) == 10 * 101
    assert store.spent_today(MONDAY, 3) == 0
    assert store.spent_by_day(MONDAY) == [
        DaySpent(MONDAY, 3, Usage(35, 3500)),
        DaySpent(TUESDAY, 1, Usage(1, 100)),
    ]
    assert store.spent_by_day(TUESDAY) == [DaySpent(TUESDAY, 1, Usage(1, 100))]


def test_large_numbers_are_kept(store: Store) -> None:
    store.keep(exchange(chat_id=-(10**13), topic_id=2**31))
    assert take(store, 2**40)
    assert store.turns("telegram", -(10**13), 2**31, 1)
