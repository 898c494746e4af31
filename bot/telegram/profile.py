"""What the bot says of itself in Telegram: its commands and descriptions."""

from functools import partial

from telegram import Bot, BotCommand

from bot.phrases import CHINESE, ENGLISH, Phrases
from bot.telegram.connecting import insist

_LANGUAGES = ((ENGLISH, ""), (CHINESE, "zh"))


async def register(bot: Bot) -> None:
    """Have Telegram show them; what it shows already is not set again. Raises InvalidToken."""
    for phrases, language in _LANGUAGES:
        commands = _commands(phrases)
        if await insist(partial(bot.get_my_commands, language_code=language)) != commands:
            await insist(partial(bot.set_my_commands, commands, language_code=language))
        shown = await insist(partial(bot.get_my_description, language))
        if shown.description != phrases.description:
            await insist(partial(bot.set_my_description, phrases.description, language))
        shown_shortly = await insist(partial(bot.get_my_short_description, language))
        if shown_shortly.short_description != phrases.short_description:
            await insist(partial(bot.set_my_short_description, phrases.short_description, language))


def _commands(phrases: Phrases) -> tuple[BotCommand, ...]:
    return (
        BotCommand("start", phrases.command_start),
        BotCommand("help", phrases.command_help),
        BotCommand("new", phrases.command_new),
        BotCommand("id", phrases.command_id),
    )
