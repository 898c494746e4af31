"""Updates that are taken, noted and settled, and the messages that came of them."""

from contextlib import closing

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store import Pending, Store, Taken
from bot.store.address import in_folder
from tests.store.exchanges import (
    DAY,
    LONG_AGO,
    MINUTE,
    MORNING,
    Clock,
    delivered,
    exchange,
    open_store,
    pending,
    rows,
    take,
    taken,
)


def test_an_update_is_taken_once(store: Store) -> None:
    assert store.take([taken(5)]) == {5}
    assert store.take([taken(5)]) == frozenset()
    store.settle(5)
    assert store.take([taken(5)]) == frozenset()


def test_of_several_updates_the_new_ones_are_named(store: Store) -> None:
    store.take([taken(5)])
    assert store.take([taken(4), taken(5), taken(6), taken(6)]) == {4, 6}
    assert store.take([]) == frozenset()


def test_the_order_of_names_makes_no_other_update(store: Store) -> None:
    assert take(store, 5, {"message": {"text": "问", "id": 1}, "at": 2})
    assert not take(store, 5, {"at": 2, "message": {"id": 1, "text": "问"}})


@pytest.mark.parametrize("settled", [True, False])
def test_a_number_that_is_given_anew_makes_the_former_update_go(
    store: Store, settled: bool
) -> None:
    take(store, 5, {"text": "旧"})
    store.note(5, {"parts": ["旧"]})
    if settled:
        store.settle(5)
    assert take(store, 5, {"text": "新"})
    (waiting,) = store.pending(LONG_AGO)
    assert (waiting.payload, waiting.outgoing) == ({"text": "新"}, None)
    assert not take(store, 5, {"text": "新"})


def test_what_is_taken_is_pending_until_it_is_settled(store: Store, clock: Clock) -> None:
    payload: dict[str, object] = {"text": "新桥？", "reply": [1, None, True]}
    assert take(store, 9, payload)
    clock.now += MINUTE
    store.take([taken(6), taken(3)])
    assert pending(store) == [9, 3, 6]
    assert store.pending(LONG_AGO)[0] == Pending(9, 7, None, 1001, payload, MORNING, None)
    store.settle(9)
    assert pending(store) == [3, 6]


def test_what_is_pending_outlives_a_restart_with_what_was_noted(
    store: Store, place: sa.URL
) -> None:
    take(store, 5)
    store.note(5, {"parts": ["一"], "sent": []})
    store.note(5, {"parts": ["一", "二"], "sent": [31]})
    store.close()
    with closing(open_store(place)) as again:
        (waiting,) = again.pending(LONG_AGO)
    assert waiting.outgoing == {"parts": ["一", "二"], "sent": [31]}


def test_what_is_too_old_is_settled_as_expired(store: Store, place: sa.URL, clock: Clock) -> None:
    take(store, 5)
    clock.now += MINUTE
    take(store, 6)
    assert [one.update_id for one in store.pending(MORNING + MINUTE)] == [6]
    assert pending(store) == [6]
    query = "SELECT payload, chat_id, user_id, outcome FROM pending WHERE update_id = 5"
    assert rows(place, query) == [(None, None, None, "expired")]


