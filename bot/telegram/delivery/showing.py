"""A message that shows how far something is, for as long as that lasts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from telegram import Bot
from telegram.error import TelegramError

from bot.telegram.delivery.calls import Calls, Closing, FloodWait
from bot.telegram.delivery.content import with_markup
from bot.telegram.delivery.outcomes import Outcome, verdict
from bot.telegram.rendering.parts import Part

logger = logging.getLogger(__name__)

_FINAL = (Outcome.MESSAGE_GONE, Outcome.CHAT_CLOSED, Outcome.REFUSED)
_PRIVATE_SECONDS, _GROUP_SECONDS = 2.0, 4.0


@asynccontextmanager
async def kept_up_to_date(
    bot: Bot, calls: Calls, chat_id: int, message_id: int, render: Callable[[], Part]
) -> AsyncIterator[None]:
    """Edit a message of ours now and then for the length of the block, and not once after it.

    Answers come first, and what Telegram does not take is left out: nothing waits for it.
    """
    ended = asyncio.Event()

    async def keep() -> None:
        shown: Part | None = None
        while not await _passed(ended, _PRIVATE_SECONDS if chat_id > 0 else _GROUP_SECONDS):
            part = render()
            if part == shown:
                continue
            try:
                made = await calls.glimpse(chat_id, partial(_edited, bot, message_id, part))
            except FloodWait:
                continue
            except Closing:
                return
            except TelegramError as error:
                logger.info("how far something is could not be shown: %s", error)
                if verdict(error).outcome in _FINAL:
                    return
            else:
                shown = part if made is not None else shown

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        ended.set()
        await task


async def _edited(bot: Bot, message_id: int, part: Part, chat_id: int) -> object:
    return await bot.edit_message_text(chat_id=chat_id, message_id=message_id, **with_markup(part))


async def _passed(ended: asyncio.Event, seconds: float) -> bool:
    """Whether it ended before so many seconds were over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
    return ended.is_set()
