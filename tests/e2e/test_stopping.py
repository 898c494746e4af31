"""SIGTERM at any moment, a store that fails, a network that is away: no traceback anywhere."""

import asyncio
import contextlib
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from bot.store.address import FILE_NAME
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.faults import Fault
from tests.e2e.running import RunningBot, calls_for, new_reader
from tests.e2e.test_bot import SECONDS, THERE, WHERE, ask, reply_to
from tests.e2e.test_restarts import Faults, settled


@pytest.fixture
def folder(corpus_data_dir: Path, tmp_path: Path) -> Path:
    """A folder for a bot, with an index of the shipped corpus."""
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    return tmp_path


@pytest.mark.long
async def test_sigterm_waits_for_what_telegram_is_carrying_out(folder: Path) -> None:
    typing, answering = new_reader(), new_reader()
    slow = {("sendChatAction", typing), ("sendMessage", answering)}
    with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url) as bot:
            await ask(api, WHERE)
            api.fault_plan = Faults(
                lambda method, chat: (
                    Fault("slow", delay_seconds=10) if (method, chat) in slow else None
                )
            )
            asked = api.send_text(WHERE, answering)
            await api.wait_for(lambda _: "sendMessage" in calls_for(api, answering), SECONDS)
            asked_too = api.send_text(WHERE, typing)
            await api.wait_for(lambda _: "sendChatAction" in calls_for(api, typing), SECONDS)
            bot.process.send_signal(signal.SIGTERM)
            assert await bot.wait(SECONDS) == 0
            assert not bot.matching("through")
        assert [message.reply_to for message in api.sent(answering)] == [asked]
        assert [message.reply_to for message in api.sent(typing)] == [asked_too]
        assert settled(folder) == 3


@pytest.mark.parametrize("delay", [0.5, 1.5, 2.5])
async def test_sigterm_ends_a_bot_that_is_only_starting(folder: Path, delay: float) -> None:
    """Before there is a handler for the signal Python ends by it, as any program does."""
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url) as bot:
        await asyncio.sleep(delay)
        bot.process.send_signal(signal.SIGTERM)
        assert await bot.wait(SECONDS) in (0, -signal.SIGTERM)


@pytest.mark.long
async def test_more_than_one_sigterm_does_no_harm(folder: Path) -> None:
    reader = new_reader()
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url) as bot:
        await ask(api, WHERE)
        api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 2})
        api.send_text(WHERE, reader)
        await bot.wait_for_line("asks to wait 2 s", timeout=SECONDS)
        for _ in range(3):
            bot.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
        assert await bot.wait(SECONDS) == 0
        assert len(api.sent(reader)) == 1


async def test_a_name_that_cannot_be_resolved_is_waited_for_in_growing_pauses(
    tmp_path: Path,
) -> None:
    with RunningBot(tmp_path, "http://telegram.invalid") as bot:
        lines = await bot.wait_for_line("cannot be reached", 3, timeout=SECONDS)
        assert [line.rpartition("next try in ")[2] for line in lines] == ["1 s", "2 s", "4 s"]
        assert bot.lines == lines
        assert await bot.stop() == 0


async def test_answers_come_although_the_store_fails(folder: Path) -> None:
    reader = new_reader()
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url) as bot:
        await ask(api, WHERE)
        file = folder / "data" / FILE_NAME
        with contextlib.closing(sqlite3.connect(file)) as store, store:
            for table in ("pending", "delivered", "message"):
                store.execute(f"ALTER TABLE {table} RENAME TO lost_{table}")
        before = len(bot.matching("no such table"))
        assert THERE in (await ask(api, WHERE, reader)).text
        lines = await bot.wait_for_line("no such table", before + 1, timeout=SECONDS)
        assert bot.matching("questions cannot be kept until they are answered")
        assert all(" ERROR " in line for line in lines)
        assert await bot.stop() == 0
        assert len(api.sent(reader)) == 1


@pytest.mark.long
async def test_answers_come_although_the_store_was_held_by_another_program(folder: Path) -> None:
    reader = new_reader()
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url) as bot:
        await ask(api, WHERE)
        file = folder / "data" / FILE_NAME
        with contextlib.closing(sqlite3.connect(file)) as store:
            store.execute("BEGIN IMMEDIATE")
            asked = api.send_text(WHERE, reader)
            await bot.wait_for_line("is held by another program", timeout=SECONDS)
            store.rollback()
        assert THERE in (await reply_to(api, reader, asked)).text
        assert await bot.stop() == 0
        assert len(api.sent(reader)) == 1
