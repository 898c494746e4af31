"""The emulated Bot API, tried with a real python-telegram-bot application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from telegram import Bot, BotCommand, LinkPreviewOptions, Update
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from tests.e2e.bot_api import EmulatedBotApi, parse_telegram_html

pytestmark = pytest.mark.asyncio
READER = 1001


@asynccontextmanager
async def client(api: EmulatedBotApi, token: str | None = None) -> AsyncIterator[Bot]:
    """A bot that has not asked who it is, closed at the end."""
    bot = Bot(token or api.token, base_url=f"{api.base_url}/bot")
    try:
        yield bot
    finally:
        for request in bot._request:
            await request.shutdown()


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.effective_message
    assert message is not None
    assert update.effective_user is not None
    await message.reply_chat_action(ChatAction.TYPING)
    language = update.effective_user.language_code
    sent = await message.reply_text(
        f"<b>{language}</b>",
        parse_mode=ParseMode.HTML,
        do_quote=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    await sent.edit_text(f"{language}: {message.text}")


async def test_an_application_echoes_by_polling() -> None:
    async with EmulatedBotApi() as api:
        waiting = api.send_text("waiting since before the start")
        builder = Application.builder().token(api.token).base_url(f"{api.base_url}/bot")
        application = builder.build()
        application.add_handler(MessageHandler(filters.ALL, echo))
        async with application:
            assert application.updater is not None
            await application.bot.set_my_commands([BotCommand("start", "begin")])
            await application.start()
            await application.updater.start_polling(allowed_updates=Update.ALL_TYPES)
            (first,) = await api.wait_for_message(READER, matching=lambda m: m.edits == 1)
            assert first.text == "zh-hans: waiting since before the start"
            assert first.reply_to == waiting
            api.send_text("/start", user_id=7, language_code=None)
            assert await api.wait_for_message(7, matching=lambda m: m.text == "None: /start")
            api.send_text("all", chat_id=-5, chat_type="supergroup", first_name="Readers")
            assert await api.wait_for_message(-5)
            await application.updater.stop()
            await application.stop()
        methods = [call.method for call in api.calls]
        assert methods[0] == "getMe"
        assert "sendChatAction" in methods
        assert all(call.ok for call in api.calls if call.method != "getUpdates")
        # The updates are confirmed: nothing comes a second time.
        async with client(api) as bot:
            assert await bot.get_updates(timeout=0) == ()
            assert await bot.get_my_commands() == (BotCommand("start", "begin"),)


async def test_a_message_is_delivered_at_once_until_it_is_confirmed() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        polling = asyncio.create_task(bot.get_updates(timeout=30))
        await api.wait_for(lambda calls: calls)
        api.send_text("hello")
        async with asyncio.timeout(5):
            (update,) = await polling
        assert await bot.get_updates() == (update,)
        assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_a_newer_poll_ends_the_older() -> None:
    async with EmulatedBotApi() as api, client(api) as older, client(api) as newer:
        polling = asyncio.create_task(older.get_updates(timeout=30))
        await api.wait_for(lambda calls: calls)
        assert await newer.get_updates(timeout=0) == ()
        with pytest.raises(Conflict, match="terminated by other getUpdates"):
            await polling


@pytest.mark.parametrize(
    ("token", "answer"), [("123:another", "Unauthorized"), ("malformed", "Not Found")]
)
async def test_another_token_is_refused(token: str, answer: str) -> None:
    async with EmulatedBotApi() as api, client(api, token) as bot:
        with pytest.raises(InvalidToken, match=answer):
            await bot.get_me()
        assert [call.ok for call in api.calls] == [False]


async def test_faults_come_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else making a RetryAfter warns
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        api.fail_next("sendMessage", 429, "Too Many Requests: retry after 3", {"retry_after": 3})
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(READER, "one")
        assert refused.value.retry_after == timedelta(seconds=3)
        api.fail_next("sendMessage", 500, "Internal Server Error")
        with pytest.raises(NetworkError):
            await bot.send_message(READER, "two")
        await bot.send_message(READER, "three")
        api.drop_next("sendMessage", carried_out=False)
        with pytest.raises(NetworkError):
            await bot.send_message(READER, "four")
        api.drop_next("sendMessage", carried_out=True)
        with pytest.raises(NetworkError):
            await bot.send_message(READER, "five")
        assert [message.text for message in api.sent(READER)] == ["three", "five"]
        assert [call.ok for call in api.calls] == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("text", "options", "answer"),
    [
        ("<p>x</p>", {"parse_mode": "HTML"}, 'nsupported start tag "p" at byte offset 0'),
        ("书<b>x", {"parse_mode": "HTML"}, "an't find end tag"),
        (" \n", {}, "text is empty"),
        ("<b></b>", {"parse_mode": "HTML"}, "text is empty"),
        ("😀" * 2049, {}, "Message is too long"),
        ("x", {"reply_to_message_id": 99}, "Message to be replied not found"),
    ],
)
async def test_what_telegram_refuses_is_not_sent(
    text: str, options: dict[str, Any], answer: str
) -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        with pytest.raises(BadRequest, match=answer):
            await bot.send_message(READER, text, **options)
        assert api.sent(READER) == []


async def test_messages_are_edited_and_deleted_as_at_telegram() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        incoming = api.send_text("hello")
        tags = "<i></i>" * 1000  # only what is left after parsing counts
        sent = await bot.send_message(READER, f"{tags}<b>{'字' * 4096}</b>", ParseMode.HTML)
        assert sent.entities[0].length == 4096
        await bot.edit_message_text("a &amp; b", READER, sent.message_id, parse_mode="HTML")
        with pytest.raises(BadRequest, match="not modified"):
            await bot.edit_message_text("a & b", READER, sent.message_id)
        with pytest.raises(BadRequest, match="can't be edited"):
            await bot.edit_message_text("x", READER, incoming)
        with pytest.raises(BadRequest, match="to edit not found"):
            await bot.edit_message_text("x", READER, 99)
        assert [message.text for message in api.sent(READER)] == ["a & b"]
        assert await bot.delete_message(READER, sent.message_id)
        assert api.sent(READER) == []
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(55, "nobody wrote from there")
        await bot.set_my_description("文章", language_code="zh")
        assert (await bot.get_my_description("zh")).description == "文章"
        assert (await bot.get_my_description()).description == ""
        with pytest.raises(TimeoutError, match="sendMessage"):
            await api.wait_for_message(READER, timeout=0.01)


async def test_html_is_parsed_as_telegram_does() -> None:
    text, entities = parse_telegram_html(
        "😀<B>b<i>i</i></b> &lt;&#x4e66;&#20070;&nbsp;& "
        "<a href='https://e.org/?a=1&amp;b=2'>link</a><a href=\"nowhere\">no</a>"
        '<pre><code class="language-python">x</code></pre>'
        "<blockquote expandable>q</blockquote>"
    )
    assert text == "😀bi <书书&nbsp;& linknoxq"
    shown = [(e["type"], e["offset"], e["length"]) for e in entities]
    assert shown == [
        ("bold", 2, 2),
        ("italic", 3, 1),
        ("text_link", 16, 4),
        ("pre", 22, 1),
        ("expandable_blockquote", 23, 1),
    ]
    assert entities[2]["url"] == "https://e.org/?a=1&b=2"
    assert entities[3]["language"] == "python"


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "<br>",
        "<b",
        "</",
        "<b>x</b",
        "<a href=x",
        "<span>x</span>",
        "<tg-emoji emoji-id='x'>y</tg-emoji>",
        "&#xD800;",
        '<a href="x>y</a>',
    ],
)
async def test_html_that_is_not_telegrams_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"[Tt]ag|Unicode|identifier"):
        parse_telegram_html(text)
