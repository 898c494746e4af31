"""A message that shows how far something is is edited gently, and never after its end."""

import asyncio
import itertools

import pytest

from bot.telegram.delivery import Calls, FloodWaits, kept_up_to_date
from bot.telegram.rendering import Part
from tests.delivery.simulated import (
    FAILED,
    SmallTelegram,
    flood,
    forget,
    make_bot,
    simulate,
)

READER, GROUP = 1001, -100_1003


async def _nowhere(former: int, new: int) -> None:
    raise AssertionError("nothing moves here")


def shown(
    telegram: SmallTelegram, seconds: float, chat: int = READER, *, gone: bool = False
) -> list[float]:
    """When a message was edited that is otherwise every moment, for so many seconds."""
    numbers = itertools.count()

    def render() -> Part:
        text = f"第{next(numbers)}步"
        return Part(text, text)

    async def play() -> None:
        bot, calls = make_bot(telegram), Calls(FloodWaits(forget), _nowhere)
        message = await bot.send_message(chat, "第一步")
        number = 404 if gone else message.message_id
        async with kept_up_to_date(bot, calls, chat, number, render):
            await asyncio.sleep(seconds)
        await asyncio.sleep(60)

    simulate(play())
    return telegram.times("editMessageText")


@pytest.mark.parametrize(("chat", "least"), [(READER, 2.0), (GROUP, 4.0)])
def test_edits_come_at_a_gentle_rate_and_end_with_the_block(chat: int, least: float) -> None:
    times = shown(SmallTelegram(), 31, chat)
    assert len(times) == 31 // least
    assert all(later - first > least - 0.001 for first, later in itertools.pairwise(times))
    assert times[-1] - times[0] < 31


def test_a_flood_wait_is_kept_and_the_showing_goes_on_after_it() -> None:
    telegram = SmallTelegram()
    telegram.order("editMessageText", flood(10))
    times = shown(telegram, 31)
    assert times[1] - times[0] >= 10
    assert len(times) > 5


def test_a_fault_of_the_server_leaves_one_out() -> None:
    telegram = SmallTelegram()
    telegram.order("editMessageText", FAILED)
    assert len(shown(telegram, 31)) == 15


def test_a_message_that_is_gone_is_let_be() -> None:
    assert len(shown(SmallTelegram(), 31, gone=True)) == 1
