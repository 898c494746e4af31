"""The short commands."""

from telegram import Bot, Update
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.conversations import Conversations
from bot.telegram.addressing import author_of, is_private, own_words_of
from bot.telegram.buttons import OpenCitation
from bot.telegram.handlers.people import People, place_of
from bot.telegram.handlers.questions import Questions
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.links import parse_payload
from bot.telegram.rendering import render_text
from bot.telegram.tickets import Tickets


class Commands:
    """/start, /help, /id, /new."""

    def __init__(
        self,
        people: People,
        tickets: Tickets,
        conversations: Conversations,
        questions: Questions,
        shelf: Shelf,
        *,
        bot: Bot,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations
        self._questions = questions
        self._shelf = shelf
        self._bot = bot

    async def start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/start, which a link gives the article or citation that it opens."""
        assert update.message is not None
        phrases = self._people.phrases(update)
        words = own_words_of(update.message, self._bot)
        opened = parse_payload(words) if is_private(update.message) else None
        if opened is None:
            await self._say(
                update, phrases.start if is_private(update.message) else self._ways(update)
            )
            return
        try:
            if isinstance(opened, OpenCitation):
                parts = [await self._shelf.citation(opened, phrases)]
            else:
                part, changed = await self._shelf.page(opened, phrases)
                parts = [*(render_text(phrases.changed_since) if changed else ()), part]
        except Unopenable as why:
            parts = render_text(str(why))
        await self._tickets.reply(update, parts)

    async def help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/help"""
        await self._say(update, self._ways(update))

    async def tell_id(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/id: the numbers for TELEGRAM_ADMIN_IDS and TELEGRAM_ALLOWED_IDS."""
        assert update.effective_chat is not None
        user_id, chat_id = author_of(update) or "–", update.effective_chat.id
        text = self._people.phrases(update).your_id
        await self._say(update, text.format(user_id=user_id, chat_id=chat_id))
        raise ApplicationHandlerStop

    async def begin_anew(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/new: what was said before is not referred to any more; a question may follow."""
        assert update.message is not None
        phrases = self._people.phrases(update)
        begun = await self._conversations.forget(place_of(update.message))
        if words := own_words_of(update.message, self._bot):
            await self._questions.answer(update, words)
        else:
            await self._say(update, phrases.begun_anew if begun else phrases.not_begun_anew)

    def _ways(self, update: Update) -> str:
        """What one can do here."""
        assert update.message is not None
        phrases = self._people.phrases(update)
        if not is_private(update.message):
            return phrases.help_in_groups.format(name=self._bot.username)
        admin = f"\n\n{phrases.help_admin}" if self._people.is_admin(update) else ""
        commands = phrases.help_commands.format(name=self._bot.username)
        return f"{phrases.help}\n\n{commands}{admin}"

    async def _say(self, update: Update, text: str) -> None:
        await self._tickets.reply(update, render_text(text))
