"""An update that was taken, until nothing more is owed for it."""

import datetime
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from telegram import Update

from bot.journal import Journal
from bot.store import Delivered, DeliveredPurpose, StoreError
from bot.telegram.delivery import ANSWERED, Calls, Delivery, Outgoing, Place, Target, beside
from bot.telegram.rendering import Attachment, Part

logger = logging.getLogger(__name__)

UNANSWERED = "nothing to say"
ANSWER: DeliveredPurpose = "answer"
REASON: DeliveredPurpose = "reason"
"""What a message of ours is for: an answer, or the request for a word on one."""


class Tickets:
    """The tickets of the updates that are being worked on."""

    def __init__(self) -> None:
        self._tickets: dict[int, Ticket] = {}

    def of(self, update: Update) -> "Ticket":
        """The ticket of an update."""
        return self._tickets[update.update_id]

    async def reply(self, update: Update, parts: Sequence[Part]) -> None:
        """Reply to a message that is no question. Raises Closing when the bot stops first."""
        assert update.effective_message is not None
        await self.of(update).reply(parts, beside(update.effective_message))

    @contextmanager
    def holding(self, ticket: "Ticket") -> Iterator[None]:
        """Have it found for the length of the block."""
        update_id = ticket.update.update_id
        self._tickets[update_id] = ticket
        try:
            yield
        finally:
            del self._tickets[update_id]


class Ticket:
    """One update and the reply to it, which is noted in the journal before it is sent."""

    def __init__(
        self,
        update: Update,
        *,
        place: Place | None,
        journal: Journal,
        delivery: Delivery,
        calls: Calls,
        is_resumed: bool = False,
        noted: dict[str, Any] | None = None,
    ) -> None:
        """`noted`: how far the reply had come before a restart, where it `is_resumed`."""
        self.update = update
        self.outcome = UNANSWERED
        self.delivered: tuple[Delivered, ...] = ()
        self.slots: list[int] = list(noted["outgoing"]["slots"]) if noted else []
        """Messages of ours that the reply is to be put into."""
        self.notice: int | None = noted.get("notice") if noted else None
        """A message of ours that tells that the reply is to come."""
        self.memo: dict[str, Any] = noted.get("memo", {}) if noted else {}
        """What the work has to know when it is done anew after a restart."""
        self.is_resumed = is_resumed
        self.is_left = False
        """Whether it is to be done after the next start."""
        self.is_delivering = False
        self.taken_at = datetime.datetime.now(datetime.UTC)
        """When it was taken, since the last start."""
        self.taken = time.monotonic()
        """The same for measuring."""
        self._noted = noted
        self._place = place
        self._journal = journal
        self._delivery = delivery
        self._calls = calls

    @property
    def ahead(self) -> int:
        """How many updates of its chat are to be done before it."""
        return 0 if self._place is None else self._place.ahead

    @property
    def is_due(self) -> bool:
        """Whether its turn in its chat has come, or it needs none."""
        return self._place is None or self._place.is_due

    async def turn(self) -> None:
        """Return when all updates of its chat that came before are done."""
        if self._place is not None:
            await self._place.reached()

    def step_aside(self) -> None:
        """Let the next update of the chat go on before this one is done."""
        if self._place is not None:
            self._place.leave()

    async def use(self, target: Target, message_id: int) -> None:
        """Have the reply put into a message that shows what there is of it already."""
        self.slots.append(message_id)
        await self._note_begun(target)

    async def announce(self, target: Target, message_id: int) -> None:
        """Have a message known that tells that the reply is to come, until it is taken back."""
        self.notice = message_id
        await self._note_begun(target)

    async def take_notice_back(self, target: Target) -> None:
        """Delete that message, if there is one: the reply belongs below what came since.

        Raises Closing.
        """
        if self.notice is not None:
            # where a group has become a supergroup, another message has that number
            if self._calls.id_now(target.chat_id) == target.chat_id:
                await self._delivery.remove(target.chat_id, self.notice)
            self.notice = None
            await self._note_begun(target)

    async def remember(self, memo: dict[str, Any], target: Target) -> None:
        """Have this as `memo` after a restart."""
        self.memo = memo
        await self._note_begun(target)

    async def show(self, parts: Sequence[Part], target: Target) -> None:
        """Say something that the reply is to take the place of. Raises Closing."""

        async def keep_nothing(progress: dict[str, Any]) -> None:
            """After a restart it is said anew."""

        outgoing = Outgoing(target, tuple(parts), slots=list(self.slots))
        await self._delivery.deliver(outgoing, keep_nothing)
        self.slots = list(outgoing.slots)
        await self._note_begun(target)

    async def attach(self, attachment: Attachment, target: Target) -> bool:
        """Send a picture or a file; whether it came. Raises Closing when the bot stops first.

        Before the reply: a restart after that would not send it, one before it sends it anew.
        """
        return await self._delivery.attach(target, attachment) == ANSWERED

    async def resume(self) -> bool:
        """Deliver the reply that was noted before the restart; False where there is none."""
        if not self._noted or not self._noted["outgoing"]["parts"]:
            return False
        await self.turn()
        await self._deliver(Outgoing.from_json(self._noted["outgoing"]), self._noted["about"])
        return True

    async def reply(
        self,
        parts: Sequence[Part],
        target: Target,
        *,
        question_id: int | None = None,
        answer_id: int | None = None,
        purpose: DeliveredPurpose = ANSWER,
        is_late: bool = False,
    ) -> None:
        """Deliver a reply. Raises Closing when the bot stops first."""
        outgoing = Outgoing(
            target,
            tuple(parts),
            slots=list(self.slots),
            asks_back=purpose == REASON,
            is_late=is_late,
        )
        await self._deliver(outgoing, [question_id, answer_id, purpose])

    async def _deliver(self, outgoing: Outgoing, about: list[Any]) -> None:
        question_id, answer_id, purpose = about

        async def note(progress: dict[str, Any]) -> None:
            await self._note({"outgoing": progress, "about": about})

        self.is_delivering = True
        try:
            self.outcome = await self._delivery.deliver(outgoing, note)
        finally:
            self.is_delivering = False
        self.slots = list(outgoing.slots)
        if question_id is None and answer_id is None:
            return
        chat_id = self._calls.id_now(outgoing.target.chat_id)
        self.delivered = tuple(
            Delivered(
                chat_id=chat_id,
                message_id=message_id,
                question_id=question_id,
                answer_id=answer_id,
                position=position,
                purpose=purpose,
            )
            for position, message_id in enumerate(outgoing.slots)
        )

    async def _note_begun(self, target: Target) -> None:
        """After a restart the work is done anew, and its reply put into these messages."""
        outgoing = Outgoing(target, (), slots=self.slots).to_json()
        await self._note({"outgoing": outgoing, "memo": self.memo, "notice": self.notice})

    async def _note(self, noted: dict[str, Any]) -> None:
        try:
            await self._journal.note(self.update.update_id, noted)
        except StoreError as error:
            logger.error("how far a reply has come cannot be noted: %s", error)
