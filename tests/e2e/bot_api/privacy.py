"""Which messages of a group reach a bot, with privacy mode and without."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.bot_api.contents import SERVICE
from tests.e2e.bot_api.entities import words_of
from tests.e2e.bot_api.messages import Chat
from tests.e2e.bot_api.people import STAND_INS


def reaches(
    chat: Chat, message: Mapping[str, Any], me: Mapping[str, Any], *, privacy_mode: bool
) -> bool:
    """Whether a message is shown to the bot `me`; notes in the chat what is meant for it.

    As https://core.telegram.org/bots/faq#what-messages-will-my-bot-get has it; what BotFather
    says of mentions is not so: with privacy mode a mere mention does not reach the bot.
    """
    if chat.chat["type"] == "private":
        return True
    if chat.blocked:
        return False
    if message.keys() & set(SERVICE):
        return True
    meant = _is_meant(chat, message, me)
    if meant:
        chat.meant.add(message["message_id"])
    elif _of_another_bot(message, me):
        chat.another_bot_spoke = True
    is_admin = chat.members.get(me["id"]) == "administrator"
    return meant or not privacy_mode or is_admin


def _is_meant(chat: Chat, message: Mapping[str, Any], me: Mapping[str, Any]) -> bool:
    replied = message.get("reply_to_message")
    if replied is not None and "forum_topic_created" not in replied:
        if replied["from"]["id"] == me["id"] or replied["message_id"] in chat.meant:
            return True
        if _of_another_bot(replied, me):
            return False
    name = f"@{me['username']}".lower()
    commands = [(at, word.lower()) for at, word in words_of(message, ("bot_command",))]
    if any(word.endswith(name) for _, word in commands):
        return True
    if any(at == 0 and "@" in word for at, word in commands):
        return False
    if message.get("via_bot", {}).get("id") == me["id"]:
        return True
    if _of_another_bot(message, me):
        return False
    return any(at == 0 for at, _ in commands) and not chat.another_bot_spoke


def _of_another_bot(message: Mapping[str, Any], me: Mapping[str, Any]) -> bool:
    author = message["from"]
    return author["is_bot"] and author["id"] not in (me["id"], *STAND_INS)
