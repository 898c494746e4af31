"""Updates by polling."""

import asyncio
import contextlib
import logging
import math
import random

from telegram import Bot, Update
from telegram.error import Conflict, TelegramError

from bot.telegram.connecting import Connection, GivesWayError
from bot.telegram.intake import Intake

logger = logging.getLogger(__name__)

_POLL_SECONDS = 10
_NEWCOMER_SECONDS = 10.0
"""Whose poll is ended so soon after the first was not alone when it came."""

_PEACE_SECONDS = 60.0
"""After so long without a conflict the next one is with another program."""

_NEWCOMER_CONFLICTS = 3
_SUPERSEDED = (
    "another program polls with the same bot token, and this one came later: it stops; use one "
    "token for each bot"
)
_HAS_WEBHOOK = (
    "another program has set a webhook for the same bot token: this one stops; use one token for "
    "each bot"
)
_CONFLICT_PAUSE_SECONDS = (1.0, 4.0)


async def poll(
    bot: Bot, connection: Connection, intake: Intake, *, allowed_updates: list[str]
) -> None:
    """Hand over what readers send, until cancelled. Raises InvalidToken, GivesWayError.

    Not telegram's own Updater: that logs tracebacks, cannot be stopped while it waits for its
    first connection, and is silent about a token that is no longer known.
    """
    offset: int | None = None
    rivalry = _Rivalry()
    is_heard = True

    async def updates() -> tuple[Update, ...]:
        nonlocal is_heard
        is_heard = True
        try:
            return await bot.get_updates(
                offset, timeout=_POLL_SECONDS, allowed_updates=allowed_updates
            )
        except TelegramError:
            is_heard = False
            raise

    try:
        while True:
            try:
                came = await connection.insist("getUpdates", updates)
            except Conflict as error:
                await asyncio.sleep(rivalry.pause_after(error))
                continue
            if came:
                await intake.take(came)
                offset = came[-1].update_id + 1
    finally:
        # what was taken since the last poll need not come again
        if is_heard and offset is not None:
            with contextlib.suppress(TelegramError):
                await bot.get_updates(offset, timeout=0, allowed_updates=allowed_updates)


class _Rivalry:
    """Two programs with one token end each other's polls. The one that came last gives way.

    That is the one whose first polls were ended already. Each pauses for a while of its own, so
    that of two that came together one is first to go.
    """

    def __init__(self) -> None:
        self._begun = asyncio.get_running_loop().time()
        self._is_newcomer = False
        self._conflicts = 0
        self._latest = -math.inf

    def pause_after(self, error: Conflict) -> float:
        """Seconds until the next poll. Raises GivesWayError."""
        if "webhook" in str(error).lower():
            raise GivesWayError(_HAS_WEBHOOK) from error
        now = asyncio.get_running_loop().time()
        if now - self._latest > _PEACE_SECONDS:
            self._conflicts = 0
            self._is_newcomer = now - self._begun < _NEWCOMER_SECONDS
        self._latest = now
        self._conflicts += 1
        if self._is_newcomer and self._conflicts >= _NEWCOMER_CONFLICTS:
            raise GivesWayError(_SUPERSEDED) from error
        if self._conflicts == 1:
            logger.error("another program polls with the same bot token; stop one of the two")
        return random.uniform(*_CONFLICT_PAUSE_SECONDS)
