"""Who writes: people, other bots, and those who stand in for what is no person."""

from typing import Any, TypedDict

_ANONYMOUS_ADMIN = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
_CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
TELEGRAM = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
"""The author of what is forwarded from a linked channel."""
STAND_INS = (_ANONYMOUS_ADMIN["id"], _CHANNEL["id"])
"""Bots in name only: an anonymous admin, and a person who writes as a channel."""


class Said(TypedDict, total=False):
    """Who writes a message, and where; everything has a default."""

    language_code: str | None
    """"zh-hans" where it is not given."""
    chat_type: str
    """Of a new chat; a supergroup where its number is negative."""
    first_name: str
    """Of the writer; the title of a new group."""
    username: str
    reply_to: int | None
    topic_id: int | None
    anonymous: bool
    """An admin of the group who remains anonymous."""
    as_channel: int
    """The channel that the writer speaks as."""
    is_bot: bool
    """Another bot writes."""
    via_bot: str
    """The username of the bot whose inline result is sent."""


def person(user_id: int, said: Said) -> dict[str, Any]:
    """The User object of the one who writes."""
    user: dict[str, Any] = {"id": user_id, "is_bot": said.get("is_bot", False)}
    user["first_name"] = said.get("first_name", "Reader")
    if (language := said.get("language_code", "zh-hans")) is not None:
        user["language_code"] = language
    if "username" in said:
        user["username"] = said["username"]
    return user


def channel(channel_id: int) -> dict[str, Any]:
    """The Chat object of a channel."""
    return {"id": channel_id, "type": "channel", "title": "Channel"}


def author_of(user: dict[str, Any], said: Said, chat: dict[str, Any]) -> dict[str, Any]:
    """The fields of a Message that tell who wrote it."""
    if said.get("anonymous"):
        return {"from": _ANONYMOUS_ADMIN, "sender_chat": chat}
    if "as_channel" in said:
        return {"from": _CHANNEL, "sender_chat": channel(said["as_channel"])}
    return {"from": user}
