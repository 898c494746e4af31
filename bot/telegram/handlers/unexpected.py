"""What nobody expected."""

import logging

from telegram import Update
from telegram.ext import ContextTypes

from bot.telegram.delivery import Closing, reply_to
from bot.telegram.handlers.people import People
from bot.telegram.rendering import render_text
from bot.telegram.tickets import Tickets

logger = logging.getLogger(__name__)


class Unexpected:
    """Errors that no handler knows what to do with."""

    def __init__(self, people: People, tickets: Tickets) -> None:
        self._people = people
        self._tickets = tickets

    async def apologise(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Log it, then apologise once. What the bot's end has broken off waits for its return."""
        assert isinstance(update, Update)
        ticket = self._tickets.of(update)
        try:
            if isinstance(context.error, Closing):
                raise context.error
            logger.error("unexpected error", exc_info=context.error)
            if update.message is not None:
                text = self._people.phrases(update).unexpected
                await ticket.reply(render_text(text), reply_to(update.message))
        except Closing:
            ticket.is_left = True
