"""What is stored of an update until it is done: of other people no more than the work needs."""

from typing import Any

from telegram import Bot, Message, MessageOrigin, Update

from bot.telegram.addressing import command_of, words_of

_NEEDED_OF_A_FORMER = {"message_id", "date", "chat", "message_thread_id", "forum_topic_created"}
_WORDS_OF_A_FORMER = {"text", "caption"}
_ARTICLE_OF_A_FORMER = {"text", "caption", "document"}
_OF_OTHERS = ("external_reply", "forward_origin", "entities", "caption_entities")
_ABOUT_A_FORMER = ("add", "article", "remove")
"""Commands that may be about the message that they reply to."""


def payload_of(update: Update, bot: Bot, *, is_admin: bool = False) -> dict[str, Any]:
    """The update as JSON, without those whom a message replies to, mentions or quotes.

    Their words are there where they are what is asked, or what an admin wants to be an article. Of
    a message that was passed on that fact is there, and not whose it was.
    """
    payload = update.to_dict()
    if update.callback_query is not None:
        payload["callback_query"].get("message", {}).pop("reply_to_message", None)
    for name, message in (("message", update.message), ("edited_message", update.edited_message)):
        if message is not None:
            payload[name] = _without_others(payload[name], message, bot, is_admin=is_admin)
    return payload


def _without_others(
    full: dict[str, Any], message: Message, bot: Bot, *, is_admin: bool
) -> dict[str, Any]:
    own = {name: value for name, value in full.items() if name not in _OF_OTHERS}
    if message.forward_origin is not None:
        own["forward_origin"] = {
            "type": MessageOrigin.HIDDEN_USER,
            "date": full["date"],
            "sender_user_name": "",
        }
    if "reply_to_message" not in own:
        return own
    needed = set(_NEEDED_OF_A_FORMER)
    former = message.reply_to_message
    if former is not None and former.from_user is not None and former.from_user.id == bot.id:
        needed |= {"from", "reply_markup"}
    if is_admin and command_of(message, bot) in _ABOUT_A_FORMER:
        needed |= _ARTICLE_OF_A_FORMER
    quote = own.pop("quote", None)
    own["reply_to_message"] = _only(needed, full["reply_to_message"])
    asked = words_of(message, bot)
    if asked == words_of(Message.de_json(own, bot), bot):
        return own
    if quote is not None:
        return own | {"quote": quote}
    return own | {"reply_to_message": _only(needed | _WORDS_OF_A_FORMER, full["reply_to_message"])}


def _only(names: set[str], content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name in names}
