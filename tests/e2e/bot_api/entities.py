"""The entities that Telegram finds in what readers write, and the links in what a bot writes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.e2e.bot_api.html import utf16_length
from tests.e2e.bot_api.messages import SentMessage

# As td/telegram/MessageEntity.cpp finds them: a letter of any script before or after a mention or
# a command makes it none, so that "@some_bot几点" and "问@some_bot" are words.
_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{5,32}(?!\w)")
_COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32}|(?!@))(?![\w/<>])")


def entities_of(text: str, text_mentions: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """The commands and mentions in a text, as MessageEntity objects in their order.

    `text_mentions` are names of people without a username, chosen from the list of members:
    words of the text, and who is meant.
    """
    spans: list[tuple[str, tuple[int, int], dict[str, Any]]]
    spans = [("bot_command", one.span(), {}) for one in _COMMAND.finditer(text)]
    spans += [("mention", one.span(), {}) for one in _MENTION.finditer(text)]
    for name, user_id in (text_mentions or {}).items():
        at = text.index(name)
        user = {"user": {"id": user_id, "is_bot": False, "first_name": name}}
        spans.append(("text_mention", (at, at + len(name)), user))
    return [
        {
            "type": kind,
            "offset": utf16_length(text[:first]),
            "length": utf16_length(text[first:last]),
            **more,
        }
        for kind, (first, last), more in sorted(spans, key=lambda one: one[1])
    ]


def entity_text(text: str, entity: Mapping[str, Any]) -> str:
    """The words of a text that an entity covers."""
    units = text.encode("utf-16-le")
    first = 2 * int(entity["offset"])
    return units[first : first + 2 * int(entity["length"])].decode("utf-16-le")


def words_of(message: Mapping[str, Any], kinds: Iterable[str]) -> list[tuple[int, str]]:
    """Where the entities of these kinds begin in a text or caption, and their words."""
    text = message.get("text", message.get("caption", ""))
    entities = message.get("entities", message.get("caption_entities", []))
    return [(one["offset"], entity_text(text, one)) for one in entities if one["type"] in kinds]


def links_of(message: SentMessage) -> list[tuple[str, str]]:
    """The links of a bot's message in their order: the words, and where they lead."""
    return [
        (entity_text(message.text, one), one["url"])
        for one in message.entities
        if one["type"] == "text_link"
    ]
