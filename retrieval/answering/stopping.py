"""Work that is broken off when a reader wants no more of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_AGAIN_SECONDS = 1.0
"""Long enough for a busy machine to hang up: a second word would break that off."""


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work returns; None when `stop` is set before that, and the work is cancelled."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        stopping.cancel()
        await cancel(working)


async def cancel(task: asyncio.Task[Any]) -> None:
    """Return when it has ended: a client that is just connecting may miss the first word.

    Who is cancelled meanwhile waits for it all the same.
    """
    loop = asyncio.get_running_loop()
    cancelled: asyncio.CancelledError | None = None
    again_at = loop.time()
    while not task.done():
        if loop.time() >= again_at:
            task.cancel()
            again_at = loop.time() + _AGAIN_SECONDS
        try:
            await asyncio.wait([task], timeout=again_at - loop.time())
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not complain
    if cancelled is not None:
        raise cancelled
