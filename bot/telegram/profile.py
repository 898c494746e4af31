"""What the bot says of itself in Telegram: its commands, by who sees them, and descriptions."""

import logging
from collections.abc import Awaitable, Collection, Iterator
from functools import partial

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden

from bot.journal import Journal
from bot.phrases import Phrases, phrases_for
from bot.store import StoreError
from bot.telegram.connecting import Connection

logger = logging.getLogger(__name__)

_LANGUAGES = ("", "zh")
"""Telegram's codes have two letters: readers of traditional Chinese see the menu in simplified."""

Menu = tuple[BotCommand, ...]


class Profile:
    """Sets them, but for what Telegram shows already; what it refuses harms nothing else."""

    def __init__(self, bot: Bot, connection: Connection, journal: Journal, language: str) -> None:
        """`language` is BOT_LANGUAGE."""
        self._bot = bot
        self._insist = connection.insist
        self._journal = journal
        self._language = language

    async def show(self, admins: Collection[int]) -> None:
        """Have Telegram show everything.

        Admins, and their groups, see the commands of admins too; those who were admins before do
        not any more. Raises InvalidToken, Conflict.
        """
        for code in _LANGUAGES:
            phrases = phrases_for(self._language, code)
            for scope, menu in _menus(phrases):
                await self._tried(self._show_menu(scope, menu, code))
            await self._tried(self._describe(phrases, code))
        for admin in sorted(admins):
            await self._show_admin(admin)
        for former in await self._shown() - frozenset(admins):
            await self._hide(former)

    async def _show_admin(self, admin: int) -> None:
        scope = BotCommandScopeChat(admin)
        # first: stopped in between, it is taken away all the same
        await self._note(admin, shown=True)
        try:
            for code in _LANGUAGES:
                menu = _menu_of_admins(phrases_for(self._language, code), in_private=admin > 0)
                await self._show_menu(scope, menu, code)
        except (BadRequest, ChatMigrated, Forbidden) as error:
            logger.info("an admin who never wrote to the bot sees no menu yet: %s", error)

    async def _note(self, chat_id: int, *, shown: bool) -> None:
        try:
            await self._journal.set_menu(chat_id, shown=shown)
        except StoreError as error:
            logger.error("who has an admin's menu cannot be kept: %s", error)

    async def _shown(self) -> frozenset[int]:
        try:
            return await self._journal.menus()
        except StoreError as error:
            logger.error("who has an admin's menu cannot be read: %s", error)
            return frozenset()

    async def _hide(self, chat_id: int) -> None:
        """Take the menu of admins from a chat; also where it is gone."""
        scope = BotCommandScopeChat(chat_id)
        for code in _LANGUAGES:
            forget = partial(self._bot.delete_my_commands, scope=scope, language_code=code)
            await self._tried(self._insist("deleteMyCommands", forget))
        await self._note(chat_id, shown=False)

    async def _show_menu(self, scope: BotCommandScope, menu: Menu, code: str) -> None:
        ask = partial(self._bot.get_my_commands, scope=scope, language_code=code)
        if await self._insist("getMyCommands", ask) != menu:
            tell = partial(self._bot.set_my_commands, menu, scope=scope, language_code=code)
            await self._insist("setMyCommands", tell)

    async def _describe(self, phrases: Phrases, code: str) -> None:
        insist, bot = self._insist, self._bot
        shown = await insist("getMyDescription", partial(bot.get_my_description, code))
        if shown.description != phrases.description:
            describe = partial(bot.set_my_description, phrases.description, code)
            await insist("setMyDescription", describe)
        short = await insist("getMyShortDescription", partial(bot.get_my_short_description, code))
        if short.short_description != phrases.short_description:
            describe = partial(bot.set_my_short_description, phrases.short_description, code)
            await insist("setMyShortDescription", describe)

    async def _tried(self, setting: Awaitable[object]) -> None:
        try:
            await setting
        except (BadRequest, ChatMigrated, Forbidden) as error:
            logger.warning("commands and descriptions could not be set: %s", error)


def _menus(phrases: Phrases) -> Iterator[tuple[BotCommandScope, Menu]]:
    yield BotCommandScopeDefault(), _in_private(phrases)
    yield BotCommandScopeAllGroupChats(), _in_groups(phrases)


def _menu_of_admins(phrases: Phrases, *, in_private: bool) -> Menu:
    others = _in_private(phrases) if in_private else _in_groups(phrases)
    return (
        *others,
        BotCommand("reload", phrases.command_reload),
        BotCommand("add", phrases.command_add),
        BotCommand("article", phrases.command_article),
        BotCommand("remove", phrases.command_remove),
        BotCommand("restore", phrases.command_restore),
        BotCommand("gaps", phrases.command_gaps),
        BotCommand("stats", phrases.command_stats),
        BotCommand("golden", phrases.command_golden),
        BotCommand("audit", phrases.command_audit),
    )


def _in_private(phrases: Phrases) -> Menu:
    return (
        BotCommand("new", phrases.command_new),
        BotCommand("search", phrases.command_search),
        BotCommand("latest", phrases.command_latest),
        BotCommand("sources", phrases.command_sources),
        BotCommand("language", phrases.command_language),
        BotCommand("feedback", phrases.command_feedback),
        BotCommand("privacy", phrases.command_privacy),
        BotCommand("forget", phrases.command_forget),
        BotCommand("help", phrases.command_help),
        BotCommand("id", phrases.command_id),
    )


def _in_groups(phrases: Phrases) -> Menu:
    return (
        BotCommand("ask", phrases.command_ask),
        BotCommand("search", phrases.command_search),
        BotCommand("latest", phrases.command_latest),
        BotCommand("sources", phrases.command_sources),
        BotCommand("new", phrases.command_new),
        BotCommand("help", phrases.command_help),
    )
