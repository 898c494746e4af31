"""Sends come through, once, whatever Telegram does. A real Bot against the emulated Bot API."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from telegram import Bot

from bot.telegram.delivery import replace, send
from bot.telegram.rendering import Part, render_text
from tests.e2e.bot_api import Call, EmulatedBotApi, SentMessage

READER = 1001
PART = Part("<b>答</b> &amp; 案", "答 & 案")
BLOCKED = "Forbidden: bot was blocked by the user"
UNPARSED = 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 0'


@pytest.fixture
def api() -> Iterator[EmulatedBotApi]:
    with EmulatedBotApi() as api:
        yield api


@pytest.fixture
async def bot(api: EmulatedBotApi) -> AsyncIterator[Bot]:
    async with Bot(api.token, base_url=f"{api.base_url}/bot") as bot:
        yield bot


@pytest.fixture
def question(api: EmulatedBotApi) -> int:
    """The id of a reader's message."""
    return api.send_text("问题")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; they take no time."""
    made: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        made.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return made


def calls(api: EmulatedBotApi, method: str = "sendMessage") -> list[Call]:
    return [call for call in api.calls if call.method == method]


def texts(api: EmulatedBotApi) -> list[str]:
    return [message.text for message in api.sent(READER)]


async def sent(api: EmulatedBotApi, bot: Bot, *parts: Part) -> SentMessage:
    """The only message after `parts` were sent."""
    await send(bot, READER, parts)
    (message,) = api.sent(READER)
    return message


async def test_parts_arrive_in_order_and_the_first_is_the_reply(
    api: EmulatedBotApi, bot: Bot, question: int
) -> None:
    parts = [*render_text("一"), *render_text("二"), *render_text("三")]
    last = await send(bot, READER, parts, reply_to=question)
    assert [(one.text, one.reply_to) for one in api.sent(READER)] == [
        ("一", question),
        ("二", None),
        ("三", None),
    ]
    assert last is not None
    assert last.text == "三"


@pytest.mark.usefixtures("question")
async def test_markup_is_html_without_link_previews(api: EmulatedBotApi, bot: Bot) -> None:
    message = await sent(api, bot, PART)
    assert message.text == PART.plain
    assert [entity["type"] for entity in message.entities] == ["bold"]
    assert message.link_preview_options == {"is_disabled": True}


@pytest.mark.usefixtures("question")
async def test_an_answer_to_a_deleted_question_arrives(api: EmulatedBotApi, bot: Bot) -> None:
    await send(bot, READER, [PART], reply_to=999)
    assert texts(api) == [PART.plain]


@pytest.mark.usefixtures("question")
async def test_a_flood_wait_is_honoured(api: EmulatedBotApi, bot: Bot) -> None:
    api.fail_next("sendMessage", 429, "Too Many Requests: retry after 1", {"retry_after": 1})
    await send(bot, READER, [PART])
    first, second = calls(api)
    assert second.at - first.at >= 1
    assert texts(api) == [PART.plain]


@pytest.mark.usefixtures("question")
async def test_flood_waits_may_be_many_and_long(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 900}, times=100)
    await send(bot, READER, [PART])
    assert pauses == [900] * 100
    assert texts(api) == [PART.plain]


@pytest.mark.usefixtures("question")
@pytest.mark.parametrize("status", [429, 500, 502])
async def test_failures_of_the_server_are_tried_again_in_growing_pauses(
    api: EmulatedBotApi, bot: Bot, pauses: list[float], status: int
) -> None:
    api.fail_next("sendMessage", status, "Internal Server Error", times=4)
    await send(bot, READER, [PART])
    assert pauses == [1, 2, 4, 8]
    assert texts(api) == [PART.plain]


@pytest.mark.usefixtures("question")
async def test_a_broken_connection_costs_no_message(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    for _ in range(3):
        api.drop_next("sendMessage", carried_out=False)
    await send(bot, READER, [PART])
    assert texts(api) == [PART.plain]


@pytest.mark.usefixtures("question")
async def test_a_lost_reply_makes_a_message_come_twice_at_most(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    api.drop_next("sendMessage", carried_out=True)
    await send(bot, READER, [PART])
    assert texts(api) in ([PART.plain], [PART.plain] * 2)


@pytest.mark.usefixtures("question")
async def test_an_hour_without_telegram_costs_no_message(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    api.fail_next("sendMessage", 500, "Internal Server Error", times=60)
    await send(bot, READER, [PART])
    assert texts(api) == [PART.plain]
    assert max(pauses) == 60
    assert sum(pauses) > 50 * 60


@pytest.mark.usefixtures("question")
async def test_a_send_that_never_comes_through_is_given_up(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    api.fail_next("sendMessage", 500, "Internal Server Error", times=1000)
    assert await send(bot, READER, [PART, PART]) is None
    assert len(calls(api)) < 100


@pytest.mark.usefixtures("question")
@pytest.mark.parametrize("part", [PART, Part("x", "x")], ids=["markup", "none"])
@pytest.mark.parametrize("reason", [UNPARSED, "Bad Request: ENTITY_BOUNDS_INVALID"])
async def test_refused_markup_is_left_out(
    api: EmulatedBotApi, bot: Bot, part: Part, reason: str
) -> None:
    api.fail_next("sendMessage", 400, reason)
    message = await sent(api, bot, part)
    assert message.text == part.plain
    assert message.parse_mode is None
    assert message.link_preview_options == {"is_disabled": True}


@pytest.mark.usefixtures("question")
async def test_what_is_refused_without_markup_too_is_given_up(
    api: EmulatedBotApi, bot: Bot
) -> None:
    api.fail_next("sendMessage", 400, UNPARSED, times=2)
    assert await send(bot, READER, [PART, PART]) is None
    assert len(calls(api)) == 2


async def test_an_unknown_chat_is_given_up(api: EmulatedBotApi, bot: Bot) -> None:
    assert await send(bot, 55, [PART]) is None


@pytest.mark.usefixtures("question")
async def test_a_chat_that_blocked_the_bot_is_left_alone(api: EmulatedBotApi, bot: Bot) -> None:
    api.fail_next("sendMessage", 403, BLOCKED)
    assert await send(bot, READER, [PART, PART]) is None
    assert len(calls(api)) == 1


@pytest.mark.usefixtures("question")
async def test_a_message_of_ours_gets_another_text(api: EmulatedBotApi, bot: Bot) -> None:
    message = await send(bot, READER, [PART])
    assert message is not None
    assert await replace(bot, message, Part("a &amp; b", "a & b"))
    assert texts(api) == ["a & b"]


@pytest.mark.usefixtures("question")
async def test_an_edit_waits_as_long_as_telegram_asks(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    message = await send(bot, READER, [PART])
    assert message is not None
    api.fail_next("editMessageText", 429, "Too Many Requests", {"retry_after": 30})
    api.fail_next("editMessageText", 500, "Internal Server Error")
    assert await replace(bot, message, Part("新", "新"))
    assert pauses == [30, 1]
    assert texts(api) == ["新"]


@pytest.mark.usefixtures("question")
async def test_an_edit_whose_reply_was_lost_has_been_made(
    api: EmulatedBotApi, bot: Bot, pauses: list[float]
) -> None:
    message = await send(bot, READER, [PART])
    assert message is not None
    api.drop_next("editMessageText", carried_out=True)
    assert await replace(bot, message, Part("新", "新"))
    assert texts(api) == ["新"]


@pytest.mark.usefixtures("question")
async def test_a_message_that_was_deleted_cannot_be_replaced(api: EmulatedBotApi, bot: Bot) -> None:
    message = await send(bot, READER, [PART])
    assert message is not None
    await message.delete()
    assert not await replace(bot, message, PART)


@pytest.mark.usefixtures("question")
async def test_a_message_in_a_chat_that_blocked_the_bot_cannot_be_replaced(
    api: EmulatedBotApi, bot: Bot
) -> None:
    message = await send(bot, READER, [PART])
    assert message is not None
    api.fail_next("editMessageText", 403, BLOCKED)
    assert not await replace(bot, message, PART)
