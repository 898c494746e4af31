"""A tap on a button, and the word that ends the waiting of whoever tapped."""

from dataclasses import dataclass

from telegram import CallbackQuery, MaybeInaccessibleMessage
from telegram.error import TelegramError

from bot.phrases import Phrases
from bot.telegram.delivery import Calls, Target, topic_of
from bot.telegram.tickets import Ticket

_ANSWER_SECONDS = 5.0
"""A word on a tap that comes later is of no use to anybody."""


@dataclass(frozen=True, slots=True)
class Tap:
    """Somebody's tap on a button of a message."""

    query: CallbackQuery
    ticket: Ticket
    phrases: Phrases
    """Of whoever tapped."""
    calls: Calls

    @property
    def message(self) -> MaybeInaccessibleMessage:
        """The message that the button stands under."""
        assert self.query.message is not None
        return self.query.message

    @property
    def answering(self) -> Target:
        """Where a reply to that message goes."""
        return Target(self.message.chat.id, topic_of(self.message), self.message.message_id)

    async def say(self, text: str, *, alert: bool = False) -> None:
        """End the waiting of whoever tapped, with a word. Nothing depends on it."""

        async def answer() -> bool:
            return await self.query.answer(
                text or None, show_alert=alert, read_timeout=_ANSWER_SECONDS
            )

        try:
            await self.calls.aside("answerCallbackQuery", answer)
        except TelegramError:
            return
