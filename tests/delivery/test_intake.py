"""Updates are stored before they count as taken, worked on in order, and none is lost."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, Update
from telegram.ext import Application, MessageHandler, filters

from bot.journal import Journal
from bot.phrases import SIMPLIFIED
from bot.settings import Settings
from bot.store import Delivered, Store, StoreError
from bot.store.address import in_folder
from bot.telegram.delivery import Calls, Delivery, FloodWaits, Target
from bot.telegram.handlers.people import People
from bot.telegram.handlers.unexpected import Unexpected
from bot.telegram.intake import Intake
from bot.telegram.rendering import render_text
from bot.telegram.tickets import Ticket, Tickets
from tests.delivery.simulated import SmallTelegram, forget, make_bot

READER, OTHER, STRANGER = 1001, 1002, 1003
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)

Work = Callable[[Ticket], Awaitable[None]]


class Desk:
    """An intake over a folder, as it is after a start; what was worked on, in order."""

    def __init__(self, folder: Path, work: Work) -> None:
        self.store = Store.open(
            in_folder(folder), data_dir=folder, retention=datetime.timedelta(days=9)
        )
        self.journal = Journal(self.store)
        self.telegram = SmallTelegram()
        self.bot: Bot = make_bot(self.telegram)
        calls = Calls(FloodWaits(forget), _nowhere)
        self.worked: list[int] = []

        async def noted(ticket: Ticket) -> None:
            await ticket.turn()
            self.worked.append(ticket.update.update_id)
            await work(ticket)

        self.intake = Intake(
            bot=self.bot,
            journal=self.journal,
            calls=calls,
            delivery=Delivery(self.bot, calls),
            concerns_us=_is_no_chatter,
            is_fleeting=lambda update: update.inline_query is not None,
            is_heard=self._is_heard,
            is_admin=lambda update: False,
            work=noted,
        )

    async def _is_heard(self, update: Update) -> bool:
        await asyncio.sleep(0)
        user = update.effective_user
        return user is None or user.id != STRANGER

    def open_updates(self) -> list[int]:
        """What is not settled."""
        return [one.update_id for one in self.store.pending(LONG_AGO)]

    async def until_settled(self) -> None:
        """Return when all is done."""
        async with asyncio.timeout(20):
            while self.intake._running:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def started(folder: Path, work: Work) -> AsyncIterator[Desk]:
    desk = Desk(folder, work)
    try:
        yield desk
    finally:
        await desk.intake.finish()
        desk.journal.close()


async def _nowhere(former: int, new: int) -> None:
    raise AssertionError("nothing moves here")


def update(number: int, chat: int = READER, text: str = "问题") -> Update:
    message = {
        "message_id": number,
        "date": 1_700_000_000,
        "chat": {"id": chat, "type": "private", "first_name": "R"},
        "from": {"id": chat, "is_bot": False, "first_name": "R", "language_code": "zh"},
        "text": text,
    }
    taken = Update.de_json({"update_id": number, "message": message})
    assert taken is not None
    return taken


def inline(number: int) -> Update:
    reader = {"id": READER, "is_bot": False, "first_name": "R"}
    query = {"id": str(number), "from": reader, "query": "问题", "offset": ""}
    taken = Update.de_json({"update_id": number, "inline_query": query})
    assert taken is not None
    return taken


def _is_no_chatter(update: Update) -> bool:
    message = update.message
    if message is not None and message.text == "odd":
        raise ValueError("nothing like it was ever sent")
    return message is None or message.text != "chatter"


async def answer(ticket: Ticket) -> None:
    message = ticket.update.message
    assert message is not None
    await ticket.reply(
        render_text(f"答{ticket.update.update_id}"), Target(message.chat_id), question_id=message.id
    )


async def wait_for_ever(ticket: Ticket) -> None:
    await asyncio.Event().wait()


async def test_what_was_put_is_on_disk_and_settled_when_it_is_answered(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def work(ticket: Ticket) -> None:
        await go_on.wait()
        await answer(ticket)

    async with started(tmp_path, work) as desk:
        await desk.intake.put(update(1))
        assert desk.open_updates() == [1]
        go_on.set()
        await desk.until_settled()
        assert desk.open_updates() == []
        assert desk.telegram.texts(READER) == ["答1"]
        assert desk.store.delivered_for(READER, 1)[0].answer_id is None


async def test_what_is_not_for_the_bot_is_neither_worked_on_nor_stored(tmp_path: Path) -> None:
    async with started(tmp_path, answer) as desk:
        await desk.intake.take([update(1, text="chatter"), update(2), update(3, text="chatter")])
        await desk.until_settled()
        assert desk.worked == [2]
        assert desk.telegram.texts(READER) == ["答2"]
    assert b"chatter" not in (tmp_path / "baoda.sqlite3").read_bytes()


async def test_an_update_that_nobody_understands_stops_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(tmp_path, answer) as desk:
        await desk.intake.take([update(1, text="odd"), update(2)])
        await desk.until_settled()
        assert desk.worked == [1, 2]
    assert "nothing like it was ever sent" in caplog.text


async def test_an_inline_query_is_worked_on_beside_the_others_and_not_stored(
    tmp_path: Path,
) -> None:
    both_came = asyncio.Event()

    async def work(ticket: Ticket) -> None:
        if ticket.update.inline_query is not None:
            both_came.set()
            return
        await both_came.wait()
        assert desk.open_updates() == [1]

    async with started(tmp_path, work) as desk:
        await desk.intake.take([update(1), inline(2)])
        await desk.until_settled()
        assert sorted(desk.worked) == [1, 2]
        assert desk.open_updates() == []


async def test_an_update_that_comes_again_is_answered_once_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with started(tmp_path, answer) as desk:
        await desk.intake.take([update(1), update(1)])
        await desk.intake.put(update(1))
        await desk.until_settled()
        assert desk.worked == [1]
    async with started(tmp_path, answer) as desk:
        await desk.intake.resume(LONG_AGO)
        await desk.intake.put(update(1))
        await desk.until_settled()
        assert desk.worked == []


async def test_what_was_left_open_is_answered_after_the_next_start_before_what_comes(
    tmp_path: Path,
) -> None:
    async with started(tmp_path, wait_for_ever) as desk:
        await desk.intake.take([update(1), update(2), update(3, OTHER)])
        for task, ticket in desk.intake._running.items():
            assert ticket.outcome == "nothing to say"
            task.cancel()
    async with started(tmp_path, answer) as desk:
        await desk.intake.resume(LONG_AGO)
        await desk.intake.take([update(4)])
        await desk.until_settled()
        assert desk.telegram.texts(READER) == ["答1", "答2", "答4"]
        assert desk.telegram.texts(OTHER) == ["答3"]


async def test_chats_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def work(ticket: Ticket) -> None:
        if ticket.update.update_id == 1:
            await asyncio.Event().wait()
        await answer(ticket)

    async with started(tmp_path, work) as desk:
        await desk.intake.take([update(1), update(2), update(3, OTHER)])
        async with asyncio.timeout(20):
            while not desk.telegram.texts(OTHER):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert desk.worked == [1, 3]
        for task in desk.intake._running:
            task.cancel()


async def test_nothing_of_a_stranger_is_stored_and_nobody_waits_behind_one(tmp_path: Path) -> None:
    async with started(tmp_path, answer) as desk:
        await desk.intake.take([update(1, STRANGER), update(2), update(3, STRANGER)])
        assert desk.open_updates() == [2]
        await desk.intake.take([update(4, STRANGER)])
        await desk.until_settled()
        assert desk.worked == [2]
        assert not desk.intake._lanes._last


async def test_what_cannot_be_stored_is_answered_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StoreError("the disk is full")

    async with started(tmp_path, answer) as desk:
        for method in ("take", "note", "settle"):
            monkeypatch.setattr(desk.store, method, fail)
        await desk.intake.put(update(1))
        await desk.until_settled()
        assert desk.telegram.texts(READER) == ["答1"]
    assert "the disk is full" in caplog.text


async def test_what_could_not_be_settled_is_settled_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path, answer) as desk:
        settle, failures = desk.store.settle, 1

        def fail_once(
            update_id: int, outcome: str = "answered", delivered: tuple[Delivered, ...] = ()
        ) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise StoreError("the disk is full")
            settle(update_id, outcome, delivered)

        monkeypatch.setattr(desk.store, "settle", fail_once)
        await desk.intake.put(update(1))
        await desk.until_settled()
        assert desk.open_updates() == [1]
        await desk.intake.put(update(2))
        await desk.until_settled()
        assert desk.open_updates() == []


async def test_what_nobody_expected_is_logged_and_apologised_for_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    telegram, tickets = SmallTelegram(), Tickets()
    application: Application[Any, Any, Any, Any, Any, Any] = (
        Application.builder().bot(make_bot(telegram)).updater(None).build()
    )

    async def broken(update: Update, context: Any) -> None:
        raise RuntimeError("nobody expected this")

    application.add_handler(MessageHandler(filters.TEXT, broken))

    async def work(ticket: Ticket) -> None:
        with tickets.holding(ticket):
            await application.process_update(ticket.update)

    async with application, started(tmp_path, work) as desk:
        calls = Calls(FloodWaits(forget), _nowhere)
        people = People(Settings(), application.bot, calls, desk.journal)
        application.add_error_handler(Unexpected(people, tickets).apologise)
        await desk.intake.put(update(1))
        await desk.until_settled()
        assert desk.telegram.texts(READER) == [SIMPLIFIED.unexpected]
        assert desk.open_updates() == []
    assert caplog.text.count("unexpected error") == 1
