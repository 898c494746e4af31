"""The bot's life: built, connected, taking updates, stopped."""

import asyncio
import datetime
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot.desk.reloads import Reloads
from bot.health import PARTS, Health
from bot.indexing import verify_index
from bot.journal import Journal
from bot.meters import UNCOUNTED, Meters
from bot.probing import probed
from bot.settings import Settings
from bot.store import StoreError
from bot.telegram.connecting import TELEGRAM, Connection, GivesWayError
from bot.telegram.delivery import Calls, Delivery, FloodWaits, Wire
from bot.telegram.desk.rebuilding import AdminsTold, index_if_needed
from bot.telegram.intake import Intake
from bot.telegram.polling import poll
from bot.telegram.profile import Profile
from bot.telegram.quotas import Quotas
from bot.telegram.registering import register_handlers
from bot.telegram.tickets import Ticket, Tickets
from bot.telegram.webhook import listen
from bot.watching import watched
from bot.wiring import make_conversations

logger = logging.getLogger(__name__)

T = TypeVar("T")
_CANCEL_AGAIN_SECONDS = 3.0
_PATIENCE_SECONDS = 30.0
"""A network that is away for less need not concern anybody."""

_TAKING = ("deleteWebhook", "getUpdates", "setWebhook", "getWebhookInfo")
"""What is answered only where updates are taken."""

_UPDATES = ["message", "edited_message", "callback_query", "inline_query"]
_REJECTED = "Telegram does not know the bot token; get the right one from @BotFather"


class ForgettingApplication(Application[Any, Any, Any, Any, Any, Any]):
    """Application would note every chat and reader for a persistence that is not there."""

    def _mark_for_persistence_update(self, **_: object) -> None:
        pass


