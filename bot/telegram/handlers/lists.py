"""Lists of articles: those found for some words, the newest, and what the collection holds."""

from telegram import Bot, MaybeInaccessibleMessage, Message, MessageEntity, Update
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.phrases import Phrases
from bot.telegram.addressing import author_of, words_of
from bot.telegram.buttons import TurnList
from bot.telegram.handlers.apologies import apology
from bot.telegram.handlers.people import People
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.links import Links
from bot.telegram.quotas import Quotas
from bot.telegram.rendering import (
    A_PAGE,
    Part,
    clean_line,
    page_of,
    render_holdings,
    render_latest,
    render_matches,
    render_text,
    render_wait,
    shorten,
)
from bot.telegram.tickets import Tickets
from retrieval.errors import BaodaError

_MOST_CHARACTERS = 200
"""Of the words of a search: they stand in the message, where turning its pages finds them."""

_MOST_NAMED = 100
"""Of them where nothing is found: on a tap Telegram shows a word of 200."""


class Lists:
    """/search, /latest, /sources, and the turning of pages."""

    def __init__(
        self,
        people: People,
        tickets: Tickets,
        conversations: Conversations,
        shelf: Shelf,
        *,
        bot: Bot,
        quotas: Quotas,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations
        self._shelf = shelf
        self._bot = bot
        self._quotas = quotas

    async def search(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/search: titles and passages with these words."""
        assert update.message is not None
        phrases, author = self._people.phrases(update), author_of(update)
        words = clean_line(clean_line(words_of(update.message, self._bot))[:_MOST_CHARACTERS])
        if not words:
            await self._tickets.reply(update, render_text(phrases.search_usage))
        elif wait := self._quotas.take(author, update.message.chat_id):
            if not wait.is_told:
                await self._tickets.reply(update, render_wait(wait, phrases))
        else:
            try:
                parts = [await self._found(words, 0, phrases)]
                await self._quotas.keep(author, update.message.chat_id)
            except BaodaError as error:
                self._quotas.give_back(author, update.message.chat_id)
                parts = render_text(apology(error, words, phrases))
            except Unopenable as why:
                parts = render_text(str(why))
            await self._tickets.reply(update, parts)

    async def latest(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/latest: the newest articles."""
        phrases = self._people.phrases(update)
        try:
            parts = [await self._newest(0, phrases)]
        except Unopenable as why:
            parts = render_text(str(why))
        await self._tickets.reply(update, parts)

    async def sources(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/sources: what the collection holds."""
        phrases = self._people.phrases(update)
        try:
            parts = render_holdings(await self._shelf.holdings(phrases), phrases)
        except Unopenable as why:
            parts = render_text(str(why))
        await self._tickets.reply(update, parts)

    async def page(
        self, turned: TurnList, message: MaybeInaccessibleMessage, phrases: Phrases
    ) -> Part:
        """The page of a list that a message shows. Raises Unopenable."""
        if turned.kind == "latest":
            return await self._newest(turned.page, phrases)
        if not (words := _searched(message)):
            raise Unopenable(phrases.search_again)
        try:
            return await self._found(words, turned.page, phrases)
        except BaodaError as error:
            raise Unopenable(apology(error, words, phrases)) from error

    async def _found(self, words: str, page: int, phrases: Phrases) -> Part:
        matches = await self._conversations.look_up(words)
        if not matches:
            raise Unopenable(phrases.nothing_found.format(words=shorten(words, _MOST_NAMED)))
        return render_matches(words, matches, page, phrases, Links(self._bot.username))

    async def _newest(self, page: int, phrases: Phrases) -> Part:
        many = await self._shelf.count(phrases)
        page = page_of(page, many)
        articles = await self._shelf.latest(page * A_PAGE, A_PAGE, phrases)
        return render_latest(articles, page, many, phrases, Links(self._bot.username))


def _searched(message: MaybeInaccessibleMessage) -> str:
    """The words that a list was found for: what stands first in bold.

    Telegram divides it where it finds an address or a name in the words.
    """
    if not isinstance(message, Message):
        return ""
    words, end = "", None
    for entity in sorted(message.entities, key=lambda one: one.offset):
        if entity.type == MessageEntity.BOLD and end in (None, entity.offset):
            words += message.parse_entity(entity)
            end = entity.offset + entity.length
    return words
