"""In each lane one after another, in the order in which they came; lanes do not wait for others."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.delivery import Lanes
from tests.delivery.simulated import simulate

comers = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=30
)
"""Lane, when it is ready to go, how long it takes, whether it leaves without its turn."""


@given(comers)
def test_each_waits_for_those_before_it_in_its_lane_and_for_nobody_else(
    people: list[tuple[int, int, int, bool]],
) -> None:
    begun: list[tuple[int, int, float]] = []
    ended: dict[int, float] = {}
    left = 0

    async def scene() -> None:
        nonlocal left
        lanes, loop = Lanes(), asyncio.get_running_loop()
        places = [lanes.join(lane) for lane, *_ in people]

        async def go(number: int) -> None:
            lane, ready, seconds, leaves = people[number]
            await asyncio.sleep(ready)
            if leaves:
                places[number].leave()
                return
            async with places[number]:
                begun.append((lane, number, loop.time()))
                await asyncio.sleep(seconds)
                ended[number] = loop.time()

        await asyncio.gather(*map(go, range(len(people))))
        left = len(lanes._last)

    simulate(scene())
    for lane in range(4):
        mine = [(number, at) for its_lane, number, at in begun if its_lane == lane]
        assert [number for number, _ in mine] == sorted(number for number, _ in mine)
        gone = 0.0
        for number, (its_lane, ready, _, leaves) in enumerate(people):
            if its_lane != lane:
                continue
            if leaves:
                gone = max(gone, ready)
                continue
            at = dict(mine)[number]
            assert at == max(gone, ready)
            gone = ended[number]
    assert left == 0
