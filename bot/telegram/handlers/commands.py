"""The short commands."""

from telegram import Update
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.telegram.handlers.people import People, beside, place_of
from bot.telegram.rendering import render_text
from bot.telegram.tickets import Tickets


class Commands:
    """/start, /help, /id, /new."""

    def __init__(self, people: People, tickets: Tickets, conversations: Conversations) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations

    async def start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/start"""
        await self._say(update, self._people.phrases(update).start)

    async def help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/help"""
        phrases = self._people.phrases(update)
        admin = f"\n\n{phrases.help_admin}" if self._people.is_admin(update) else ""
        await self._say(update, phrases.help + admin)

    async def tell_id(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/id: the numbers for TELEGRAM_ADMIN_IDS and TELEGRAM_ALLOWED_IDS."""
        assert update.effective_chat is not None
        user_id = update.effective_user.id if update.effective_user else "–"
        text = self._people.phrases(update).your_id
        await self._say(update, text.format(user_id=user_id, chat_id=update.effective_chat.id))

    async def begin_anew(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/new: what was said before is not referred to any more."""
        assert update.message is not None
        phrases = self._people.phrases(update)
        begun = await self._conversations.forget(place_of(update.message))
        await self._say(update, phrases.begun_anew if begun else phrases.not_begun_anew)

    async def _say(self, update: Update, text: str) -> None:
        assert update.message is not None
        await self._tickets.of(update).reply(render_text(text), beside(update.message))
