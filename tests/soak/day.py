"""Readers of a day, one question a second on average, and all of the bot but answerer and disk."""

import asyncio
import dataclasses
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from telegram import Update
from telegram.ext import Application

from bot.conversations import Conversations
from bot.desk.reloads import Reloads
from bot.settings import Settings
from bot.telegram.application import ForgettingApplication
from bot.telegram.delivery import Calls, Delivery, FloodWaits
from bot.telegram.intake import Intake
from bot.telegram.registering import register_handlers
from bot.telegram.tickets import Ticket, Tickets
from retrieval.answering.answerer import Answerer
from retrieval.types import Answer, Progress
from tests.delivery.simulated import SmallTelegram
from tests.e2e.bot_api import TOKEN
from tests.soak.answers import QuickAnswerer
from tests.soak.held import sizes
from tests.soak.journal import FleetingStore, QuickJournal
from tests.soak.telegram import BadTelegram

ADMIN = 1
_FIRST_READER = 1_000
_READERS = 2_000
_PATIENCE_SECONDS = 600.0
"""An answer that is not there by then is none."""

_MOST = {
    "Calls._chats": 2_000,
    "Conversations._told_of_rest": _READERS,
    "FloodWaits._ends": 100,
    "ForgettingApplication.error_handlers": 1,
    "ForgettingApplication.handlers": 2,
    "Quotas._asked": _READERS,
    "Quotas._paces": 1_001,
    "Taps._desks": 6,
}
"""What the bot may hold when all is answered."""

_RELOADS = 3_600
"""Questions between two of them."""


