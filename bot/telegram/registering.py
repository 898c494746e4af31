"""Who does what with an update: every handler is made and registered here."""

import asyncio
import datetime
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from telegram import Message, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.conversations import Conversations
from bot.desk.board import Board
from bot.desk.examining import examine_in_child
from bot.desk.reloads import Reloads
from bot.journal import Journal
from bot.meters import UNCOUNTED, Meters
from bot.settings import Settings
from bot.store import StoreError
from bot.telegram.addressing import ADMIN_COMMANDS, author_of, command_of, is_foreign_command
from bot.telegram.delivery import Calls, Delivery
from bot.telegram.desk.gaps import GapDesk
from bot.telegram.desk.golden import GoldenDesk
from bot.telegram.desk.inbox import InboxDesk
from bot.telegram.desk.office import Office
from bot.telegram.desk.refreshing import Refreshing
from bot.telegram.desk.reloading import Reloading
from bot.telegram.desk.shelving import Shelving
from bot.telegram.desk.stats import StatsDesk
from bot.telegram.handlers.commands import Commands
from bot.telegram.handlers.inline import Inline
from bot.telegram.handlers.lists import Lists
from bot.telegram.handlers.others import Others
from bot.telegram.handlers.people import People
from bot.telegram.handlers.personal import Personal
from bot.telegram.handlers.questions import Questions
from bot.telegram.handlers.shelf import Shelf
from bot.telegram.handlers.taps import Taps
from bot.telegram.handlers.turns import Turns
from bot.telegram.handlers.unexpected import Unexpected
from bot.telegram.quotas import Quotas
from bot.telegram.rendering import render_wait
from bot.telegram.tickets import Tickets
from bot.wiring import today
from retrieval.index.generations import Generations
from retrieval.index.kept import KeptArticles

logger = logging.getLogger(__name__)

_ADMISSION, _ACTIONS = -1, 0

Handler = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]


class _Holds(filters.MessageFilter):
    """What holds of a message."""

    def __init__(self, holds: Callable[[Message], bool]) -> None:
        super().__init__()
        self._holds = holds

    def filter(self, message: Message) -> bool:
        """Whether it does."""
        return self._holds(message)


@dataclass(frozen=True, slots=True)
class Registered:
    """Whoever remembers something from one update to the next."""

    people: People
    quotas: Quotas
    turns: Turns
    questions: Questions
    taps: Taps
    inline: Inline
    reloading: Reloading
    golden: GoldenDesk
    others: Others


