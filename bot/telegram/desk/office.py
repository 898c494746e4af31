"""What every desk has to hand."""

from dataclasses import dataclass

from telegram import Bot, Update

from bot.journal import Journal
from bot.settings import Settings
from bot.store import DeedAction
from bot.telegram.addressing import author_of
from bot.telegram.delivery import Calls, Delivery
from bot.telegram.handlers.people import People
from bot.telegram.tickets import Tickets


@dataclass(frozen=True, slots=True)
class Office:
    """What every desk has to hand."""

    settings: Settings
    people: People
    tickets: Tickets
    bot: Bot
    calls: Calls
    delivery: Delivery
    journal: Journal

    async def note(self, update: Update, action: DeedAction, subject: str) -> None:
        """Keep that whoever wrote or tapped did something. Raises StoreError."""
        who, user = author_of(update), update.effective_user
        name = user.full_name if user else ""
        await self.journal.run(lambda store: store.note_deed(who, name, action, subject))
