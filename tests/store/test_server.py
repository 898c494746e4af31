"""The same on a database server, where TEST_DATABASE_URL names one that may be emptied."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.store import Held, Pruned, Store
from bot.store.address import checked_url
from bot.store.models import Base
from retrieval.types import Usage
from tests.store.exchanges import (
    DAY,
    HOUR,
    LONG_AGO,
    MINUTE,
    MORNING,
    Clock,
    delivered,
    exchange,
    pending,
    questions,
    take,
)

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL")
pytestmark = pytest.mark.skipif(not TEST_DATABASE_URL, reason="TEST_DATABASE_URL is not set")


@pytest.fixture
def server() -> Iterator[sa.Engine]:
    engine = sa.create_engine(checked_url(TEST_DATABASE_URL or ""))
    Base.metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
    yield engine
    engine.dispose()


def test_a_server_keeps_what_sqlite_keeps(server: sa.Engine) -> None:
    clock = Clock()
    with closing(Store.open(server.url, retention=90 * DAY, clock=clock)) as store:
        message = store.keep(exchange("a\0b", chat_id=-(10**13)))
        assert store.rate(message, 1001, 1)
        assert store.rate(message, 1001, -1, "因")
        assert take(store, 2**40, {"text": "\0"})
        assert not take(store, 2**40, {"text": "\0"})
        assert take(store, 2**40, {"text": "新"})
        store.note(2**40, {"parts": ["新\0"]})
        (waiting,) = store.pending(LONG_AGO)
        assert (waiting.taken_at, waiting.outgoing) == (MORNING, {"parts": ["新\0"]})
        messages = [delivered(2**40, answer_id=message), delivered(2, answer_id=message + 1)]
        store.settle(2**40, delivered=messages)
        store.settle(2**40, delivered=messages)
        assert store.delivered_for(7, 100) == (messages[0],)
        assert pending(store) == []
        store.keep(exchange("c", chat_id=5, at=MORNING + MINUTE))
        store.move_chat(5, -(10**13))
        store.spend(Usage(1, 2), day=MORNING.date(), asker_id=5, model="m", purpose="answer")
        assert store.spent_today(MORNING.date(), 5) == 3
        assert questions(store, -(10**13)) == ["a�b", "c"]
        assert len(store.turns_until(message, 3) or []) == 1
        assert store.keep(exchange("b", chat_id=-(10**13)), replaces=message) > message
        assert store.delivered_as(7, 2**40) is not None
    with closing(Store.open(server.url, retention=90 * DAY, clock=clock)) as store:
        store.forget_conversation("telegram", -(10**13), None)
        assert questions(store, -(10**13)) == []
        clock.now += 91 * DAY
        assert store.prune() == Pruned(
            messages=2,
            feedback=0,
            conversations=1,
            usage=1,
            pending=1,
            delivered=1,
            remarks=0,
            drafts=0,
        )


def test_a_person_is_forgotten_there_too(server: sa.Engine) -> None:
    with closing(Store.open(server.url, retention=90 * DAY, clock=Clock())) as store:
        message = store.keep(exchange("问", chat_id=-100))
        store.keep(
            exchange("它呢", standalone="问的它呢", chat_id=-100, asker_id=2, at=HOUR + MORNING)
        )
        store.rate(message, 2, 1)
        store.rate(message, 1001, 1)
        store.remark(2, "好", message)
        store.remark(1001, "好", message + 1)
        store.set_language(1001, "en")
        store.set_language(2, "zh-Hant")
        store.set_language(2, "zh-Hans")
        store.note_wait("1001", MORNING + DAY)
        store.spend(Usage(1, 2), day=MORNING.date(), asker_id=1001, model="m", purpose="answer")
        take(store, 5)
        store.move_chat(-1, -100)
        store.count_asked([1001, 2], MORNING.date())
        assert store.asked_on(MORNING.date()) == {1001: 1, 2: 1}
        assert store.forget_person(1001) == Held(1, 1, 1, MORNING, "en")
        store.settle(5, delivered=[delivered(31)])
        assert not take(store, 5)
        assert store.delivered_as(7, 31) is None
        assert store.held_about(1001) == Held(0, 0, 0, None, None)
        assert store.held_about(2) == Held(1, 0, 1, HOUR + MORNING, "zh-Hans")
        assert (store.languages(), store.waits()) == ({2: "zh-Hans"}, {})
        assert store.spent_today(MORNING.date()) == 3
        assert store.moves() == {-1: -100}
        (left,) = store.turns_until(message + 1, 5) or []
        assert (left.question, left.standalone) == ("它呢", "它呢")


def test_the_migrations_make_the_tables_of_the_models_there(server: sa.Engine) -> None:
    Store.open(server.url, retention=DAY).close()
    with server.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