def register_handlers(
    application: Application[Any, Any, Any, Any, Any, Any],
    settings: Settings,
    conversations: Conversations,
    *,
    calls: Calls,
    delivery: Delivery,
    tickets: Tickets,
    reloads: Reloads,
    opened: AsyncExitStack,
    meters: Meters = UNCOUNTED,
) -> Registered:
    """Tell the application who does what; what has to be closed later is put on `opened`.

    People and quotas have not recalled yet what was before a restart.
    """
    bot, journal, turns = application.bot, conversations.journal, Turns()
    people = People(settings, bot, calls, journal)
    quotas = Quotas(
        settings,
        clock=_loop_time,
        now=partial(datetime.datetime.now, datetime.UTC),
        keep=partial(_keep_count, journal),
    )
    shelf = Shelf(KeptArticles(Generations(settings.data_dir)), bot=bot)
    opened.callback(shelf.close)
    questions = Questions(
        people,
        tickets,
        conversations,
        bot=bot,
        calls=calls,
        journal=journal,
        turns=turns,
        quotas=quotas,
        meters=meters,
    )
    lists = Lists(people, tickets, conversations, shelf, bot=bot, quotas=quotas)
    commands = Commands(people, tickets, conversations, questions, shelf, bot=bot)
    personal = Personal(
        people,
        tickets,
        conversations,
        questions,
        bot=bot,
        calls=calls,
        delivery=delivery,
        journal=journal,
        turns=turns,
        quotas=quotas,
        retention_days=settings.retention_days,
    )
    office = Office(settings, people, tickets, bot, calls, delivery, journal)
    reloading = Reloading(office, reloads)
    golden = GoldenDesk(office, examine_in_child)
    refreshing = Refreshing(
        reloads.run,
        conversations.generation,
        Generations(settings.data_dir).watching_is_paused,
    )
    inbox = InboxDesk(office, shelf, questions, refreshing)
    shelving = Shelving(office, shelf, conversations, refreshing)
    gaps = GapDesk(office, Board(journal, conversations.embedder))
    stats = StatsDesk(office)
    taps = Taps(
        people,
        tickets,
        conversations,
        questions,
        shelf,
        lists,
        calls=calls,
        delivery=delivery,
        journal=journal,
        desks={
            "reload": reloading.tapped,
            "golden": golden.tapped,
            "inbox": inbox.tapped,
            "article": shelving.tapped,
            "gaps": gaps.tapped,
            "stats": stats.tapped,
        },
    )
    inline = Inline(
        people,
        conversations,
        shelf,
        bot=bot,
        calls=calls,
        today=partial(today, settings),
        meters=meters,
    )
    others = Others(people, tickets, calls)
    sent, edited = filters.UpdateType.MESSAGE, filters.UpdateType.EDITED_MESSAGE
    private = filters.ChatType.PRIVATE & sent

    def in_turn(callback: Handler) -> Handler:
        async def once_it_is_due(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            await tickets.of(update).turn()
            await callback(update, context)

        return once_it_is_due

    def in_measure(callback: Handler) -> Handler:
        async def unless_too_fast(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            assert update.message is not None
            wait = quotas.take_command(author_of(update), update.message.chat_id)
            if wait is None:
                await callback(update, context)
            elif not wait.is_told:
                await tickets.reply(update, render_wait(wait, people.phrases(update)))

        return in_turn(unless_too_fast)

    def command(name: str) -> filters.BaseFilter:
        return sent & _Holds(lambda message: command_of(message, bot) == name)

    def hers(name: str) -> filters.BaseFilter:
        return command(name) & people.are_admins

    at_a_desk = people.are_admins & (
        private | sent & _Holds(lambda message: message.chat_id in people.admins)
    )
    """Where readers are not shown what others asked, nor the drafts of editors."""

    def at_the_desk(name: str) -> filters.BaseFilter:
        return command(name) & at_a_desk

    foreign = private & _Holds(lambda message: is_foreign_command(message, bot))
    # before admission: whoever is to be let in asks /id, and a group that moves is let in anew
    for early in (
        MessageHandler(filters.StatusUpdate.MIGRATE, others.moved),
        MessageHandler(command("id"), in_turn(commands.tell_id)),
        TypeHandler(Update, people.admit),
    ):
        application.add_handler(early, _ADMISSION)
    for name, callback in (
        ("start", in_measure(commands.start)),
        ("help", in_measure(commands.help)),
        ("new", in_turn(commands.begin_anew)),
        ("search", in_turn(lists.search)),
        ("latest", in_measure(lists.latest)),
        ("sources", in_measure(lists.sources)),
        ("language", in_measure(personal.language)),
        ("privacy", in_measure(personal.privacy)),
        ("forget", personal.forget),
        ("feedback", in_turn(personal.feedback)),
    ):
        application.add_handler(MessageHandler(command(name), callback), _ACTIONS)
    for name, callback in (
        ("add", inbox.add),
        ("article", in_turn(shelving.article)),
        ("remove", in_turn(shelving.remove)),
        ("restore", in_turn(shelving.restore)),
        ("audit", in_turn(shelving.audit)),
    ):
        application.add_handler(MessageHandler(at_the_desk(name), callback), _ACTIONS)
    by_admins = _Holds(lambda message: command_of(message, bot) in ADMIN_COMMANDS)
    own_words = filters.TEXT & _Holds(lambda message: not command_of(message, bot))
    application.add_handler(MessageHandler(hers("reload"), reloading.reload), _ACTIONS)
    application.add_handler(MessageHandler(at_the_desk("golden"), golden.examined), _ACTIONS)
    application.add_handler(MessageHandler(at_the_desk("gaps"), gaps.show), _ACTIONS)
    application.add_handler(MessageHandler(at_the_desk("stats"), stats.show), _ACTIONS)
    for handler in (
        MessageHandler((sent & by_admins | foreign) & private, in_measure(others.commanded)),
        MessageHandler(filters.Document.ALL & ~filters.ANIMATION & at_a_desk, inbox.sent),
        MessageHandler(own_words & at_a_desk & _Holds(inbox.is_about_a_card), inbox.replied),
        MessageHandler(own_words & private & people.are_admins, inbox.wrote),
        MessageHandler(filters.CAPTION & private & people.are_admins, inbox.captioned),
        MessageHandler(filters.TEXT & ~by_admins & sent, questions.asked),
        MessageHandler(
            filters.TEXT & edited & people.are_admins & _Holds(inbox.is_about_a_card),
            inbox.replied,
        ),
        MessageHandler(filters.TEXT & edited, questions.edited),
        MessageHandler(~filters.TEXT & private, in_measure(others.attached)),
        CallbackQueryHandler(taps.tapped),
        InlineQueryHandler(inline.asked),
    ):
        application.add_handler(handler, _ACTIONS)
    application.add_error_handler(Unexpected(people, tickets).apologise)
    return Registered(people, quotas, turns, questions, taps, inline, reloading, golden, others)


async def _keep_count(journal: Journal, who: list[int], day: datetime.date) -> None:
    try:
        await journal.count_asked(who, day)
    except StoreError as error:
        logger.error("how much was asked today cannot be kept: %s", error)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
