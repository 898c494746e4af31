"""Ratings, questions taken, tokens spent."""

import datetime
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot.store import DaySpent, Pending, Store
from bot.store.address import FILE_NAME
from retrieval.types import Usage
from tests.store.exchanges import MINUTE, MORNING, Clock, exchange, open_store

MONDAY = datetime.date(2026, 3, 2)
TUESDAY = datetime.date(2026, 3, 3)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return connection.execute(query).fetchall()


def take(store: Store, update_id: int, payload: dict[str, object] | None = None) -> bool:
    return store.take(
        update_id, chat_id=7, topic_id=None, user_id=1001, payload=payload or {"text": "问"}
    )


def test_a_reader_has_one_opinion_of_an_answer_the_last_one(store: Store, tmp_path: Path) -> None:
    message = store.keep(exchange())
    assert store.rate(message, 1001, 1)
    assert store.rate(message, 1002, 1)
    assert store.rate(message, 1001, -1, "日期不对")
    query = "SELECT user_id, value, reason FROM feedback ORDER BY user_id"
    assert rows(tmp_path, query) == [(1001, -1, "日期不对"), (1002, 1, None)]


def test_an_answer_that_is_not_kept_cannot_be_rated(store: Store) -> None:
    assert not store.rate(5, 1001, 1)


def test_there_is_no_other_opinion_than_for_and_against(store: Store) -> None:
    message = store.keep(exchange())
    with pytest.raises(IntegrityError):
        store.rate(message, 1001, 2)  # type: ignore[arg-type]


def test_a_question_is_taken_once(store: Store) -> None:
    assert take(store, 5)
    assert not take(store, 5)
    store.settle(5)
    assert not take(store, 5)


def test_what_is_taken_is_pending_until_it_is_settled(store: Store, clock: Clock) -> None:
    payload: dict[str, object] = {"text": "新桥？", "reply": [1, None, True]}
    assert take(store, 9, payload)
    clock.now += MINUTE
    assert take(store, 6)
    assert [one.update_id for one in store.pending()] == [9, 6]
    assert store.pending()[0] == Pending(9, 7, None, 1001, payload, MORNING)
    store.settle(9)
    assert [one.update_id for one in store.pending()] == [6]


def test_what_is_pending_outlives_a_restart(store: Store, tmp_path: Path) -> None:
    take(store, 5)
    store.close()
    with closing(open_store(tmp_path)) as again:
        assert [one.update_id for one in again.pending()] == [5]


def test_settling_takes_the_words_away(store: Store, tmp_path: Path) -> None:
    take(store, 5)
    store.settle(5)
    store.settle(5)
    store.settle(99)
    assert rows(tmp_path, "SELECT update_id, payload FROM pending") == [(5, None)]


def test_a_payload_with_lone_surrogates_is_taken(store: Store) -> None:
    take(store, 5, {"text": "a\ud800\0"})
    assert store.pending()[0].payload == {"text": "a�\0"}


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
