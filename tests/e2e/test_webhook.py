"""The bot behind a webhook: what it does by polling, and what reaches it from elsewhere."""

import contextlib
import random
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.readers import is_final
from tests.e2e.running import RunningBot, Wire, new_reader, until
from tests.e2e.test_bot import SECONDS, THERE, WHERE, ask, reply_to, written
from tests.e2e.test_restarts import settled
from tests.model_server import Reply, StubModelServer

SECRET = "PLANTED-word-of-the-test"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
UPDATE = {"update_id": 10**6}


@dataclass(frozen=True)
class Hooked:
    """A bot behind a webhook."""

    api: EmulatedBotApi
    bot: RunningBot
    url: str


def free_port() -> int:
    """A port that nobody listens at, and that no connection is given by chance."""
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")


def hook(port: int) -> dict[str, object]:
    """Settings for a webhook without a proxy before it."""
    return {
        "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/baoda",
        "TELEGRAM_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
    }


@pytest.fixture(scope="module")
def hooked(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooked]:
    folder = tmp_path_factory.mktemp("hooked")
    shutil.copytree(corpus_data_dir, folder / "data")
    settings = hook(free_port())
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings) as bot:
        yield Hooked(api, bot, str(settings["TELEGRAM_WEBHOOK_URL"]))


@pytest.fixture
def folder(corpus_data_dir: Path, tmp_path: Path) -> Path:
    """A folder for a bot, with an index of the shipped corpus."""
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    return tmp_path


async def listening(hooked: Hooked) -> None:
    await hooked.bot.wait_for_line("Telegram sends to", timeout=SECONDS)


