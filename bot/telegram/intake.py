"""Updates of Telegram: stored before Telegram is told that they were taken, then worked on."""

import asyncio
import datetime
import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence

from telegram import Bot, Update

from bot import request_ids
from bot.journal import Journal
from bot.store import Pending, StoreError, Taken
from bot.telegram.addressing import author_of
from bot.telegram.delivery import Calls, Closing, Delivery, Lanes, Place, topic_of
from bot.telegram.payloads import payload_of
from bot.telegram.tickets import Ticket

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 8.0
"""For answers under way when the bot is stopped: Docker kills after ten seconds."""

_IN_FLIGHT_SECONDS = 30.0
"""For requests that Telegram is carrying out then: what becomes of them has to be known."""

Work = Callable[[Ticket], Awaitable[None]]
Concerns = Callable[[Update], bool]
Heard = Callable[[Update], Awaitable[bool]]


class Intake(asyncio.Queue[object]):
    """Where telegram's webhook and the polling put updates.

    What does not concern the bot is dropped at once, and what comes from strangers as soon as
    Telegram has said that they are: nothing of it is stored. Of the others those
    of one chat have their turns in the order in which they came; taps on buttons and other chats
    wait for none of them. An update that comes twice is taken once.
    """

    def __init__(
        self,
        *,
        bot: Bot,
        journal: Journal,
        calls: Calls,
        delivery: Delivery,
        concerns_us: Concerns,
        is_fleeting: Concerns,
        is_heard: Heard,
        is_admin: Concerns,
        work: Work,
    ) -> None:
        super().__init__()
        self._concerns_us = concerns_us
        self._is_fleeting = is_fleeting
        self._is_heard = is_heard
        self._is_admin = is_admin
        self._bot = bot
        self._journal = journal
        self._calls = calls
        self._delivery = delivery
        self._work = work
        self._lanes = Lanes()
        self._running: dict[asyncio.Task[None], Ticket] = {}
        self._unsettled: list[Ticket] = []

    def queues(self) -> dict[str, Callable[[], float]]:
        """How long its queues are: see baoda_queue_length."""
        return {
            "updates": lambda: len(self._running),
            "waiting": lambda: sum(not ticket.is_due for ticket in self._running.values()),
            "chats": lambda: len(self._lanes),
        }

    async def put(self, item: object) -> None:
        """Take an update; when this returns it is on disk."""
        assert isinstance(item, Update)
        await self.take([item])

    async def take(self, updates: Sequence[Update]) -> None:
        """Take updates, in this order; when this returns they are on disk.

        Where they cannot be stored they are worked on all the same.
        """
        updates = [update for update in updates if self._is_for_us(update)]
        for update in filter(self._is_fleeting, updates):
            self._begin(self._ticket(update, None, None))
        updates = [update for update in updates if not self._is_fleeting(update)]
        if not updates:
            return
        # places first: what waits for Telegram or the disk may be overtaken
        placed = [(update, self._place(update)) for update in updates]
        heard = await asyncio.gather(*map(self._is_heard, updates))
        for (_, place), is_heard in zip(placed, heard, strict=True):
            if place is not None and not is_heard:
                place.leave()
        placed = [one for one, is_heard in zip(placed, heard, strict=True) if is_heard]
        updates = [update for update, _ in placed]
        if not updates:
            return
        try:
            fresh = set(await self._journal.take([self._taken(update) for update in updates]))
        except StoreError as error:
            logger.error("questions cannot be kept until they are answered: %s", error)
            fresh = {update.update_id for update in updates}
        for update, place in placed:
            if update.update_id in fresh:
                fresh.remove(update.update_id)
                self._begin(self._ticket(update, place, None))
            elif place is not None:
                place.leave()

    def _is_for_us(self, update: Update) -> bool:
        try:
            return self._concerns_us(update)
        except Exception:  # no update, however odd, may stop those that follow
            logger.exception("whether an update is for the bot cannot be told")
            return True

    async def resume(self, since: datetime.datetime) -> None:
        """Go on with what was taken and not done before the bot was stopped, unless it is older."""
        try:
            pending = await self._journal.pending(since)
        except StoreError as error:
            logger.error("questions that were left open cannot be read: %s", error)
            return
        if pending:
            logger.info("%d questions were left open and are answered now", len(pending))
        for one in pending:
            update = Update.de_json(one.payload, self._bot)
            place = self._place(update)
            self._begin(self._ticket(update, place, one))

    async def finish(self) -> None:
        """Let the answers under way come to an end; those that take too long are left open."""
        await self._wait(_GRACE_SECONDS)
        if self._running:
            logger.warning("%d questions are left open until the next start", len(self._running))
        self._calls.close()
        for task, ticket in self._running.items():
            if not ticket.is_delivering:
                task.cancel()
        await self._wait(_IN_FLIGHT_SECONDS)
        for task in self._running:
            task.cancel()
        await self._wait(None)
        await self._settle(self._unsettled)

    async def _wait(self, seconds: float | None) -> None:
        # no asyncio.timeout: in a task that was cancelled Python 3.11 does not tell its end
        if self._running:
            await asyncio.wait(list(self._running), timeout=seconds)

    def _taken(self, update: Update) -> Taken:
        message, chat = update.effective_message, update.effective_chat
        return Taken(
            update_id=update.update_id,
            chat_id=chat.id if chat else None,
            topic_id=topic_of(message) if message else None,
            user_id=author_of(update),
            payload=payload_of(update, self._bot, is_admin=self._is_admin(update)),
        )

    def _place(self, update: Update) -> Place | None:
        lane = _lane(update)
        return None if lane is None else self._lanes.join(lane)

    def _ticket(self, update: Update, place: Place | None, pending: Pending | None) -> Ticket:
        return Ticket(
            update,
            place=place,
            journal=self._journal,
            delivery=self._delivery,
            calls=self._calls,
            is_resumed=pending is not None,
            noted=pending.outgoing if pending else None,
        )

    def _begin(self, ticket: Ticket) -> None:
        with request_ids.request(request_ids.of_update(ticket.update.update_id)):
            task = asyncio.create_task(self._do(ticket))
            task.add_done_callback(self._ended)
        self._running[task] = ticket

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("unexpected error", exc_info=error)

    async def _do(self, ticket: Ticket) -> None:
        try:
            if not await ticket.resume():
                await self._work(ticket)
        except Closing:
            return
        finally:
            ticket.step_aside()
        if not self._is_fleeting(ticket.update) and not ticket.is_left:
            await self._settle([ticket, *self._unsettled])

    async def _settle(self, tickets: Sequence[Ticket]) -> None:
        """Note that nothing more is owed; what cannot be noted now is tried again with the next."""
        left = list(tickets)
        self._unsettled = []
        try:
            while left:
                ticket = left[0]
                await self._journal.settle(
                    ticket.update.update_id, ticket.outcome, ticket.delivered
                )
                del left[0]
        except StoreError as error:
            logger.error("that a question is answered cannot be noted: %s", error)
            self._unsettled += left


def _lane(update: Update) -> Hashable:
    """The lane of an update: that of its chat or topic; None for what waits for nothing."""
    message = update.message or update.edited_message
    if message is None:
        return None
    return message.chat_id, topic_of(message)
