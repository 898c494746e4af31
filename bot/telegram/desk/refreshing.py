"""The collection brought up to date after a file was added, removed or brought back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.phrases import Phrases
from bot.reasons import told
from retrieval.errors import BaodaError, GoldenError, LockedError, ManyGoneError
from retrieval.types import Problem

_LOOK_SECONDS = 0.1
_FOLLOWED_SECONDS = 5.0
"""Within two seconds the answerer goes over to a new generation."""

_OTHERS_SECONDS, _PAUSE_SECONDS = 120.0, 1.0

Reload = Callable[[], Awaitable[dict[str, Any]]]


class PausedError(BaodaError):
    """A roll-back stands until somebody reloads."""


class Refreshing:
    """Reloads of which the answers know when they are done."""

    def __init__(
        self,
        reload: Reload,
        generation: Callable[[], str | None],
        is_paused: Callable[[], bool],
    ) -> None:
        """`generation` is the one that answers come from; see Generations.watching_is_paused."""
        self._reload = reload
        self._generation = generation
        self._is_paused = is_paused

    async def reload(self) -> tuple[Problem, ...]:
        """What is wrong in the folder of articles, once questions are answered from it as it is.

        Raises BaodaError, PausedError where it would undo a roll-back.
        """
        if self._is_paused():
            raise PausedError("the collection was rolled back")
        result = await self._reloaded()
        for _ in range(round(_FOLLOWED_SECONDS / _LOOK_SECONDS)):
            if self._generation() == result["generation"]:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return tuple(Problem(one["file"], one["reason"], one["line"]) for one in result["failed"])

    async def _reloaded(self) -> dict[str, Any]:
        """A reload of somebody else's, such as one of a folder that is watched, is waited for."""
        for _ in range(round(_OTHERS_SECONDS / _PAUSE_SECONDS)):
            try:
                return await self._reload()
            except LockedError:
                await asyncio.sleep(_PAUSE_SECONDS)
        return await self._reload()


def why_not(error: BaodaError, phrases: Phrases) -> str:
    """Why the collection is not up to date, and what an editor can do."""
    if isinstance(error, PausedError):
        return phrases.reload_is_paused
    if isinstance(error, ManyGoneError | GoldenError):
        return phrases.reload_needs_a_word
    return told(str(error), phrases)
