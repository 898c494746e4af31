"""Conversations: follow-ups, what is kept, budgets, and a store that fails."""

import datetime
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.conversations import Conversations, Place
from bot.ledger import Ledger
from bot.phrases import CHINESE, notice
from bot.settings import Settings
from bot.store import Store
from bot.store.address import in_folder
from bot.wiring import make_answerer
from retrieval.answering.model.breaker import FAILURES
from retrieval.types import Notice
from tests.model_server import Reply, StubModelServer
from tests.personas import number_of

HERE, THERE = Place("telegram", 7), Place("telegram", 7, 11)
ASKER, OTHER = 1001, 1002
QUESTION = "东城区选派了多少名干部担任社区专员?"
ZIBO = "“社区合伙人”联盟里有多少家机构?"
DAY = datetime.date(2026, 3, 5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(in_folder(tmp_path), retention=datetime.timedelta(days=90))
    yield opened
    opened.close()


Talk = Callable[..., Conversations]


@pytest.fixture
def talk(store: Store, corpus_data_dir: Path) -> Iterator[Talk]:
    """Conversations over the shipped corpus, with these settings."""
    made: list[Conversations] = []

    def begin(**settings: object) -> Conversations:
        values = Settings(data_dir=corpus_data_dir, **settings)  # type: ignore[arg-type]
        ledger = Ledger(
            store,
            today=lambda: DAY,
            of_all=values.daily_token_budget,
            of_each=values.user_daily_token_budget,
        )
        made.append(Conversations(make_answerer(values, ledger), store))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.fixture
def server() -> Iterator[StubModelServer]:
    with StubModelServer() as running:
        running.respond_with(lambda body: quoted(body))
        yield running


def quoted(body: dict[str, object]) -> str:
    """The sentence with the figure, marked as a faithful model would."""
    return f"东城区选派了150名干部担任社区专员[{number_of(body, '150名')}]。"


async def test_a_follow_up_is_understood_and_kept(talk: Talk, store: Store) -> None:
    conversations = talk()
    await conversations.answer(HERE, ZIBO)
    answer = await conversations.answer(HERE, "那东城区选派了多少名干部?")
    assert "150名" in answer.text
    shown = await conversations.answer(HERE, "他们担任什么?")
    assert shown.question == "他们担任什么?"
    assert shown.standalone != shown.question
    assert "社区专员" in shown.text
    kept = store.turns("telegram", 7, None, 10)
    assert kept[0].question == ZIBO
    assert kept[-1].standalone == shown.standalone


async def test_each_topic_is_a_conversation_of_its_own(talk: Talk) -> None:
    conversations = talk()
    await conversations.answer(HERE, QUESTION)
    there = await conversations.answer(THERE, "他们担任什么?")
    assert there.standalone == "他们担任什么?"


async def test_new_forgets(talk: Talk) -> None:
    conversations = talk()
    await conversations.answer(HERE, QUESTION)
    await conversations.forget(HERE)
    answer = await conversations.answer(HERE, "他们担任什么?")
    assert answer.standalone == answer.question


async def test_a_complete_question_is_left_alone(talk: Talk) -> None:
    conversations = talk()
    await conversations.answer(HERE, QUESTION)
    assert (await conversations.answer(HERE, ZIBO)).standalone == ZIBO


async def test_what_a_reader_got_is_kept_with_its_cost(
    talk: Talk, server: StubModelServer, tmp_path: Path
) -> None:
    conversations = talk(openai_base_url=server.base_url, chat_model="stub-model")
    answer = await conversations.answer(HERE, QUESTION, asker=ASKER)
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
    first = await conversations.answer(HERE, QUESTION, asker=ASKER)
    second = await conversations.answer(HERE, QUESTION, asker=ASKER)
    other = await conversations.answer(HERE, QUESTION, asker=OTHER)
    assert [one.mode for one in (first, second, other)] == ["llm", "extractive", "llm"]
    assert second.notice is Notice.OWN_BUDGET_SPENT
    assert notice(second, CHINESE) == CHINESE.own_budget_spent
    assert len(server.requests) == 2


async def test_beyond_the_budget_of_all_nobody_spends(talk: Talk, server: StubModelServer) -> None:
    conversations = talk(openai_base_url=server.base_url, daily_token_budget=18, answer_cache=0)
    answers = [
        await conversations.answer(HERE, QUESTION, asker=asker) for asker in (ASKER, OTHER, None)
    ]
    assert [one.notice for one in answers] == [None, Notice.BUDGET_SPENT, Notice.BUDGET_SPENT]
    assert "150名" in answers[-1].text


async def test_that_the_model_rests_is_said_once_in_each_place(
    talk: Talk, server: StubModelServer
) -> None:
    server.respond_with(lambda _: Reply(status=401, text="bad key"))
    conversations = talk(openai_base_url=server.base_url)
    for _ in range(FAILURES):
        await conversations.answer(HERE, QUESTION)
    said = [await conversations.answer(place, QUESTION) for place in (HERE, HERE, THERE, THERE)]
    assert [one.notice for one in said] == [Notice.MODEL_RESTS, None] * 2
    assert {one.mode for one in said} == {"fallback"}


async def test_a_store_that_fails_stops_no_answer(
    talk: Talk, server: StubModelServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = talk(openai_base_url=server.base_url, daily_token_budget=1_000)
    with closing(sqlite3.connect(tmp_path / "baoda.sqlite3")) as database:
        for table in ("feedback", "message", "conversation", "usage", "pending_question"):
            database.execute(f"drop table if exists {table}")
        database.commit()
    answer = await conversations.answer(HERE, QUESTION, asker=ASKER)
    assert (answer.mode, "150名" in answer.text) == ("llm", True)
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert errors
    assert not any("\n" in line for line in errors)
