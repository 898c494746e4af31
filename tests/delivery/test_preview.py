"""What is written so far is shown now and then, and nothing waits for it."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.telegram.delivery import Calls, FloodWaits, Preview, Target, typing
from bot.telegram.rendering import Part
from tests.delivery.simulated import (
    DROPPED,
    FAILED,
    SmallTelegram,
    Trouble,
    flood,
    forget,
    make_bot,
    simulate,
)

READER, GROUP = 1001, -100_1003


async def _nowhere(former: int, new: int) -> None:
    raise AssertionError("nothing moves here")


class Stage:
    """A preview that gets another sentence ten times a second."""

    def __init__(self, chat: int = READER, message_id: int | None = None) -> None:
        self.telegram = SmallTelegram()
        self.begun: list[int] = []
        self.calls = Calls(FloodWaits(forget), _nowhere)
        self.bot = make_bot(self.telegram)
        self.chat = chat
        self.preview = Preview(
            self.bot, self.calls, Target(chat), message_id=message_id, begun=self._begun
        )

    async def write(self, seconds: float, *, changes: bool = True) -> None:
        """Go on writing for a while."""
        for number in range(round(seconds * 10)):
            text = f"句{number if changes else 0}"
            self.preview.show(Part(text, text))
            await asyncio.sleep(0.1)

    async def _begun(self, message_id: int) -> None:
        self.begun.append(message_id)


def play(scene: Callable[[Stage], Coroutine[Any, Any, None]], chat: int = READER) -> Stage:
    async def played() -> Stage:
        stage = Stage(chat)
        await scene(stage)
        await stage.preview.end()
        return stage

    return simulate(played())


@pytest.mark.parametrize(("chat", "seconds"), [(READER, 1.5), (GROUP, 3.0)])
def test_one_message_is_edited_at_most_so_often(chat: int, seconds: float) -> None:
    stage = play(lambda stage: stage.write(10), chat)
    assert len(stage.telegram.times("sendMessage")) == 1
    times = [call.at for call in stage.telegram.calls]
    assert len(times) >= 4
    assert all(later - first > seconds - 0.001 for first, later in itertools.pairwise(times))
    assert len(stage.begun) == 1


def test_what_did_not_change_is_not_shown_again() -> None:
    stage = play(lambda stage: stage.write(10, changes=False))
    assert len(stage.telegram.calls) == 1


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
@pytest.mark.parametrize("trouble", [flood(30), FAILED, DROPPED], ids=["flood", "500", "dropped"])
def test_trouble_ends_the_preview(method: str, trouble: Trouble) -> None:
    async def scene(stage: Stage) -> None:
        stage.telegram.order(method, trouble)
        await stage.write(10)

    stage = play(scene)
    assert stage.telegram.calls[-1].method == method
    assert len(stage.telegram.calls) == (1 if method == "sendMessage" else 2)


def test_the_end_waits_for_what_is_on_its_way() -> None:
    async def scene(stage: Stage) -> None:
        stage.telegram.order("sendMessage", Trouble(200, seconds=5))
        await stage.write(1)
        await stage.preview.end()
        assert asyncio.get_running_loop().time() == 5
        assert stage.preview.message_id is not None

    play(scene)


def test_typing_is_shown_until_it_is_ended_and_never_during_a_flood_wait() -> None:
    telegram = SmallTelegram()

    async def scene() -> None:
        calls, bot = Calls(FloodWaits(forget), _nowhere), make_bot(telegram)
        telegram.order("sendChatAction", Trouble(200), flood(10))
        async with typing(bot, calls, Target(READER)) as enough:
            await asyncio.sleep(30)
            enough()
            await asyncio.sleep(30)

    simulate(scene())
    assert telegram.times("sendChatAction") == [0, 4.5, 18, 22.5, 27]
