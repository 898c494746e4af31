"""/reload and its buttons: the articles read again and rolled back, for admins."""

import logging
import time
import zoneinfo

from telegram import Message, Update
from telegram.ext import ContextTypes

from bot.desk.reloads import Outcome, Published, Reloads, Run, Wish, made_at, undone_by
from bot.phrases import Phrases
from bot.store import DeedAction, StoreError
from bot.telegram.buttons import Manage, pack
from bot.telegram.delivery import Target, beside, kept_up_to_date, keyboard_of
from bot.telegram.desk.office import Office
from bot.telegram.rendering import Part, render_text
from bot.telegram.rendering.reloads import (
    other_live,
    render_outcome,
    render_progress,
    render_rolled_back,
    render_sure,
)
from bot.telegram.tapping import Tap
from bot.telegram.tickets import Ticket

logger = logging.getLogger(__name__)

_BEFORE = "before"
"""In a ticket's memo: the generation that was live when the work was begun."""

_LOOKED_THROUGH = 50
"""Deeds among which one of before a restart is looked for."""


class Reloading:
    """A reload is shown in one message until its report stands there, to all who asked for it."""

    def __init__(self, office: Office, reloads: Reloads) -> None:
        self._office = office
        self._reloads = reloads
        self._timezone = office.settings.timezone

    async def reload(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/reload"""
        assert update.message is not None
        ticket, phrases = self._office.tickets.of(update), self._office.people.phrases(update)
        ticket.step_aside()
        await self._follow(ticket, phrases, beside(update.message))

    async def tapped(self, tap: Tap, managed: Manage) -> None:
        """A button of a question, of a progress or of a report."""
        if managed.verb != "cancel" and not _stands_there(tap, managed):
            await tap.say(tap.phrases.reload_not_running)
            return
        match managed.verb:
            case "cancel":
                is_ending = self._reloads.cancel(managed.subject)
                words = tap.phrases
                await tap.say(words.reload_cancelling if is_ending else words.reload_not_running)
            case "go" | "surely":
                await tap.say("")
                ticket = tap.ticket
                if not ticket.slots:
                    ticket.slots.append(tap.message.message_id)
                await self._follow(
                    ticket,
                    tap.phrases,
                    tap.answering,
                    agreed=managed.subject,
                    force=managed.verb == "surely",
                )
            case "force":
                await tap.say("")
                await self._put(tap, render_sure(managed.subject, tap.phrases))
            case "leave":
                await tap.say("")
                (part,) = render_text(tap.phrases.reload_left_alone)
                await self._put(tap, part)
            case "back":
                await self._roll_back(tap, managed.subject)
            case _:
                await tap.say(tap.phrases.unknown_button)

    async def _follow(
        self,
        ticket: Ticket,
        phrases: Phrases,
        target: Target,
        *,
        agreed: str = "",
        force: bool = False,
    ) -> None:
        """Begin a reload, or join the one that runs, and show it until its report stands there."""
        current = self._reloads.current
        is_resumed = ticket.is_resumed and _BEFORE in ticket.memo
        if not is_resumed:
            before = current.wish.before if current is not None else self._reloads.live()
            await ticket.remember({_BEFORE: before}, target)
        wish = Wish(
            key=str(ticket.update.update_id),
            agreed=agreed,
            force=force,
            resumed=is_resumed,
            before=ticket.memo[_BEFORE],
        )
        run = self._reloads.begin(wish)
        outcome = await self._shown(run, ticket, phrases, target)
        if isinstance(outcome, Published) and run.wish is wish:
            await self._note(ticket, "reload", outcome.after)
        await ticket.reply(render_outcome(outcome, phrases, self._timezone), target)

    async def _shown(self, run: Run, ticket: Ticket, phrases: Phrases, target: Target) -> Outcome:
        """What came of a reload, which is shown until then."""

        def render() -> Part:
            return render_progress(run, time.monotonic() - run.started, phrases)

        await ticket.show([render()], target)
        if not ticket.slots:
            return await run.outcome()
        office = self._office
        async with kept_up_to_date(
            office.bot, office.calls, target.chat_id, ticket.slots[0], render
        ):
            return await run.outcome()

    async def _roll_back(self, tap: Tap, subject: str) -> None:
        """Bring back the generation before the one a report told of, if that is live still."""
        ticket, phrases = tap.ticket, tap.phrases
        to, undone = undone_by(subject)
        is_resumed = ticket.is_resumed and _BEFORE in ticket.memo
        live = self._reloads.live()
        if not is_resumed:
            if self._reloads.current is not None:
                await tap.say(phrases.reload_running, alert=True)
                return
            if live is None or not live.endswith(undone):
                await tap.say(other_live(live, phrases, self._timezone), alert=True)
                return
            await ticket.remember({_BEFORE: live}, tap.answering)
        await tap.say("")
        made = made_at(to, zoneinfo.ZoneInfo(self._timezone))
        await ticket.show(render_text(phrases.rolling_back.format(made=made)), tap.answering)
        before = ticket.memo[_BEFORE] if is_resumed else None
        outcome = await self._reloads.roll_back(to, undone, before=before)
        if isinstance(outcome, Published):
            await self._note(ticket, "roll_back", outcome.after)
            await self._office.delivery.set_keyboard(
                tap.message.chat.id, tap.message.message_id, ()
            )
        parts = render_rolled_back(outcome, phrases, self._timezone)
        await ticket.reply(parts, tap.answering)

    async def _note(self, ticket: Ticket, action: DeedAction, generation: str) -> None:
        """Keep who published a generation; once, also where that was done before a restart."""
        try:
            if ticket.is_resumed:
                deeds = await self._office.journal.run(
                    lambda store: store.deeds(0, _LOOKED_THROUGH)
                )
                if any((one.action, one.subject) == (action, generation) for one in deeds):
                    return
            await self._office.note(ticket.update, action, generation)
        except StoreError as error:
            logger.error("who published %s cannot be kept: %s", generation, error)

    async def _put(self, tap: Tap, part: Part) -> None:
        await self._office.delivery.edit(tap.message.chat.id, tap.message.message_id, part)


def _stands_there(tap: Tap, managed: Manage) -> bool:
    """Whether the button stands under its message still, as far as Telegram tells."""
    if not isinstance(tap.message, Message):
        return True
    return any(button.data == pack(managed) for row in keyboard_of(tap.message) for button in row)
