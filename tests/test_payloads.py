"""What is stored of an update holds nobody's words but those that are asked."""

from typing import Any

import pytest
from telegram import Bot, Message, Update

from bot.telegram.addressing import is_addressed, words_of
from bot.telegram.payloads import payload_of
from tests.test_addressing import a_bot

READER = {"id": 7, "is_bot": False, "first_name": "Reader"}
OTHER = {"id": 7_654_321, "is_bot": False, "first_name": "Other"}
OURS = {"id": 42, "is_bot": True, "first_name": "Baoda", "username": "baoda_bot"}
GROUP = {"id": -100, "type": "supergroup", "title": "Group"}
THEIRS = {"message_id": 3, "date": 1, "chat": GROUP, "from": OTHER, "text": "秘密的话"}
QUOTE = {"text": "秘密", "position": 0}


@pytest.fixture(scope="module")
def bot() -> Bot:
    return a_bot()


def kept(bot: Bot, name: str = "message", **content: Any) -> tuple[str, Message]:
    """The payload as text, and the message that is made of it after a restart."""
    message = {"message_id": 5, "date": 2, "chat": GROUP, "from": READER, **content}
    update = Update.de_json({"update_id": 1, name: message}, bot)
    payload = payload_of(update, bot)
    again = Update.de_json(payload, bot)
    before, after = update.effective_message, again.effective_message
    assert before is not None
    assert after is not None
    assert words_of(after, bot) == words_of(before, bot)
    assert is_addressed(after, bot) == is_addressed(before, bot)
    return str(payload), after


@pytest.mark.parametrize("name", ["message", "edited_message"])
@pytest.mark.parametrize("more", [{}, {"quote": QUOTE}])
def test_those_whom_a_question_replies_to_are_not_stored(
    bot: Bot, name: str, more: dict[str, Any]
) -> None:
    text, message = kept(bot, name, text="@baoda_bot 真的吗?", reply_to_message=THEIRS, **more)
    assert "秘密" not in text
    assert str(OTHER["id"]) not in text
    assert message.reply_to_message is not None
    assert message.reply_to_message.id == 3


@pytest.mark.parametrize(("more", "words"), [({}, "秘密的话"), ({"quote": QUOTE}, "秘密")])
def test_words_that_are_asked_are_stored_without_their_author(
    bot: Bot, more: dict[str, Any], words: str
) -> None:
    text, _ = kept(bot, text="@baoda_bot", reply_to_message=THEIRS, **more)
    assert words in text
    assert str(OTHER["id"]) not in text


def test_a_reply_to_the_bot_is_known_as_such(bot: Bot) -> None:
    ours = THEIRS | {"from": OURS, "text": "回答"}
    text, message = kept(bot, text="为什么?", reply_to_message=ours)
    assert is_addressed(message, bot)
    assert "回答" not in text


def test_those_who_are_mentioned_or_forwarded_are_not_stored(bot: Bot) -> None:
    mention = {"type": "text_mention", "offset": 0, "length": 2, "user": OTHER}
    origin = {"type": "user", "date": 1, "sender_user": OTHER}
    private = {"id": 7, "type": "private", "first_name": "Reader"}
    text, message = kept(
        bot, text="老王说", chat=private, entities=[mention], forward_origin=origin
    )
    assert str(OTHER["id"]) not in text
    assert message.text == "老王说"
    assert message.forward_origin is not None


@pytest.mark.parametrize(("is_admin", "is_kept"), [(True, True), (False, False)])
def test_what_an_admin_wants_to_be_an_article_is_stored_without_its_author(
    bot: Bot, is_admin: bool, is_kept: bool
) -> None:
    message: dict[str, Any] = {"message_id": 5, "date": 2, "from": READER, "text": "/add"}
    message["chat"] = {"id": 7, "type": "private", "first_name": "Reader"}
    message["reply_to_message"] = THEIRS
    update = Update.de_json({"update_id": 1, "message": message}, bot)
    payload = str(payload_of(update, bot, is_admin=is_admin))
    assert ("秘密的话" in payload) is is_kept
    assert str(OTHER["id"]) not in payload


def test_a_tap_is_stored_without_the_question_above_the_button(bot: Bot) -> None:
    answer = {"message_id": 4, "date": 1, "chat": GROUP, "from": OURS, "text": "回答"}
    query = {"id": "1", "from": READER, "chat_instance": "1", "data": "x"}
    query["message"] = answer | {"reply_to_message": THEIRS}
    update = Update.de_json({"update_id": 1, "callback_query": query}, bot)
    payload = payload_of(update, bot)
    assert "秘密" not in str(payload)
    again = Update.de_json(payload, bot).callback_query
    assert again is not None
    assert (again.data, again.message and again.message.message_id) == ("x", 4)
