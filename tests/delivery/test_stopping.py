"""A stop comes through, whoever swallows a cancellation."""

import asyncio

import pytest

from bot.telegram import application
from tests.delivery.simulated import simulate


@pytest.mark.parametrize("swallowed", [0, 1, 3])
def test_work_ends_although_cancellations_are_swallowed(swallowed: int) -> None:
    async def work() -> None:
        left = swallowed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if not left:
                    raise
                left -= 1

    async def scene() -> float:
        stopping = asyncio.Event()
        asyncio.get_running_loop().call_later(60, stopping.set)
        await application._until(stopping, work())
        return asyncio.get_running_loop().time()

    assert simulate(scene()) == pytest.approx(60 + 3 * swallowed)


def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise ValueError("no")

    async def scene() -> None:
        with pytest.raises(ValueError, match="no"):
            await application._until(asyncio.Event(), work())

    simulate(scene())
