"""Reloads of a front: one at a time, looked at first; their processes are stood in for."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.desk.reloads import (
    Asks,
    Cancelled,
    Change,
    Failed,
    NotKept,
    OtherLive,
    Plan,
    Reloads,
    Unchanged,
    Wish,
    made_at,
    undone_by,
)
from bot.settings import Settings
from retrieval.errors import ManyGoneError, ReloadError
from retrieval.jobs import Difference
from retrieval.types import Progress, Step

LIVE = "20261126T010203123456-abcd"


def result(added: int = 0, removed: int = 0, unchanged: int = 100, **fields: Any) -> dict[str, Any]:
    """The object of an attended reload that changed nothing live."""
    return {
        "generation": None,
        "previous": None,
        "added": [f"a{number}" for number in range(added)],
        "changed": [],
        "removed": [f"r{number}" for number in range(removed)],
        "unchanged": unchanged,
        "failed": [],
        "articles": unchanged + added,
        "chunks": 1,
        "seconds": 1.0,
        "held": 0,
        "names": {},
        "outdated": False,
    } | fields


class Commands:
    """What `baoda` is asked for, and what it answers when it is let go on."""

    def __init__(self, *results: dict[str, Any] | ReloadError) -> None:
        self.results = list(results)
        self.asked: list[tuple[str, ...]] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def __call__(self, arguments: Sequence[str], progress: Progress) -> dict[str, Any]:
        self.asked.append(tuple(arguments))
        progress(Step("read"))
        await self.goes_on.wait()
        outcome = self.results.pop(0)
        if isinstance(outcome, ReloadError):
            raise outcome
        return outcome


def made(folder: Path, commands: Commands) -> Reloads:
    return Reloads(Settings(data_dir=folder, corpus_dir=folder), commands)


def plan(added: int, changed: int, removed: int, unchanged: int, held: int = 0) -> Plan:
    ids = (tuple(map(str, range(count))) for count in (added, changed, removed))
    came, other, gone = ids
    return Plan(LIVE, Change(Difference(came, other, gone, unchanged), {}), (), held, False)


@pytest.mark.parametrize(
    ("one", "is_little"),
    [
        (plan(3, 1, 1, 8), True),
        (plan(4, 1, 1, 8), False),
        (plan(20, 0, 0, 200), True),
        (plan(20, 0, 0, 100), False),
        (plan(21, 0, 0, 5_000), False),
        (plan(0, 0, 3, 5_000), True),
        (plan(0, 0, 4, 5_000), False),
        (plan(1, 0, 0, 5_000, held=1), False),
        (plan(5_000, 0, 0, 0), True),
    ],
)
def test_what_may_be_done_unasked(one: Plan, is_little: bool) -> None:
    assert one.is_little == is_little


def test_a_plan_is_told_from_another_one() -> None:
    assert plan(3, 0, 0, 8).digest == plan(3, 0, 0, 9).digest
    assert plan(3, 0, 0, 8).digest != plan(4, 0, 0, 8).digest
    assert plan(1, 0, 0, 8).digest != plan(0, 1, 0, 8).digest


async def test_nothing_changed_ends_with_the_look(tmp_path: Path) -> None:
    commands = Commands(result())
    run = made(tmp_path, commands).begin(Wish("1"))
    assert await run.outcome() == Unchanged(100, ())
    assert len(commands.asked) == 1
    assert "--dry-run" in commands.asked[0]


async def test_a_second_one_joins_the_first(tmp_path: Path) -> None:
    commands = Commands(result())
    reloads = made(tmp_path, commands)
    run = reloads.begin(Wish("1"))
    assert reloads.begin(Wish("2")) is run
    await run.outcome()
    assert len(commands.asked) == 1


async def test_an_index_of_another_version_is_built_anew_without_a_change(tmp_path: Path) -> None:
    commands = Commands(result(outdated=True), result())
    await made(tmp_path, commands).begin(Wish("1")).outcome()
    assert [("--dry-run" in asked) for asked in commands.asked] == [True, False]


async def test_too_many_gone_are_asked_about_also_when_found_late(tmp_path: Path) -> None:
    commands = Commands(result(added=1), ManyGoneError("gone"))
    assert isinstance(await made(tmp_path, commands).begin(Wish("1")).outcome(), Asks)


async def test_a_force_without_the_yes_to_this_plan_is_no_force(tmp_path: Path) -> None:
    commands = Commands(result(removed=50))
    wish = Wish("1", agreed="000000000000", force=True)
    assert isinstance(await made(tmp_path, commands).begin(wish).outcome(), Asks)
    assert len(commands.asked) == 1


async def test_a_yes_to_this_plan_is_done_with_force(tmp_path: Path) -> None:
    commands = Commands(result(removed=50), result(removed=50), result())
    asks = await made(tmp_path, commands).begin(Wish("1")).outcome()
    assert isinstance(asks, Asks)
    again = Wish("2", agreed=asks.plan.digest, force=True)
    await made(tmp_path, commands).begin(again).outcome()
    assert "--force" in commands.asked[-1]


async def test_one_that_is_cancelled_has_ended(tmp_path: Path) -> None:
    commands = Commands()
    commands.goes_on.clear()
    reloads = made(tmp_path, commands)
    run = reloads.begin(Wish("1"))
    await asyncio.sleep(0)
    assert not reloads.cancel("2")
    assert reloads.cancel("1")
    assert reloads.cancel("1")
    assert await run.outcome() == Cancelled()
    await asyncio.sleep(0)
    assert reloads.current is None


async def test_one_that_was_cancelled_before_it_began_does_not_begin(tmp_path: Path) -> None:
    commands = Commands()
    reloads = made(tmp_path, commands)
    reloads.cancel("1")
    assert await reloads.begin(Wish("1")).outcome() == Cancelled()
    assert commands.asked == []


async def test_a_failure_is_told_in_its_words(tmp_path: Path) -> None:
    commands = Commands(ReloadError("no room"))
    assert await made(tmp_path, commands).begin(Wish("1")).outcome() == Failed("no room")


async def test_who_wrote_files_gets_a_reload_that_reads_them(tmp_path: Path) -> None:
    commands = Commands(result(), result(unchanged=101))
    commands.goes_on.clear()
    reloads = made(tmp_path, commands)
    reloads.begin(Wish("1"))
    await asyncio.sleep(0)
    steps: list[Step] = []
    writers = [asyncio.create_task(reloads.run(steps.append)) for _ in range(2)]
    await asyncio.sleep(0)
    commands.goes_on.set()
    assert [one["unchanged"] for one in await asyncio.gather(*writers)] == [101, 101]
    assert len(commands.asked) == 2
    assert steps


async def test_who_wrote_files_is_told_what_stopped_the_reload(tmp_path: Path) -> None:
    reloads = made(tmp_path, Commands(ManyGoneError("gone")))
    with pytest.raises(ManyGoneError):
        await reloads.run()


async def test_nothing_is_rolled_back_where_another_one_is_live(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").write_text(LIVE)
    commands = Commands()
    outcome = await made(tmp_path, commands).roll_back("x", "123456-ffff", before=None)
    assert outcome == OtherLive(LIVE)
    assert commands.asked == []


async def test_one_that_is_not_kept_any_more_is_not_rolled_back_to(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").write_text(LIVE)
    commands = Commands()
    outcome = await made(tmp_path, commands).roll_back("x", LIVE[-13:], before=None)
    assert outcome == NotKept()
    assert commands.asked == []


async def test_at_the_end_of_a_front_its_reload_ends(tmp_path: Path) -> None:
    commands = Commands()
    commands.goes_on.clear()
    reloads = made(tmp_path, commands)
    run = reloads.begin(Wish("1"))
    await asyncio.sleep(0)
    await reloads.close()
    with pytest.raises(asyncio.CancelledError):
        await run.outcome()


def test_a_generation_is_named_by_its_time_where_readers_are() -> None:
    assert made_at(LIVE, ZoneInfo("Asia/Shanghai")) == "2026-11-26 09:02:03"


def test_a_button_tells_what_to_bring_back_in_place_of_what() -> None:
    assert undone_by(f"{LIVE}.03123456-abcd") == (LIVE, "03123456-abcd")
