"""Questions: asked, edited, stopped, and asked about an answer by replying to it."""

import asyncio
import logging
from contextlib import aclosing
from functools import partial

from telegram import Bot, Message, Update
from telegram.ext import ContextTypes

from bot.conversations import Conversations, Reply
from bot.journal import Journal
from bot.phrases import Phrases
from bot.store import Delivered, StoreError
from bot.telegram.delivery import Calls, Preview, typing
from bot.telegram.handlers.people import People, place_of, reply_to
from bot.telegram.rendering import render, render_preview, render_text
from bot.telegram.tickets import REASON, Ticket, Tickets
from retrieval.errors import (
    BaodaError,
    ModelUnavailableError,
    NoCollectionError,
    OutdatedCollectionError,
    QuestionError,
)
from retrieval.questions.question import MAX_CHARACTERS

logger = logging.getLogger(__name__)


class Questions:
    """What readers ask."""

    def __init__(
        self,
        people: People,
        tickets: Tickets,
        conversations: Conversations,
        *,
        bot: Bot,
        calls: Calls,
        journal: Journal,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations
        self._bot = bot
        self._calls = calls
        self._journal = journal
        self._being_written: dict[int, asyncio.Event] = {}

    async def asked(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A message: a question, about the answer that it replies to; or a word on an answer."""
        assert update.message is not None
        message, ticket = update.message, self._tickets.of(update)
        replied_to = await self._replied_to(message)
        if replied_to is not None and replied_to.purpose == REASON:
            await self._take_reason(update, replied_to)
            return
        about = replied_to.answer_id if replied_to else None
        await self._answer(ticket, message, self._people.phrases(update), about=about)

    async def edited(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A question whose words were changed: the answer changes where it stands."""
        assert update.edited_message is not None
        message, ticket = update.edited_message, self._tickets.of(update)
        try:
            former = await self._journal.delivered_for(message.chat_id, message.id)
        except StoreError as error:
            logger.error("the answer to an edited question cannot be found: %s", error)
            return
        if not former:
            return
        ticket.slots = ticket.slots or [one.message_id for one in former]
        replaces = former[0].answer_id
        if not ticket.is_resumed and await self._is_unchanged(replaces, message.text or ""):
            return
        await self._answer(ticket, message, self._people.phrases(update), replaces=replaces)

    def stop(self, update_id: int) -> bool:
        """End the answer that is being written for an update; False where none is."""
        if update_id not in self._being_written:
            return False
        self._being_written[update_id].set()
        return True

    async def _answer(
        self,
        ticket: Ticket,
        message: Message,
        phrases: Phrases,
        *,
        about: int | None = None,
        replaces: int | None = None,
    ) -> None:
        update_id, answer_id = ticket.update.update_id, None
        stop = self._being_written[update_id] = asyncio.Event()
        try:
            try:
                reply = await self._written(ticket, message, phrases, about, replaces, stop)
            except BaodaError as error:
                parts = render_text(_apology(error, message.text or "", phrases))
            else:
                words = self._people.phrases_about(reply.answer.question, phrases)
                parts, answer_id = render(reply.answer, words, answer_id=reply.id), reply.id
            await ticket.reply(
                parts,
                reply_to(message),
                question_id=message.id,
                answer_id=answer_id,
                is_late=ticket.update.edited_message is not None,
            )
        finally:
            del self._being_written[update_id]

    async def _written(
        self,
        ticket: Ticket,
        message: Message,
        phrases: Phrases,
        about: int | None,
        replaces: int | None,
        stop: asyncio.Event,
    ) -> Reply:
        """The whole answer; what there is of it before is shown. Raises BaodaError."""
        target, update_id = reply_to(message), ticket.update.update_id
        preview = Preview(
            self._bot,
            self._calls,
            target,
            message_id=ticket.slots[0] if ticket.slots else None,
            begun=partial(ticket.use, target),
        )
        steps = self._conversations.ask(
            place_of(message),
            message.text or "",
            asker=message.from_user.id if message.from_user else None,
            about=about,
            replaces=replaces,
            stop=stop,
        )
        try:
            async with typing(self._bot, self._calls, target) as is_seen, aclosing(steps):
                async for step in steps:
                    if isinstance(step, Reply):
                        return step
                    if step.text:
                        is_seen()
                        preview.show(render_preview(step, phrases, update_id=update_id))
        finally:
            await preview.end()
        raise AssertionError("a question ends with its answer")

    async def _is_unchanged(self, answer_id: int | None, question: str) -> bool:
        return answer_id is not None and await self._conversations.is_question(answer_id, question)

    async def _replied_to(self, message: Message) -> Delivered | None:
        """The message of ours that a reader replies to, None where it is no answer of ours."""
        former = message.reply_to_message
        if former is None or former.from_user is None or former.from_user.id != self._bot.id:
            return None
        try:
            return await self._journal.delivered_as(message.chat_id, former.id)
        except StoreError as error:
            logger.error("the answer that a question refers to cannot be found: %s", error)
            return None

    async def _take_reason(self, update: Update, asked_for: Delivered) -> None:
        assert update.message is not None
        message, phrases = update.message, self._people.phrases(update)
        kept = (
            asked_for.answer_id is not None
            and message.from_user is not None
            and await self._conversations.rate(
                asked_for.answer_id, message.from_user.id, -1, reason=message.text
            )
        )
        text = phrases.reason_taken if kept else phrases.answer_not_kept
        await self._tickets.of(update).reply(render_text(text), reply_to(message))


def _apology(error: BaodaError, question: str, phrases: Phrases) -> str:
    match error:
        case QuestionError() if len(question.strip()) <= MAX_CHARACTERS:
            return phrases.help
        case QuestionError():
            return phrases.question_too_long.format(limit=MAX_CHARACTERS, length=len(question))
        case NoCollectionError() | OutdatedCollectionError():
            return phrases.indexing
        case ModelUnavailableError():
            logger.warning("%s", error)
            return phrases.model_unavailable
        case _:
            logger.error("%s", error)
            return phrases.unexpected
