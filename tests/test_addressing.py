"""Which messages are meant for the bot, and what they ask."""

import datetime
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import (
    Bot,
    Chat,
    ForumTopicCreated,
    Message,
    MessageOriginUser,
    TextQuote,
    Update,
    User,
)

from bot.telegram.addressing import (
    COMMANDS,
    author_of,
    command_of,
    is_addressed,
    is_foreign_command,
    words_of,
)

NOW = datetime.datetime(2026, 3, 4, tzinfo=datetime.UTC)
READER = User(7, "Reader", False)
OTHER = User(8, "Other", False)
OURS = User(42, "Baoda", True, username="baoda_bot")
ANOTHER_BOT = User(43, "Other", True, username="other_bot")
ANONYMOUS = User(1087968824, "Group", True, username="GroupAnonymousBot")
GROUP, PRIVATE = Chat(-100, "supergroup"), Chat(7, "private")
CHANNEL = Chat(-200, "channel")


@pytest.fixture(scope="module")
def bot() -> Bot:
    return a_bot()


@cache
def a_bot() -> Bot:
    bot = Bot("42:TOKEN")
    bot._bot_user = OURS
    return bot


def message(
    text: str | None = None, user: User | None = READER, chat: Chat = GROUP, **more: object
) -> Message:
    return Message(1, NOW, chat, from_user=user, text=text, **more)  # type: ignore[arg-type]


def said(user: User, text: str = "从前说的话") -> Message:
    """A former message of the group."""
    return message(text, user)


@pytest.mark.parametrize(
    "text",
    [
        "@baoda_bot 几点开门?",
        "@BAODA_BOT几点开门?",
        "请问@baoda_bot几点开门?",
        "几点开门? @baoda_bot",
        "/ask 几点开门?",
        "/ask@baoda_bot 几点开门?",
        "/ASK@Baoda_Bot几点开门?",
        "/ask几点开门?",
        "/new",
    ],
)
def test_in_a_group_a_mention_or_a_command_is_for_the_bot(bot: Bot, text: str) -> None:
    assert is_addressed(message(text), bot)


@pytest.mark.parametrize(
    "text",
    [
        "几点开门?",
        "baoda_bot 几点开门?",
        "@baoda_bot2 几点开门?",
        "@baoda_botany",
        "me@baoda_bot",
        "@@baoda_bot",
        "@other_bot 几点开门?",
        "/ask@other_bot 几点开门?",
        "/weather",
        "/weather@baoda_bot",
        "/asking 几点开门?",
        "/weather @baoda_bot",
        "请用 /ask 提问",
        "https://example.org/ask",
        "/ask/new",
        "",
    ],
)
def test_in_a_group_all_else_is_not_for_the_bot(bot: Bot, text: str) -> None:
    assert not is_addressed(message(text), bot)


def test_a_reply_to_the_bot_is_for_it_and_a_reply_to_others_is_not(bot: Bot) -> None:
    assert is_addressed(message("为什么?", reply_to_message=said(OURS)), bot)
    assert not is_addressed(message("为什么?", reply_to_message=said(OTHER)), bot)
    assert not is_addressed(message("/weather", reply_to_message=said(OURS)), bot)


def test_what_replies_to_nothing_in_a_topic_that_the_bot_began_is_not_for_it(bot: Bot) -> None:
    begun = message(None, OURS, forum_topic_created=ForumTopicCreated("Topic", 1))
    assert not is_addressed(message("为什么?", reply_to_message=begun), bot)


@pytest.mark.parametrize(
    "more",
    [
        {"is_automatic_forward": True},
        {"forward_origin": MessageOriginUser(NOW, OTHER)},
        {"via_bot": OURS},
        {"user": ANOTHER_BOT},
        {"user": None},
    ],
    ids=["post of the channel", "forwarded", "our own inline answer", "another bot", "nobody"],
)
def test_in_a_group_what_nobody_wrote_there_is_not_for_the_bot(
    bot: Bot, more: dict[str, object]
) -> None:
    assert not is_addressed(message("@baoda_bot 几点开门?", **more), bot)  # type: ignore[arg-type]


def test_anonymous_admins_are_people(bot: Bot) -> None:
    assert is_addressed(message("/ask 几点开门?", ANONYMOUS, sender_chat=GROUP), bot)


@pytest.mark.parametrize("text", ["几点开门?", "/weather", "@other_bot"])
def test_in_private_everything_is_for_the_bot(bot: Bot, text: str) -> None:
    assert is_addressed(message(text, chat=PRIVATE), bot)


