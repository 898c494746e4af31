"""Work that is broken off ends properly before anybody goes on."""

import asyncio

import pytest

from retrieval.answering.stopping import cancel, unless_stopped


class Work:
    """Waits for good, and takes some time to close."""

    def __init__(self, deaf_to: int = 0) -> None:
        self.begun = asyncio.Event()
        self.closed = False
        self._deaf_to = deaf_to

    async def do(self) -> None:
        for _ in range(self._deaf_to):
            try:
                self.begun.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:  # as a client does that was just connecting
                continue
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            self.closed = True


async def test_what_is_stopped_has_closed() -> None:
    work, stop = Work(), asyncio.Event()
    stopped = asyncio.create_task(unless_stopped(stop, work.do()))
    await work.begun.wait()
    stop.set()
    await stopped
    assert work.closed


@pytest.mark.parametrize("words", [1, 2, 3])
async def test_who_is_cancelled_while_cancelling_lets_it_close(words: int) -> None:
    work = Work()
    task = asyncio.create_task(work.do())
    await work.begun.wait()
    cancelling = asyncio.create_task(cancel(task))
    for _ in range(words):
        await asyncio.sleep(0.005)
        cancelling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelling
    assert work.closed


async def test_who_missed_the_word_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.answering.stopping._AGAIN_SECONDS", 0.2)
    work = Work(deaf_to=2)
    task = asyncio.create_task(work.do())
    await work.begun.wait()
    await cancel(task)
    assert work.closed


async def test_what_work_fails_with_while_it_closes_is_nobody_s() -> None:
    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("closing")

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await cancel(task)
    assert isinstance(task.exception(), ValueError)
