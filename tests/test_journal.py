"""The store on its thread: what is awaited is on disk, and one call's trouble is its own."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.journal import Journal
from bot.store import Held, Store, StoreError
from bot.store.address import FILE_NAME
from tests.store.exchanges import (
    LONG_AGO,
    MORNING,
    delivered,
    exchange,
    open_store,
    questions,
    rows,
    taken,
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(open_store(tmp_path))
    yield opened
    opened.close()


class Busy:
    """Work that keeps the thread busy until it is let go."""

    def __init__(self, journal: Journal) -> None:
        self._free = threading.Event()
        self._task = asyncio.ensure_future(journal.run(lambda _: self._free.wait(10)))

    async def let_go(self) -> None:
        self._free.set()
        await self._task


async def test_every_method_does_what_the_stores_own_does(journal: Journal) -> None:
    assert await journal.take([taken(5), taken(6)]) == {5, 6}
    await journal.note(5, {"parts": ["一"]})
    (first, _) = await journal.pending(LONG_AGO)
    assert first.outgoing == {"parts": ["一"]}
    await journal.settle(5, delivered=[delivered(31)])
    assert await journal.delivered_for(7, 100) == (delivered(31),)
    assert await journal.delivered_as(7, 31) == delivered(31)
    await journal.move_chat(7, -1007)
    assert await journal.delivered_as(7, 31) is None
    assert [one.chat_id for one in await journal.pending(LONG_AGO)] == [-1007]
    assert (await journal.prune()).messages == 0
    assert await journal.moves() == {7: -1007}


async def test_every_method_about_people_does_what_the_stores_own_does(journal: Journal) -> None:
    await journal.set_language(1001, "en")
    assert await journal.languages() == {1001: "en"}
    assert await journal.remark(1001, "很好") == 1
    answer = await journal.run(lambda store: store.keep(exchange()))
    assert await journal.remark(1001, "日期不对", answer) == 2
    await journal.count_asked([1001, -7], MORNING.date())
    assert await journal.asked_on(MORNING.date()) == {1001: 1, -7: 1}
    await journal.set_menu(1001, shown=True)
    assert await journal.menus() == {1001}
    held = Held(1, 0, 2, MORNING, "en")
    assert await journal.held_about(1001) == held
    assert await journal.forget_person(1001) == held
    assert await journal.languages() == {}


async def test_a_person_is_forgotten_with_what_waited_before(
    journal: Journal,
) -> None:
    held = Busy(journal)
    before = [asyncio.ensure_future(journal.remark(1001, "前")) for _ in range(2)]
    await asyncio.sleep(0)
    forgetting = asyncio.ensure_future(journal.forget_person(1001))
    await asyncio.sleep(0)
    after = [asyncio.ensure_future(journal.remark(1001, "后")) for _ in range(2)]
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.gather(*before, *after)
    forgotten, kept = (await forgetting).remarks, (await journal.held_about(1001)).remarks
    assert forgotten >= len(before)
    assert forgotten + kept == len(before) + len(after)


async def test_calls_that_wait_are_made_in_their_order_and_see_one_another(
    journal: Journal,
) -> None:
    held = Busy(journal)
    first = asyncio.ensure_future(journal.take([taken(5), taken(6)]))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(journal.take([taken(6), taken(7)]))
    messages = [delivered(31), delivered(32, position=1)]
    settling = [
        asyncio.ensure_future(journal.settle(5, delivered=messages)),
        asyncio.ensure_future(journal.settle(8, delivered=messages[:1])),
    ]
    found = asyncio.ensure_future(journal.delivered_for(7, 100))
    waiting = asyncio.ensure_future(journal.pending(LONG_AGO))
    await asyncio.sleep(0)
    await held.let_go()
    assert await first == {5, 6}
    assert await second == {7}
    await asyncio.gather(*settling)
    assert await found == (delivered(31),)
    assert [one.update_id for one in await waiting] == [6, 7]


async def test_calls_that_wait_share_a_transaction(journal: Journal, tmp_path: Path) -> None:
    seen: list[object] = []

    def look(_: Store) -> None:
        seen.append(rows(tmp_path, "SELECT count(*) FROM pending"))

    held = Busy(journal)
    calls = [asyncio.ensure_future(journal.take([taken(n)])) for n in range(5)]
    looking = asyncio.ensure_future(journal.run(look))
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.gather(looking, *calls)
    assert seen == [[(0,)]]
    assert rows(tmp_path, "SELECT count(*) FROM pending") == [(5,)]


async def test_a_call_that_fails_fails_alone(journal: Journal, tmp_path: Path) -> None:
    def fail(store: Store) -> int:
        store.take([taken(9)])
        raise ValueError("nothing to be done")

    held = Busy(journal)
    calls = [
        asyncio.ensure_future(call)
        for call in (
            journal.take([taken(5)]),
            journal.run(fail),
            journal.run(lambda store: store.rate(store.keep(exchange()), 1, 2)),  # type: ignore[arg-type]
            journal.take([taken(6)]),
        )
    ]
    await asyncio.sleep(0)
    await held.let_go()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results[0] == {5}
    assert isinstance(results[1], ValueError)
    assert results[3] == {6}


async def test_who_calls_learns_that_the_store_fails(journal: Journal, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("DROP TABLE pending")
    results = await asyncio.gather(
        *(journal.take([taken(number)]) for number in range(3)),
        journal.run(questions),
        return_exceptions=True,
    )
    assert [type(one) for one in results[:3]] == [StoreError] * 3
    assert results[3] == []


async def test_a_call_that_nobody_waits_for_any_more_is_not_made(journal: Journal) -> None:
    held = Busy(journal)
    call = asyncio.ensure_future(journal.take([taken(5)]))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.sleep(0)
    await held.let_go()
    assert await journal.pending(LONG_AGO) == []


async def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    journal = Journal(open_store(tmp_path))
    call = asyncio.ensure_future(journal.take([taken(5)]))
    await asyncio.sleep(0)
    journal.close()
    assert await call == {5}
    with closing(open_store(tmp_path)) as again:
        assert [one.update_id for one in again.pending(LONG_AGO)] == [5]
