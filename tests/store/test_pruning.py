"""What is older than the retention goes, and goes for good."""

from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from bot.store import Pruned, Store
from retrieval.types import Usage
from tests.store.exchanges import (
    DAY,
    IN_A_FILE,
    MINUTE,
    MORNING,
    Clock,
    delivered,
    exchange,
    open_store,
    pending,
    questions,
    rows,
    take,
)


def fill(store: Store, clock: Clock) -> None:
    message = store.keep(exchange("问", at=clock.now))
    store.rate(message, 1001, -1, "因")
    store.spend(Usage(1, 1), day=clock.now.date(), asker_id=1001, model="stub", purpose="condense")
    store.remark(1001, "话", message)
    store.draft_of(1001, 1001, clock.now.isoformat())
    number = int(clock.now.timestamp())
    take(store, number)
    take(store, number + 1)
    store.settle(number + 1, delivered=[delivered(number, answer_id=message, question_id=number)])


def test_only_what_is_old_is_deleted(store: Store, clock: Clock) -> None:
    fill(store, clock)
    clock.now += 50 * DAY
    fill(store, clock)
    assert store.prune().messages == 0
    clock.now += 41 * DAY
    assert store.prune() == Pruned(
        messages=1,
        feedback=1,
        conversations=1,
        usage=1,
        pending=2,
        delivered=1,
        remarks=1,
        drafts=1,
    )
    assert store.prune() == Pruned(0, 0, 0, 0, 0, 0, 0, 0)
    assert len(pending(store)) == 1


def test_a_long_conversation_loses_its_old_messages_only(place: sa.URL, clock: Clock) -> None:
    with closing(open_store(place, clock, retention=2 * DAY)) as store:
        for number in range(20):
            store.keep(exchange(str(number), at=MORNING + number * DAY / 5))
        clock.now = MORNING + 19 * DAY / 5
        pruned = store.prune()
        assert (pruned.messages, pruned.conversations) == (9, 0)
        assert questions(store)[-1] == "19"


def test_settled_questions_are_remembered_for_two_days(place: sa.URL, clock: Clock) -> None:
    with closing(open_store(place, clock, retention=DAY)) as store:
        take(store, 5)
        store.settle(5)
        clock.now += 2 * DAY
        assert store.prune().pending == 0
        clock.now += MINUTE
        assert store.prune().pending == 1


def test_what_was_delivered_goes_with_its_answer_or_when_it_is_old(
    store: Store, clock: Clock
) -> None:
    message = store.keep(exchange())
    store.settle(5, delivered=[delivered(1, answer_id=message), delivered(2, position=1)])
    clock.now += 89 * DAY
    store.settle(6, delivered=[delivered(3, answer_id=message, question_id=101)])
    clock.now += 2 * DAY
    assert store.prune().delivered == 3
    assert store.delivered_as(7, 3) is None


def test_the_numbers_of_deleted_answers_are_not_given_again(store: Store, clock: Clock) -> None:
    first = store.keep(exchange())
    clock.now += 100 * DAY
    store.prune()
    assert store.keep(exchange(at=clock.now)) > first


@IN_A_FILE
def test_no_byte_of_what_was_deleted_is_left(store: Store, tmp_path: Path, clock: Clock) -> None:
    secret = "紫藤花下的密约"
    store.keep(exchange(secret * 300))
    store.rate(1, 1001, -1, secret)
    take(store, 1, {"text": secret})
    store.note(1, {"parts": [secret]})
    clock.now += 91 * DAY
    store.prune()
    assert rows(tmp_path, "SELECT count(*) FROM message") == [(0,)]
    for path in tmp_path.iterdir():
        assert secret.encode() not in path.read_bytes()
