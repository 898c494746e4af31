"""Sends to Telegram that come through: flood waits, refused markup, broken connections."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.telegram.rendering import Part

logger = logging.getLogger(__name__)

T = TypeVar("T")
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_TRIES = 65
"""With these pauses: an hour without Telegram costs no answer."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


async def send(
    bot: Bot, chat_id: int, parts: Sequence[Part], *, reply_to: int | None = None
) -> Message | None:
    """Send the parts in order; the last message, or None when the chat cannot be reached."""
    message: Message | None = None
    for part in parts:
        message = await _send_part(bot, chat_id, part, reply_to)
        if message is None:
            return None
        reply_to = None
    return message


async def replace(bot: Bot, message: Message, part: Part) -> bool:
    """Put another text into a message of ours; whether it stands there now."""
    edit = partial(
        bot.edit_message_text,
        part.plain,
        message.chat_id,
        message.id,
        link_preview_options=_NO_PREVIEW,
    )
    try:
        await _insist(edit)
    except (Forbidden, NetworkError) as error:
        if "not modified" in str(error):  # the reply to an earlier try was lost
            return True
        logger.warning("a message could not be edited: %s", error)
        return False
    return True


async def _send_part(bot: Bot, chat_id: int, part: Part, reply_to: int | None) -> Message | None:
    reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None
    post = partial(
        bot.send_message, chat_id, link_preview_options=_NO_PREVIEW, reply_parameters=reply
    )
    try:
        try:
            return await _insist(partial(post, text=part.markup, parse_mode=ParseMode.HTML))
        except BadRequest as error:
            logger.warning("Telegram refused a message, sent without markup: %s", error)
            return await _insist(partial(post, text=part.plain))
    except (Forbidden, NetworkError) as error:
        logger.warning("a message could not be sent: %s", error)
        return None


async def _insist(request: Callable[[], Awaitable[T]]) -> T:
    """What the request gives, once Telegram can be reached and lets us. Raises TelegramError."""
    failures = 0
    while True:
        try:
            return await request()
        except RetryAfter as error:
            pause = flood_wait_seconds(error)
            logger.warning("Telegram asks to wait %.0f s", pause)
        except BadRequest:
            raise
        except NetworkError as error:
            failures += 1
            if failures == _TRIES:
                raise
            pause = min(_FIRST_PAUSE_SECONDS * 2 ** (failures - 1), _LONGEST_PAUSE_SECONDS)
            logger.warning("a message is not through yet (%s); next try in %.0f s", error, pause)
        await asyncio.sleep(pause)


def flood_wait_seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    wait: int | timedelta = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