async def run_bot(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status. Raises BaodaError."""
    async with AsyncExitStack() as opened:
        health, meters = Health(), UNCOUNTED
        if settings.metrics_port is not None:
            from bot.listening import CannotListenError, listening
            from bot.metrics import Metrics

            meters = metrics = Metrics()
            try:
                await opened.enter_async_context(listening(settings, health, metrics))
            except CannotListenError as error:
                logger.error("%s", error)
                return 1
            for part in PARTS:
                meters.watch_readiness(part, partial(health.is_ready, part))
        damaged = not await _aside(partial(verify_index, settings))
        with watched(settings, damaged=damaged, meters=meters):
            return await _run(settings, health, meters)
    raise AssertionError("nothing above is suppressed")


async def _aside(work: Callable[[], T]) -> T:
    """What the work gives. A thread that need not end: until here a signal ends the process."""
    done: Future[T] = Future()

    def do() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # whoever waits gets it
            done.set_exception(error)

    threading.Thread(target=do, name="aside", daemon=True).start()
    return await asyncio.wrap_future(done)


async def _run(settings: Settings, health: Health, meters: Meters) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    try:
        await _serve(settings, stopping, health, meters)
    except InvalidToken:
        logger.error(_REJECTED)
        return 1
    except GivesWayError as error:
        logger.error("%s", error)
        return 1
    except TelegramError as error:
        logger.error("Telegram refuses to serve this bot: %s", error)
        return 1
    logger.info("stopped")
    return 0


@dataclass(frozen=True, slots=True)
class Identity:
    """What Telegram says of the bot; without a name, in a word what is wrong, with advice."""

    name: str = ""
    hears_mentions: bool = False
    """In groups where it is no admin."""
    is_inline: bool = False
    problem: tuple[str, str] | None = None


async def who_am_i(settings: Settings, *, timeout_seconds: float) -> Identity:
    """The bot, by its token."""
    bot = _build(settings).bot
    try:
        async with asyncio.timeout(timeout_seconds):
            async with bot:
                return Identity(
                    bot.username,
                    bool(bot.can_read_all_group_messages),
                    bool(bot.supports_inline_queries),
                )
    except InvalidToken:
        advice = "get the right one from @BotFather"
        return Identity(problem=("Telegram does not know the token", advice))
    except (TelegramError, TimeoutError) as error:
        advice = "look at the network, TELEGRAM_API_BASE_URL and TELEGRAM_PROXY_URL"
        return Identity(problem=(f"cannot be reached: {error or 'no answer'}", advice))


def _build(
    settings: Settings, meters: Meters = UNCOUNTED
) -> Application[Any, Any, Any, Any, Any, Any]:
    assert settings.telegram_bot_token is not None
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any] = Application.builder()
    builder = builder.token(settings.telegram_bot_token.get_secret_value())
    if settings.telegram_api_base_url:
        builder = builder.base_url(f"{settings.telegram_api_base_url}/bot")
        builder = builder.base_file_url(f"{settings.telegram_api_base_url}/file/bot")
    secret = settings.telegram_proxy_url
    proxy = secret.get_secret_value() if secret else None
    builder = builder.request(Wire(proxy, meters))
    builder = builder.get_updates_request(Wire(proxy, meters))
    return builder.application_class(ForgettingApplication).updater(None).build()


async def _serve(
    settings: Settings, stopping: asyncio.Event, health: Health, meters: Meters
) -> None:
    """Connect, take updates and answer until it is time to stop.

    Raises InvalidToken, GivesWayError, TelegramError.
    """
    async with AsyncExitStack() as opened:
        conversations = make_conversations(settings, meters)
        opened.callback(conversations.close)
        journal = conversations.journal
        if settings.metrics_port is not None:
            opened.enter_context(probed(conversations, settings.data_dir, health, meters))
        application = _build(settings, meters)
        # left open where initialize failed
        opened.push_async_callback(application.bot.shutdown)
        opened.push_async_callback(application.shutdown)
        bot = application.bot
        waits = FloodWaits(partial(_note_wait, journal), meters)
        await _recall(waits, journal)
        base_url = urlsplit(settings.telegram_api_base_url or "")
        connection = Connection(
            waits, base_url.hostname or TELEGRAM, heard=partial(_note_reach, health)
        )

        async def moved(former: int, new: int) -> None:
            people.moved(former, new)
            registered.quotas.move(former, new)
            await _note_move(journal, former, new)

        calls = Calls(waits, moved=moved)
        delivery, tickets = Delivery(bot, calls), Tickets()
        reloads = Reloads(settings, meters=meters)
        opened.push_async_callback(reloads.close)
        registered = register_handlers(
            application,
            settings,
            conversations,
            calls=calls,
            delivery=delivery,
            tickets=tickets,
            reloads=reloads,
            opened=opened,
            meters=meters,
        )
        people = registered.people
        await people.recall()
        await _recall_quotas(registered.quotas, journal)

        async def work(ticket: Ticket) -> None:
            with tickets.holding(ticket):
                await application.process_update(ticket.update)

        intake = Intake(
            bot=bot,
            journal=journal,
            calls=calls,
            delivery=delivery,
            concerns_us=people.concerns_us,
            is_fleeting=people.is_fleeting,
            is_heard=people.is_heard,
            is_admin=people.is_admin,
            work=work,
        )
        opened.push_async_callback(intake.finish)
        for queue, length in {**intake.queues(), "journal": lambda: journal.waiting}.items():
            meters.watch(queue, length)

        profile = Profile(bot, connection, journal, settings.bot_language)

        async def take() -> None:
            await connection.insist("getMe", application.initialize)
            tell = AdminsTold(settings, people, delivery)
            aside = (
                partial(index_if_needed, settings, reloads, tell),
                partial(_introduce, profile, people.admins),
            )
            await _take_updates(settings, bot, connection, intake, aside)

        await _until(stopping, take())
        health.unready("telegram", "the bot is stopping")


async def _until(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work until it is time to stop. Raises what the work raises."""
    working = asyncio.create_task(work)
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    while not working.done():
        working.cancel()
        # an HTTP client that is just connecting swallows a cancellation now and then
        await asyncio.wait([working], timeout=_CANCEL_AGAIN_SECONDS)
    if not working.cancelled():
        working.result()


async def _take_updates(
    settings: Settings,
    bot: Bot,
    connection: Connection,
    intake: Intake,
    aside: Iterable[Callable[[], Coroutine[Any, Any, None]]],
) -> None:
    """Go on with what was left open, then take what comes, until cancelled; `aside` meanwhile."""
    age = datetime.timedelta(hours=settings.pending_hours)
    await intake.resume(datetime.datetime.now(datetime.UTC) - age)
    tasks = [asyncio.create_task(one()) for one in aside]
    try:
        if settings.telegram_webhook_url:
            secret = settings.telegram_webhook_secret
            await listen(
                bot,
                connection,
                intake,
                url=settings.telegram_webhook_url,
                address=settings.webhook_address,
                secret=secret.get_secret_value() if secret else None,
                allowed_updates=_UPDATES,
            )
        else:
            await connection.insist("deleteWebhook", bot.delete_webhook)
            logger.info("@%s is listening", bot.username)
            await poll(bot, connection, intake, allowed_updates=_UPDATES)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _note_reach(health: Health, method: str, problem: str) -> None:
    """Telegram has answered, or not; until updates come in, that it knows the token is little."""
    if problem:
        health.unready("telegram", f"{method}: {problem}", patience_seconds=_PATIENCE_SECONDS)
    elif method in _TAKING:
        health.ready("telegram")


async def _recall_quotas(quotas: Quotas, journal: Journal) -> None:
    try:
        quotas.recall(await journal.asked_on(quotas.today()))
    except StoreError as error:
        logger.error("how much was asked today cannot be read: %s", error)


async def _note_move(journal: Journal, former: int, new: int) -> None:
    try:
        await journal.move_chat(former, new)
    except StoreError as error:
        logger.error("that a group has another number cannot be kept: %s", error)


async def _note_wait(journal: Journal, name: str, until: datetime.datetime) -> None:
    try:
        await journal.note_wait(name, until)
    except StoreError as error:
        logger.error("that Telegram asks to wait cannot be kept: %s", error)


async def _recall(waits: FloodWaits, journal: Journal) -> None:
    try:
        waits.recall(await journal.waits())
    except StoreError as error:
        logger.error("whether Telegram asks to wait cannot be read: %s", error)


async def _introduce(profile: Profile, admins: frozenset[int]) -> None:
    try:
        await profile.show(admins)
    except TelegramError as error:
        logger.warning("commands and descriptions could not be set: %s", error)
