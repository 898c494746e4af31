"""A file that was added can be asked about when the editor is told so."""

from typing import Any

import pytest

from bot.phrases import SIMPLIFIED
from bot.telegram.desk.refreshing import PausedError, Refreshing, why_not
from retrieval.errors import LockedError, ReloadError
from retrieval.types import Problem

RESULT = {"generation": "b", "failed": [{"file": "a.md", "line": 3, "reason": "why"}]}


async def test_a_reload_of_somebody_else_is_waited_for() -> None:
    outcomes: list[Any] = [LockedError("another one is running"), RESULT]

    async def reload() -> dict[str, Any]:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return dict(outcome)

    refreshing = Refreshing(reload, lambda: "b", lambda: False)
    assert await refreshing.reload() == (Problem("a.md", "why", 3),)


async def test_it_is_over_when_answers_come_from_what_was_read() -> None:
    seen = iter(["a", "a", "b", "c"])

    async def reload() -> dict[str, Any]:
        return dict(RESULT)

    await Refreshing(reload, lambda: next(seen), lambda: False).reload()
    assert next(seen) == "c"


async def test_a_reload_that_fails_is_told_of() -> None:
    async def reload() -> dict[str, Any]:
        raise ReloadError("the disk is full")

    with pytest.raises(ReloadError, match="full"):
        await Refreshing(reload, lambda: None, lambda: False).reload()


async def test_a_roll_back_stands_until_somebody_reloads() -> None:
    async def reload() -> dict[str, Any]:
        raise AssertionError("it was undone")

    with pytest.raises(PausedError) as error:
        await Refreshing(reload, lambda: "a", lambda: True).reload()
    assert why_not(error.value, SIMPLIFIED) == SIMPLIFIED.reload_is_paused
