"""One call of the Bot API, made when Telegram wants to hear it.

Telegram asks for at most a message a second in a chat, twenty a minute in a group, thirty a second
in all (core.telegram.org/bots/faq); where it asks a chat to wait, only that chat waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import ChatMigrated, RetryAfter

from bot.telegram.delivery.pace import Pace
from bot.telegram.delivery.waits import FloodWaits

logger = logging.getLogger(__name__)

T = TypeVar("T")
_IN_ALL = (30, 1.0)
_PRIVATE = (1, 1.0)
_GROUP = (20, 60.0)
_KEPT_FREE = 4
"""Messages of a group's minute that previews leave to answers."""

_REMEMBERED_CHATS = 1_000
"""Beyond so many, those that nothing is known of any more are let go."""

Call = Callable[[int], Awaitable[T]]
"""A call of the Bot API, given the id of the chat as it is now."""


class Closing(Exception):
    """The bot stops: what has not been sent waits for its return."""


class FloodWait(Exception):
    """Telegram asks for a pause, which has been noted: the call was not carried out."""


class _Chat:
    def __init__(self, chat_id: int) -> None:
        self.id = chat_id
        self.lock = asyncio.Lock()
        paces = [_PRIVATE] if chat_id > 0 else [_PRIVATE, _GROUP]
        self.paces = [Pace(*pace) for pace in paces]

    def has_room(self, now: float) -> bool:
        """Whether a message may be sent now and another one soon after."""
        one, *of_a_group = self.paces
        return one.room(now) > 0 and all(pace.room(now) > _KEPT_FREE for pace in of_a_group)

    def is_idle(self, now: float) -> bool:
        """Whether nothing of it need be remembered."""
        return not self.lock.locked() and all(pace.is_idle(now) for pace in self.paces)


class Calls:
    """All calls of a bot."""

    def __init__(self, waits: FloodWaits, moved: Callable[[int, int], Awaitable[None]]) -> None:
        """`moved` is told when a group has become a supergroup: its former and its new id."""
        self._waits = waits
        self._moved = moved
        self._chats: dict[int, _Chat] = {}
        self._new_ids: dict[int, int] = {}
        self._in_all = Pace(*_IN_ALL)
        self._sweep_beyond = _REMEMBERED_CHATS
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Make no more calls: whoever waits for one gets Closing. Those under way are finished."""
        self._closing.set()

    def id_now(self, chat_id: int) -> int:
        """The id of a chat, also where it is another one since a group became a supergroup."""
        return self._new_ids.get(chat_id, chat_id)

    async def move(self, former: int, new: int) -> None:
        """Note that a group has become a supergroup, once."""
        if self._new_ids.get(former) == new:
            return
        logger.info("a group has become a supergroup")
        self._new_ids[former] = new
        await self._moved(former, new)

    def keep_no_waits(self, chat_id: int) -> None:
        """Keep in the store no pauses that Telegram asks for with a chat, until the next start."""
        self._waits.keep_none(chat_id)

    async def pause(self, seconds: float) -> None:
        """Sleep. Raises Closing as soon as the bot stops."""
        if self._closing.is_set():
            raise Closing
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return
        raise Closing

    async def message(self, chat_id: int, call: Call[T]) -> T:
        """What a send or an edit gives, in its turn, after any pause Telegram has asked for.

        Raises FloodWait where it asks for another, Closing, and TelegramError.
        """
        chat = self._chat(chat_id)
        async with chat.lock:
            await self._turn(chat)
            return await self._made(chat, call)

    async def glimpse(self, chat_id: int, call: Call[T]) -> T | None:
        """The same for what may as well be left out; None where there is no room for it now."""
        chat = self._chat(chat_id)
        now = asyncio.get_running_loop().time()
        if chat.lock.locked() or self._waits.left(chat.id) or not chat.has_room(now):
            return None
        return await self.message(chat_id, call)

    async def sign(self, chat_id: int, call: Call[T]) -> T | None:
        """What a call gives that is no message, such as "typing"; None while the chat must wait."""
        chat = self._chat(chat_id)
        async with chat.lock:
            if self._waits.left(chat.id) or self._closing.is_set():
                return None
            return await self._made(chat, call)

    async def aside(self, name: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """What a call gives that belongs to no chat; None while Telegram wants none of its name."""
        if self._waits.left(name) or self._closing.is_set():
            return None
        try:
            return await call()
        except RetryAfter as error:
            await self._waits.begin(name, error)
            return None

    async def _turn(self, chat: _Chat) -> None:
        """Wait until a message may be sent to a chat, which counts as sent then."""
        loop = asyncio.get_running_loop()
        await self.pause(self._waits.left(chat.id))
        await self.pause(max(pace.next(loop.time()) for pace in chat.paces) - loop.time())
        in_all = self._in_all.next(loop.time())
        self._in_all.mark(in_all)
        await self.pause(in_all - loop.time())
        while seconds := self._waits.left(chat.id):
            await self.pause(seconds)
        for pace in chat.paces:
            pace.mark(loop.time())

    async def _made(self, chat: _Chat, call: Call[T]) -> T:
        try:
            return await call(chat.id)
        except RetryAfter as error:
            seconds = await self._waits.begin(chat.id, error)
            logger.warning("Telegram asks to wait %.0f s with one chat", seconds)
            raise FloodWait from error
        except ChatMigrated as error:
            await self.move(chat.id, error.new_chat_id)
            chat.id = error.new_chat_id
            return await self._made(chat, call)

    def _chat(self, chat_id: int) -> _Chat:
        if len(self._chats) > self._sweep_beyond:
            now = asyncio.get_running_loop().time()
            self._chats = {id_: chat for id_, chat in self._chats.items() if not chat.is_idle(now)}
            self._sweep_beyond = max(_REMEMBERED_CHATS, 2 * len(self._chats))
        chat_id = self.id_now(chat_id)
        if chat_id not in self._chats:
            self._chats[chat_id] = _Chat(chat_id)
        return self._chats[chat_id]
