"""/stats: how much is asked and how well it is answered, as a text and as a picture, for admins."""

import asyncio
import datetime
import logging
import re
import zoneinfo

from telegram import Update
from telegram.ext import ContextTypes

from bot.desk.chart import DrawingError, draw, font_path
from bot.desk.statistics import MOST_DAYS, Statistics, gather
from bot.phrases import Phrases
from bot.store import StoreError
from bot.telegram.addressing import words_of
from bot.telegram.buttons import Manage
from bot.telegram.delivery import Target, beside
from bot.telegram.desk.office import Office
from bot.telegram.rendering import Attachment, Part, render_text
from bot.telegram.rendering.stats import chart_of, render_stats
from bot.telegram.tapping import Tap
from bot.telegram.tickets import Ticket

logger = logging.getLogger(__name__)

_USUAL_DAYS = 30
_DAYS = re.compile(r"([1-9]\d{0,2})(?:\s*(?:天|日|days?|d))?", re.ASCII | re.IGNORECASE)


class StatsDesk:
    """The text, its buttons, and the picture that follows it. One picture is drawn at a time."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._zone = zoneinfo.ZoneInfo(office.settings.timezone)
        self._drawing = asyncio.Lock()

    async def show(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/stats, or /stats and a number of days."""
        assert update.message is not None
        ticket, phrases = self._office.tickets.of(update), self._office.people.phrases(update)
        target = beside(update.message)
        days = _days_of(words_of(update.message, self._office.bot))
        if days is None:
            usage = phrases.stats_usage.format(most=MOST_DAYS)
            await ticket.reply(render_text(usage), target)
            return
        ticket.step_aside()
        found = await self._gathered(days)
        # told before it is drawn, and told again as the reply: until then a restart does all anew
        await ticket.show([self._text(found, phrases)], target)
        remark = await self._send_picture(found, ticket, target, phrases)
        await ticket.reply([self._text(found, phrases, remark)], target)

    async def tapped(self, tap: Tap, managed: Manage) -> None:
        """A button with another period."""
        days = _days_of(managed.subject) if managed.subject else None
        if managed.verb != "days" or days is None:
            await tap.say(tap.phrases.unknown_button)
            return
        try:
            found = await self._gathered(days)
        except StoreError as error:
            logger.error("statistics cannot be read: %s", error)
            await tap.say(tap.phrases.unexpected)
            return
        await tap.say("")
        await self._put(tap, self._text(found, tap.phrases))
        remark = await self._send_picture(found, tap.ticket, tap.answering, tap.phrases)
        if remark:
            await self._put(tap, self._text(found, tap.phrases, remark))

    async def _gathered(self, days: int) -> Statistics:
        today = datetime.datetime.now(self._zone).date()
        return await gather(self._office.journal, days, self._zone, today)

    def _text(self, found: Statistics, phrases: Phrases, remark: str = "") -> Part:
        kept_days = self._office.settings.retention_days
        return render_stats(found, phrases, kept_days=kept_days, remark=remark)

    async def _send_picture(
        self, found: Statistics, ticket: Ticket, target: Target, phrases: Phrases
    ) -> str:
        """Why there is no picture, "" where there is one or none is due."""
        if not found.whole.tally.questions:
            return ""
        font = font_path()
        if font is None:
            return phrases.stats_no_picture
        try:
            async with self._drawing:
                picture = await draw(chart_of(found, phrases), font)
        except (DrawingError, OSError) as error:
            logger.error("the picture of the statistics cannot be drawn: %s", error)
            return phrases.stats_picture_failed
        attachment = Attachment(f"stats-{found.days[-1].date}.png", picture, "photo")
        sent = await ticket.attach(attachment, target)
        return "" if sent else phrases.stats_picture_failed

    async def _put(self, tap: Tap, part: Part) -> None:
        await self._office.delivery.edit(tap.message.chat.id, tap.message.message_id, part)


def _days_of(words: str) -> int | None:
    """How many days are meant; None where that cannot be told or are too many."""
    if not words.strip():
        return _USUAL_DAYS
    found = _DAYS.fullmatch(words.strip())
    days = int(found[1]) if found else 0
    return days if 0 < days <= MOST_DAYS else None
