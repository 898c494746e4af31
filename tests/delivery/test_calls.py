"""Telegram is called at the pace it asks for, and one chat's wait is no other's."""

import asyncio
import datetime
from typing import Any

import pytest
from telegram.error import RetryAfter

from bot.telegram.delivery.calls import Calls, FloodWait
from bot.telegram.delivery.waits import FloodWaits
from tests.delivery.simulated import forget, simulate


async def _never(former: int, new: int) -> None:
    raise AssertionError("nothing moves here")


def _recorded(moments: list[float]) -> Any:
    async def call(chat_id: int) -> int:
        moments.append(asyncio.get_running_loop().time())
        return chat_id

    return call


def moments_of(chats: list[int]) -> list[float]:
    """When messages to these chats, all wanted at once, were sent."""
    moments: list[float] = []

    async def scene() -> None:
        calls = Calls(FloodWaits(forget), _never)
        await asyncio.gather(*(calls.message(chat, _recorded(moments)) for chat in chats))

    simulate(scene())
    return sorted(moments)


def test_a_private_chat_gets_a_message_a_second() -> None:
    assert moments_of([5] * 4) == [0, 1, 2, 3]


def test_a_group_gets_twenty_a_minute() -> None:
    moments = moments_of([-5] * 45)
    for first, later in zip(moments, moments[20:], strict=False):
        assert later - first >= 60
    assert moments[19] < 60


def test_all_together_get_thirty_a_second() -> None:
    moments = moments_of(list(range(1, 101)))
    for first, later in zip(moments, moments[30:], strict=False):
        assert later - first >= 1
    assert moments[-1] < 4


def test_a_flood_wait_holds_up_no_other_chat() -> None:
    moments: list[float] = []

    async def scene() -> None:
        calls = Calls(FloodWaits(forget), _never)

        async def flooded(chat_id: int) -> None:
            raise RetryAfter(30)

        with pytest.raises(FloodWait):
            await calls.message(1, flooded)
        waiting = asyncio.create_task(calls.message(1, _recorded(moments)))
        others = [calls.message(chat, _recorded(moments)) for chat in range(2, 20)]
        await asyncio.gather(*others)
        await waiting

    simulate(scene())
    assert moments == [0] * 18 + [30]


def test_no_sign_and_no_glimpse_is_given_during_a_flood_wait() -> None:
    moments: list[float] = []

    async def scene() -> None:
        calls = Calls(FloodWaits(forget), _never)

        async def flooded(chat_id: int) -> None:
            raise RetryAfter(30)

        with pytest.raises(FloodWait):
            await calls.sign(1, flooded)
        assert await calls.sign(1, _recorded(moments)) is None
        assert await calls.glimpse(1, _recorded(moments)) is None
        await asyncio.sleep(30)
        assert await calls.sign(1, _recorded(moments)) == 1
        assert await calls.glimpse(1, _recorded(moments)) == 1

    simulate(scene())
    assert moments == [30, 30]


def test_glimpses_leave_room_in_a_group_for_answers() -> None:
    moments: list[float] = []

    async def scene() -> None:
        calls = Calls(FloodWaits(forget), _never)
        for _ in range(20):
            await calls.glimpse(-5, _recorded(moments))
            await asyncio.sleep(1)
        await calls.message(-5, _recorded(moments))
        assert asyncio.get_running_loop().time() < 21

    simulate(scene())
    assert len(moments) < 20


def test_chats_of_which_nothing_need_be_known_take_no_memory() -> None:
    async def scene() -> int:
        calls = Calls(FloodWaits(forget), _never)
        for chat in range(1, 5_000):
            await calls.message(chat, _recorded([]))
        return len(calls._chats)

    assert simulate(scene()) <= 2_000


def test_a_flood_wait_outlives_a_restart() -> None:
    kept: dict[str, datetime.datetime] = {}
    moments: list[float] = []

    async def keep(name: str, until: datetime.datetime) -> None:
        kept[name] = until

    async def before() -> None:
        async def flooded(chat_id: int) -> None:
            raise RetryAfter(30)

        with pytest.raises(FloodWait):
            await Calls(FloodWaits(keep), _never).message(1, flooded)

    async def after() -> None:
        waits = FloodWaits(keep)
        waits.recall(kept)
        calls = Calls(waits, _never)
        await calls.message(1, _recorded(moments))
        await calls.message(2, _recorded(moments))

    simulate(before())
    simulate(after())
    assert moments == pytest.approx([30, 30], abs=2)


def test_of_a_chat_that_wants_nothing_kept_pauses_are_obeyed_and_not_kept() -> None:
    kept: list[str] = []

    async def keep(name: str, until: datetime.datetime) -> None:
        kept.append(name)

    async def scene() -> None:
        waits = FloodWaits(keep)
        calls = Calls(waits, _never)
        calls.keep_no_waits(5)
        for name in (5, 6):
            await waits.begin(name, RetryAfter(3))
            assert waits.left(name) == 3

    simulate(scene())
    assert kept == ["6"]
