"""Conversations: follow-ups, what is kept, budgets, and a store that fails."""

import asyncio
import datetime
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from bot.conversations import Conversations, Place, Reply
from bot.journal import Journal
from bot.ledger import Ledger
from bot.phrases import SIMPLIFIED, notice
from bot.settings import Settings
from bot.store import Store
from bot.store.address import in_folder
from bot.wiring import make_answerer
from retrieval.answering.model.breaker import FAILURES
from retrieval.types import Answer, Notice, Partial
from tests.model_server import Reply as Response
from tests.model_server import StubModelServer
from tests.personas import number_of

HERE, THERE = Place("telegram", 7), Place("telegram", 7, 11)
ASKER, OTHER = 1001, 1002
QUESTION = "东城区选派了多少名干部担任社区专员?"
ZIBO = "“社区合伙人”联盟里有多少家机构?"
DAY = datetime.date(2026, 3, 5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(
        in_folder(tmp_path), data_dir=tmp_path, retention=datetime.timedelta(days=90)
    )
    yield opened
    opened.close()


Talk = Callable[..., Conversations]


@pytest.fixture
def talk(store: Store, corpus_data_dir: Path) -> Iterator[Talk]:
    """Conversations over the shipped corpus, with these settings."""
    made: list[Conversations] = []

    def begin(**settings: object) -> Conversations:
        values = Settings(data_dir=corpus_data_dir, **settings)
        ledger = Ledger(
            store,
            today=lambda: DAY,
            of_all=values.daily_token_budget,
            of_each=values.user_daily_token_budget,
        )
        made.append(Conversations(make_answerer(values, ledger), Journal(store)))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.fixture
def server() -> Iterator[StubModelServer]:
    with StubModelServer() as running:
        running.respond_with(lambda body: quoted(body))
        yield running


async def answered(
    conversations: Conversations, place: Place, question: str, asker: int | None = None
) -> Answer:
    return (await conversations.answer(place, question, asker=asker)).answer


def quoted(body: dict[str, object]) -> str:
    """The sentence with the figure, marked as a faithful model would."""
    return f"东城区选派了150名干部担任社区专员[{number_of(body, '150名')}]。"


async def test_a_follow_up_is_understood_and_kept(talk: Talk, store: Store) -> None:
    conversations = talk()
    await answered(conversations, HERE, ZIBO)
    answer = await answered(conversations, HERE, "那东城区选派了多少名干部?")
    assert "150名" in answer.text
    shown = await answered(conversations, HERE, "他们担任什么?")
    assert shown.question == "他们担任什么?"
    assert shown.standalone != shown.question
    assert "社区专员" in shown.text
    kept = store.turns("telegram", 7, None, 10)
    assert kept[0].question == ZIBO
    assert kept[-1].standalone == shown.standalone


async def test_a_stopped_answer_is_kept_as_far_as_it_came(
    talk: Talk, store: Store, server: StubModelServer
) -> None:
    conversations = talk(openai_base_url=server.base_url)
    stop = asyncio.Event()
    stop.set()
    steps = [step async for step in conversations.ask(HERE, QUESTION, stop=stop)]
    (reply,) = steps
    assert isinstance(reply, Reply)
    assert reply.answer.stopped
    assert server.requests == []
    (kept,) = store.turns("telegram", 7, None, 10)
    assert kept.answer == reply.answer.text


async def test_each_topic_is_a_conversation_of_its_own(talk: Talk) -> None:
    conversations = talk()
    await answered(conversations, HERE, QUESTION)
    there = await answered(conversations, THERE, "他们担任什么?")
    assert there.standalone == "他们担任什么?"


async def test_new_forgets(talk: Talk) -> None:
    conversations = talk()
    await answered(conversations, HERE, QUESTION)
    await conversations.forget(HERE)
    answer = await answered(conversations, HERE, "他们担任什么?")
    assert answer.standalone == answer.question


async def test_what_is_kept_can_be_rated_by_its_number(talk: Talk, tmp_path: Path) -> None:
    conversations = talk()
    reply = await conversations.answer(HERE, QUESTION)
    assert reply.id is not None
    assert await conversations.rate(reply.id, ASKER, -1, "日期不对")
    assert not await conversations.rate(reply.id + 1, ASKER, 1)
    with closing(sqlite3.connect(tmp_path / "baoda.sqlite3")) as database:
        (row,) = database.execute("select message_id, value, reason from feedback").fetchall()
    assert row == (reply.id, -1, "日期不对")


async def test_of_what_was_said_before_its_author_was_forgotten_nothing_is_kept(
    talk: Talk, store: Store
) -> None:
    conversations = talk()
    earlier = datetime.datetime.now(datetime.UTC)
    asked_at = earlier + datetime.timedelta(seconds=1)
    later = asked_at + datetime.timedelta(seconds=1)
    await answered(conversations, HERE, ZIBO, ASKER)
    assert (await conversations.forget_person(ASKER, asked_at)).questions == 1
    for taken_at, kept in ((earlier, 0), (later, 1)):
        steps = conversations.ask(HERE, QUESTION, asker=ASKER, taken_at=taken_at)
        assert (await last(steps)).id is None or kept
        assert store.held_about(ASKER).questions == kept
    assert conversations.may_keep(OTHER, earlier)
    assert conversations.may_keep(None, earlier)


async def last(steps: AsyncGenerator[Partial | Reply, None]) -> Reply:
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Reply):
                return step
    raise AssertionError


