"""The emulated Bot API, tried with a real python-telegram-bot application."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
    BotCommandScopeChatMember,
    BotCommandScopeDefault,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
    Message,
    MessageOriginChannel,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from tests.e2e.bot_api import Call, EmulatedBotApi, links_of, parse_telegram_html
from tests.e2e.bot_api.contents import CONTENTS
from tests.e2e.bot_api.entities import entities_of, entity_text
from tests.e2e.bot_api.groups import STATUSES
from tests.e2e.bot_api.observers import flood_violations, rate_violations
from tests.e2e.faults import HARMLESS, FaultPlan, Kind
from tests.e2e.running import until

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


# What readers do


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([list(buttons)])


async def updates(bot: Bot) -> tuple[Update, ...]:
    return await bot.get_updates(timeout=0, allowed_updates=Update.ALL_TYPES)


async def test_readers_reply_edit_and_write_in_topics() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        asked = api.send_text("@baoda_test_bot 几点?", 7, -5, chat_type="supergroup", topic_id=3)
        answer = await bot.send_message(-5, "九点", reply_parameters=ReplyParameters(asked))
        assert answer.message_thread_id == 3  # as that which it replies to
        assert answer.reply_to_message is not None
        api.send_text("那天呢?", 7, -5, reply_to=answer.message_id, topic_id=3)
        api.edit_text(-5, asked, "几点开门?")
        first, second, third = await updates(bot)
        assert first.message is not None
        assert second.message is not None
        assert first.message.is_topic_message
        assert [(one.type, one.offset, one.length) for one in first.message.entities] == [
            ("mention", 0, 15)
        ]
        assert second.message.reply_to_message is not None
        assert second.message.reply_to_message.text == "九点"
        assert second.message.reply_to_message.from_user is not None
        assert second.message.reply_to_message.from_user.is_bot
        assert third.edited_message is not None
        assert (third.edited_message.id, third.edited_message.text) == (asked, "几点开门?")


async def test_a_reader_presses_what_stands_there_now() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        before = keyboard(
            InlineKeyboardButton("▶", callback_data="page 1"),
            InlineKeyboardButton("copy", copy_text=CopyTextButton("words")),
        )
        sent = await bot.send_message(READER, "页", reply_markup=before)
        pressed = api.press(READER, sent.message_id, "▶")
        query = (await updates(bot))[-1].callback_query
        assert query is not None
        assert (query.id, query.data, query.from_user.id) == (pressed, "page 1", READER)
        assert query.message is not None
        assert query.message.message_id == sent.message_id
        assert await bot.answer_callback_query(pressed, "ready")
        assert api.toasts == {pressed: "ready"}
        with pytest.raises(LookupError, match="no button"):
            api.press(READER, sent.message_id, "copy")
        after = keyboard(InlineKeyboardButton("◀", callback_data="page 0"))
        await bot.edit_message_reply_markup(READER, sent.message_id, reply_markup=after)
        with pytest.raises(LookupError, match="no button"):
            api.press(READER, sent.message_id, "page 1")
        await bot.edit_message_text("页", READER, sent.message_id)
        assert api.sent(READER)[0].buttons == []


async def test_a_pressed_button_is_answered_once_and_soon() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        markup = keyboard(InlineKeyboardButton("👍", callback_data="up"))
        sent = await bot.send_message(READER, "x", reply_markup=markup)
        pressed = api.press(READER, sent.message_id, "up", user_id=7)
        await bot.answer_callback_query(pressed)
        with pytest.raises(BadRequest, match="too old"):
            await bot.answer_callback_query(pressed)
        api.query_seconds = 0.0
        with pytest.raises(BadRequest, match="too old"):
            await bot.answer_callback_query(api.press(READER, sent.message_id, "up"))


async def test_what_a_reader_deletes_is_gone() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        asked = api.send_text("hello")
        sent = await bot.send_message(READER, "x")
        api.delete_text(READER, asked)
        api.delete_text(READER, sent.message_id)
        assert api.sent(READER) == []
        with pytest.raises(BadRequest, match="to edit not found"):
            await bot.edit_message_text("y", READER, sent.message_id)
        with pytest.raises(BadRequest, match="replied not found"):
            await bot.send_message(READER, "y", reply_to_message_id=asked)


# What Telegram makes of texts and keyboards


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ({"text": "x", "callback_data": "字" * 22}, "(?i)button_data_invalid"),
        ({"text": "x", "copy_text": {"text": "字" * 257}}, "(?i)button_copy_text_invalid"),
        ({"text": "x", "copy_text": {"text": ""}}, "(?i)button_copy_text_invalid"),
        ({"text": "x", "url": "nowhere"}, "(?i)wrong http url"),
        ({"text": "x"}, "unallowed"),
        ({"text": "x", "url": "https://e.org", "callback_data": "y"}, "unallowed"),
        ({"text": " ", "callback_data": "y"}, "text is empty"),
    ],
)
async def test_buttons_that_telegram_refuses(button: dict[str, Any], answer: str) -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        markup = {"inline_keyboard": [[button]]}
        with pytest.raises(BadRequest, match=answer):
            await bot.send_message(READER, "x", api_kwargs={"reply_markup": markup})
        assert api.sent(READER) == []


async def test_buttons_that_telegram_takes() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        markup = keyboard(
            InlineKeyboardButton("data", callback_data="d" * 64),
            InlineKeyboardButton("copy", copy_text=CopyTextButton("字" * 256)),
            InlineKeyboardButton("link", url="https://example.org/?a=1"),
        )
        sent = await bot.send_message(READER, "x", reply_markup=markup)
        assert sent.reply_markup == markup
        await bot.send_message(READER, "why?", reply_markup=ForceReply(selective=True))
        with pytest.raises(BadRequest, match="nline keyboard expected"):
            await bot.edit_message_text("y", READER, sent.message_id, reply_markup=ForceReply())  # type: ignore[arg-type]


async def test_texts_are_cleaned_and_entities_move_with_them() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        await bot.send_message(READER, "\n \u202e😀\ta\r<b> b\u2029c </b> \n", ParseMode.HTML)
        (sent,) = api.sent(READER)
        assert sent.text == "😀 a bc"
        assert [(one["offset"], one["length"]) for one in sent.entities] == [(4, 3)]
        with pytest.raises(BadRequest, match="text is empty"):
            await bot.send_message(READER, "\u200b\u202e \ufeff")


async def test_the_first_hundred_entities_are_kept() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        await bot.send_message(READER, "<b>x</b> " * 101, ParseMode.HTML)
        (sent,) = api.sent(READER)
        assert len(sent.entities) == 100
        assert sent.entities[-1]["offset"] == 198


# Webhooks


@asynccontextmanager
async def webhook(statuses: list[int]) -> AsyncIterator[tuple[str, list[tuple[int, str]]]]:
    """A webhook that answers with these, then with 200; what came: update_ids and secrets."""
    came: list[tuple[int, str]] = []

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        came.append((update["update_id"], secret))
        return web.Response(status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", came
    finally:
        await runner.cleanup()


async def test_a_webhook_gets_updates_in_order_until_it_takes_them() -> None:
    async with (
        EmulatedBotApi() as api,
        client(api) as bot,
        webhook([500, 403]) as (url, came),
    ):
        api.send_text("waiting since before")
        await bot.set_webhook(url, secret_token="s-1")
        api.send_text("second")
        await until(lambda: len(came) == 4)
        assert came == [(1, "s-1"), (1, "s-1"), (1, "s-1"), (2, "s-1")]
        await until(lambda: api.pending_updates == 0)
        info = await bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 403 Forbidden"
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates(timeout=0)
        await bot.delete_webhook()
        api.send_text("third")
        assert [one.update_id for one in await updates(bot)] == [3]
        assert len(came) == 4


async def test_updates_wait_for_a_webhook_that_is_away() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        async with webhook([]) as (url, _):
            pass
        await bot.set_webhook(url)
        api.send_text("hello")
        async with asyncio.timeout(5):
            while (info := await bot.get_webhook_info()).last_error_message is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (info.url, info.pending_update_count) == (url, 1)
        assert info.last_error_message == "Connection refused"


# Chats that cannot be written to


async def test_a_bot_that_is_blocked_may_not_write() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        sent = await bot.send_message(READER, "x")
        api.block(READER)
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_message(READER, "x")
        with pytest.raises(Forbidden):
            await bot.edit_message_text("y", READER, sent.message_id)
        with pytest.raises(Forbidden):
            await bot.send_chat_action(READER, ChatAction.TYPING)
        api.block(READER, blocked=False)
        assert await bot.send_message(READER, "x")


async def test_topics_are_closed_and_deleted() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        for topic in (3, 4):
            api.send_text("hello", 7, -5, chat_type="supergroup", topic_id=topic)
        api.close_topic(-5, 3)
        api.delete_topic(-5, 4)
        with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
            await bot.send_message(-5, "x", message_thread_id=3)
        with pytest.raises(BadRequest, match="thread not found"):
            await bot.send_message(-5, "x", message_thread_id=4)
        with pytest.raises(BadRequest, match="thread not found"):
            await bot.send_chat_action(-5, ChatAction.TYPING, message_thread_id=4)
        await bot.send_message(-5, "x")
        assert [one.topic_id for one in api.sent(-5)] == [None]


async def test_a_group_that_became_a_supergroup_is_refused_by_its_old_number() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello", 7, -5, chat_type="group")
        api.migrate(-5, -1005)
        for _ in range(2):
            with pytest.raises(ChatMigrated) as refused:
                await bot.send_message(-5, "x")
            assert refused.value.new_chat_id == -1005
        sent = await bot.send_message(-1005, "x")
        assert sent.chat.type == "supergroup"
        told = [one.message for one in await updates(bot)][1:]
        assert [one and one.migrate_to_chat_id for one in told] == [-1005, None]
        assert [one and one.migrate_from_chat_id for one in told] == [None, -5]


async def test_a_deleted_chat_is_not_found() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        api.delete_chat(READER)
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(READER, "x")


# Observers


def call(at: float, chat_id: int | None = 1, method: str = "sendMessage", wait: int = 0) -> Call:
    """A call answered after a tenth of a second."""
    params = {} if chat_id is None else {"chat_id": chat_id}
    return Call(method, params, at, True, answered_at=at + 0.1, retry_after=wait)


def test_calls_during_a_flood_wait_are_seen() -> None:
    told = call(0, wait=3)
    early = call(3.0, method="sendChatAction")
    others = [call(0.12), call(2, chat_id=2), call(2, None, "getUpdates"), call(3.2)]
    assert flood_violations([told, early, *others]) == [early]
    polled = call(10, None, "getUpdates", wait=2)
    again = call(11, None, "getUpdates")
    assert flood_violations([polled, again, call(11, None, "getMe"), call(11)]) == [again]


def test_calls_beyond_the_rates_are_seen() -> None:
    early = call(1.5)
    private = [call(0), call(1), early, call(2.5), call(2.6, method="sendChatAction")]
    assert rate_violations(private) == [early]
    group = [call(2.0 * number, chat_id=-5) for number in range(21)]
    assert rate_violations(group) == [group[-1]]
    crowd = [call(number / 40, chat_id=number + 1) for number in range(31)]
    assert rate_violations(crowd) == [crowd[-1]]


async def test_flood_waits_are_noted_with_their_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        api.fail_next("sendMessage", 429, "Too Many Requests: retry after 3", {"retry_after": 3})
        with pytest.raises(RetryAfter):
            await bot.send_message(READER, "one")
        await asyncio.sleep(0.1)
        await bot.send_message(READER, "two")
        assert [one.params["text"] for one in api.flood_violations] == ["two"]
        assert api.rate_violations() == api.flood_violations


# Faults at random


@pytest.mark.parametrize("kind", [*HARMLESS, "lost"])
async def test_each_fault_is_carried_out_or_not(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    plan = FaultPlan(1, 1.0, (kind,), longest_flood_seconds=2, longest_delay_seconds=0.1)
    async with EmulatedBotApi(fault_plan=plan) as api, client(api) as bot:
        api.send_text("hello")
        if kind == "slow":
            await bot.send_message(READER, "x")
        else:
            with pytest.raises(TelegramError):
                await bot.send_message(READER, "x")
        assert len(api.sent(READER)) == (kind in ("slow", "lost"))
        assert [(one.method, one.kind, one.chat_id) for one in api.faults] == [
            ("sendMessage", kind, READER)
        ]


async def test_faults_meet_every_method_and_stop_with_the_plan() -> None:
    plan = FaultPlan(1, 1.0, ("error",))
    async with EmulatedBotApi(fault_plan=plan) as api, client(api) as bot:
        for request in (bot.get_updates, bot.get_me, bot.delete_webhook, bot.get_my_commands):
            with pytest.raises(NetworkError):
                await request()
        api.fault_plan = None
        assert await bot.get_me()


def test_a_plan_is_the_same_for_a_seed_and_its_long_waits_are_rare() -> None:
    def waits(seed: int) -> list[int]:
        plan = FaultPlan(seed, 0.5, ("flood",))
        faults = [plan.next("sendMessage", chat) for chat in (1, 2) for _ in range(1000)]
        return [one.parameters["retry_after"] for one in faults if one and one.parameters]

    assert waits(1) == waits(1) != waits(2)
    assert 900 < len(waits(1)) < 1100
    assert {min(waits(1)), max(waits(1))} == {1, 30}
    assert sum(one > 15 for one in waits(1)) < 0.25 * len(waits(1))


# Groups

GROUP = -1005


async def came(bot: Bot) -> list[Message]:
    """The messages that the bot is told of, confirmed."""
    found = await updates(bot)
    if found:
        await bot.get_updates(offset=found[-1].update_id + 1, timeout=0)
    return [one.effective_message for one in found if isinstance(one.effective_message, Message)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("😀 @baoda_test_bot 几点?", [("mention", "@baoda_test_bot", 3)]),
        ("问,@baoda_test_bot,几点?", [("mention", "@baoda_test_bot", 2)]),
        ("@baoda_test_bot几点?", []),
        ("问@baoda_test_bot 几点?", []),
        ("a@baoda_test_bot.org @abc", []),
        ("😀 /ask@baoda_test_bot 几点?", [("bot_command", "/ask@baoda_test_bot", 3)]),
        ("/ask几点?", []),
        ("是/否 2024/05 <b>/b> /ask@", []),
        ("/ask @Another_bot", [("bot_command", "/ask", 0), ("mention", "@Another_bot", 5)]),
    ],
)
def test_mentions_and_commands_are_found_as_at_telegram(
    text: str, found: list[tuple[str, str, int]]
) -> None:
    entities = entities_of(text)
    assert [(one["type"], entity_text(text, one), one["offset"]) for one in entities] == found


async def test_mentions_and_commands_are_told_in_texts_and_captions() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("😀 @baoda_test_bot /ask")
        api.send_other("photo", caption="😀 @baoda_test_bot /ask")
        text, photo = await came(bot)
        assert list(text.parse_entities().values()) == ["@baoda_test_bot", "/ask"]
        assert photo.parse_caption_entities() == text.parse_entities()


async def test_people_without_a_username_are_mentioned_by_name() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("😀小王几点来?", 7, GROUP, text_mentions={"小王": 9})
        (message,) = await came(bot)
        (entity,) = message.parse_entities(["text_mention"])
        assert (message.parse_entity(entity), entity.user and entity.user.id) == ("小王", 9)


MEANT = ["/ask x", "/ask@baoda_test_bot x", "x /ask@Baoda_Test_Bot"]
NOT_MEANT = ["x", "@baoda_test_bot x", "/ask@another_bot @baoda_test_bot", "x /ask"]


async def test_with_privacy_mode_only_what_is_meant_for_the_bot_reaches_it() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.privacy_mode = True
        assert (await bot.get_me()).can_read_all_group_messages is False
        for text in (*NOT_MEANT, *MEANT):
            asked = api.send_text(text, 7, GROUP)
        assert [one.text for one in await came(bot)] == MEANT
        answer = await bot.send_message(GROUP, "x")
        replies = [
            api.send_text("to the bot", 7, GROUP, reply_to=answer.message_id),
            api.send_text("to what was meant for it", 8, GROUP, reply_to=asked),
            api.send_service("pinned_message", GROUP, answer.message_id),
        ]
        api.send_other("sticker", 7, GROUP)
        assert [one.id for one in await came(bot)] == replies
        api.send_text("private", 7)
        api.join(GROUP, bot_id(api), "administrator")
        api.send_text("to an admin", 7, GROUP)
        assert [one.text for one in await came(bot)] == ["private", "to an admin"]


def bot_id(api: EmulatedBotApi) -> int:
    return int(api.token.partition(":")[0])


async def test_without_privacy_mode_everything_reaches_the_bot() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        assert (await bot.get_me()).can_read_all_group_messages
        for text in NOT_MEANT:
            api.send_text(text, 7, GROUP)
        assert [one.text for one in await came(bot)] == NOT_MEANT


async def test_with_privacy_mode_other_bots_reach_the_bot_by_its_name_and_by_replies() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.privacy_mode = True
        asked = api.send_text("/ask x", 7, GROUP)
        sent = await bot.send_message(GROUP, "x", reply_to_message_id=asked)
        said = api.send_text("@baoda_test_bot x", 8, GROUP, is_bot=True, username="another_bot")
        api.send_text("/ask y", 7, GROUP)  # for the bot that spoke last
        api.send_text("/ask z", 7, GROUP, reply_to=said)
        api.send_text("x", 8, GROUP, is_bot=True, reply_to=sent.message_id)
        api.send_text("/ask@baoda_test_bot", 8, GROUP, is_bot=True)
        first, *others = await came(bot)
        assert first.text == "/ask x"
        assert [one.text for one in others] == ["x", "/ask@baoda_test_bot"]
        assert all(one.from_user and one.from_user.is_bot for one in others)


async def test_a_message_may_come_via_another_bot() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("x", 7, GROUP, via_bot="another_bot")
        (message,) = await came(bot)
        assert message.via_bot is not None
        assert message.via_bot.username == "another_bot"


async def test_anonymous_admins_and_channels_write_through_stand_ins() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.privacy_mode = True
        api.send_text("/ask x", 7, GROUP, anonymous=True)
        api.send_text("/ask x", 7, GROUP, as_channel=-1009)
        shown = [
            (one.from_user.id, one.from_user.username, one.sender_chat.id, one.sender_chat.type)
            for one in await came(bot)
            if one.from_user and one.sender_chat
        ]
        assert shown == [
            (1087968824, "GroupAnonymousBot", GROUP, "supergroup"),
            (136817688, "Channel_Bot", -1009, "channel"),
        ]


async def test_posts_of_a_linked_channel_have_threads_of_comments() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        post = api.forward_from_channel(GROUP, -1009, "今天的报纸")
        comment = api.send_text("哪一版?", 7, GROUP, reply_to=post)
        answer = await bot.send_message(GROUP, "第三版", reply_to_message_id=comment)
        api.send_text("谢谢", 7, GROUP, reply_to=answer.message_id)
        shown, first, second = await came(bot)
        assert shown.is_automatic_forward
        assert shown.from_user is not None
        assert shown.from_user.id == 777000
        assert isinstance(shown.forward_origin, MessageOriginChannel)
        assert shown.sender_chat == shown.forward_origin.chat
        assert first.reply_to_message == shown
        assert second.reply_to_message == answer
        assert {one.message_thread_id for one in (first, answer, second)} == {post}
        assert not any(one.is_topic_message for one in (first, answer, second))
        with pytest.raises(BadRequest, match="thread not found"):
            await bot.send_message(GROUP, "x", message_thread_id=post)


async def test_a_plain_message_in_a_topic_replies_to_what_created_the_topic() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.privacy_mode = True
        api.send_text("x", 7, GROUP, topic_id=300)
        asked = api.send_text("/ask x", 7, GROUP, topic_id=300)
        api.send_text("/ask in General", 7, GROUP)
        api.send_text("x", 8, GROUP, reply_to=asked)
        topical, general, reply = await came(bot)
        assert topical.reply_to_message is not None
        assert topical.reply_to_message.forum_topic_created is not None
        assert topical.reply_to_message.id == topical.message_thread_id == 300
        assert general.chat.is_forum
        assert (general.message_thread_id, general.is_topic_message) == (None, None)
        assert (reply.message_thread_id, reply.is_topic_message) == (300, True)
        with pytest.raises(BadRequest, match="thread not found"):
            await bot.send_message(GROUP, "x", message_thread_id=1)


async def test_whatever_people_send_is_parsed() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        for kind in CONTENTS:
            api.send_other(kind, media_group_id="5")
        messages = await came(bot)
        assert [one.media_group_id for one in messages] == ["5"] * len(CONTENTS)
        for kind, message in zip(CONTENTS, messages, strict=True):
            assert getattr(message, kind)
            assert message.text is None


async def test_people_come_and_go() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        pinned = api.send_text("x", 7, GROUP)
        api.send_service("new_chat_members", GROUP, about=8)
        api.send_service("pinned_message", GROUP, about=pinned, user_id=7)
        api.send_service("left_chat_member", GROUP, about=8)
        _, joined, pin, left = await came(bot)
        assert [one.id for one in joined.new_chat_members] == [8]
        assert pin.pinned_message is not None
        assert pin.pinned_message.message_id == pinned
        assert left.left_chat_member is not None
        assert (await bot.get_chat_member(GROUP, 8)).status == "left"


async def test_a_bot_learns_what_someone_is_in_a_chat() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("x", 7, GROUP, first_name="茶馆")
        for status in STATUSES:
            api.join(GROUP, 8, status)
            assert (await bot.get_chat_member(GROUP, 8)).status == status
        assert (await bot.get_chat_member(GROUP, 7)).status == "member"
        assert (await bot.get_chat(GROUP)).title == "茶馆"


async def test_a_bot_learns_nothing_of_those_it_does_not_know() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("x", 7, GROUP)
        with pytest.raises(BadRequest, match=r"(?i)user not found"):
            await bot.get_chat_member(GROUP, 8)
        for ask in (bot.get_chat_member(-6, 7), bot.get_chat(-6)):
            with pytest.raises(BadRequest, match=r"(?i)chat not found"):
                await ask
        api.join(GROUP, bot_id(api), "left")
        with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
            await bot.get_chat_member(GROUP, 7)
        await came(bot)
        api.send_text("/ask x", 7, GROUP)
        assert await came(bot) == []


# Inline mode


def article(identity: str = "1", text: str = "<b>字</b>", **more: Any) -> InlineQueryResultArticle:
    content = InputTextMessageContent(text, ParseMode.HTML)
    return InlineQueryResultArticle(identity, "标题", content, **more)


async def test_an_inline_query_is_answered_and_a_result_sent() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.privacy_mode = True
        api.send_text("/start", 7)
        api.send_text("/ask", 7, GROUP)
        await came(bot)
        identity = api.inline_query("几点?", 7, "en", chat_type="supergroup", offset="10")
        query = (await updates(bot))[-1].inline_query
        assert query is not None
        assert (query.id, query.query, query.offset) == (identity, "几点?", "10")
        assert (query.from_user.language_code, query.chat_type) == ("en", "supergroup")
        markup = keyboard(InlineKeyboardButton("link", url="https://example.org/"))
        button = InlineQueryResultsButton("more", start_parameter="a_1-b")
        results = [article("1"), article("2", description="九点", reply_markup=markup)]
        await bot.answer_inline_query(identity, results, 60, True, next_offset="20", button=button)
        answer = await api.wait_for_inline(identity)
        assert [(one.title, one.text) for one in answer.results] == [("标题", "字")] * 2
        assert answer.results[1].description == "九点"
        assert (answer.cache_time, answer.is_personal, answer.next_offset) == (60, True, "20")
        assert answer.button == {"text": "more", "start_parameter": "a_1-b"}
        assert 0 < answer.seconds < 5
        await came(bot)
        chosen = [api.choose_inline(identity, "2", chat) for chat in (GROUP, 7)]
        api.choose_inline(identity, "2", -77)  # where the bot is not
        told = await came(bot)
        assert [one.id for one in told] == chosen
        assert [one.via_bot and one.via_bot.id for one in told] == [bot_id(api)] * 2
        assert [entity.type for entity in told[0].entities] == ["bold"]
        assert told[0].reply_markup == markup


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"results": [article(str(number)) for number in range(51)]}, "results_too_much"),
    ({"results": [article(), article()]}, "result_id_duplicate"),
    ({"results": [article("字" * 22)]}, "result_id_invalid"),
    ({"results": [article("")]}, "result_id_invalid"),
    ({"results": [article(text="<p>x</p>")]}, "unsupported start tag"),
    ({"results": [article(text="<b></b>")]}, "text is empty"),
    ({"results": [article(text="字" * 4097)]}, "message_too_long"),
    (
        {"results": [article(reply_markup=keyboard(InlineKeyboardButton("x", url="no")))]},
        "wrong http url",
    ),
    ({"results": [], "next_offset": "字" * 22}, "next_offset_invalid"),
    (
        {"results": [], "button": InlineQueryResultsButton("x", start_parameter="a b")},
        "start_param_invalid",
    ),
]


async def test_inline_answers_that_telegram_refuses() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        identity = api.inline_query("x")
        for answer, refused in REFUSED:
            with pytest.raises(BadRequest, match=f"(?i){refused}"):
                await bot.answer_inline_query(identity, **answer)
        assert api.inline_answers == {}


async def test_an_inline_query_is_answered_once_and_soon() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        identity = api.inline_query("x")
        await bot.answer_inline_query(identity, [])
        for late in (identity, "123"):
            with pytest.raises(BadRequest, match="too old"):
                await bot.answer_inline_query(late, [])
        api.inline_seconds = 0.0
        with pytest.raises(BadRequest, match="too old"):
            await bot.answer_inline_query(api.inline_query("x"), [])


# Links and menus


async def test_a_link_to_the_bot_starts_it_with_what_it_carries() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        link = "https://t.me/Baoda_Test_Bot?start=a_1-b"
        await bot.send_message(READER, f'😀 <a href="{link}">文章</a>', ParseMode.HTML)
        (sent,) = api.sent(READER)
        assert links_of(sent) == [("文章", link)]
        api.follow_link(7, link)
        message = (await came(bot))[-1]
        assert (message.text, message.chat.id) == ("/start a_1-b", 7)


@pytest.mark.parametrize(
    "url",
    [
        "https://t.me/another_bot?start=x",
        "https://t.me/baoda_test_bot",
        "https://t.me/baoda_test_bot?start=a.b",
        f"https://t.me/baoda_test_bot?start={'x' * 65}",
        "https://example.org/baoda_test_bot?start=x",
    ],
)
def test_a_link_that_does_not_lead_to_the_bot_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match=r"does not lead|start parameter"):
        EmulatedBotApi().follow_link(7, url)


async def test_a_menu_is_the_first_that_is_set_from_narrow_to_wide() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello", 7)
        api.join(GROUP, 7)
        api.join(GROUP, 8, "administrator")

        async def set_menu(name: str, scope: BotCommandScope | None, language: str = "") -> None:
            await bot.set_my_commands([(name, "x")], scope, language)

        assert api.menu(7, 7) == {}
        await set_menu("everywhere", None)
        await set_menu("zh", BotCommandScopeDefault(), "zh")
        assert [[*api.menu(7, 7, code)] for code in ("zh-hans", "en")] == [["zh"], ["everywhere"]]
        await set_menu("private", BotCommandScopeAllPrivateChats())
        await set_menu("here", BotCommandScopeChat(7))
        await set_menu("groups", BotCommandScopeAllGroupChats())
        assert [[*api.menu(*where)] for where in ((7, 7), (9, 9), (7, GROUP))] == [
            ["here"],
            ["private"],
            ["groups"],
        ]
        await set_menu("admins", BotCommandScopeAllChatAdministrators())
        assert [[*api.menu(who, GROUP)] for who in (7, 8)] == [["groups"], ["admins"]]
        await set_menu("group", BotCommandScopeChat(GROUP))
        assert [[*api.menu(who, GROUP)] for who in (7, 8)] == [["group"], ["group"]]
        await set_menu("its_admins", BotCommandScopeChatAdministrators(GROUP))
        assert [[*api.menu(who, GROUP)] for who in (7, 8)] == [["group"], ["its_admins"]]
        await set_menu("one", BotCommandScopeChatMember(GROUP, 7))
        assert [[*api.menu(who, GROUP)] for who in (7, 8)] == [["one"], ["its_admins"]]
        await bot.delete_my_commands(BotCommandScopeChat(7))
        assert [*api.menu(7, 7)] == ["private"]
        assert await bot.get_my_commands(BotCommandScopeChat(7)) == ()


async def test_scopes_and_languages_that_are_none_are_refused() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("hello")
        for scope, refused in (
            (BotCommandScope("nowhere"), "unsupported type"),
            (BotCommandScopeChat(-6), "chat not found"),
            (BotCommandScopeChatAdministrators(READER), "can't use specified scope"),
        ):
            with pytest.raises(BadRequest, match=f"(?i){refused}"):
                await bot.set_my_commands([("x", "x")], scope)
        with pytest.raises(BadRequest, match=r"(?i)language code"):
            await bot.set_my_commands([("x", "x")], language_code="zh-hans")


def png(width: int, height: int, content: int = 100) -> bytes:
    """What Telegram looks at of a picture: its size."""
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return header + bytes(content)


async def test_pictures_and_files_are_kept_as_they_were_sent() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("图", 1001)
        photo = await bot.send_photo(1001, png(1080, 1350), filename="图.png", caption="三十天")
        file = await bot.send_document(1001, b"a,b", filename="表.csv")
        assert (photo.caption, photo.photo[-1].width, photo.photo[-1].height) == (
            "三十天",
            1080,
            1350,
        )
        assert file.document is not None
        assert (file.document.file_name, file.document.file_size) == ("表.csv", 3)
        first, second = (one.file for one in api.sent(1001))
        assert first is not None
        assert second is not None
        assert (first.kind, first.content) == ("photo", png(1080, 1350))
        assert (second.kind, second.content) == ("document", b"a,b")


async def test_pictures_and_files_have_bounds() -> None:
    async with EmulatedBotApi() as api, client(api) as bot:
        api.send_text("图", 1001)
        await bot.send_photo(1001, png(1000, 1000), caption="字" * 1024)
        for content, caption, answer in (
            (png(1000, 1000), "𠀀" * 513, "Message caption is too long"),
            (png(9000, 1001), "", "PHOTO_INVALID_DIMENSIONS"),
            (png(2101, 100), "", "PHOTO_INVALID_DIMENSIONS"),
            (b"GIF89a", "", "IMAGE_PROCESS_FAILED"),
        ):
            with pytest.raises(BadRequest, match=f"(?i){answer}"):
                await bot.send_photo(1001, content, caption=caption)
        with pytest.raises(BadRequest, match="File must be non-empty"):
            await bot.send_document(1001, b"")
        with pytest.raises(BadRequest, match="There is no text in the message to edit"):
            await bot.edit_message_text("字", 1001, api.sent(1001)[0].message_id)
