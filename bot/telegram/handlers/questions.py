"""Questions: asked, edited, stopped, and asked about an answer by replying to it."""

import asyncio
import datetime
import logging
import time
from contextlib import aclosing
from functools import partial

from telegram import Bot, Message, Update
from telegram.ext import ContextTypes

from bot.conversations import Conversations, Reply
from bot.journal import Journal
from bot.meters import Meters
from bot.phrases import Phrases
from bot.store import Delivered, StoreError
from bot.telegram.addressing import author_of, command_of, is_private, own_words_of, words_of
from bot.telegram.bounds import Wait
from bot.telegram.delivery import Calls, Preview, reply_to, typing
from bot.telegram.handlers.apologies import apology
from bot.telegram.handlers.course import Course
from bot.telegram.handlers.people import People, place_of
from bot.telegram.handlers.turns import Turns
from bot.telegram.links import Links
from bot.telegram.quotas import Quotas
from bot.telegram.rendering import (
    Part,
    render,
    render_preview,
    render_queued,
    render_text,
    render_wait,
)
from bot.telegram.tickets import REASON, Ticket, Tickets
from retrieval.errors import BaodaError

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
        turns: Turns,
        quotas: Quotas,
        meters: Meters,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations
        self._bot = bot
        self._calls = calls
        self._journal = journal
        self._turns = turns
        self._quotas = quotas
        self._meters = meters
        self._open: dict[int, tuple[asyncio.Event, int | None]] = {}
        self._given_up: dict[int, datetime.datetime] = {}

    async def asked(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A message: a question, about the answer that it replies to; or a word on an answer."""
        assert update.message is not None
        message = update.message
        replied_to = await self._replied_to(message)
        if replied_to is not None and replied_to.purpose == REASON:
            await self._take_reason(update, replied_to)
            return
        about = replied_to.answer_id if replied_to else None
        await self.answer(update, words_of(message, self._bot), about=about)

    async def edited(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A question whose words were changed: the answer that it has changes where it stands."""
        assert update.edited_message is not None
        message, ticket = update.edited_message, self._tickets.of(update)
        if command_of(message, self._bot) not in ("", "ask"):
            return
        await ticket.turn()
        try:
            former = await self._journal.delivered_for(message.chat_id, message.id)
        except StoreError as error:
            logger.error("the answer to an edited question cannot be found: %s", error)
            return
        if not former:
            # one of a group was none before the bot's name was put in
            if not is_private(message):
                await self.answer(update, words_of(message, self._bot))
            return
        ticket.slots = ticket.slots or [one.message_id for one in former]
        replaces, question = former[0].answer_id, words_of(message, self._bot)
        if not ticket.is_resumed and await self._is_unchanged(replaces, question):
            return
        await self.answer(update, question, replaces=replaces)

    def stop(self, update_id: int, person: int) -> bool | None:
        """End the answer to an update, begun or not; None where it is complete.

        False for anybody but the person who asked, where that is known.
        """
        if update_id not in self._open:
            return None
        stop, asker = self._open[update_id]
        if asker not in (None, person):
            return False
        stop.set()
        return True

    def stop_all(self, person: int, before: datetime.datetime) -> None:
        """End the answers to all that somebody asked before, also where they are not begun."""
        self._given_up[person] = before
        for stop, asker in self._open.values():
            if asker == person:
                stop.set()

    async def answer(
        self,
        update: Update,
        question: str,
        *,
        about: int | None = None,
        replaces: int | None = None,
    ) -> None:
        """Answer a question in its turn; a message without any is told how to ask."""
        message = update.effective_message
        assert message is not None
        ticket, phrases = self._tickets.of(update), self._people.phrases(update)
        asker = author_of(update)
        if not question and not is_private(message):
            await ticket.turn()
            help_ = phrases.help_in_groups.format(name=self._bot.username)
            await self._tickets.reply(update, render_text(help_))
            return
        target = reply_to(message)
        preview = Preview(
            self._bot,
            self._calls,
            target,
            message_id=ticket.slots[0] if ticket.slots else None,
            begun=partial(ticket.use, target),
        )
        notice = Preview(
            self._bot,
            self._calls,
            target,
            message_id=ticket.notice,
            begun=partial(ticket.announce, target),
        )
        course = Course(ticket, self._meters)
        stop = asyncio.Event()
        if asker in self._given_up and ticket.taken_at < self._given_up[asker]:
            stop.set()
        self._open[update.update_id] = stop, asker
        taking_back: asyncio.Task[None] | None = None
        try:
            # what an edited question has for an answer stays until there is another
            queued = _show_nothing if replaces else partial(_show_place, notice, phrases)
            async with self._turns.turn(ticket, asker, queued):
                course.begun()
                await notice.end()
                taking_back = asyncio.create_task(ticket.take_notice_back(target))
                wait = self._quotas.take(asker, message.chat_id, is_owed=ticket.is_resumed)
                if wait is None:
                    parts, answer_id = await self._written(
                        ticket,
                        message,
                        question,
                        phrases,
                        asker,
                        about,
                        replaces,
                        preview,
                        stop,
                        course,
                    )
        finally:
            del self._open[update.update_id]
            await notice.end()
            await preview.end()
            if taking_back is not None:
                await asyncio.wait([taking_back])
                hindrance = taking_back.exception()
        if hindrance is not None:
            raise hindrance
        written = time.monotonic()
        if wait is not None:
            course.put_off()
            course.counted()
            await self._put_off(update, wait, phrases, is_expected=notice.message_id is not None)
            return
        course.counted()
        await ticket.reply(
            parts,
            target,
            question_id=message.id,
            answer_id=answer_id,
            is_late=update.edited_message is not None,
        )
        course.delivered(time.monotonic() - written)

    async def _put_off(
        self, update: Update, wait: Wait, phrases: Phrases, *, is_expected: bool
    ) -> None:
        """Tell the wait; in a group once a minute to each, and to who was told to wait before.

        An answer that stands there stays.
        """
        message, ticket = update.effective_message, self._tickets.of(update)
        assert message is not None
        if update.edited_message is not None:
            ticket.slots = []
            await ticket.reply(render_wait(wait, phrases), reply_to(message))
        elif is_private(message) or not wait.is_told or is_expected or ticket.slots:
            parts = render_wait(wait, phrases)
            await ticket.reply(parts, reply_to(message), question_id=message.id)

    async def _written(
        self,
        ticket: Ticket,
        message: Message,
        question: str,
        phrases: Phrases,
        asker: int | None,
        about: int | None,
        replaces: int | None,
        preview: Preview,
        stop: asyncio.Event,
        course: Course,
    ) -> tuple[list[Part], int | None]:
        """The messages of the whole answer, and its number where it is kept; or an apology."""
        steps = self._conversations.ask(
            place_of(message),
            question,
            asker=asker,
            about=about,
            replaces=replaces,
            stop=stop,
            taken_at=ticket.taken_at,
        )
        try:
            sign = typing(self._bot, self._calls, reply_to(message))
            async with sign as is_seen, aclosing(steps):
                async for step in steps:
                    if isinstance(step, Reply):
                        course.answered(step.answer)
                        words = self._people.phrases_about(step.answer.question, phrases)
                        links = Links(self._bot.username)
                        if self._conversations.may_keep(asker, ticket.taken_at):
                            await self._quotas.keep(asker, message.chat_id)
                        golden = self._people.is_at_the_desk(message)
                        parts = render(step.answer, words, links, answer_id=step.id, golden=golden)
                        return parts, step.id
                    if step.text:
                        is_seen()
                        update_id = ticket.update.update_id
                        preview.show(render_preview(step, phrases, update_id=update_id))
        except BaodaError as error:
            self._quotas.give_back(asker, message.chat_id)
            return render_text(apology(error, question, phrases)), None
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
        ticket, author = self._tickets.of(update), author_of(update)
        await ticket.turn()
        kept = (
            asked_for.answer_id is not None
            and author is not None
            and self._conversations.may_keep(author, ticket.taken_at)
            and await self._conversations.rate(
                asked_for.answer_id, author, -1, reason=own_words_of(message, self._bot)
            )
        )
        text = phrases.reason_taken if kept else phrases.answer_not_kept
        await ticket.reply(render_text(text), reply_to(message))


def _show_nothing(ahead: int) -> None:
    pass


def _show_place(notice: Preview, phrases: Phrases, ahead: int) -> None:
    notice.show(render_queued(ahead, phrases))
