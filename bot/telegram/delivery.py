"""Sends to Telegram that come through: flood waits, refused markup, broken connections."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.telegram.rendering import Part

logger = logging.getLogger(__name__)

_TRIES = 5
_PAUSE_SECONDS = 1.0
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


async def replace(bot: Bot, message: Message, part: Part) -> None:
    """Put another text into a message of ours."""
    for _ in range(_TRIES):
        try:
            await bot.edit_message_text(
                part.plain, message.chat_id, message.id, link_preview_options=_NO_PREVIEW
            )
            return
        except RetryAfter as error:
            await asyncio.sleep(_seconds(error.retry_after))
        except BadRequest as error:
            if "not modified" not in str(error):
                logger.warning("a message could not be edited: %s", error)
            return
        except NetworkError as error:
            logger.warning("a message was not edited yet: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)


async def _send_part(bot: Bot, chat_id: int, part: Part, reply_to: int | None) -> Message | None:
    text, parse_mode = part.markup, ParseMode.HTML
    failures = 0
    while True:
        try:
            return await bot.send_message(
                chat_id,
                text,
                parse_mode=parse_mode if text is part.markup else None,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=(
                    ReplyParameters(reply_to, allow_sending_without_reply=True)
                    if reply_to
                    else None
                ),
            )
        except RetryAfter as error:
            wait = _seconds(error.retry_after)
            logger.warning("Telegram asks to wait %.0f s", wait)
            await asyncio.sleep(wait)
        except Forbidden as error:
            logger.info("a chat cannot be reached: %s", error)
            return None
        except BadRequest as error:
            if text is part.plain or "parse" not in str(error).lower():
                logger.warning("Telegram refused a message: %s", error)
                return None
            logger.warning("Telegram refused the markup of a message, sent without it: %s", error)
            text = part.plain
        except NetworkError as error:
            failures += 1
            if failures == _TRIES:
                logger.error("a message could not be sent: %s", error)
                return None
            logger.warning("a message was not sent yet: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS * 2**failures)


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
