"""What is kept about each person, apart from their conversations."""

from pathlib import Path

import pytest

from bot.store import Asked, Held, Store
from tests.store.exchanges import HOUR, MINUTE, MORNING, Clock, exchange, rows


def test_the_last_language_that_a_person_chose_is_kept(store: Store) -> None:
    store.set_language(1001, "en")
    store.set_language(1002, "zh-Hant")
    store.set_language(1001, "zh-Hans")
    assert store.languages() == {1001: "zh-Hans", 1002: "zh-Hant"}


def test_who_chooses_no_language_has_none(store: Store, tmp_path: Path) -> None:
    store.set_language(1001, "en")
    store.set_language(1001, None)
    store.set_language(1002, None)
    assert store.languages() == {}
    assert rows(tmp_path, "SELECT * FROM person") == []


def test_remarks_are_kept_with_the_answer_that_they_are_about(store: Store, tmp_path: Path) -> None:
    answer = store.keep(exchange())
    numbers = [
        store.remark(1001, "日期不对", answer),
        store.remark(None, "很好"),
        store.remark(1001, "再说", 99),
    ]
    assert rows(tmp_path, "SELECT id, user_id, text, answer_id FROM remark ORDER BY id") == [
        (numbers[0], 1001, "日期不对", answer),
        (numbers[1], None, "很好", None),
        (numbers[2], 1001, "再说", None),
    ]


def test_a_remark_outlives_the_answer_that_it_is_about(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    answer = store.keep(exchange())
    clock.now += HOUR
    store.remark(1001, "日期不对", answer)
    store.keep(exchange(at=clock.now), replaces=answer)
    assert rows(tmp_path, "SELECT text, answer_id FROM remark") == [("日期不对", None)]


def test_answered_questions_are_counted_by_person_and_by_chat(store: Store) -> None:
    for asker_id, chat_id in ((1, 1), (1, -100), (1, -100), (2, -100), (None, -100)):
        store.keep(exchange(asker_id=asker_id, chat_id=chat_id, at=MORNING))
    store.keep(exchange(asker_id=1, chat_id=-100, topic_id=3, at=MORNING))
    store.keep(exchange(asker_id=None, chat_id=0, front="terminal", at=MORNING))
    assert store.asked_since(MORNING) == Asked({1: 4, 2: 1}, {1: 1, -100: 5})


def test_what_was_answered_before_the_moment_does_not_count(store: Store) -> None:
    store.keep(exchange(asker_id=1, chat_id=1, at=MORNING, took=MINUTE))
    assert store.asked_since(MORNING + MINUTE) == Asked({1: 1}, {1: 1})
    assert store.asked_since(MORNING + 2 * MINUTE) == Asked({}, {})


def test_a_question_that_is_asked_anew_counts_once(store: Store) -> None:
    former = store.keep(exchange(asker_id=1, chat_id=1))
    store.keep(exchange(asker_id=1, chat_id=1, at=MORNING + MINUTE), replaces=former)
    assert store.asked_since(MORNING).by_person == {1: 1}


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
