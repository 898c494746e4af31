"""Every send and edit to Telegram, and how it comes through.

lanes: whose turn it is in a chat. pace: how often Telegram may be called. waits: the pauses it has
asked for. wire: the HTTP client, which tells what became of a request. outcomes: what an error
means. calls: one call, at the right moment. content: what is given to the Bot API. delivery:
replies that come whole and once. preview: an answer that is still being written. showing: how
far something is.
"""

from bot.telegram.delivery.calls import Calls, Closing
from bot.telegram.delivery.content import (
    Target,
    beside,
    inline_results,
    keyboard_of,
    reply_to,
    topic_of,
)
from bot.telegram.delivery.delivery import ANSWERED, Delivery, Outgoing
from bot.telegram.delivery.lanes import Lanes, Place
from bot.telegram.delivery.preview import Preview, typing
from bot.telegram.delivery.showing import kept_up_to_date
from bot.telegram.delivery.waits import FloodWaits
from bot.telegram.delivery.wire import Wire

__all__ = [
    "ANSWERED",
    "Calls",
    "Closing",
    "Delivery",
    "FloodWaits",
    "Lanes",
    "Outgoing",
    "Place",
    "Preview",
    "Target",
    "Wire",
    "beside",
    "inline_results",
    "kept_up_to_date",
    "keyboard_of",
    "reply_to",
    "topic_of",
    "typing",
]
