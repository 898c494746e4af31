"""What is kept about each person, apart from their conversations."""

import datetime

import pytest
import sqlalchemy as sa

from bot.store import Held, Store
from tests.store.exchanges import HOUR, MINUTE, MORNING, Clock, exchange, rows


def test_the_last_language_that_a_person_chose_is_kept(store: Store) -> None:
    store.set_language(1001, "en")
    store.set_language(1002, "zh-Hant")
    store.set_language(1001, "zh-Hans")
    assert store.languages() == {1001: "zh-Hans", 1002: "zh-Hant"}


def test_who_chooses_no_language_has_none(store: Store, place: sa.URL) -> None:
    store.set_language(1001, "en")
    store.set_language(1001, None)
    store.set_language(1002, None)
    assert store.languages() == {}
    assert rows(place, "SELECT * FROM person") == []


def test_remarks_are_kept_with_the_answer_that_they_are_about(store: Store, place: sa.URL) -> None:
    answer = store.keep(exchange())
    numbers = [
        store.remark(1001, "日期不对", answer),
        store.remark(None, "很好"),
        store.remark(1001, "再说", 99),
    ]
    assert rows(place, "SELECT id, user_id, text, answer_id FROM remark ORDER BY id") == [
        (numbers[0], 1001, "日期不对", answer),
        (numbers[1], None, "很好", None),
        (numbers[2], 1001, "再说", None),
    ]


def test_a_remark_outlives_the_answer_that_it_is_about(
    store: Store, place: sa.URL, clock: Clock
) -> None:
    answer = store.keep(exchange())
    clock.now += HOUR
    store.remark(1001, "日期不对", answer)
    store.keep(exchange(at=clock.now), replaces=answer)
    assert rows(place, "SELECT text, answer_id FROM remark") == [("日期不对", None)]


def test_what_is_asked_on_a_day_is_counted_by_person_and_by_group(store: Store) -> None:
    today, tomorrow = MORNING.date(), MORNING.date() + datetime.timedelta(days=1)
    for who in ([1, -100], [1], [2, -100]):
        store.count_asked(who, today)
    store.count_asked([1], tomorrow)
    assert store.asked_on(today) == {1: 2, 2: 1, -100: 2}
    assert store.asked_on(tomorrow) == {1: 1}


def test_what_a_group_asked_moves_with_it(store: Store) -> None:
    today = MORNING.date()
    store.count_asked([-1, -100], today)
    store.move_chat(-1, -100)
    assert store.asked_on(today) == {-100: 2}


def test_counts_of_days_that_are_over_are_pruned(store: Store, clock: Clock) -> None:
    today = clock.now.date()
    for days in (0, 1, 2):
        store.count_asked([1], today - datetime.timedelta(days=days))
    store.prune()
    kept = [store.asked_on(today - datetime.timedelta(days=days)) for days in (0, 1, 2)]
    assert kept == [{1: 1}, {1: 1}, {}]


def test_the_chats_with_a_menu_of_their_own_are_kept(store: Store) -> None:
    for chat_id in (1, 1, -100):
        store.set_menu(chat_id, shown=True)
    store.set_menu(1, shown=False)
    store.set_menu(2, shown=False)
    assert store.menus() == {-100}


def test_what_is_held_about_a_person_is_counted(store: Store) -> None:
    answer = store.keep(exchange(asker_id=2, at=MORNING + MINUTE))
    store.keep(exchange(asker_id=2, chat_id=-100, at=MORNING))
    other = store.keep(exchange(asker_id=3, at=MORNING - MINUTE))
    store.rate(answer, 2, 1)
    store.rate(answer, 3, 1)
    store.rate(other, 2, -1)
    store.remark(2, "很好")
    store.set_language(2, "en")
    assert store.held_about(2) == Held(2, 2, 1, MORNING, "en")
    assert store.held_about(3) == Held(1, 1, 0, MORNING - MINUTE, None)
    assert store.held_about(4) == Held(0, 0, 0, None, None)


def test_a_former_number_of_a_chat_leads_to_its_newest(store: Store) -> None:
    store.move_chat(-1, -1001)
    store.move_chat(-2, -1002)
    store.move_chat(-1001, -1003)
    assert store.moves() == {-1: -1003, -1001: -1003, -2: -1002}


@pytest.mark.parametrize("times", [1, 2])
def test_moves_may_be_told_in_any_order_and_again(store: Store, times: int) -> None:
    for _ in range(times):
        store.move_chat(-1001, -1003)
        store.move_chat(-1, -1001)
    assert store.moves() == {-1: -1003, -1001: -1003}


def test_moves_in_a_circle_come_to_an_end(store: Store) -> None:
    store.move_chat(-1, -1001)
    store.move_chat(-1001, -1)
    assert set(store.moves()) == {-1, -1001}
