"""Taps on buttons. All that a button needs is in it: none is dead after a restart or a reload."""

from telegram import CallbackQuery, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.journal import Journal
from bot.phrases import Phrases
from bot.store import StoreError
from bot.telegram.buttons import (
    AskReason,
    ChooseLanguage,
    Close,
    OpenArticle,
    OpenCitation,
    Rate,
    Stop,
    TurnList,
    parse,
)
from bot.telegram.delivery import Calls, Delivery, Target, keyboard_of, topic_of
from bot.telegram.handlers.lists import Lists
from bot.telegram.handlers.people import People
from bot.telegram.handlers.questions import Questions
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.rendering import feedback_keyboard, render_languages, render_text
from bot.telegram.tickets import REASON, Ticket, Tickets

_ANSWER_SECONDS = 5.0
"""A word on a tap that comes later is of no use to anybody."""


class Taps:
    """What buttons do."""

    def __init__(
        self,
        people: People,
        tickets: Tickets,
        conversations: Conversations,
        questions: Questions,
        shelf: Shelf,
        lists: Lists,
        *,
        calls: Calls,
        delivery: Delivery,
        journal: Journal,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations
        self._questions = questions
        self._shelf = shelf
        self._lists = lists
        self._calls = calls
        self._delivery = delivery
        self._journal = journal
        self._at_work: set[tuple[int, int, str]] = set()

    async def tapped(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A button. The same one tapped again while it is being obeyed does nothing."""
        query = update.callback_query
        assert query is not None
        if query.message is None or query.data is None:
            return
        tap = (query.message.chat.id, query.message.message_id, query.data)
        if tap in self._at_work:
            await self._say(query, "")
            return
        self._at_work.add(tap)
        try:
            await self._obey(query, self._tickets.of(update), self._people.phrases(update))
        finally:
            self._at_work.discard(tap)

    async def _obey(self, query: CallbackQuery, ticket: Ticket, phrases: Phrases) -> None:
        assert query.message is not None
        chat_id, message_id = query.message.chat.id, query.message.message_id
        match parse(query.data or ""):
            case OpenCitation() as opened:
                await self._open_citation(query, opened, ticket, phrases)
            case OpenArticle() as opened:
                await self._open_page(query, opened, ticket, phrases)
            case Rate() as rated:
                await self._rate(query, rated, phrases)
            case AskReason(answer_id):
                await self._ask_reason(query, answer_id, ticket, phrases)
            case Stop(update_id):
                stopped = self._questions.stop(update_id, query.from_user.id)
                words = {None: phrases.not_being_written, False: phrases.only_the_asker}
                await self._say(query, words.get(stopped, ""))
            case TurnList() as turned:
                await self._turn_list(query, turned, phrases)
            case ChooseLanguage(language):
                await self._choose_language(query, language)
            case Close() if _is_opened(query):
                await self._say(query, "")
                await self._delivery.remove(chat_id, message_id)
            case Close() | None:
                await self._say(query, phrases.unknown_button)

    async def _open_citation(
        self, query: CallbackQuery, opened: OpenCitation, ticket: Ticket, phrases: Phrases
    ) -> None:
        """The quoted words in their surroundings, in a message of their own."""
        try:
            part = await self._shelf.citation(opened, phrases)
        except Unopenable as why:
            await self._say(query, str(why), alert=True)
            return
        await self._say(query, "")
        await ticket.reply([part], _answering(query), answer_id=await self._answer_of(query))

    async def _answer_of(self, query: CallbackQuery) -> int | None:
        """The kept answer that the button stands under: a reply to what it opens is about that."""
        assert query.message is not None
        try:
            former = await self._journal.delivered_as(
                query.message.chat.id, query.message.message_id
            )
        except StoreError:
            return None
        return former.answer_id if former else None

    async def _open_page(
        self, query: CallbackQuery, opened: OpenArticle, ticket: Ticket, phrases: Phrases
    ) -> None:
        """A page of an article: in place of what was opened before, under an answer anew."""
        try:
            part, changed = await self._shelf.page(opened, phrases)
        except Unopenable as why:
            await self._say(query, str(why), alert=True)
            return
        await self._say(query, phrases.changed_since if changed else "", alert=changed)
        assert query.message is not None
        if _is_opened(query):
            await self._delivery.edit(query.message.chat.id, query.message.message_id, part)
        else:
            await ticket.reply([part], _answering(query), answer_id=await self._answer_of(query))

    async def _turn_list(self, query: CallbackQuery, turned: TurnList, phrases: Phrases) -> None:
        assert query.message is not None
        try:
            part = await self._lists.page(turned, query.message, phrases)
        except Unopenable as why:
            await self._say(query, str(why), alert=True)
            return
        await self._say(query, "")
        await self._delivery.edit(query.message.chat.id, query.message.message_id, part)

    async def _choose_language(self, query: CallbackQuery, language: str) -> None:
        assert query.message is not None
        await self._people.choose(query.from_user.id, language or None)
        phrases = self._people.phrases_of(query.from_user)
        await self._say(query, phrases.language_chosen if language else phrases.language_follows)
        if query.message.chat.type == ChatType.PRIVATE:
            part = render_languages(phrases, language)
            await self._delivery.edit(query.message.chat.id, query.message.message_id, part)

    async def _rate(self, query: CallbackQuery, rated: Rate, phrases: Phrases) -> None:
        assert query.message is not None
        kept = await self._conversations.rate(
            rated.answer_id, query.from_user.id, rated.value, rated.reason or None
        )
        await self._say(query, phrases.thanks if kept else phrases.answer_not_kept)
        keyboard = keyboard_of(query.message)
        if kept and keyboard:
            await self._delivery.set_keyboard(
                query.message.chat.id,
                query.message.message_id,
                feedback_keyboard(keyboard, rated, phrases),
            )

    async def _ask_reason(
        self, query: CallbackQuery, answer_id: int, ticket: Ticket, phrases: Phrases
    ) -> None:
        if not await self._conversations.is_kept(answer_id):
            await self._say(query, phrases.answer_not_kept)
            return
        await self._say(query, "")
        await ticket.reply(
            render_text(phrases.what_is_wrong),
            _answering(query),
            answer_id=answer_id,
            purpose=REASON,
        )

    async def _say(self, query: CallbackQuery, text: str, *, alert: bool = False) -> None:
        """End the waiting of whoever tapped, with a word. Nothing depends on it."""

        async def answer() -> bool:
            return await query.answer(text or None, show_alert=alert, read_timeout=_ANSWER_SECONDS)

        try:
            await self._calls.aside("answerCallbackQuery", answer)
        except TelegramError:
            return


def _answering(query: CallbackQuery) -> Target:
    """A reply to the message that the button stands under."""
    message = query.message
    assert message is not None
    return Target(message.chat.id, topic_of(message), message.message_id)


def _is_opened(query: CallbackQuery) -> bool:
    """Whether the button stands under an article or a citation: these can be closed."""
    assert query.message is not None
    buttons = (button for row in keyboard_of(query.message) for button in row)
    return any(isinstance(parse(button.data), Close) for button in buttons)
