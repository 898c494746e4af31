"""What a conversation remembers, and when it is over."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import Store
from bot.store.address import FILE_NAME
from bot.store.conversing import IDLE
from retrieval.types import Turn
from tests.store.exchanges import (
    CITATION,
    HOUR,
    IN_A_FILE,
    MINUTE,
    MORNING,
    Clock,
    delivered,
    exchange,
    open_store,
    questions,
)


def test_turns_come_oldest_first(store: Store) -> None:
    store.keep(exchange("甲", at=MORNING))
    store.keep(exchange("乙", at=MORNING + MINUTE, standalone="甲的乙"))
    assert store.turns("telegram", 7, None, 5) == [
        Turn("甲", "甲", "甲的回答[1]", refused=False),
        Turn("乙", "甲的乙", "乙的回答[1]", refused=False),
    ]


def test_only_the_last_turns_are_given(store: Store) -> None:
    for number in range(5):
        store.keep(exchange(str(number), at=MORNING + number * MINUTE))
    assert [turn.question for turn in store.turns("telegram", 7, None, 2)] == ["3", "4"]


def test_turns_are_in_the_order_of_the_questions_not_of_the_answers(store: Store) -> None:
    store.keep(exchange("后", at=MORNING + MINUTE))
    store.keep(exchange("先", at=MORNING, took=2 * MINUTE))
    assert questions(store) == ["先", "后"]


def test_chats_topics_and_fronts_have_conversations_of_their_own(store: Store) -> None:
    store.keep(exchange("群", chat_id=-100))
    store.keep(exchange("题", chat_id=-100, topic_id=3))
    store.keep(exchange("端", chat_id=-100, front="terminal"))
    assert questions(store, -100) == ["群"]
    assert questions(store, -100, 3) == ["题"]
    assert questions(store, -100, 4) == []
    assert [turn.question for turn in store.turns("terminal", -100, None, 10)] == ["端"]


def test_an_idle_conversation_is_over(store: Store, clock: Clock) -> None:
    store.keep(exchange("早"))
    clock.now = MORNING + IDLE
    assert questions(store) == ["早"]
    clock.now += MINUTE
    assert questions(store) == []
    store.keep(exchange("晚", at=clock.now))
    assert questions(store) == ["晚"]


def test_every_message_keeps_its_conversation_running(store: Store, clock: Clock) -> None:
    for number in range(4):
        clock.now = MORNING + number * 5 * HOUR
        store.keep(exchange(str(number), at=clock.now))
    assert questions(store) == ["0", "1", "2", "3"]


def test_a_forgotten_conversation_gives_no_turns(store: Store, clock: Clock) -> None:
    store.keep(exchange("旧"))
    store.keep(exchange("别处", chat_id=8))
    clock.now += MINUTE
    store.forget_conversation("telegram", 7, None)
    assert questions(store) == []
    store.keep(exchange("新", at=clock.now + MINUTE))
    assert questions(store) == ["新"]
    assert questions(store, 8) == ["别处"]


def test_what_was_asked_before_forgetting_stays_forgotten_when_answered_after(
    store: Store, clock: Clock
) -> None:
    clock.now = MORNING + MINUTE
    store.forget_conversation("telegram", 7, None)
    store.keep(exchange("路上", at=MORNING, took=3 * MINUTE))
    assert questions(store) == []
    store.keep(exchange("新", at=MORNING + 2 * MINUTE))
    assert questions(store) == ["新"]
    clock.now = MORNING + 20 * HOUR
    store.forget_conversation("telegram", 7, None)
    store.keep(exchange("又在路上", at=clock.now - MINUTE, took=2 * MINUTE))
    assert questions(store) == []


def test_a_conversation_outlives_a_restart(store: Store, place: sa.URL) -> None:
    store.keep(exchange("甲"))
    store.close()
    with closing(open_store(place)) as again:
        assert questions(again) == ["甲"]


@IN_A_FILE
def test_all_of_an_exchange_is_kept(store: Store, tmp_path: Path) -> None:
    message_id = store.keep(exchange())
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM message JOIN conversation ON conversation_id = conversation.id"
        row = dict(connection.execute(query).fetchone())
    assert message_id == 1
    citation = json.loads(row["citations"])[0]
    assert citation == {name: getattr(CITATION, name) for name in citation}
    assert CITATION.quote in row["citations"]  # as it is, not in escapes
    assert json.loads(row["nearest"])[0]["article_id"] == "路.md"
    assert json.loads(row["timings_ms"]) == {
        "retrieve": 1.5,
        "write": 2.5,
        "check": 0.5,
        "total": 4.5,
    }
    assert (row["front"], row["chat_id"], row["asker_id"]) == ("telegram", 7, 1001)
    assert (row["mode"], row["refused"], row["model"]) == ("llm", 0, "stub")
    assert (row["prompt_tokens"], row["completion_tokens"], row["withheld"]) == (120, 30, 1)
    assert row["generation"] == "20260305-1"
    assert row["asked_at"] == "2026-03-05 08:00:00.000000"


def test_text_that_no_database_takes_is_kept_with_replacements(store: Store) -> None:
    store.keep(exchange("a\0b\ud800c"))
    assert questions(store) == ["a�b�c"]


def test_turns_until_a_message_are_those_of_its_conversation(store: Store, clock: Clock) -> None:
    ids = [store.keep(exchange(str(n), at=MORNING + n * MINUTE)) for n in range(4)]
    store.keep(exchange("别处", chat_id=8, at=MORNING))
    clock.now = MORNING + 10 * MINUTE
    store.forget_conversation("telegram", 7, None)
    until, before = store.turns_until(ids[2], 2), store.turns_before(ids[2], 5)
    assert [turn.question for turn in until or []] == ["1", "2"]
    assert [turn.question for turn in before or []] == ["0", "1"]
    assert store.turns_before(ids[0], 5) == []


def test_there_are_no_turns_until_a_message_that_is_not_kept(store: Store) -> None:
    assert store.turns_until(99, 3) is None
    assert store.turns_before(99, 3) is None


def test_a_question_that_is_asked_anew_takes_the_place_of_the_former(
    store: Store, clock: Clock
) -> None:
    ids = [store.keep(exchange(str(n), at=MORNING + n * MINUTE)) for n in range(3)]
    store.settle(5, delivered=[delivered(31, answer_id=ids[1])])
    store.rate(ids[1], 1001, -1)
    anew = store.keep(exchange("一", at=MORNING + HOUR), replaces=ids[1])
    assert questions(store) == ["0", "一", "2"]
    assert anew not in ids
    assert not store.rate(ids[1], 1001, 1)
    assert store.delivered_as(7, 31) == delivered(31, answer_id=anew)


def test_a_question_that_is_asked_anew_stays_forgotten(store: Store, clock: Clock) -> None:
    former = store.keep(exchange("旧"))
    clock.now += MINUTE
    store.forget_conversation("telegram", 7, None)
    store.keep(exchange("旧的改正", at=clock.now + MINUTE), replaces=former)
    assert questions(store) == []


def test_in_the_place_of_a_message_that_is_not_kept_a_new_one_is(store: Store) -> None:
    store.keep(exchange("甲"), replaces=99)
    assert questions(store) == ["甲"]


def test_a_chat_that_moves_takes_its_conversation_with_it(store: Store) -> None:
    store.keep(exchange("甲"))
    store.keep(exchange("题", topic_id=3))
    store.move_chat(7, -1007)
    assert questions(store, -1007) == ["甲"]
    assert questions(store, -1007, 3) == ["题"]


def test_what_is_said_under_a_former_number_of_a_chat_belongs_to_its_conversation(
    store: Store,
) -> None:
    store.keep(exchange("甲"))
    store.move_chat(7, -1007)
    store.move_chat(-1007, -1008)
    store.keep(exchange("乙", at=MORNING + MINUTE))
    assert questions(store) == questions(store, -1008) == ["甲", "乙"]
    store.forget_conversation("telegram", 7, None)
    assert questions(store, -1008) == []


@pytest.mark.parametrize("first", [7, -1007])
def test_what_was_said_on_both_sides_of_a_move_becomes_one_conversation(
    store: Store, first: int
) -> None:
    second = -1007 if first == 7 else 7
    store.keep(exchange("先", chat_id=first))
    store.keep(exchange("后", chat_id=second, at=MORNING + MINUTE))
    store.move_chat(7, -1007)
    store.keep(exchange("今", chat_id=-1007, at=MORNING + 2 * MINUTE))
    assert questions(store, -1007) == ["先", "后", "今"]


def test_a_chat_that_moves_nowhere_loses_nothing(store: Store) -> None:
    store.keep(exchange("甲"))
    store.settle(5, delivered=[delivered(31)])
    store.move_chat(7, 7)
    assert questions(store) == ["甲"]
    assert store.delivered_as(7, 31) is not None
