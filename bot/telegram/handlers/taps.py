"""Taps on buttons. All that a button needs is in it: none is dead after a restart or a reload."""

from collections.abc import Awaitable, Callable, Mapping

from telegram import CallbackQuery, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.journal import Journal
from bot.store import StoreError
from bot.telegram.buttons import (
    AskReason,
    ChooseLanguage,
    Close,
    Manage,
    OpenArticle,
    OpenCitation,
    Rate,
    Stop,
    TurnList,
    parse,
)
from bot.telegram.delivery import Calls, Delivery, keyboard_of
from bot.telegram.handlers.lists import Lists
from bot.telegram.handlers.people import People
from bot.telegram.handlers.questions import Questions
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.rendering import feedback_keyboard, render_languages, render_text
from bot.telegram.tapping import Tap
from bot.telegram.tickets import REASON, Tickets

Desks = Mapping[str, Callable[[Tap, Manage], Awaitable[None]]]
"""What admins' buttons do, by the name of the desk."""


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
        desks: Desks,
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
        self._desks = desks
        self._at_work: set[tuple[int, int, str]] = set()

    async def tapped(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A button. The same one tapped again while it is being obeyed does nothing."""
        query = update.callback_query
        assert query is not None
        if query.message is None or query.data is None:
            return
        tap = Tap(query, self._tickets.of(update), self._people.phrases(update), self._calls)
        this = (query.message.chat.id, query.message.message_id, query.data)
        if this in self._at_work:
            await tap.say("")
            return
        self._at_work.add(this)
        try:
            await self._obey(tap, is_admin=self._people.is_admin(update))
        finally:
            self._at_work.discard(this)

    async def _obey(self, tap: Tap, *, is_admin: bool) -> None:
        query, phrases = tap.query, tap.phrases
        match parse(query.data or ""):
            case OpenCitation() as opened:
                await self._open_citation(tap, opened)
            case OpenArticle() as opened:
                await self._open_page(tap, opened)
            case Rate() as rated:
                await self._rate(tap, rated)
            case AskReason(answer_id):
                await self._ask_reason(tap, answer_id)
            case Stop(update_id):
                stopped = self._questions.stop(update_id, query.from_user.id)
                words = {None: phrases.not_being_written, False: phrases.only_the_asker}
                await tap.say(words.get(stopped, ""))
            case TurnList() as turned:
                await self._turn_list(tap, turned)
            case ChooseLanguage(language):
                await self._choose_language(tap, language)
            case Manage() as managed if is_admin and managed.desk in self._desks:
                await self._desks[managed.desk](tap, managed)
            case Close() if _is_opened(query):
                await tap.say("")
                await self._delivery.remove(tap.message.chat.id, tap.message.message_id)
            case Close() | Manage() | None:
                await tap.say(phrases.unknown_button)

    async def _open_citation(self, tap: Tap, opened: OpenCitation) -> None:
        """The quoted words in their surroundings, in a message of their own."""
        try:
            part = await self._shelf.citation(opened, tap.phrases)
        except Unopenable as why:
            await tap.say(str(why), alert=True)
            return
        await tap.say("")
        await tap.ticket.reply([part], tap.answering, answer_id=await self._answer_of(tap))

    async def _answer_of(self, tap: Tap) -> int | None:
        """The kept answer that the button stands under: a reply to what it opens is about that."""
        try:
            former = await self._journal.delivered_as(tap.message.chat.id, tap.message.message_id)
        except StoreError:
            return None
        return former.answer_id if former else None

    async def _open_page(self, tap: Tap, opened: OpenArticle) -> None:
        """A page of an article: in place of what was opened before, under an answer anew."""
        try:
            part, changed = await self._shelf.page(opened, tap.phrases)
        except Unopenable as why:
            await tap.say(str(why), alert=True)
            return
        await tap.say(tap.phrases.changed_since if changed else "", alert=changed)
        if _is_opened(tap.query):
            await self._delivery.edit(tap.message.chat.id, tap.message.message_id, part)
        else:
            await tap.ticket.reply([part], tap.answering, answer_id=await self._answer_of(tap))

    async def _turn_list(self, tap: Tap, turned: TurnList) -> None:
        try:
            part = await self._lists.page(turned, tap.message, tap.phrases)
        except Unopenable as why:
            await tap.say(str(why), alert=True)
            return
        await tap.say("")
        await self._delivery.edit(tap.message.chat.id, tap.message.message_id, part)

    async def _choose_language(self, tap: Tap, language: str) -> None:
        await self._people.choose(tap.query.from_user.id, language or None)
        phrases = self._people.phrases_of(tap.query.from_user)
        await tap.say(phrases.language_chosen if language else phrases.language_follows)
        if tap.message.chat.type == ChatType.PRIVATE:
            part = render_languages(phrases, language)
            await self._delivery.edit(tap.message.chat.id, tap.message.message_id, part)

    async def _rate(self, tap: Tap, rated: Rate) -> None:
        kept = await self._conversations.rate(
            rated.answer_id, tap.query.from_user.id, rated.value, rated.reason or None
        )
        await tap.say(tap.phrases.thanks if kept else tap.phrases.answer_not_kept)
        keyboard = keyboard_of(tap.message)
        if kept and keyboard:
            await self._delivery.set_keyboard(
                tap.message.chat.id,
                tap.message.message_id,
                feedback_keyboard(keyboard, rated, tap.phrases),
            )

    async def _ask_reason(self, tap: Tap, answer_id: int) -> None:
        if not await self._conversations.is_kept(answer_id):
            await tap.say(tap.phrases.answer_not_kept)
            return
        await tap.say("")
        await tap.ticket.reply(
            render_text(tap.phrases.what_is_wrong),
            tap.answering,
            answer_id=answer_id,
            purpose=REASON,
        )


def _is_opened(query: CallbackQuery) -> bool:
    """Whether the button stands under an article or a citation: these can be closed."""
    assert query.message is not None
    buttons = (button for row in keyboard_of(query.message) for button in row)
    return any(isinstance(parse(button.data), Close) for button in buttons)
