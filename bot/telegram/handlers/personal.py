"""What concerns a reader: their language, what is stored of them, and what they have to say."""

import logging

from telegram import Bot, Update
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.journal import Journal
from bot.phrases import Phrases, language_named
from bot.store import Held, StoreError
from bot.telegram.addressing import author_of, is_private, own_words_of
from bot.telegram.delivery import Calls, Closing, Delivery, Outgoing, Target
from bot.telegram.handlers.people import People
from bot.telegram.handlers.questions import Questions
from bot.telegram.handlers.turns import Turns
from bot.telegram.quotas import Quotas
from bot.telegram.rendering import (
    clean_line,
    render_languages,
    render_text,
    render_wait,
    shorten,
)
from bot.telegram.tickets import Tickets

logger = logging.getLogger(__name__)

_LONGEST_QUESTION = 100
"""Of the one that a remark is about."""


class Personal:
    """/language, /privacy, /forget, /feedback."""

    def __init__(
        self,
        people: People,
        tickets: Tickets,
        conversations: Conversations,
        questions: Questions,
        *,
        bot: Bot,
        calls: Calls,
        delivery: Delivery,
        journal: Journal,
        turns: Turns,
        quotas: Quotas,
        retention_days: int,
    ) -> None:
        self._people = people
        self._tickets = tickets
        self._conversations = conversations
        self._questions = questions
        self._bot = bot
        self._calls = calls
        self._delivery = delivery
        self._journal = journal
        self._turns = turns
        self._quotas = quotas
        self._retention_days = retention_days

    async def language(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/language: the one that is named, else the choice of them."""
        assert update.message is not None
        phrases, author = self._people.phrases(update), author_of(update)
        words = own_words_of(update.message, self._bot)
        if author is None or author < 0:
            await self._tickets.reply(update, render_text(phrases.nobody))
        elif not words or (language := language_named(words)) is None:
            chosen = self._people.chosen(author)
            await self._tickets.reply(update, [render_languages(phrases, chosen)])
        else:
            if self._may_keep(update):
                await self._people.choose(author, language or None)
            phrases = self._people.phrases(update)
            text = phrases.language_chosen if language else phrases.language_follows
            await self._tickets.reply(update, render_text(text))

    async def privacy(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/privacy: what is stored, and in a private chat how much of it."""
        assert update.message is not None
        phrases, author = self._people.phrases(update), author_of(update)
        text = phrases.privacy.format(days=phrases.days(self._retention_days))
        if self._people.is_admin(update) and is_private(update.message):
            text += "\n\n" + phrases.privacy_admin
        if author is not None and is_private(update.message):
            try:
                held = await self._journal.held_about(author)
            except StoreError as error:
                logger.error("what is kept about somebody cannot be counted: %s", error)
            else:
                text += "\n\n" + phrases.kept_now.format(counted=_counted(held, phrases))
        await self._tickets.reply(update, render_text(text))

    async def forget(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/forget: all that is stored about whoever asks is deleted, at once and for good.

        Their questions that are not answered yet do not keep it waiting.
        """
        phrases, author = self._people.phrases(update), author_of(update)
        ticket = self._tickets.of(update)
        if author is not None:
            self._questions.stop_all(author, ticket.taken_at)
        await ticket.turn()
        if author is None:
            await self._tickets.reply(update, render_text(phrases.nobody))
            return
        self._calls.keep_no_waits(author)
        try:
            async with self._turns.alone(author):
                held = await self._conversations.forget_person(author, ticket.taken_at)
        except StoreError as error:
            logger.error("what is kept about somebody could not be deleted: %s", error)
            await self._tickets.reply(update, render_text(phrases.not_forgotten))
            return
        self._people.forget(author)
        text = phrases.forgotten.format(counted=_counted(held, phrases))
        await self._tickets.reply(update, render_text(text))

    async def feedback(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/feedback: words for the editors, who get them without a name."""
        assert update.message is not None
        message, phrases, author = update.message, self._people.phrases(update), author_of(update)
        words = own_words_of(message, self._bot)
        if not words:
            await self._tickets.reply(update, render_text(phrases.feedback_usage))
            return
        if wait := self._quotas.take(author, message.chat_id):
            if not wait.is_told:
                await self._tickets.reply(update, render_wait(wait, phrases))
            return
        if not self._may_keep(update):
            await self._tickets.reply(update, render_text(phrases.feedback_not_taken))
            return
        try:
            about = await self._answer_replied_to(update)
            await self._journal.remark(author, words, about)
            told = await self._told_to_admins(words, about, phrases)
        except StoreError as error:
            logger.error("what a reader has to say cannot be kept: %s", error)
            await self._tickets.reply(update, render_text(phrases.feedback_not_taken))
            return
        await self._quotas.keep(author, message.chat_id)
        await self._tickets.reply(update, render_text(phrases.reason_taken))
        self._tickets.of(update).step_aside()
        await self._tell_admins(told)

    def _may_keep(self, update: Update) -> bool:
        taken_at = self._tickets.of(update).taken_at
        return self._conversations.may_keep(author_of(update), taken_at)

    async def _answer_replied_to(self, update: Update) -> int | None:
        assert update.message is not None
        former = update.message.reply_to_message
        if former is None:
            return None
        delivered = await self._journal.delivered_as(update.message.chat_id, former.id)
        return delivered.answer_id if delivered else None

    async def _told_to_admins(self, words: str, about: int | None, phrases: Phrases) -> str:
        turns = None
        if about is not None:
            turns = await self._journal.run(lambda store: store.turns_until(about, 1))
        if not turns:
            return phrases.feedback_came.format(words=words)
        question = shorten(clean_line(turns[-1].question), _LONGEST_QUESTION)
        return phrases.feedback_about.format(question=question, words=words)

    async def _tell_admins(self, text: str) -> None:
        for admin in self._people.admins:
            outgoing = Outgoing(Target(admin), tuple(render_text(text)))
            try:
                await self._delivery.deliver(outgoing, _nothing)
            except Closing:
                return


async def _nothing(progress: object) -> None:
    """Words for the admins are in the store as well."""


def _counted(held: Held, phrases: Phrases) -> str:
    return phrases.comma.join(
        (
            phrases.questions_kept(held.questions),
            phrases.ratings_kept(held.ratings),
            phrases.remarks_kept(held.remarks),
        )
    )
