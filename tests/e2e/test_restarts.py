"""Questions that are open when the bot ends, by force or when asked to: answered once, in order."""

import contextlib
import datetime
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store.address import FILE_NAME
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.faults import Fault, FaultPlan, flood
from tests.e2e.readers import is_final
from tests.e2e.running import RunningBot, new_reader, until
from tests.e2e.test_bot import SECONDS, THERE, WHERE, ask, reply_to, written
from tests.model_server import Reply, StubModelServer

NEVER = 300.0
SENTENCE = "职工之家建在铁路小区“邻里中心”，面积有3000平方米。"

Met = Callable[[str, int | None], Fault | None]


class Faults(FaultPlan):
    """What `met` says of each request, by its method and its chat."""

    def __init__(self, met: Met) -> None:
        super().__init__(0, 0)
        self._met = met

    def next(self, method: str, chat_id: int | None) -> Fault | None:
        return self._met(method, chat_id)


@pytest.fixture
def folder(corpus_data_dir: Path, tmp_path: Path) -> Path:
    """A folder for a bot, with an index of the shipped corpus."""
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    return tmp_path


@pytest.fixture
def models() -> Iterator[StubModelServer]:
    with StubModelServer() as models:
        yield models


def with_model(models: StubModelServer) -> dict[str, object]:
    return {"OPENAI_BASE_URL": models.base_url, "ANSWER_CACHE": 0}


async def kill(bot: RunningBot) -> None:
    """End it as a power cut does."""
    bot.process.send_signal(signal.SIGKILL)
    await bot.wait()


async def end(bot: RunningBot, how: signal.Signals) -> None:
    """End it; when it is asked to, it ends as it should."""
    bot.process.send_signal(how)
    assert await bot.wait(SECONDS) == (0 if how == signal.SIGTERM else -signal.SIGKILL)


async def finals(api: EmulatedBotApi, chat: int, count: int) -> list[SentMessage]:
    """The messages in a chat, once there are so many that are final."""
    return await api.wait_for_message(chat, count, timeout=SECONDS, matching=is_final)


async def taken(api: EmulatedBotApi) -> None:
    """Nothing, once Telegram knows that all updates were taken."""
    await until(lambda: api.pending_updates == 0, SECONDS)


def noted(folder: Path) -> str:
    """What the store holds of replies that are on their way."""
    with contextlib.closing(sqlite3.connect(folder / "data" / FILE_NAME)) as store:
        return "\n".join(row[0] or "" for row in store.execute("SELECT outgoing FROM pending"))


def settled(folder: Path) -> int:
    """How many updates are done."""
    with contextlib.closing(sqlite3.connect(folder / "data" / FILE_NAME)) as store:
        query = "SELECT count(*) FROM pending WHERE settled_at IS NOT NULL"
        return int(store.execute(query).fetchone()[0])


def date_back(folder: Path, chat: int, age: datetime.timedelta) -> None:
    """Have it that what came from a chat was taken so long ago."""
    at = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - age
    with contextlib.closing(sqlite3.connect(folder / "data" / FILE_NAME)) as store, store:
        store.execute(
            "UPDATE pending SET taken_at = ? WHERE chat_id = ?", (at.isoformat(" "), chat)
        )


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGKILL, id="killed"),
        pytest.param(signal.SIGTERM, id="stopped", marks=pytest.mark.long),
    ],
)
async def test_open_questions_are_answered_once_and_in_order_after_the_next_start(
    folder: Path, models: StubModelServer, how: signal.Signals
) -> None:
    one, other = new_reader(), new_reader()
    models.respond_with(lambda body: Reply(written(body), delay_seconds=NEVER))
    with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url, **with_model(models)) as bot:
            asked = [api.send_text(WHERE, one) for _ in range(3)]
            asked_too = api.send_text(WHERE, other)
            await until(lambda: len(models.requests) == 2, SECONDS)
            await taken(api)
            await end(bot, how)
        assert api.sent(one) == api.sent(other) == []
        models.respond_with(written)
        with RunningBot(folder, api.base_url, **with_model(models)) as bot:
            await bot.wait_for_line("4 questions were left open", timeout=SECONDS)
            await finals(api, one, 3)
            await finals(api, other, 1)
            assert await bot.stop() == 0
        assert [message.reply_to for message in api.sent(one)] == asked
        assert [message.reply_to for message in api.sent(other)] == [asked_too]
        assert all(THERE in message.text for message in api.sent(one))
    assert settled(folder) == 4


