"""The index at the start: made where there is none, made anew where something else made it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from bot import request_ids
from bot.desk.reloads import Reloads
from bot.indexing import can_serve, has_usable_index
from bot.phrases import phrases_for
from bot.settings import Settings
from bot.telegram.delivery import Delivery, Outgoing, Target
from bot.telegram.handlers.people import People
from bot.telegram.rendering.reloads import render_not_rebuilt
from retrieval.errors import BaodaError, LockedError

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0

Tell = Callable[[BaodaError], Awaitable[None]]


async def index_if_needed(settings: Settings, reloads: Reloads, tell: Tell) -> None:
    """Reload unless the live index is of this version and embedding model.

    Where the former index can be asked still, it serves meanwhile, and also when the reload fails:
    then `tell` is called. A reload that runs elsewhere is waited for.
    """
    with request_ids.request():
        await _index_if_needed(settings, reloads, tell)


async def _index_if_needed(settings: Settings, reloads: Reloads, tell: Tell) -> None:
    if await asyncio.to_thread(has_usable_index, settings):
        return
    serves = await asyncio.to_thread(can_serve, settings)
    if serves:
        logger.info(
            "the index was made with another embedding model or by another version: it is built "
            "anew; readers are answered from the former one meanwhile"
        )
    else:
        logger.info("no index that can be asked: indexing the articles; readers are told meanwhile")
    try:
        result = await _reload_once_unlocked(settings, reloads)
    except BaodaError as error:
        if not serves:
            logger.error("the articles could not be indexed: %s", error)
            return
        logger.error(
            "the index could not be built anew, the former one goes on serving: %s; it is tried "
            "again at the next start, or run `baoda reload`",
            error,
        )
        await tell(error)
    else:
        if result is not None:
            logger.info("indexed %d articles", result["articles"])


async def _reload_once_unlocked(settings: Settings, reloads: Reloads) -> dict[str, Any] | None:
    """What a reload did; None where one that ran elsewhere was enough. Raises BaodaError."""
    while True:
        try:
            return await reloads.run()
        except LockedError:
            await asyncio.sleep(_LOOK_SECONDS)
            if await asyncio.to_thread(has_usable_index, settings):
                return None


class AdminsTold:
    """Tells every admin, in the language they chose, that the index could not be built anew."""

    def __init__(self, settings: Settings, people: People, delivery: Delivery) -> None:
        self._settings = settings
        self._people = people
        self._delivery = delivery

    async def __call__(self, error: BaodaError) -> None:
        """One message each; whom it does not reach is left out."""
        for admin in sorted(self._people.admins):
            language = self._people.chosen(admin) or self._settings.bot_language
            parts = tuple(render_not_rebuilt(str(error), phrases_for(language, "")))
            await self._delivery.deliver(Outgoing(Target(admin), parts), _note_nothing)


async def _note_nothing(_: dict[str, Any]) -> None:
    """It is not brought to an end after a restart: then the index is built anew once more."""
