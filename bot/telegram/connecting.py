"""The connection to Telegram: insisted on while the network is away, given up for a wrong token."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.telegram.delivery import FloodWaits

logger = logging.getLogger(__name__)

T = TypeVar("T")
TELEGRAM = "api.telegram.org"
_ADVICE = "look at the network, TELEGRAM_API_BASE_URL and TELEGRAM_PROXY_URL"
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


class GivesWayError(Exception):
    """No more updates can be taken; says on one line why and what to do."""


class Connection:
    """Requests that are made until Telegram answers them."""

    def __init__(
        self,
        waits: FloodWaits,
        host: str = TELEGRAM,
        *,
        heard: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        """`heard` is given the name of each method and why there is no answer, "" where it came."""
        self._waits = waits
        self._host = host
        self._heard = heard

    async def insist(self, name: str, request: Callable[[], Awaitable[T]]) -> T:
        """What the request gives, once Telegram answers it; `name` is that of its method.

        Raises InvalidToken, Conflict, BadRequest, Forbidden and ChatMigrated: waiting helps with
        none of them.
        """
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await asyncio.sleep(self._waits.left(name))
            try:
                answer = await request()
            except Conflict as error:
                self._heard(name, str(error))
                raise
            except (InvalidToken, BadRequest, Forbidden, ChatMigrated):
                raise
            except RetryAfter as error:
                seconds = await self._waits.begin(name, error)
                logger.warning("Telegram asks to wait %.0f s", seconds)
            except TelegramError as error:
                self._heard(name, f"Telegram cannot be reached ({error})")
                logger.warning(
                    "Telegram cannot be reached (%s: %s), %s; next try in %.0f s",
                    self._host,
                    error,
                    _ADVICE,
                    pause,
                )
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            else:
                self._heard(name, "")
                return answer
