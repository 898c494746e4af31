"""/gaps: what readers asked and did not get, for admins."""

import asyncio
import datetime
import logging
import re
import zoneinfo

from telegram import Update
from telegram.ext import ContextTypes

from bot.desk.board import Board
from bot.desk.gap_table import table
from bot.desk.gaps import gap_of
from bot.phrases import Phrases
from bot.store import StoreError
from bot.telegram.buttons import Manage
from bot.telegram.delivery import beside
from bot.telegram.desk.office import Office
from bot.telegram.links import Links
from bot.telegram.rendering import Attachment, Part, render_text
from bot.telegram.rendering.gaps import gaps_page_of, render_gaps
from bot.telegram.tapping import Tap

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0
"""What takes longer is announced."""

_SUBJECT = re.compile(r"(?:(\d{1,6})\.)?(\d{1,18})", re.ASCII)


class GapDesk:
    """The list of gaps, its pages, and the buttons below it.

    A button names a question of the gap that it is for: whatever has been asked or closed since,
    that is the one that it is about.
    """

    def __init__(self, office: Office, board: Board) -> None:
        self._office = office
        self._board = board
        self._zone = zoneinfo.ZoneInfo(office.settings.timezone)

    async def show(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/gaps"""
        assert update.message is not None
        ticket, phrases = self._office.tickets.of(update), self._office.people.phrases(update)
        target = beside(update.message)
        ticket.step_aside()
        looking = asyncio.create_task(self._page(0, phrases))
        try:
            await asyncio.wait([looking], timeout=_PATIENCE_SECONDS)
            if not looking.done():
                await ticket.show(render_text(phrases.gaps_working), target)
            part = await looking
        finally:
            looking.cancel()
        await ticket.reply([part], target)

    async def tapped(self, tap: Tap, managed: Manage) -> None:
        """A button below the list."""
        try:
            await self._obey(tap, managed)
        except StoreError as error:
            logger.error("what readers did not get cannot be read or noted: %s", error)
            await tap.say(tap.phrases.unexpected)

    async def _obey(self, tap: Tap, managed: Manage) -> None:
        found = _SUBJECT.fullmatch(managed.subject)
        if managed.verb == "export":
            await self._export(tap)
        elif found is None:
            await tap.say(tap.phrases.unknown_button)
        elif managed.verb == "page":
            await tap.say("")
            await self._put(tap, await self._page_with(int(found[1] or 0), int(found[2]), tap))
        elif managed.verb == "close":
            await self._close(tap, int(found[1] or 0), int(found[2]))
        elif managed.verb == "reopen":
            is_open = await self._board.reopen(int(found[2]))
            await tap.say(tap.phrases.gap_reopened if is_open else tap.phrases.unknown_button)
            await self._put(tap, await self._page_with(0, int(found[2]), tap))
        else:
            await tap.say(tap.phrases.unknown_button)

    async def _close(self, tap: Tap, page: int, message_id: int) -> None:
        found = await self._board.look()
        number = gap_of(found.gaps, message_id)
        if number is None:
            await tap.say(tap.phrases.gap_gone)
            await self._put(tap, await self._page(page, tap.phrases))
            return
        gap = found.gaps[number]
        await self._board.close(gap)
        await self._office.note(tap.ticket.update, "close_gap", gap.label)
        await tap.say(tap.phrases.gap_closed)
        left = await self._board.look()
        await self._put(
            tap,
            render_gaps(left, page, self._zone, tap.phrases, self._links, closed=gap),
        )

    async def _export(self, tap: Tap) -> None:
        await tap.say("")
        found = await self._board.look()
        if not found.gaps:
            await self._put(tap, await self._page(0, tap.phrases))
            return
        today = datetime.datetime.now(self._zone).date()
        content = await asyncio.to_thread(table, found.gaps, self._zone, tap.phrases)
        attachment = Attachment(f"gaps-{today}.csv", content, "document")
        if not await tap.ticket.attach(attachment, tap.answering):
            await tap.ticket.reply(render_text(tap.phrases.not_sent), tap.answering)

    async def _page_with(self, page: int, message_id: int, tap: Tap) -> Part:
        """The page that a question stands on now; that of the number where it stands on none."""
        found = await self._board.look()
        number = gap_of(found.gaps, message_id)
        page = page if number is None else gaps_page_of(number)
        return render_gaps(found, page, self._zone, tap.phrases, self._links)

    async def _page(self, page: int, phrases: Phrases) -> Part:
        return render_gaps(await self._board.look(), page, self._zone, phrases, self._links)

    async def _put(self, tap: Tap, part: Part) -> None:
        await self._office.delivery.edit(tap.message.chat.id, tap.message.message_id, part)

    @property
    def _links(self) -> Links:
        return Links(self._office.bot.username)
