"""Whose question is worked on, and what those who wait are told."""

import asyncio
import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from telegram import Update

from bot.journal import Journal
from bot.store import Store
from bot.store.address import in_folder
from bot.telegram.delivery import Calls, Delivery, FloodWaits, Lanes
from bot.telegram.handlers import turns
from bot.telegram.handlers.turns import AT_ONCE, Turns
from bot.telegram.tickets import Ticket
from tests.delivery.simulated import SmallTelegram, forget, make_bot
from tests.e2e.running import until

ANNE, BERT = 11, 12


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is told soon."""
    monkeypatch.setattr(turns, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(turns, "_LOOK_AGAIN_SECONDS", 0.01)


async def _nowhere(former: int, new: int) -> None:
    raise AssertionError("nothing moves here")


class Office:
    """Questions in lanes, each worked on until it is told to be done."""

    def __init__(self, journal: Journal) -> None:
        self.begun: list[int] = []
        self.turns = Turns()
        self._journal = journal
        self._calls = Calls(FloodWaits(forget), _nowhere)
        self._bot = make_bot(SmallTelegram())
        self._lanes = Lanes()
        self._done: dict[int, asyncio.Event] = {}
        self._shown: dict[int, list[int]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def ask(self, number: int, person: int | None, lane: object) -> None:
        """Have a question taken."""
        self._done[number], self._shown[number] = asyncio.Event(), []
        ticket = Ticket(
            Update(number),
            place=self._lanes.join(lane),
            journal=self._journal,
            delivery=Delivery(self._bot, self._calls),
            calls=self._calls,
        )
        self._tasks[number] = asyncio.create_task(self._work(ticket, person))

    async def finish(self, number: int) -> None:
        """Let a question be done."""
        self._done[number].set()
        await self._tasks[number]

    def leave(self, number: int) -> None:
        """Let a question be given up."""
        self._tasks[number].cancel()

    async def begins(self, *numbers: int) -> None:
        """Return when these have been begun, in this order, and no other."""
        await until(lambda: len(self.begun) >= len(numbers), 5)
        await asyncio.sleep(0.02)
        assert self.begun == list(numbers)

    async def is_told(self, number: int, *ahead: int) -> None:
        """Return when whoever asked has been told these, and nothing else."""
        await until(lambda: len(self._shown[number]) >= len(ahead), 5)
        assert self._shown[number] == list(ahead)

    async def _work(self, ticket: Ticket, person: int | None) -> None:
        number = ticket.update.update_id
        try:
            async with self.turns.turn(ticket, person, self._shown[number].append):
                self.begun.append(number)
                await self._done[number].wait()
        finally:
            ticket.step_aside()

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    store = Store.open(in_folder(tmp_path), data_dir=tmp_path, retention=datetime.timedelta(days=9))
    journal = Journal(store)
    yield journal
    journal.close()


@pytest.fixture
def office(journal: Journal) -> Office:
    return Office(journal)


async def test_of_one_person_two_questions_are_worked_on_at_once(office: Office) -> None:
    for number in range(1, 6):
        office.ask(number, ANNE, lane=number)
    await office.begins(1, 2)
    await office.finish(2)
    await office.begins(1, 2, 3)
    await office.finish(1)
    await office.begins(1, 2, 3, 4)
    assert AT_ONCE == 2
    await office.close()


async def test_nobody_waits_for_the_questions_of_others(office: Office) -> None:
    for number in range(1, 5):
        office.ask(number, ANNE, lane=number)
    office.ask(5, BERT, lane=5)
    for number in range(6, 10):
        office.ask(number, None, lane=number)
    await office.begins(1, 2, 5, 6, 7, 8, 9)
    await office.close()


async def test_in_one_chat_one_question_after_another_is_worked_on(office: Office) -> None:
    for number, person in enumerate((ANNE, BERT, ANNE), start=1):
        office.ask(number, person, lane="chat")
    await office.begins(1)
    await office.finish(1)
    await office.begins(1, 2)
    await office.finish(2)
    await office.begins(1, 2, 3)
    await office.close()


async def test_those_who_wait_in_a_chat_are_told_their_places_as_they_go_down(
    office: Office,
) -> None:
    for number in range(1, 5):
        office.ask(number, ANNE, lane="chat")
    await office.is_told(2, 1)
    await office.is_told(3, 2)
    await office.is_told(4, 3)
    await office.finish(1)
    await office.is_told(3, 2, 1)
    await office.is_told(4, 3, 2)
    await office.finish(2)
    await office.is_told(4, 3, 2, 1)
    await office.is_told(1)
    await office.is_told(2, 1)
    await office.close()


async def test_those_who_wait_for_their_own_in_other_chats_are_told_too(office: Office) -> None:
    for number in range(1, 5):
        office.ask(number, ANNE, lane=number)
    await office.is_told(3, 1)
    await office.is_told(4, 2)
    await office.finish(1)
    await office.is_told(4, 2, 1)
    await office.close()


async def test_who_is_served_soon_is_told_nothing(office: Office) -> None:
    office.ask(1, ANNE, lane="chat")
    office.ask(2, ANNE, lane="chat")
    await office.finish(1)
    await office.begins(1, 2)
    await asyncio.sleep(0.1)
    await office.is_told(2)
    await office.close()


async def test_who_gives_up_leaves_the_turn_to_the_next(office: Office) -> None:
    for number in range(1, 6):
        office.ask(number, ANNE, lane=number)
    await office.begins(1, 2)
    office.leave(3)
    office.leave(1)
    await office.begins(1, 2, 4)
    await office.finish(2)
    await office.begins(1, 2, 4, 5)
    await office.close()


async def test_alone_nothing_of_that_person_is_worked_on(office: Office) -> None:
    office.ask(1, ANNE, lane=1)
    await office.begins(1)
    entered, leaving = asyncio.Event(), asyncio.Event()

    async def alone() -> None:
        async with office.turns.alone(ANNE):
            entered.set()
            await leaving.wait()

    task = asyncio.create_task(alone())
    await asyncio.sleep(0.02)
    assert not entered.is_set()
    office.ask(2, ANNE, lane=2)
    office.ask(3, BERT, lane=3)
    await office.finish(1)
    await entered.wait()
    await office.begins(1, 3)
    leaving.set()
    await task
    await office.begins(1, 3, 2)
    await office.close()


async def test_two_who_want_to_be_alone_do_not_wait_for_each_other_for_ever(office: Office) -> None:
    office.ask(1, ANNE, lane=1)
    office.ask(2, ANNE, lane=2)
    await office.begins(1, 2)

    async def alone() -> None:
        async with office.turns.alone(ANNE):
            await asyncio.sleep(0)

    both = asyncio.gather(alone(), alone())
    await asyncio.sleep(0.02)
    await office.finish(1)
    await office.finish(2)
    async with asyncio.timeout(5):
        await both
    office.ask(3, ANNE, lane=3)
    await office.begins(1, 2, 3)
    await office.finish(3)
    assert not office.turns._people


async def test_nothing_is_remembered_of_those_who_are_served(office: Office) -> None:
    for number in range(1, 4):
        office.ask(number, ANNE, lane=number)
    for number in range(1, 4):
        await office.finish(number)
    assert not office.turns._people