async def test_a_question_about_an_answer_refers_to_it_whatever_was_said_since(talk: Talk) -> None:
    conversations = talk()
    first = await conversations.answer(HERE, QUESTION)
    await conversations.answer(HERE, ZIBO)
    await conversations.forget(HERE)
    reply = await last(conversations.ask(HERE, "他们担任什么?", about=first.id))
    assert "社区专员" in reply.answer.standalone


async def test_a_question_about_an_answer_that_is_not_kept_is_like_any_other(talk: Talk) -> None:
    conversations = talk()
    await conversations.answer(HERE, QUESTION)
    reply = await last(conversations.ask(HERE, "他们担任什么?", about=99))
    assert "社区专员" in reply.answer.standalone


async def test_a_changed_question_refers_to_what_was_said_before_it_and_takes_its_place(
    talk: Talk, store: Store
) -> None:
    conversations = talk()
    await conversations.answer(HERE, QUESTION)
    wrong = await conversations.answer(HERE, "他们担任哪里?")
    await conversations.answer(HERE, ZIBO)
    reply = await last(conversations.ask(HERE, "他们担任什么?", replaces=wrong.id))
    assert "社区专员" in reply.answer.standalone
    kept = [turn.question for turn in store.turns("telegram", 7, None, 10)]
    assert kept == [QUESTION, "他们担任什么?", ZIBO]


async def test_a_complete_question_is_left_alone(talk: Talk) -> None:
    conversations = talk()
    await answered(conversations, HERE, QUESTION)
    assert (await answered(conversations, HERE, ZIBO)).standalone == ZIBO


async def test_what_a_reader_got_is_kept_with_its_cost(
    talk: Talk, server: StubModelServer, tmp_path: Path
) -> None:
    conversations = talk(openai_base_url=server.base_url, chat_model="stub-model")
    answer = await answered(conversations, HERE, QUESTION, asker=ASKER)
    assert answer.mode == "llm"
    conversations.close()
    with closing(sqlite3.connect(tmp_path / "baoda.sqlite3")) as database:
        (row,) = database.execute(
            "select question, answer, mode, model, prompt_tokens, asker_id from message"
        ).fetchall()
        spent = database.execute("select asker_id, prompt_tokens, purpose from usage").fetchall()
    assert row == (QUESTION, answer.text, "llm", "stub-model", 11, ASKER)
    assert spent == [(ASKER, 11, "answer")]


async def test_beyond_the_budget_of_a_reader_answers_are_quotations_and_say_so(
    talk: Talk, server: StubModelServer
) -> None:
    conversations = talk(
        openai_base_url=server.base_url, user_daily_token_budget=18, answer_cache=0
    )
    first = await answered(conversations, HERE, QUESTION, asker=ASKER)
    second = await answered(conversations, HERE, QUESTION, asker=ASKER)
    other = await answered(conversations, HERE, QUESTION, asker=OTHER)
    assert [one.mode for one in (first, second, other)] == ["llm", "extractive", "llm"]
    assert second.notice is Notice.OWN_BUDGET_SPENT
    assert notice(second, SIMPLIFIED) == SIMPLIFIED.own_budget_spent
    assert len(server.requests) == 2


async def test_beyond_the_budget_of_all_nobody_spends(talk: Talk, server: StubModelServer) -> None:
    conversations = talk(openai_base_url=server.base_url, daily_token_budget=18, answer_cache=0)
    answers = [
        await answered(conversations, HERE, QUESTION, asker=asker) for asker in (ASKER, OTHER, None)
    ]
    assert [one.notice for one in answers] == [None, Notice.BUDGET_SPENT, Notice.BUDGET_SPENT]
    assert "150名" in answers[-1].text


async def test_that_the_model_rests_is_said_once_in_each_place(
    talk: Talk, server: StubModelServer
) -> None:
    server.respond_with(lambda _: Response(status=401, text="bad key"))
    conversations = talk(openai_base_url=server.base_url)
    for _ in range(FAILURES):
        await answered(conversations, HERE, QUESTION)
    said = [await answered(conversations, place, QUESTION) for place in (HERE, HERE, THERE, THERE)]
    assert [one.notice for one in said] == [Notice.MODEL_RESTS, None] * 2
    assert {one.mode for one in said} == {"fallback"}


async def test_a_store_that_fails_stops_no_answer(
    talk: Talk, server: StubModelServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = talk(openai_base_url=server.base_url, daily_token_budget=1_000)
    with closing(sqlite3.connect(tmp_path / "baoda.sqlite3")) as database:
        for table in ("feedback", "message", "conversation", "usage", "pending"):
            database.execute(f"drop table if exists {table}")
        database.commit()
    reply = await conversations.answer(HERE, QUESTION, asker=ASKER)
    assert (reply.answer.mode, "150名" in reply.answer.text) == ("llm", True)
    assert reply.id is None
    assert not await conversations.rate(1, ASKER, 1)
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert errors
    assert not any("\n" in line for line in errors)