@pytest.mark.long
async def test_an_answer_that_waits_for_flood_control_goes_on_where_it_was(
    folder: Path, models: StubModelServer
) -> None:
    reader = new_reader()
    sends = 0

    def only_the_first_send(method: str, chat: int | None) -> Fault | None:
        nonlocal sends
        sends += method == "sendMessage"
        return flood(12) if method == "sendMessage" and sends > 1 else None

    models.respond_with(
        lambda body: "\n".join(written(body, SENTENCE + "！" * more) for more in range(120))
    )
    with EmulatedBotApi() as api:
        api.fault_plan = Faults(only_the_first_send)
        with RunningBot(folder, api.base_url, **with_model(models)) as bot:
            asked = api.send_text(WHERE, reader)
            await bot.wait_for_line("asks to wait 12 s", timeout=SECONDS)
            await taken(api)
            await kill(bot)
        api.fault_plan = None
        (before,) = api.sent(reader)
        requests = len(models.requests)
        with RunningBot(folder, api.base_url, **with_model(models)) as bot:
            await finals(api, reader, 3)
            assert await bot.stop() == 0
        messages = api.sent(reader)
        assert len(models.requests) == requests
        assert messages[0] == before
        assert "".join(message.text for message in messages).count(SENTENCE) == 120
        assert [message.reply_to for message in messages] == [asked] + [None] * (len(messages) - 1)
        assert all(map(is_final, messages))


@pytest.mark.long
async def test_a_question_that_was_answered_is_not_answered_when_telegram_offers_it_again(
    folder: Path,
) -> None:
    reader = new_reader()
    with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url) as bot:
            await ask(api, WHERE)
            # nothing tells Telegram that the question was taken
            api.fault_plan = Faults(
                lambda method, _: Fault("error", 500, "no") if method == "getUpdates" else None
            )
            asked = api.send_text(WHERE, reader)
            await reply_to(api, reader, asked)
            await until(lambda: settled(folder) == 2, SECONDS)
            await kill(bot)
        assert api.pending_updates == 1
        api.fault_plan = None
        with RunningBot(folder, api.base_url) as bot:
            await ask(api, WHERE)
            await taken(api)
            assert await bot.stop() == 0
        assert len(api.sent(reader)) == 1


@pytest.mark.long
async def test_the_message_that_showed_the_beginning_becomes_the_answer(
    folder: Path, models: StubModelServer
) -> None:
    reader, never = new_reader(), threading.Event()

    def halting(sentence: str) -> Iterator[str]:
        yield sentence
        yield "\n职工之家"
        never.wait(60)

    models.respond_with(lambda body: Reply(chunks=halting(written(body))))
    with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url, **with_model(models)) as bot:
            asked = api.send_text(WHERE, reader)
            (begun,) = await api.wait_for_message(
                reader, timeout=SECONDS, matching=lambda message: THERE in message.text
            )
            assert not is_final(begun)
            await taken(api)
            await until(lambda: str(begun.message_id) in noted(folder), SECONDS)
            await end(bot, signal.SIGTERM)
            never.set()
        models.respond_with(written)
        with RunningBot(folder, api.base_url, **with_model(models)) as bot:
            answer = await reply_to(api, reader, asked)
            assert await bot.stop() == 0
        assert answer.message_id == begun.message_id
        assert answer.text.startswith("职工之家建在铁路小区。[1]")
        assert len(api.sent(reader)) == 1


@pytest.mark.long
async def test_a_question_that_is_too_old_is_not_answered(
    folder: Path, models: StubModelServer
) -> None:
    old, young = new_reader(), new_reader()
    models.respond_with(lambda body: Reply(written(body), delay_seconds=NEVER))
    settings = {"PENDING_HOURS": 2, **with_model(models)}
    with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url, **settings) as bot:
            api.send_text(WHERE, old)
            asked = api.send_text(WHERE, young)
            await until(lambda: len(models.requests) == 2, SECONDS)
            await taken(api)
            await kill(bot)
        models.respond_with(written)
        for reader, hours in ((old, 2.1), (young, 1.9)):
            date_back(folder, reader, datetime.timedelta(hours=hours))
        with RunningBot(folder, api.base_url, **settings) as bot:
            await reply_to(api, young, asked)
            await bot.wait_for_line("1 questions were left open", timeout=SECONDS)
            assert await bot.stop() == 0
        assert api.sent(old) == []
        assert len(api.sent(young)) == 1


@pytest.mark.long
async def test_updates_whose_numbers_begin_anew_are_answered(folder: Path) -> None:
    reader = new_reader()
    for question in (WHERE, "珠穆朗玛峰有多高?"):
        with EmulatedBotApi() as api, RunningBot(folder, api.base_url) as bot:
            asked = [api.send_text(question, reader) for _ in range(2)]
            await finals(api, reader, 2)
            assert await bot.stop() == 0
            assert [message.reply_to for message in api.sent(reader)] == asked