class Day:
    """The bot and its readers. Runs on a SimulatedLoop."""

    def __init__(self, answers: Sequence[Answer], data_dir: Path, seed: int = 1) -> None:
        self.wrong: list[str] = []
        """Questions that were not answered exactly once, in the words of what stands there."""
        self.did: Counter[str] = Counter()
        """What readers did."""
        self._chance = random.Random(seed)
        self.telegram = BadTelegram(self._chance)
        self.store = FleetingStore()
        self._updates = itertools.count(1)
        self._waiting: Counter[int] = Counter()
        """Questions by chat that are not looked at yet."""
        self._lives: set[asyncio.Task[None]] = set()
        settings = Settings(
            data_dir=data_dir,
            telegram_admin_ids=frozenset({ADMIN}),
            user_questions_per_minute=1_000,
        )
        builder = Application.builder().token(TOKEN).request(self.telegram)
        builder = builder.get_updates_request(SmallTelegram()).updater(None)
        self._application = builder.application_class(ForgettingApplication).build()
        bot, journal = self._application.bot, QuickJournal(self.store)
        answerer = cast(Answerer, QuickAnswerer(answers, self._chance))
        conversations = Conversations(answerer, journal)
        waits = FloodWaits(journal.note_wait)
        calls = Calls(waits, moved=journal.move_chat)
        delivery = Delivery(bot, calls)
        tickets, self._opened = Tickets(), AsyncExitStack()
        registered = register_handlers(
            self._application,
            settings,
            conversations,
            calls=calls,
            delivery=delivery,
            tickets=tickets,
            reloads=Reloads(settings, _reload_of_nothing),
            opened=self._opened,
        )

        async def work(ticket: Ticket) -> None:
            with tickets.holding(ticket):
                await self._application.process_update(ticket.update)

        self._intake = Intake(
            bot=bot,
            journal=journal,
            calls=calls,
            delivery=delivery,
            concerns_us=registered.people.concerns_us,
            is_fleeting=registered.people.is_fleeting,
            is_heard=registered.people.is_heard,
            is_admin=registered.people.is_admin,
            work=work,
        )
        self._parts = (
            self._intake,
            self._intake._lanes,
            tickets,
            waits,
            calls,
            delivery,
            conversations,
            *(getattr(registered, one.name) for one in dataclasses.fields(registered)),
            self._application,
        )

    async def pass_by(self, questions: int, looked: Callable[[int], None] = lambda _: None) -> None:
        """Have so many asked and answered; `looked` is told how many were asked."""
        async with self._application:
            asked = 0
            while asked < questions:
                at_once = min(self._at_once(), questions - asked)
                one_reader = self._chance.random() < 0.5
                reader = self._reader()
                for number in range(asked, asked + at_once):
                    await self._ask(reader if one_reader else self._reader(), number)
                before, asked = asked, asked + at_once
                if before // _RELOADS != asked // _RELOADS:
                    await self._reload()
                await asyncio.sleep(at_once)
                looked(asked)
            while self._lives:
                await asyncio.wait(self._lives)
            await self._intake.finish()
        await self._opened.aclose()

    def sizes(self) -> dict[str, int]:
        """How much every dictionary, set, list and queue of the bot holds, by its name."""
        return sizes(self._parts)

    def left(self) -> dict[str, int]:
        """What is not empty and will not be: none where nothing grows without end."""
        return {name: size for name, size in self.sizes().items() if size > _MOST.get(name, 0)}

    def _at_once(self) -> int:
        return self._chance.choices((1, 5, 20), (0.9, 0.08, 0.02))[0]

    def _reader(self) -> int:
        return _FIRST_READER + self._chance.randrange(_READERS)

    async def _ask(self, reader: int, number: int) -> None:
        message = self._message(reader, f"第{number}问")
        former = self.telegram.chats.get(reader)
        if former and self._chance.random() < 0.3:
            self.did["reply"] += 1
            message["reply_to_message"] = self._ours(reader, self._chance.choice(list(former)))
        self._waiting[reader] += 1
        self.did["question"] += 1
        await self._send(message=message)
        life = asyncio.create_task(self._live(reader, message))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    async def _live(self, reader: int, message: dict[str, Any]) -> None:
        """What becomes of a question."""
        loop, chance = asyncio.get_running_loop(), self._chance
        end = loop.time() + _PATIENCE_SECONDS
        await asyncio.sleep(chance.uniform(0.5, 5))
        await self._tap(reader, "stop", lambda data: data.startswith("s:"), 0.3)
        await asyncio.sleep(chance.uniform(5, 60))
        for _ in range(3):
            await self._tap(reader, "tap", lambda data: not data.startswith("s:"), 0.05)
            await asyncio.sleep(chance.uniform(0, 5))
        if chance.random() < 0.03:
            self.did["edit"] += 1
            message["text"] += "又"
            message["edit_date"] = message["date"] + 1
            await self._send(edited_message=message)
        if chance.random() < 0.01:
            self.did["command"] += 1
            command = chance.choice(("/start", "/help", "/new", "/id"))
            await self._send(message=self._message(reader, command))
        await asyncio.sleep(end - loop.time())
        self._look_at(reader, message)

    def _look_at(self, reader: int, message: dict[str, Any]) -> None:
        stand = self.telegram.replies(reader, message["message_id"])
        answers = [one for one in stand if _is_answer(one, message["text"])]
        # the further messages of a changed answer point at the question as well
        if len(answers) != 1 or stand[0] is not answers[0] or any(map(_is_unfinished, stand)):
            self.wrong.append(f"{message['text']}: {[one['text'][:40] for one in stand]}")
        self._waiting[reader] -= 1
        if not self._waiting[reader]:
            del self._waiting[reader]
            self.telegram.forget(reader)

    async def _tap(
        self, reader: int, what: str, wanted: Callable[[str], bool], share: float
    ) -> None:
        """Tap on any of the buttons that are wanted, at times."""
        buttons = [
            (number, data)
            for number, message in self.telegram.chats.get(reader, {}).items()
            for data in _buttons(message)
            if wanted(data)
        ]
        if not buttons or self._chance.random() > share:
            return
        self.did[what] += 1
        number, data = self._chance.choice(buttons)
        await self._send(
            callback_query={
                "id": str(number),
                "from": _person(reader),
                "chat_instance": str(reader),
                "data": data,
                "message": self._ours(reader, number),
            }
        )

    async def _reload(self) -> None:
        self.did["reload"] += 1
        self.telegram.forget(ADMIN)
        await self._send(message=self._message(ADMIN, "/reload"))

    async def _send(self, **content: dict[str, Any]) -> None:
        update = {"update_id": next(self._updates), **content}
        await self._intake.put(Update.de_json(update, self._application.bot))

    def _message(self, reader: int, text: str) -> dict[str, Any]:
        command = {"type": "bot_command", "offset": 0, "length": len(text)}
        return {
            "message_id": self.telegram.new_id(),
            "date": 1,
            "chat": _chat(reader),
            "from": _person(reader),
            "text": text,
            "entities": [command] if text.startswith("/") else [],
        }

    def _ours(self, reader: int, number: int) -> dict[str, Any]:
        stands = self.telegram.chats[reader][number]
        ours = {"id": self._application.bot.id, "is_bot": True, "first_name": "Baoda"}
        message = {"message_id": number, "date": 1, "chat": _chat(reader), "from": ours}
        markup = {name: stands[name] for name in ("reply_markup",) if name in stands}
        return message | {"text": stands["text"]} | markup


async def _reload_of_nothing(arguments: Sequence[str], progress: Progress) -> dict[str, Any]:
    await asyncio.sleep(3)
    nothing: dict[str, Any] = {"added": [], "changed": [], "removed": [], "failed": []}
    return nothing | {
        "previous": None,
        "unchanged": 5,
        "held": 0,
        "names": {},
        "outdated": False,
    }


def _is_answer(message: dict[str, Any], question: str) -> bool:
    """Whether it is the whole answer: what is still being written can be stopped."""
    return not _is_unfinished(message) and f"{question}:" in message["text"]


def _is_unfinished(message: dict[str, Any]) -> bool:
    return any(data.startswith("s:") for data in _buttons(message))


def _buttons(message: dict[str, Any]) -> Iterator[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return (button["callback_data"] for row in rows for button in row if "callback_data" in button)


def _chat(reader: int) -> dict[str, Any]:
    return {"id": reader, "type": "private", "first_name": "R"}


def _person(reader: int) -> dict[str, Any]:
    return {"id": reader, "is_bot": False, "first_name": "R", "language_code": "zh"}
