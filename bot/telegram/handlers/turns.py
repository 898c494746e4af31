"""Whose question is worked on: in each chat one after another, of each person two at most."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from bot.telegram.tickets import Ticket

AT_ONCE = 2
"""Questions of one person that are worked on at the same time."""

_PATIENCE_SECONDS = 2.0
"""Who waits no longer need not be told."""

_LOOK_AGAIN_SECONDS = 1.0


class Turns:
    """The questions that are worked on, and those that wait."""

    def __init__(self) -> None:
        self._people: dict[int, _Person] = {}

    @asynccontextmanager
    async def turn(
        self, ticket: Ticket, person: int | None, show: Callable[[int], None]
    ) -> AsyncIterator[None]:
        """Wait for the turn of a question, for the length of the block it is worked on.

        Where that takes a while, `show` is given how many questions are to be answered before it,
        and again when they have become fewer.
        """
        came = asyncio.Event()
        own = None if person is None else self._people.setdefault(person, _Person())

        def ahead() -> int:
            return max(ticket.ahead, own.ahead(ticket) if own else 0)

        telling = asyncio.create_task(_tell(came, ahead, show))
        if own is not None:
            own.waiting.append(ticket)
        try:
            async with AsyncExitStack() as held:
                try:
                    await ticket.turn()
                    if person is not None and own is not None:
                        await held.enter_async_context(self._work(person, own))
                finally:
                    if person is not None and own is not None:
                        own.waiting.remove(ticket)
                        self._leave(person, own)
                    came.set()
                yield
        finally:
            await telling

    @asynccontextmanager
    async def alone(self, person: int) -> AsyncIterator[None]:
        """Wait until no question of a person is worked on; none begins in the block."""
        own = self._people.setdefault(person, _Person())
        own.wanting_to_be_alone += 1
        try:
            # one after another: each would hold what the other one waits for
            async with AsyncExitStack() as held:
                await held.enter_async_context(own.alone)
                for _ in range(AT_ONCE):
                    await held.enter_async_context(self._work(person, own))
                yield
        finally:
            own.wanting_to_be_alone -= 1
            self._leave(person, own)

    @asynccontextmanager
    async def _work(self, person: int, own: "_Person") -> AsyncIterator[None]:
        async with own.permits:
            own.at_work += 1
            try:
                yield
            finally:
                own.at_work -= 1
                self._leave(person, own)

    def _leave(self, person: int, own: "_Person") -> None:
        if not own.waiting and not own.at_work and not own.wanting_to_be_alone:
            self._people.pop(person, None)


class _Person:
    def __init__(self) -> None:
        self.permits = asyncio.Semaphore(AT_ONCE)
        self.waiting: list[Ticket] = []
        """For their chat or for others of the person, in the order in which they came."""

        self.at_work = 0
        self.alone = asyncio.Lock()
        self.wanting_to_be_alone = 0

    def ahead(self, ticket: Ticket) -> int:
        """How many of the person's questions are to be done before that one begins."""
        if ticket not in self.waiting:
            return 0
        return max(0, self.waiting.index(ticket) + self.at_work - (AT_ONCE - 1))


async def _tell(came: asyncio.Event, ahead: Callable[[], int], show: Callable[[int], None]) -> None:
    shown, patience = 0, _PATIENCE_SECONDS
    while True:
        try:
            async with asyncio.timeout(patience):
                await came.wait()
        except TimeoutError:
            if (now := ahead()) and now != shown:
                show(now)
                shown = now
            patience = _LOOK_AGAIN_SECONDS
        else:
            return
