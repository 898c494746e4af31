"""The bot's life: built, connected, polling, stopped. Every handler is registered here."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from telegram import Bot, BotCommand, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.indexing import has_usable_index, reload_in_child
from bot.phrases import CHINESE, ENGLISH, Phrases
from bot.settings import Settings
from bot.telegram.delivery import flood_wait_seconds
from bot.telegram.handlers import Handlers
from bot.wiring import make_conversations
from retrieval.errors import ReloadError

logger = logging.getLogger(__name__)

T = TypeVar("T")
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_POLL_SECONDS = 10
_GRACE_SECONDS = 8.0
"""For answers under way when the bot is stopped: Docker kills after ten seconds."""

_ADMISSION, _ACTIONS = -1, 0
_REJECTED = "Telegram does not know the bot token; get the right one from @BotFather"


async def run_bot(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status."""
    serving = asyncio.create_task(_serve(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except InvalidToken:
        logger.error(_REJECTED)
        return 1
    except asyncio.CancelledError:
        logger.info("stopped")
    return 0


async def who_am_i(
    settings: Settings, *, timeout_seconds: float
) -> tuple[str, tuple[str, str] | None]:
    """The bot's user name; or "" and what is wrong, with advice."""
    bot = _build(settings).bot
    try:
        async with asyncio.timeout(timeout_seconds):
            async with bot:
                return bot.username, None
    except InvalidToken:
        return "", ("Telegram does not know the token", "get the right one from @BotFather")
    except (TelegramError, TimeoutError) as error:
        advice = "look at the network, TELEGRAM_API_BASE_URL and TELEGRAM_PROXY_URL"
        return "", (f"cannot be reached: {error or 'no answer'}", advice)


def _build(settings: Settings) -> Application[Any, Any, Any, Any, Any, Any]:
    assert settings.telegram_bot_token is not None
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any] = Application.builder()
    builder = builder.token(settings.telegram_bot_token.get_secret_value()).concurrent_updates(True)
    if settings.telegram_api_base_url:
        builder = builder.base_url(f"{settings.telegram_api_base_url}/bot")
        builder = builder.base_file_url(f"{settings.telegram_api_base_url}/file/bot")
    if settings.telegram_proxy_url:
        proxy = settings.telegram_proxy_url.get_secret_value()
        builder = builder.proxy(proxy).get_updates_proxy(proxy)
    return builder.updater(None).build()


def _register(application: Application[Any, Any, Any, Any, Any, Any], handlers: Handlers) -> None:
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
    # /id stands first: it tells its number to whoever is to be let in
    application.add_handler(CommandHandler("id", handlers.tell_id, private), _ADMISSION)
    application.add_handler(TypeHandler(Update, handlers.admit), _ADMISSION)
    for name, callback in (
        ("start", handlers.start),
        ("help", handlers.help),
        ("new", handlers.begin_anew),
        ("reload", handlers.reload),
    ):
        application.add_handler(CommandHandler(name, callback, private), _ACTIONS)
    question = private & filters.TEXT & ~filters.COMMAND
    application.add_handler(MessageHandler(question, handlers.question), _ACTIONS)
    application.add_error_handler(handlers.error)


async def _serve(settings: Settings) -> None:
    """Connect, poll and answer until cancelled. Raises InvalidToken."""
    conversations = make_conversations(settings)
    application = _build(settings)
    handlers = Handlers(settings, conversations=conversations, reload=reload_in_child)
    _register(application, handlers)
    try:
        await _insist(application.initialize)
        await _insist(partial(_set_commands, application.bot))
        await _insist(application.bot.delete_webhook)
        await application.start()
        logger.info("@%s is listening", application.bot.username)
        indexing = application.create_task(_index_if_missing(settings))
        try:
            await _poll(application)
        finally:
            indexing.cancel()
            await _finish(application)
    finally:
        await application.shutdown()
        await application.bot.shutdown()  # left open where initialize failed
        conversations.close()


async def _insist(request: Callable[[], Awaitable[T]]) -> T:
    """What the request gives, once Telegram answers it. Raises InvalidToken."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await request()
        except InvalidToken:
            raise
        except RetryAfter as error:
            pause = flood_wait_seconds(error)
            logger.warning("Telegram asks to wait %.0f s", pause)
        except Conflict:
            logger.error("another program polls with the same bot token; stop one of the two")
        except TelegramError as error:
            logger.warning("Telegram cannot be reached (%s); next try in %.0f s", error, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def _poll(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Hand over what readers send, until cancelled. Raises InvalidToken.

    Not telegram's own Updater: that logs tracebacks, cannot be stopped while it waits for its
    first connection, and is silent about a token that is no longer known.
    """
    bot = application.bot
    offset: int | None = None
    try:
        while True:
            poll = partial(
                bot.get_updates, offset, timeout=_POLL_SECONDS, allowed_updates=["message"]
            )
            for update in await _insist(poll):
                await application.update_queue.put(update)
                offset = update.update_id + 1
    finally:
        # what was handed over is not to come again
        with contextlib.suppress(TelegramError):
            await bot.get_updates(offset, timeout=0, allowed_updates=["message"])


async def _finish(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Stop after the answers that are under way, unless they take too long."""
    # no asyncio.timeout: in a task that was cancelled Python 3.11 does not tell its end
    stopping = asyncio.create_task(application.stop())
    await asyncio.wait([stopping], timeout=_GRACE_SECONDS)
    if not stopping.done():
        logger.warning("answers that were under way are given up")
        stopping.cancel()


async def _set_commands(bot: Bot) -> None:
    for phrases, language in ((ENGLISH, ""), (CHINESE, "zh")):
        await bot.set_my_commands(_commands(phrases), language_code=language)


def _commands(phrases: Phrases) -> list[BotCommand]:
    return [
        BotCommand("start", phrases.command_start),
        BotCommand("help", phrases.command_help),
        BotCommand("new", phrases.command_new),
        BotCommand("id", phrases.command_id),
    ]


async def _index_if_missing(settings: Settings) -> None:
    if has_usable_index(settings):
        return
    logger.info("no index yet: indexing the articles; readers are told meanwhile")
    try:
        result = await reload_in_child()
    except ReloadError as error:
        logger.error("the articles could not be indexed: %s", error)
    else:
        logger.info("indexed %d articles", result["articles"])