def test_how_many_were_too_old_is_said_once(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    take(store, 5)
    take(store, 6)
    clock.now += MINUTE
    for _ in range(2):
        assert store.pending(MORNING + MINUTE) == []
    (line,) = caplog.messages
    assert line.startswith("2 questions taken before ")
    assert "PENDING_HOURS" in line


def test_an_answer_that_was_begun_is_never_too_old(store: Store, clock: Clock) -> None:
    take(store, 5)
    take(store, 6)
    store.note(5, {"slots": [31]})
    clock.now += MINUTE
    assert [one.update_id for one in store.pending(MORNING + MINUTE)] == [5]


def test_settling_takes_words_and_numbers_away_and_says_what_became_of_it(
    store: Store, place: sa.URL
) -> None:
    take(store, 5)
    store.note(5, {"parts": ["一"]})
    store.settle(5, "blocked")
    store.settle(99)
    store.note(5, {"parts": ["二"]})
    query = "SELECT update_id, payload, outgoing, chat_id, topic_id, user_id, outcome FROM pending"
    assert rows(place, query) == [(5, None, None, None, None, None, "blocked")]


def test_an_update_of_no_chat_is_taken(store: Store) -> None:
    store.take([Taken(5, None, None, 1001, {"query": "问"})])
    assert store.pending(LONG_AGO)[0].chat_id is None


def test_a_payload_with_lone_surrogates_is_taken_once(store: Store) -> None:
    payload: dict[str, object] = {"text": "a\ud800\0"}
    assert take(store, 5, payload)
    assert not take(store, 5, payload)
    assert store.pending(LONG_AGO)[0].payload == {"text": "a�\0"}


def test_large_numbers_are_taken(store: Store) -> None:
    assert take(store, 2**40)


def test_the_messages_of_an_answer_are_found_in_their_order(store: Store) -> None:
    answer = store.keep(exchange())
    messages = [delivered(32, answer_id=answer, position=1), delivered(31, answer_id=answer)]
    store.settle(5, delivered=[*messages, delivered(33, purpose="reason")])
    assert store.delivered_for(7, 100) == (messages[1], messages[0])
    assert store.delivered_for(7, 101) == store.delivered_for(8, 100) == ()


def test_a_message_of_ours_is_known_by_its_number(store: Store) -> None:
    message = delivered(31, purpose="reason", question_id=None)
    store.settle(5, delivered=[message])
    assert store.delivered_as(7, 31) == message
    assert store.delivered_as(8, 31) is None


def test_a_question_that_is_answered_anew_has_its_new_messages_alone(store: Store) -> None:
    former = [delivered(31), delivered(32, position=1), delivered(33, question_id=101)]
    store.settle(5, delivered=former)
    store.settle(6, delivered=[delivered(31), delivered(34, question_id=None)])
    assert store.delivered_for(7, 100) == (delivered(31),)
    assert store.delivered_as(7, 32) is None
    assert store.delivered_for(7, 101) == (former[2],)


def test_asking_for_a_reason_leaves_the_answer_where_it_is(store: Store) -> None:
    store.settle(5, delivered=[delivered(31)])
    store.settle(6, delivered=[delivered(32, purpose="reason")])
    assert store.delivered_for(7, 100) == (delivered(31),)


def test_a_message_whose_answer_was_pruned_meanwhile_is_left_out(
    store: Store, clock: Clock
) -> None:
    take(store, 5)
    answer = store.keep(exchange())
    clock.now += 91 * DAY
    store.prune()
    store.settle(5, delivered=[delivered(31, answer_id=answer), delivered(32, position=1)])
    assert store.delivered_for(7, 100) == (delivered(32, position=1),)
    assert pending(store) == []


def test_a_chat_that_moves_takes_what_is_pending_with_it(store: Store) -> None:
    take(store, 5)
    store.settle(6, delivered=[delivered(31), delivered(32, chat_id=8)])
    store.move_chat(7, -1007)
    assert [one.chat_id for one in store.pending(LONG_AGO)] == [-1007]
    assert store.delivered_as(7, 31) is None
    assert store.delivered_as(-1007, 31) is None
    assert store.delivered_as(8, 32) is not None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "note", "settle", "pending"]),
        st.integers(1, 4),
        st.sampled_from(["问", "答"]),
    ),
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_what_is_settled_never_comes_back_and_what_is_not_always_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str]]
) -> None:
    words: dict[int, str] = {}
    waiting: dict[int, dict[str, object] | None] = {}
    folder = tmp_path_factory.mktemp("steps")
    with closing(
        Store.open(in_folder(folder), data_dir=folder, retention=DAY, clock=Clock())
    ) as store:
        for step, number, text in steps:
            match step:
                case "take":
                    is_new = words.get(number) != text
                    assert take(store, number, {"text": text}) == is_new
                    if is_new:
                        words[number] = text
                        waiting[number] = None
                case "note":
                    store.note(number, {"part": text})
                    if number in waiting:
                        waiting[number] = {"part": text}
                case "settle":
                    store.settle(number)
                    waiting.pop(number, None)
                case _:
                    found = {one.update_id: one for one in store.pending(LONG_AGO)}
                    assert {n: one.outgoing for n, one in found.items()} == waiting
                    assert {n: one.payload["text"] for n, one in found.items()} == {
                        n: words[n] for n in waiting
                    }
        assert pending(store) == sorted(waiting)
