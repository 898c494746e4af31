"""An answer that is still being written, and the sign that one is being looked for."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.telegram.delivery.calls import Calls, Closing, FloodWait
from bot.telegram.delivery.content import Target, whereto, with_markup
from bot.telegram.rendering.parts import Part

logger = logging.getLogger(__name__)

_PRIVATE_SECONDS = 1.5
_GROUP_SECONDS = 3.0
_TYPING_SECONDS = 4.5
"""Telegram shows "typing" for five seconds at a time."""

_SIGN_SECONDS = 2.0
"""An answer does not wait longer for the sign that it is being looked for."""


class Preview:
    """One message that shows what is written so far, edited now and then.

    It may fall behind or end early, after a flood wait or any fault: nothing waits for it.
    """

    def __init__(
        self,
        bot: Bot,
        calls: Calls,
        target: Target,
        *,
        message_id: int | None,
        begun: Callable[[int], Awaitable[None]],
    ) -> None:
        """`message_id`: a message to be used; else one is sent, and `begun` given its number."""
        self.message_id = message_id
        self._bot = bot
        self._calls = calls
        self._target = target
        self._begun = begun
        self._seconds = _PRIVATE_SECONDS if target.chat_id > 0 else _GROUP_SECONDS
        self._part: Part | None = None
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def show(self, part: Part) -> None:
        """Have this shown, soon."""
        self._part = part
        if self._task is None:
            self._task = asyncio.create_task(self._keep_showing())

    async def end(self) -> None:
        """Show no more; what is on its way has arrived when this returns."""
        self._ended.set()
        if self._task is not None:
            # who is cancelled here does not break off what is on its way
            await asyncio.wait([self._task])
            self._task.result()

    async def _keep_showing(self) -> None:
        shown: Part | None = None
        while not self._ended.is_set():
            part = self._part
            if part is not None and part != shown:
                try:
                    if await self._put(part):
                        shown = part
                except (FloodWait, Closing, TelegramError) as error:
                    logger.info(
                        "previews of an answer end: %s", str(error) or "Telegram asks to wait"
                    )
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._ended.wait()

    async def _put(self, part: Part) -> bool:
        """Whether it was shown; False where there was no room for it."""
        content = with_markup(part)
        if self.message_id is not None:
            number = self.message_id
            return bool(
                await self._calls.glimpse(
                    self._target.chat_id,
                    lambda chat: self._bot.edit_message_text(
                        chat_id=chat, message_id=number, **content
                    ),
                )
            )
        message = await self._calls.glimpse(
            self._target.chat_id,
            lambda chat: self._bot.send_message(chat, **content, **whereto(self._target)),
        )
        if message is None:
            return False
        self.message_id = message.message_id
        await self._begun(message.message_id)
        return True


@asynccontextmanager
async def typing(bot: Bot, calls: Calls, target: Target) -> AsyncIterator[Callable[[], None]]:
    """Show that the bot is at work, for the length of the block or until what it gives is called.

    What was begun of it has been answered when the block is left: a flood wait is never missed.
    """
    ended = asyncio.Event()

    async def keep_typing() -> None:
        while not ended.is_set():
            with suppress(TelegramError, FloodWait):
                await calls.sign(
                    target.chat_id,
                    lambda chat: bot.send_chat_action(
                        chat,
                        ChatAction.TYPING,
                        message_thread_id=target.topic_id,
                        read_timeout=_SIGN_SECONDS,
                    ),
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(_TYPING_SECONDS):
                    await ended.wait()

    task = asyncio.create_task(keep_typing())
    await asyncio.sleep(0)
    try:
        yield ended.set
    finally:
        ended.set()
        await task
