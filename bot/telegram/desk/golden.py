"""Golden questions: made of an answer by a tap, and /golden, which asks them all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from telegram import Update
from telegram.ext import ContextTypes

from bot.desk.examining import Asked, Examined, Progress
from bot.desk.golden import golden_id, golden_of
from bot.desk.golden_file import GoldenFile, GoldenFileError, Hindrance
from bot.phrases import Phrases
from bot.store import KeptAnswer, StoreError
from bot.telegram.buttons import Manage
from bot.telegram.delivery import Preview, beside, keyboard_of
from bot.telegram.desk.office import Office
from bot.telegram.rendering import (
    golden_keyboard,
    render_asked,
    render_examined,
    render_not_examined,
    word_on_added,
)
from bot.telegram.tapping import Tap
from retrieval.errors import EvaluationError

Examine = Callable[[Progress], Awaitable[Examined]]

_LARGEST_ID = 2**63
_UNDONE = "− "
"""Before a question in the book of deeds: it is no golden question any more."""


class GoldenDesk:
    """One asking of all questions at a time: who wants it meanwhile is shown the same one."""

    def __init__(self, office: Office, examine: Examine) -> None:
        self._office = office
        self._examine = examine
        self._file = GoldenFile(office.settings.corpus_dir)
        self._timezone = office.settings.timezone
        self._run: _Run | None = None

    async def examined(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/golden: how far it has come, in one message, and then what came of it."""
        assert update.message is not None
        office, phrases = self._office, self._office.people.phrases(update)
        ticket, target = office.tickets.of(update), beside(update.message)
        ticket.step_aside()
        preview = Preview(
            office.bot,
            office.calls,
            target,
            message_id=ticket.slots[0] if ticket.slots else None,
            begun=partial(ticket.use, target),
        )
        if self._run is None or self._run.is_over:
            self._run = _Run(self._examine)
        try:
            with self._run.watched(lambda asked: preview.show(render_asked(asked, phrases))):
                outcome = await self._run.outcome()
        except EvaluationError as error:
            parts = render_not_examined(str(error), phrases)
        else:
            parts = render_examined(outcome, phrases, self._timezone)
        finally:
            await preview.end()
        await ticket.reply(parts, target)

    async def tapped(self, tap: Tap, managed: Manage) -> None:
        """Make the answer a golden question, or undo that."""
        kept = await self._kept(managed.subject)
        if kept is None:
            await tap.say(tap.phrases.answer_not_kept)
        elif managed.verb == "add":
            await self._add(tap, kept, int(managed.subject))
        elif managed.verb == "drop":
            await self._drop(tap, kept, int(managed.subject))
        else:
            await tap.say(tap.phrases.unknown_button)

    async def _add(self, tap: Tap, kept: KeptAnswer, answer_id: int) -> None:
        golden = await asyncio.to_thread(golden_of, kept, self._timezone)
        try:
            present = await asyncio.to_thread(self._file.add, golden)
        except GoldenFileError as error:
            await tap.say(_why_not(error, tap.phrases), alert=True)
            return
        if present is None:
            title = kept.citations[0].title if kept.citations else ""
            await tap.say(word_on_added(golden, title, tap.phrases), alert=True)
            await self._note(tap, golden.question)
        else:
            await tap.say(tap.phrases.golden_present.format(id=present))
        if present in (None, golden.id):
            await self._mark(tap, answer_id, chosen=True)

    async def _drop(self, tap: Tap, kept: KeptAnswer, answer_id: int) -> None:
        question = kept.standalone or kept.question
        try:
            removed = await asyncio.to_thread(self._file.remove, golden_id(question))
        except GoldenFileError as error:
            await tap.say(_why_not(error, tap.phrases), alert=True)
            return
        await tap.say(tap.phrases.golden_removed if removed else tap.phrases.golden_absent)
        if removed:
            await self._note(tap, _UNDONE + question)
        await self._mark(tap, answer_id, chosen=False)

    async def _kept(self, subject: str) -> KeptAnswer | None:
        if not subject.isdecimal() or int(subject) >= _LARGEST_ID:
            return None
        number = int(subject)
        with suppress(StoreError):
            return await self._office.journal.run(lambda store: store.answer(number))
        return None

    async def _note(self, tap: Tap, question: str) -> None:
        with suppress(StoreError):
            await self._office.note(tap.ticket.update, "golden", question)

    async def _mark(self, tap: Tap, answer_id: int, *, chosen: bool) -> None:
        keyboard = golden_keyboard(keyboard_of(tap.message), answer_id, chosen=chosen)
        await self._office.delivery.set_keyboard(
            tap.message.chat.id, tap.message.message_id, keyboard
        )


class _Run:
    """Asking all questions, for as long as somebody waits for what comes of it."""

    def __init__(self, examine: Examine) -> None:
        self._asked: Asked | None = None
        self._watching: list[Callable[[Asked | None], None]] = []
        self._task = asyncio.ensure_future(examine(self._tell))

    @property
    def is_over(self) -> bool:
        """Whether it is done, or given up."""
        return self._task.done()

    @contextmanager
    def watched(self, show: Callable[[Asked | None], None]) -> Iterator[None]:
        """Show how far it has come, and how far from now on, for the length of the block."""
        show(self._asked)
        self._watching.append(show)
        try:
            yield
        finally:
            self._watching.remove(show)
            if not self._watching:
                self._task.cancel()

    async def outcome(self) -> Examined:
        """What came of it. Raises EvaluationError."""
        return await asyncio.shield(self._task)

    def _tell(self, asked: Asked) -> None:
        self._asked = asked
        for show in self._watching:
            show(asked)


def _why_not(error: GoldenFileError, phrases: Phrases) -> str:
    return {
        Hindrance.READ_ONLY: phrases.golden_read_only,
        Hindrance.LEADS_OUT: phrases.golden_leads_out,
        Hindrance.NO_FILE: phrases.golden_no_file,
        Hindrance.NOT_UTF8: phrases.golden_not_text,
        Hindrance.BUSY: phrases.golden_busy,
        Hindrance.FAILED: phrases.golden_failed.format(reason=error.detail),
    }[error.hindrance]