async def post(url: str, **request: object) -> int:
    """The status of what somebody posts to the webhook."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(url, timeout=SECONDS, **request)).status_code  # type: ignore[arg-type]


async def test_a_question_is_answered(hooked: Hooked) -> None:
    reader = new_reader()
    assert THERE in (await ask(hooked.api, WHERE, reader)).text
    assert len(hooked.api.sent(reader)) == 1
    assert not [call for call in hooked.api.calls if call.method == "getUpdates"]


async def test_questions_of_one_chat_are_answered_in_order(hooked: Hooked) -> None:
    reader = new_reader()
    asked = [hooked.api.send_text(WHERE, reader) for _ in range(3)]
    await hooked.api.wait_for_message(reader, 3, timeout=SECONDS, matching=is_final)
    assert [message.reply_to for message in hooked.api.sent(reader)] == asked


async def test_a_button_opens_what_it_says(hooked: Hooked) -> None:
    reader = new_reader()
    answer = await ask(hooked.api, WHERE, reader)
    opening = next(one for one in answer.buttons if one.get("callback_data", "").startswith("c:"))
    hooked.api.press(reader, answer.message_id, opening["callback_data"])
    messages = await hooked.api.wait_for_message(reader, 2, timeout=SECONDS)
    assert THERE in messages[-1].text


async def test_an_edited_question_changes_its_answer(hooked: Hooked) -> None:
    reader = new_reader()
    asked = hooked.api.send_text("珠穆朗玛峰有多高?", reader)
    former = await reply_to(hooked.api, reader, asked)
    hooked.api.edit_text(reader, asked, WHERE)
    (answer,) = await hooked.api.wait_for_message(
        reader, timeout=SECONDS, matching=lambda message: THERE in message.text
    )
    assert answer.message_id == former.message_id
    assert len(hooked.api.sent(reader)) == 1


@pytest.mark.parametrize(
    "headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: f"{SECRET}s"}, {SECRET_HEADER: "密"}]
)
async def test_what_does_not_carry_the_secret_is_turned_away(
    hooked: Hooked, headers: dict[str, str]
) -> None:
    await listening(hooked)
    spelt = {name: value.encode() for name, value in headers.items()}
    assert await post(hooked.url, json=UPDATE, headers=spelt) == 403


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"update_id": "x", "message": 1}', b"\xff"],
)
async def test_what_is_no_update_is_one_line(hooked: Hooked, content: bytes) -> None:
    await listening(hooked)
    before = len(hooked.bot.matching("is no update"))
    headers = {SECRET_HEADER: SECRET}
    assert await post(hooked.url, content=content, headers=headers) == 400
    await hooked.bot.wait_for_line("is no update", before + 1, timeout=SECONDS)
    assert THERE in (await ask(hooked.api, WHERE)).text


async def test_the_webhook_is_nowhere_else_and_takes_nothing_else(hooked: Hooked) -> None:
    await listening(hooked)
    headers = {SECRET_HEADER: SECRET}
    assert await post(f"{hooked.url}/more", json=UPDATE, headers=headers) == 404
    async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
        assert (await client.get(hooked.url, timeout=SECONDS)).status_code == 405


async def test_a_body_that_is_too_large_is_refused_without_a_traceback(hooked: Hooked) -> None:
    await listening(hooked)
    try:
        status = await post(hooked.url, content=b" " * 2**20, headers={SECRET_HEADER: SECRET})
    except httpx.TransportError:
        status = 400  # the connection was closed while more was to come
    assert status == 400
    assert THERE in (await ask(hooked.api, WHERE)).text


async def test_an_update_that_is_posted_twice_is_answered_once(hooked: Hooked) -> None:
    await listening(hooked)
    reader = new_reader()
    chat = {"id": reader, "type": "private", "first_name": "Reader"}
    sender = {"id": reader, "is_bot": False, "first_name": "Reader", "language_code": "zh-hans"}
    message = {"message_id": 10**6, "date": 1_700_000_000, "chat": chat, "from": sender}
    update = {"update_id": 10**6, "message": message | {"text": "/id"}}
    hooked.api.send_text("/start", reader)  # for the chat to be known
    await hooked.api.wait_for_message(reader, timeout=SECONDS)
    for _ in range(2):
        assert await post(hooked.url, json=update, headers={SECRET_HEADER: SECRET}) == 200
    await ask(hooked.api, WHERE, reader)
    assert len(hooked.api.sent(reader)) == 3


@pytest.mark.long
async def test_questions_that_are_open_at_the_end_are_answered_after_the_next_start(
    folder: Path,
) -> None:
    reader, settings = new_reader(), hook(free_port())
    with EmulatedBotApi() as api, StubModelServer() as models:
        models.respond_with(lambda body: Reply(written(body), delay_seconds=300))
        settings |= {"OPENAI_BASE_URL": models.base_url, "ANSWER_CACHE": 0}
        with RunningBot(folder, api.base_url, **settings) as bot:
            asked = [api.send_text(WHERE, reader) for _ in range(2)]
            await until(lambda: len(models.requests) == 1 and api.pending_updates == 0, SECONDS)
            bot.process.kill()
            await bot.wait(SECONDS)
        asked.append(api.send_text(WHERE, reader))  # which Telegram posts until it is taken
        models.respond_with(written)
        with RunningBot(folder, api.base_url, **settings) as bot:
            await bot.wait_for_line("2 questions were left open", timeout=SECONDS)
            await api.wait_for_message(reader, 3, timeout=SECONDS, matching=is_final)
            assert await bot.stop() == 0
        assert [message.reply_to for message in api.sent(reader)] == asked


@pytest.mark.long
async def test_a_bot_goes_back_from_a_webhook_to_polling(folder: Path) -> None:
    port = free_port()
    made_up = {name: value for name, value in hook(port).items() if "SECRET" not in name}
    with EmulatedBotApi() as api:
        for settings in (made_up, {}):
            with RunningBot(folder, api.base_url, **settings) as bot:
                assert THERE in (await ask(api, WHERE)).text
                assert await bot.stop() == 0
            assert not bot.matching("another program")


async def test_an_address_that_is_in_use_is_one_line(folder: Path) -> None:
    with EmulatedBotApi() as api, socket.create_server(("127.0.0.1", 0)) as taken:
        settings = hook(taken.getsockname()[1])
        with RunningBot(folder, api.base_url, **settings) as bot:
            assert await bot.wait(SECONDS) == 1
        (line,) = bot.lines
        assert "TELEGRAM_WEBHOOK_LISTEN: cannot be listened at" in line
        assert not [call for call in api.calls if call.method == "setWebhook"]


async def test_a_url_that_telegram_refuses_is_one_line(folder: Path) -> None:
    settings = hook(free_port()) | {"TELEGRAM_WEBHOOK_URL": "http://baoda.example/hook"}
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings) as bot:
        assert await bot.wait(SECONDS) == 1
    (line,) = bot.lines
    assert "TELEGRAM_WEBHOOK_URL: Telegram refuses it" in line


@pytest.mark.long
async def test_a_webhook_waits_for_a_telegram_that_is_away_at_start_and_later(
    folder: Path,
) -> None:
    reader, settings = new_reader(), hook(free_port())
    with EmulatedBotApi() as api:
        async with Wire(api) as wire:
            with RunningBot(folder, wire.base_url, **settings) as bot:
                lines = await bot.wait_for_line("cannot be reached", 2, timeout=SECONDS)
                assert [line.rpartition("next try in ")[2] for line in lines] == ["1 s", "2 s"]
                await wire.mend()
                assert THERE in (await ask(api, WHERE, reader)).text
                await until(lambda: settled(folder) == 1, SECONDS)
                await wire.cut()
                asked = api.send_text(WHERE, reader)
                lines = await bot.wait_for_line("is not through yet", 2, timeout=SECONDS)
                assert [line.rpartition("next try in ")[2] for line in lines] == ["1 s", "2 s"]
                await wire.mend()
                assert THERE in (await reply_to(api, reader, asked)).text
                assert await bot.stop() == 0
        assert len(api.sent(reader)) == 2


async def test_sigterm_ends_a_webhook_that_waits_for_telegram(folder: Path) -> None:
    with EmulatedBotApi() as api:
        api.fail_next("setWebhook", 502, "Bad Gateway", times=100)
        with RunningBot(folder, api.base_url, **hook(free_port())) as bot:
            await bot.wait_for_line("cannot be reached.*next try in 1 s", timeout=SECONDS)
            assert await bot.stop() == 0
