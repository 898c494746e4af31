"""Which messages are meant for the bot, who wrote them, and what they ask."""

import re

from telegram import Bot, Message, Update, User
from telegram.constants import ChatID, ChatType

COMMANDS = (
    "start",
    "help",
    "ask",
    "search",
    "latest",
    "sources",
    "new",
    "language",
    "privacy",
    "forget",
    "feedback",
    "id",
)
"""All that readers may give; in a group others belong to other bots."""

ADMIN_COMMANDS = (
    "reload",
    "add",
    "article",
    "remove",
    "restore",
    "audit",
    "gaps",
    "stats",
    "golden",
)
"""Those of admins; to readers they are commands that there are none of."""

_COMMAND = re.compile(r"/([a-z0-9_]{1,64})(?:@([a-z0-9_]+))?(?![a-z0-9_@/<>])", re.I | re.A)
_LONE_COMMAND = re.compile(r"/[a-z0-9_]{1,64}(?:@[a-z0-9_]+(?![a-z0-9_])|(?=\s|$))", re.I | re.A)
_AFTER_A_NAME = re.compile(r"^[\s,，:：、]+")
_IDENTITIES = (ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL)
"""Telegram's own bots that stand for people who write in the name of a chat."""


def is_private(message: Message) -> bool:
    """Whether it stands in a chat of one person with the bot."""
    return message.chat.type == ChatType.PRIVATE


def is_addressed(message: Message, bot: Bot) -> bool:
    """Whether a message is meant for the bot: in groups by mention, reply or command alone."""
    if message.via_bot is not None and message.via_bot.id == bot.id:
        return False  # what a reader chose from our inline answers
    if is_private(message):
        return bool(message.text or message.effective_attachment)
    words = message.text or (message.caption if message.document else "") or ""
    if (
        not words
        or message.is_automatic_forward
        or message.forward_origin is not None
        or not _is_of_a_person(message)
    ):
        return False
    if message.document:
        return _name_of(bot).search(words) is not None
    if command_of(message, bot):
        return True
    if _LONE_COMMAND.match(words):
        return False  # another bot's
    return is_reply_to(message, bot) or _name_of(bot).search(words) is not None


def author_of(update: Update) -> int | None:
    """The id of whoever wrote, tapped or asked; None for an anonymous admin of a group.

    Of somebody who writes in the name of a channel it is the channel's.
    """
    message = update.message or update.edited_message
    if message is not None and message.sender_chat is not None:
        is_group = message.sender_chat.id == message.chat_id
        return None if is_group else message.sender_chat.id
    return update.effective_user.id if update.effective_user else None


def command_of(message: Message, bot: Bot) -> str:
    """The name of the command of ours that a message begins with, in small letters; "" for none.

    Looked for in the text: where Chinese follows without a space Telegram marks no command. What
    was passed on commands nothing.
    """
    if message.forward_origin is not None:
        return ""
    command = _COMMAND.match(message.text or "")
    if command is None:
        return ""
    if command[2] is not None and command[2].lower() != bot.username.lower():
        return ""
    return command[1].lower() if command[1].lower() in COMMANDS + ADMIN_COMMANDS else ""


def is_foreign_command(message: Message, bot: Bot) -> bool:
    """Whether a message begins with a command that we have none of."""
    if message.forward_origin is not None:
        return False
    return _LONE_COMMAND.match(message.text or "") is not None and not command_of(message, bot)


def words_of(message: Message, bot: Bot) -> str:
    """What a message asks: its own words, or those of somebody else's that it replies to.

    The latter in a group, where it has none.
    """
    words = own_words_of(message, bot)
    if words or is_private(message) or is_reply_to(message, bot):
        return words
    if message.quote is not None:
        return message.quote.text.strip()
    former = message.reply_to_message
    return ((former.text or former.caption or "") if former else "").strip()


def own_words_of(message: Message, bot: Bot) -> str:
    """The text of a message without a command and without the bot's name."""
    words = message.text or ""
    if command_of(message, bot) and (command := _COMMAND.match(words)):
        words = words[command.end() :]
    first, *others = _name_of(bot).split(words)
    if others and not first.strip():
        others[0] = _AFTER_A_NAME.sub("", others[0])
    return " ".join(one.strip() for one in (first, *others)).strip()


def _is_of_a_person(message: Message) -> bool:
    user: User | None = message.from_user
    return user is not None and (not user.is_bot or user.id in _IDENTITIES)


def is_reply_to(message: Message, bot: Bot) -> bool:
    """Whether it replies to a message of the bot."""
    former = message.reply_to_message
    return (
        former is not None
        and former.from_user is not None
        and former.from_user.id == bot.id
        # in a topic whatever replies to nothing replies to its beginning
        and former.forum_topic_created is None
    )


def _name_of(bot: Bot) -> re.Pattern[str]:
    """The bot's name in a text: beside Chinese, too, where Telegram marks no mention."""
    name = re.escape(bot.username)
    return re.compile(rf"(?<![a-z0-9_@])(?:@{name})+(?![a-z0-9_])", re.I | re.A)
