"""What is no question: pictures and the like, commands that are not ours, groups that move."""

from collections import deque

from telegram import Update
from telegram.ext import ContextTypes

from bot.telegram.delivery import Calls
from bot.telegram.handlers.people import People
from bot.telegram.rendering import render_text
from bot.telegram.tickets import Tickets

_ALBUMS = 100
"""Of so many it is remembered that a word was said of them."""


class Others:
    """One friendly word in a private chat."""

    def __init__(self, people: People, tickets: Tickets, calls: Calls) -> None:
        self._people = people
        self._tickets = tickets
        self._calls = calls
        self._albums: deque[str] = deque(maxlen=_ALBUMS)

    async def attached(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A picture, a sticker, a voice: of an album one word is said."""
        assert update.message is not None
        album = update.message.media_group_id
        if album is not None:
            if album in self._albums:
                return
            self._albums.append(album)
        await self._say(update, self._people.phrases(update).only_text)

    async def commanded(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A command that there is none of."""
        await self._say(update, self._people.phrases(update).unknown_command)

    async def moved(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A group that has become a supergroup has another number."""
        assert update.message is not None
        message = update.message
        if message.migrate_to_chat_id:
            await self._calls.move(message.chat_id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id:
            await self._calls.move(message.migrate_from_chat_id, message.chat_id)

    async def _say(self, update: Update, text: str) -> None:
        await self._tickets.reply(update, render_text(text))