def test_in_private_service_messages_and_our_own_inline_answers_are_not(bot: Bot) -> None:
    assert not is_addressed(message(chat=PRIVATE, pinned_message=said(READER)), bot)
    assert not is_addressed(message("几点开门?", chat=PRIVATE, via_bot=OURS), bot)


@pytest.mark.parametrize(
    ("text", "command", "is_foreign"),
    [
        ("/ask", "ask", False),
        ("/Ask@BAODA_bot 几点?", "ask", False),
        ("/search职工之家", "search", False),
        ("/ask，几点?", "ask", False),
        ("/nosuch", "", True),
        ("/ask@other_bot", "", True),
        ("/ask@baoda_bot2", "", True),
        ("/nosuch@baoda_bot 几点?", "", True),
        ("/asks", "", True),
        ("/2026年几点?", "", False),
        ("/ 几点?", "", False),
        ("几点? /ask", "", False),
        (" /ask", "", False),
        ("", "", False),
        ("/" + "a" * 65, "", False),
    ],
)
def test_commands_are_told_from_words(bot: Bot, text: str, command: str, is_foreign: bool) -> None:
    given_ = message(text)
    assert (command_of(given_, bot), is_foreign_command(given_, bot)) == (command, is_foreign)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_known(bot: Bot, name: str) -> None:
    assert command_of(message(f"/{name}"), bot) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@baoda_bot，几点开门?", "几点开门?"),
        ("@baoda_bot: when?", "when?"),
        ("几点@baoda_bot开门?", "几点 开门?"),
        ("几点开门? @baoda_bot", "几点开门?"),
        ("/ask@baoda_bot 几点开门?", "几点开门?"),
        ("/ask @baoda_bot 几点开门?", "几点开门?"),
        ("/new几点开门?", "几点开门?"),
        ("/search /latest", "/latest"),
        ("/weather 几点?", "/weather 几点?"),
        ("写信到 me@baoda_bot.org", "写信到 me@baoda_bot.org"),
        ("@baoda_bot @baoda_bot", ""),
        ("/ask", ""),
    ],
)
def test_what_is_asked_is_without_command_and_name(bot: Bot, text: str, words: str) -> None:
    assert words_of(message(text), bot) == words


def test_a_name_alone_asks_what_it_replies_to(bot: Bot) -> None:
    def asked(text: str, **more: object) -> str:
        return words_of(message(text, **more), bot)  # type: ignore[arg-type]

    former = said(OTHER, "几点开门?")
    captioned = Message(1, NOW, GROUP, from_user=OTHER, caption="几点关门?")
    quote = TextQuote("几点", 0)
    assert asked("@baoda_bot", reply_to_message=former) == "几点开门?"
    assert asked("/ask", reply_to_message=captioned) == "几点关门?"
    assert asked("@baoda_bot", reply_to_message=former, quote=quote) == "几点"
    assert asked("@baoda_bot 真的吗?", reply_to_message=former) == "真的吗?"
    assert asked("@baoda_bot", reply_to_message=said(OURS)) == ""
    assert asked("/ask", chat=PRIVATE, reply_to_message=former) == ""


_PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["几点", "开门?", "，", "when", "/ask", "@other_bot", "@", "baoda_bot", "😀"]
        ),
        st.sampled_from(["@baoda_bot", "@BaoDa_Bot", " @baoda_bot "]),
    ),
    max_size=8,
)


@given(_PIECES, st.sampled_from(["", " ", "\n"]))
def test_what_is_asked_never_holds_the_name_and_keeps_all_other_words_in_order(
    pieces: list[str], between: str
) -> None:
    name = re.compile(r"(?<![a-z0-9_@])(?:@baoda_bot)+(?![a-z0-9_])", re.I | re.A)
    text = between.join(pieces)
    given_, bot = message(text), a_bot()
    words = words_of(given_, bot)
    assert not name.search(words)
    if not command_of(given_, bot):
        expected = re.sub(r"\s", "", name.sub("", text))
        kept = re.sub(r"\s", "", words)
        assert expected.endswith(kept)
        assert not expected.removesuffix(kept).strip(",，:：、")


def test_the_author_is_a_person_a_channel_or_nobody() -> None:
    def author(written: Message) -> int | None:
        return author_of(Update(1, message=written))

    assert author(message("几点?")) == READER.id
    assert author(message("几点?", ANONYMOUS, sender_chat=GROUP)) is None
    assert author(message("几点?", ANONYMOUS, sender_chat=CHANNEL)) == CHANNEL.id
    assert author_of(Update(1)) is None
