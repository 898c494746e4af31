"""What the bot says of itself in Telegram: its commands, by who sees them, and descriptions."""

import logging
from collections.abc import Collection, Iterator
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

from bot.phrases import Phrases, phrases_for
from bot.telegram.connecting import Connection

logger = logging.getLogger(__name__)

_LANGUAGES = ("", "zh")
"""Telegram's codes have two letters: readers of traditional Chinese see the menu in simplified."""

Menu = tuple[BotCommand, ...]


async def register(
    bot: Bot, connection: Connection, *, language: str, admins: Collection[int]
) -> None:
    """Have Telegram show them; what it shows already is not set again.

    `language` is BOT_LANGUAGE. Admins, and their groups, see the commands of admins too. Raises
    InvalidToken, BadRequest, Forbidden.
    """
    insist = connection.insist
    for code in _LANGUAGES:
        phrases = phrases_for(language, code)
        for scope, menu in _menus(phrases, admins):
            try:
                await _show(bot, connection, scope, menu, code)
            except (BadRequest, ChatMigrated, Forbidden) as error:
                if not isinstance(scope, BotCommandScopeChat):
                    raise
                logger.info("an admin who never wrote to the bot sees no menu yet: %s", error)
        shown = await insist("getMyDescription", partial(bot.get_my_description, code))
        if shown.description != phrases.description:
            describe = partial(bot.set_my_description, phrases.description, code)
            await insist("setMyDescription", describe)
        short = await insist("getMyShortDescription", partial(bot.get_my_short_description, code))
        if short.short_description != phrases.short_description:
            describe = partial(bot.set_my_short_description, phrases.short_description, code)
            await insist("setMyShortDescription", describe)


async def _show(
    bot: Bot, connection: Connection, scope: BotCommandScope, menu: Menu, code: str
) -> None:
    ask = partial(bot.get_my_commands, scope=scope, language_code=code)
    if await connection.insist("getMyCommands", ask) != menu:
        tell = partial(bot.set_my_commands, menu, scope=scope, language_code=code)
        await connection.insist("setMyCommands", tell)


def _menus(phrases: Phrases, admins: Collection[int]) -> Iterator[tuple[BotCommandScope, Menu]]:
    in_private, in_groups = _in_private(phrases), _in_groups(phrases)
    yield BotCommandScopeDefault(), in_private
    yield BotCommandScopeAllGroupChats(), in_groups
    for admin in sorted(admins):
        others = in_private if admin > 0 else in_groups
        yield BotCommandScopeChat(admin), (*others, BotCommand("reload", phrases.command_reload))


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
