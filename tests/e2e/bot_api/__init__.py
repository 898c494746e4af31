"""Telegram's Bot API on loopback, for a bot in this process or in another one.

What requests and long polls look like comes from lo-bot-api-emulator; this package adds what a
conversation needs beyond it: a token that is checked, texts parsed as Telegram parses them, chats
and messages that are kept, readers who write, edit and press, groups and who is in them, inline
queries, menus, webhooks, faults, and waiting for what the bot does. The server runs on its own
thread and loop, so waiting works from any loop.
"""

from tests.e2e.bot_api.api import EmulatedBotApi
from tests.e2e.bot_api.entities import links_of
from tests.e2e.bot_api.files import SentFile
from tests.e2e.bot_api.html import parse_telegram_html, utf16_length
from tests.e2e.bot_api.inline import InlineAnswer, InlineResult
from tests.e2e.bot_api.messages import Call, SentMessage
from tests.e2e.bot_api.server import TOKEN

__all__ = [
    "TOKEN",
    "Call",
    "EmulatedBotApi",
    "InlineAnswer",
    "InlineResult",
    "SentFile",
    "SentMessage",
    "links_of",
    "parse_telegram_html",
    "utf16_length",
]
