"""A crowd of readers who ask the real bot, with Telegram at its worst and the bot restarted.

The same questions are first asked without faults, so that every answer is known beforehand.
"""

import asyncio
import collections
import json
import random
import shutil
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.faults import FaultPlan
from tests.e2e.running import RunningBot, new_reader, until

_FIRST_CHAT = 20_000  # always the same: the faults of a plan go by the chat
PLACEHOLDER = "⏳"
"""May stay behind where Telegram's reply to it was lost."""

_AHEAD = 2
"""How many questions a reader asks before the first of them is answered."""

Parts = tuple[str, ...]
"""The texts of the messages that answer one question."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What one reader asks, in order, and what is answered without faults."""

    questions: tuple[str, ...]
    answers: tuple[Parts, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A dialogue in a chat: the message_ids of the questions, as far as they are asked."""

    chat_id: int
    dialogue: Dialogue
    message_ids: list[int]

    def findings(self, api: EmulatedBotApi, *, most: int) -> list[str]:
        """What is wrong in the chat; each message is to be there once, at most `most` times."""
        due, found = self._due(), []
        places = self._places(api)
        for place, message in zip(places, api.sent(self.chat_id), strict=True):
            if place is None and (message.text != PLACEHOLDER or most == 1):
                found.append(f"{self.chat_id}: not an answer of this chat: {message.text!r}")
        came = [place for place in places if place is not None]
        counts = collections.Counter(came)
        for place, (question, text) in enumerate(due):
            if not 1 <= counts[place] <= most:
                found.append(f"{self.chat_id}: {counts[place]} times, to {question}: {text!r}")
        firsts = list(dict.fromkeys(came))
        if firsts != sorted(firsts):
            found.append(f"{self.chat_id}: out of order: {firsts}")
        return found

    def answered(self, api: EmulatedBotApi) -> int:
        """How many of the messages that are due are there."""
        return len(set(self._places(api)) - {None})

    def _due(self) -> list[tuple[int, str]]:
        """The messages that answer what is asked so far, each with its question's message_id."""
        pairs = zip(self.message_ids, self.dialogue.answers, strict=False)
        return [(asked, text) for asked, parts in pairs for text in parts]

    def _places(self, api: EmulatedBotApi) -> list[int | None]:
        """For each message in the chat, which of those that are due it is; None: none."""
        due = self._due()
        places: list[int | None] = []
        following = 0
        for message in api.sent(self.chat_id):
            same = [
                place
                for place, (question, text) in enumerate(due)
                if text == message.text and message.reply_to in (question, None)
            ]
            nearest = min(same, key=lambda place: abs(place - following), default=None)
            places.append(nearest)
            following = following if nearest is None else nearest + 1
        return places


def dialogues(readers: int, questions: int) -> list[Dialogue]:
    """As many readers, and questions in all, from those that the shipped corpus answers.

    Every reader begins elsewhere, so that no two ask the same in the same order.
    """
    lines = (CORPUS / "golden.jsonl").read_text("utf-8").splitlines()
    golden = [one["question"] for one in map(json.loads, lines) if one["article_id"]]
    each, more = divmod(questions, readers)
    made = []
    for reader in range(readers):
        chance = random.Random(reader)
        made.append(Dialogue(tuple(chance.sample(golden, each + (reader < more)))))
    return made


async def with_answers(made: Iterable[Dialogue], folder: Path, data_dir: Path) -> list[Dialogue]:
    """The dialogues with the answers that a bot gives when nothing is in its way."""
    shutil.copytree(data_dir, folder / "data")
    async with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url, CORPUS_DIR=CORPUS) as bot:
            await bot.wait_for_line("is listening")
            return await asyncio.gather(*(_converse(api, one) for one in made))


async def _converse(api: EmulatedBotApi, dialogue: Dialogue) -> Dialogue:
    chat = new_reader()
    asked = []
    for question in dialogue.questions:
        asked.append(api.send_text(question, chat))
        await api.wait_for_message(
            chat, timeout=120, matching=lambda message: message.reply_to == asked[-1]
        )
    await asyncio.sleep(1)  # further parts of the last answer
    answers: dict[int, list[str]] = {}
    for message in api.sent(chat):
        if message.reply_to is not None:
            parts = answers.setdefault(message.reply_to, [])
        parts.append(message.text)
    return Dialogue(dialogue.questions, tuple(tuple(answers[one]) for one in asked))


class Crowd:
    """Readers who ask a bot that is ended and started again, over one folder of data."""

    def __init__(self, made: Sequence[Dialogue], folder: Path, data_dir: Path) -> None:
        self.asked = [Asked(chat, one, []) for chat, one in enumerate(made, _FIRST_CHAT)]
        self.faults: collections.Counter[str] = collections.Counter()
        """How many faults of each kind the bot met."""
        self._folder = folder
        shutil.copytree(data_dir, folder / "data")

    async def run(
        self,
        plan: FaultPlan,
        *,
        endings: Sequence[signal.Signals],
        patience_seconds: float,
        most: int = 1,
    ) -> list[str]:
        """What went wrong. The bot is ended by each of the signals, after even shares of answers.

        A reader who is not answered for `patience_seconds` asks on; as long is waited at the end.
        """
        async with EmulatedBotApi(fault_plan=plan) as api, asyncio.TaskGroup() as group:
            asking = [
                group.create_task(self._ask(api, one, patience_seconds)) for one in self.asked
            ]
            for number, ending in enumerate(endings, start=1):
                with self._bot(api) as bot:
                    await bot.wait_for_line("is listening", timeout=120)
                    await self._until_answered(
                        api, number / (len(endings) + 1), 10 * patience_seconds
                    )
                    bot.process.send_signal(ending)
                    await bot.wait()
            with self._bot(api):
                await asyncio.wait(asking)
                await asyncio.sleep(2)  # what comes twice comes late
            found = [line for one in self.asked for line in one.findings(api, most=most)]
            for call in api.flood_violations:
                found.append(f"{call.chat_id}: {call.method} during a flood wait")
            self.faults = collections.Counter(one.kind for one in api.faults)
            return found

    def _bot(self, api: EmulatedBotApi) -> RunningBot:
        return RunningBot(self._folder, api.base_url, CORPUS_DIR=CORPUS)

    async def _until_answered(self, api: EmulatedBotApi, share: float, timeout: float) -> None:
        """Return when this share of the answers is there, in the midst of the others."""
        parts = sum(len(one) for asked in self.asked for one in asked.dialogue.answers)
        with suppress(TimeoutError):
            await until(
                lambda: sum(one.answered(api) for one in self.asked) >= share * parts, timeout
            )

    @staticmethod
    async def _ask(api: EmulatedBotApi, asked: Asked, patience_seconds: float) -> None:
        chance = random.Random(asked.chat_id)
        parts = [len(one) for one in asked.dialogue.answers]
        for number, question in enumerate(asked.dialogue.questions):
            await _patiently(
                api, asked, sum(parts[: max(0, number + 1 - _AHEAD)]), patience_seconds
            )
            await asyncio.sleep(chance.random())
            asked.message_ids.append(api.send_text(question, asked.chat_id))
        await _patiently(api, asked, sum(parts), patience_seconds)


async def _patiently(
    api: EmulatedBotApi, asked: Asked, messages: int, patience_seconds: float
) -> None:
    """Wait until so many messages of answers are there, or for so long."""
    with suppress(TimeoutError):
        await until(lambda: asked.answered(api) >= messages, patience_seconds)
