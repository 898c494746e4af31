"""The bot's life: built, connected, polling, stopped. Every handler is registered here."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from typing import Any

from telegram import Bot, BotCommand, Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
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
from bot.telegram.handlers import Handlers
from bot.wiring import make_answerer
from retrieval.errors import ReloadError

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_ADMISSION, _ACTIONS = -1, 0
_REJECTED = "Telegram does not know the bot token; get the right one from @BotFather"


async def run_bot(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status."""
    answerer = make_answerer(settings)
    application = _build(settings)
    _register(application, Handlers(settings, answerer=answerer, reload=reload_in_child))
    stop = _stop_signal()
    try:
        if not await _connect(application, stop):
            return 1
        async with _polling(application):
            logger.info("@%s is listening", application.bot.username)
            indexing = asyncio.create_task(_index_if_missing(settings))
            await stop.wait()
            logger.info("stopping")
            indexing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await indexing
    finally:
        await application.shutdown()
        answerer.close()
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
    return builder.build()


def _register(application: Application[Any, Any, Any, Any, Any, Any], handlers: Handlers) -> None:
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
    # /id stands first: it tells its number to whoever is to be let in
    application.add_handler(CommandHandler("id", handlers.tell_id, private), _ADMISSION)
    application.add_handler(TypeHandler(Update, handlers.admit), _ADMISSION)
    for name, callback in (
        ("start", handlers.start),
        ("help", handlers.help),
        ("reload", handlers.reload),
    ):
        application.add_handler(CommandHandler(name, callback, private), _ACTIONS)
    question = private & filters.TEXT & ~filters.COMMAND
    application.add_handler(MessageHandler(question, handlers.question), _ACTIONS)
    application.add_error_handler(handlers.error)


async def _connect(
    application: Application[Any, Any, Any, Any, Any, Any], stop: asyncio.Event
) -> bool:
    """Whether Telegram knows the bot. Waits in growing pauses for the network."""
    pause = _FIRST_PAUSE_SECONDS
    while not stop.is_set():
        try:
            await application.initialize()
            await _set_commands(application.bot)
        except InvalidToken:
            logger.error(_REJECTED)
            return False
        except RetryAfter as error:
            wait = error.retry_after
            pause = wait if isinstance(wait, int) else wait.total_seconds()
            logger.warning("Telegram asks to wait %.0f s", pause)
        except NetworkError as error:
            logger.warning("Telegram cannot be reached (%s); next try in %.0f s", error, pause)
        else:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    return False


async def _set_commands(bot: Bot) -> None:
    for phrases, language in ((ENGLISH, ""), (CHINESE, "zh")):
        await bot.set_my_commands(_commands(phrases), language_code=language)


def _commands(phrases: Phrases) -> list[BotCommand]:
    return [
        BotCommand("start", phrases.command_start),
        BotCommand("help", phrases.command_help),
        BotCommand("id", phrases.command_id),
    ]


@contextlib.asynccontextmanager
async def _polling(application: Application[Any, Any, Any, Any, Any, Any]) -> AsyncIterator[None]:
    assert application.updater is not None
    await application.updater.start_polling(
        allowed_updates=["message"], bootstrap_retries=-1, error_callback=_log_polling_error
    )
    await application.start()
    try:
        yield
    finally:
        await application.updater.stop()
        await application.stop()


def _log_polling_error(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        logger.error("another program polls with the same bot token; stop one of the two")
    else:
        logger.warning("Telegram cannot be reached (%s); trying again", error)


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


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
