"""What the bot does with each update."""

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from telegram import Bot, Chat, Message, Update, User
from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.conversations import Conversations, Place
from bot.phrases import Phrases, phrases_for
from bot.settings import Settings
from bot.telegram.delivery import replace, send
from bot.telegram.rendering import render, render_text
from retrieval.errors import (
    BaodaError,
    ModelUnavailableError,
    NoCollectionError,
    QuestionError,
    ReloadError,
)
from retrieval.questions.question import MAX_CHARACTERS

logger = logging.getLogger(__name__)

_TYPING_SECONDS = 4.5
"""Telegram shows "typing" for five seconds at a time."""

_SHOWN_PROBLEMS = 20

Reload = Callable[[], Awaitable[dict[str, Any]]]


class Handlers:
    """The bot's handlers, with what they need."""

    def __init__(self, settings: Settings, *, conversations: Conversations, reload: Reload) -> None:
        self._settings = settings
        self._conversations = conversations
        self._reload = reload
        self._reloading = asyncio.Lock()
        self._turns: weakref.WeakValueDictionary[int, asyncio.Lock] = weakref.WeakValueDictionary()

    async def admit(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Stop what comes from people outside the allow-list: they get silence."""
        allowed = self._settings.telegram_allowed_ids
        if allowed and not self._is_one_of(update, allowed) and not self._is_admin(update):
            raise ApplicationHandlerStop

    async def start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/start"""
        message, phrases = self._addressed(update)
        await send(context.bot, message.chat_id, render_text(phrases.start))

    async def help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/help"""
        message, phrases = self._addressed(update)
        text = phrases.help
        if self._is_admin(update):
            text += f"\n\n{phrases.help_admin}"
        await send(context.bot, message.chat_id, render_text(text))

    async def tell_id(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/id: the numbers for TELEGRAM_ADMIN_IDS and TELEGRAM_ALLOWED_IDS."""
        message, phrases = self._addressed(update)
        user_id = update.effective_user.id if update.effective_user else "–"
        text = phrases.your_id.format(user_id=user_id, chat_id=message.chat_id)
        await send(context.bot, message.chat_id, render_text(text))

    async def question(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A question in a private chat. Questions of one chat are answered in their order."""
        message, phrases = self._addressed(update)
        turn = self._turns.setdefault(message.chat_id, asyncio.Lock())
        async with turn:
            async with _typing(context.bot, message.chat_id):
                try:
                    reply = await self._conversations.answer(
                        _place(message), message.text or "", asker=_asker(update)
                    )
                except BaodaError as error:
                    parts = render_text(_apology(error, message.text or "", phrases))
                else:
                    parts = render(reply.answer, phrases)
            await send(context.bot, message.chat_id, parts, reply_to=message.id)

    async def begin_anew(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/new: what was said before is not referred to any more."""
        message, phrases = self._addressed(update)
        begun = await self._conversations.forget(_place(message))
        text = phrases.begun_anew if begun else phrases.not_begun_anew
        await send(context.bot, message.chat_id, render_text(text))

    async def reload(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/reload, for admins; for others it does not exist."""
        if not self._is_admin(update):
            return
        message, phrases = self._addressed(update)
        if self._reloading.locked():
            await send(context.bot, message.chat_id, render_text(phrases.reload_running))
            return
        async with self._reloading:
            shown = await send(context.bot, message.chat_id, render_text(phrases.reload_started))
            try:
                text = _reload_report(await self._reload(), phrases)
            except ReloadError as error:
                text = phrases.reload_failed.format(reason=error)
        parts = render_text(text)
        if shown is not None and await replace(context.bot, shown, parts[0]):
            parts = parts[1:]
        await send(context.bot, message.chat_id, parts)

    async def error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Log what nobody expected, then apologise once."""
        logger.error("unexpected error", exc_info=context.error)
        if isinstance(update, Update) and update.effective_message:
            message, phrases = self._addressed(update)
            if message.chat.type == Chat.PRIVATE:
                await send(context.bot, message.chat_id, render_text(phrases.unexpected))

    def _addressed(self, update: Update) -> tuple[Message, Phrases]:
        message = update.effective_message
        assert message is not None
        user: User | None = update.effective_user
        language = (user.language_code if user else None) or ""
        return message, phrases_for(self._settings.bot_language, language)

    def _is_admin(self, update: Update) -> bool:
        return self._is_one_of(update, self._settings.telegram_admin_ids)

    @staticmethod
    def _is_one_of(update: Update, ids: frozenset[int]) -> bool:
        people = (update.effective_user, update.effective_chat)
        return any(one is not None and one.id in ids for one in people)


def _place(message: Message) -> Place:
    topic = message.message_thread_id if message.is_topic_message else None
    return Place("telegram", message.chat_id, topic)


def _asker(update: Update) -> int | None:
    return update.effective_user.id if update.effective_user else None


@asynccontextmanager
async def _typing(bot: Bot, chat_id: int) -> AsyncIterator[None]:
    """Show that the bot is at work, for the length of the block."""

    async def keep_typing() -> None:
        while True:
            with suppress(TelegramError):
                await bot.send_chat_action(chat_id, ChatAction.TYPING)
            await asyncio.sleep(_TYPING_SECONDS)

    task = asyncio.create_task(keep_typing())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()


def _apology(error: BaodaError, question: str, phrases: Phrases) -> str:
    match error:
        case QuestionError() if not question.strip():
            return phrases.help
        case QuestionError():
            return phrases.question_too_long.format(limit=MAX_CHARACTERS, length=len(question))
        case NoCollectionError():
            return phrases.indexing
        case ModelUnavailableError():
            logger.warning("%s", error)
            return phrases.model_unavailable
        case _:
            logger.error("%s", error)
            return phrases.unexpected


def _reload_report(result: dict[str, Any], phrases: Phrases) -> str:
    if result["generation"] == result["previous"]:
        text = phrases.reload_unchanged.format(articles=result["articles"])
    else:
        text = phrases.reload_done.format(
            added=len(result["added"]),
            changed=len(result["changed"]),
            removed=len(result["removed"]),
            unchanged=result["unchanged"],
            articles=result["articles"],
            chunks=result["chunks"],
            seconds=round(result["seconds"]),
        )
    failed = result["failed"]
    if not failed:
        return text
    lines = [
        f"• {one['file']}{':' + str(one['line']) if one['line'] else ''} — {one['reason']}"
        for one in failed[:_SHOWN_PROBLEMS]
    ]
    if len(failed) > _SHOWN_PROBLEMS:
        lines.append(f"… +{len(failed) - _SHOWN_PROBLEMS}")
    return "\n".join([text, "", phrases.reload_problems, *lines])
