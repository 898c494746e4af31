"""Whose turn it is: in each lane one after another, in the order in which they came."""

import asyncio
from collections.abc import Hashable
from typing import Self


class Lanes:
    """Lanes by key. One that nobody is in takes no memory."""

    def __init__(self) -> None:
        self._last: dict[Hashable, Place] = {}

    def join(self, lane: Hashable) -> "Place":
        """A place at the end of the lane. Nothing is awaited, so the order is that of the calls."""
        place = self._last[lane] = Place(self, lane, self._last.get(lane))
        return place

    def __len__(self) -> int:
        """How many have somebody in them."""
        return len(self._last)

    def _left(self, place: "Place") -> None:
        if self._last.get(place.lane) is place:
            del self._last[place.lane]


class Place:
    """A place in a lane; `async with` waits until all before it are done."""

    def __init__(self, lanes: Lanes, lane: Hashable, before: "Place | None") -> None:
        self.lane = lane
        self._lanes = lanes
        self._before = before
        self._done = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.reached()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    @property
    def is_due(self) -> bool:
        """Whether the one before it is done, or there is none."""
        return self._before is None or self._before._done.is_set()

    @property
    def ahead(self) -> int:
        """How many before it are not done."""
        count, before = 0, self._before
        while before is not None:
            count += not before._done.is_set()
            before = before._before
        return count

    async def reached(self) -> None:
        """Return when all before it are done."""
        while self._before is not None:
            await self._before._done.wait()
            # the one before may have gone without its turn: then its predecessor counts
            self._before = self._before._before

    def leave(self) -> None:
        """Let the next one go on, now or once it would have been this one's turn."""
        self._done.set()
        self._lanes._left(self)
