"""What the bot says of itself in Telegram: its commands and descriptions."""

from functools import partial

from telegram import Bot, BotCommand

from bot.phrases import ENGLISH, SIMPLIFIED, Phrases
from bot.telegram.connecting import Connection

_LANGUAGES = ((ENGLISH, ""), (SIMPLIFIED, "zh"))


async def register(bot: Bot, connection: Connection) -> None:
    """Have Telegram show them; what it shows already is not set again.

    Raises InvalidToken, BadRequest.
    """
    insist = connection.insist
    for phrases, language in _LANGUAGES:
        commands = _commands(phrases)
        ask = partial(bot.get_my_commands, language_code=language)
        if await insist("getMyCommands", ask) != commands:
            tell = partial(bot.set_my_commands, commands, language_code=language)
            await insist("setMyCommands", tell)
        shown = await insist("getMyDescription", partial(bot.get_my_description, language))
        if shown.description != phrases.description:
            describe = partial(bot.set_my_description, phrases.description, language)
            await insist("setMyDescription", describe)
        short = await insist(
            "getMyShortDescription", partial(bot.get_my_short_description, language)
        )
        if short.short_description != phrases.short_description:
            describe = partial(bot.set_my_short_description, phrases.short_description, language)
            await insist("setMyShortDescription", describe)


def _commands(phrases: Phrases) -> tuple[BotCommand, ...]:
    return (
        BotCommand("start", phrases.command_start),
        BotCommand("help", phrases.command_help),
        BotCommand("new", phrases.command_new),
        BotCommand("id", phrases.command_id),
    )
