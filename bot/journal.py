"""The store for an event loop, on one thread of its own: calls that wait are written together."""

import asyncio
import datetime
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bot.store import Delivered, Held, Pending, Pruned, Store, Taken

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    work: Callable[[Store], T]
    outcome: Future[T] = field(default_factory=Future)
    context: Context = field(default_factory=copy_context)

    def do(self, store: Store) -> T:
        """What the work gives, as part of the request of whoever called."""
        return self.context.run(self.work, store)

    def make(self, store: Store) -> None:
        try:
            result = self.do(store)
        except BaseException as error:  # whoever waits for the call gets it
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(result)


class Journal:
    """A store whose methods are awaited. Any may raise StoreError; what it gives is on disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._waiting: deque[_Call[Any]] = deque()

    @property
    def waiting(self) -> int:
        """How many calls are not begun."""
        return len(self._waiting)

    async def run(self, work: Callable[[Store], T]) -> T:
        """What `work` gives, which is run in one transaction with other calls that wait.

        Should that fail it is run once more, in transactions of its own.
        """
        call = _Call(work)
        self._waiting.append(call)
        self._thread.submit(self._make_waiting)
        return await asyncio.wrap_future(call.outcome)

    async def take(self, updates: Sequence[Taken]) -> frozenset[int]:
        """See Store.take."""
        return await self.run(lambda store: store.take(updates))

    async def note(self, update_id: int, outgoing: dict[str, Any]) -> None:
        """See Store.note."""
        await self.run(lambda store: store.note(update_id, outgoing))

    async def pending(self, since: datetime.datetime) -> list[Pending]:
        """See Store.pending."""
        return await self.run(lambda store: store.pending(since))

    async def settle(
        self, update_id: int, outcome: str = "answered", delivered: Sequence[Delivered] = ()
    ) -> None:
        """See Store.settle."""
        await self.run(lambda store: store.settle(update_id, outcome, delivered))

    async def delivered_for(self, chat_id: int, question_id: int) -> tuple[Delivered, ...]:
        """See Store.delivered_for."""
        return await self.run(lambda store: store.delivered_for(chat_id, question_id))

    async def delivered_as(self, chat_id: int, message_id: int) -> Delivered | None:
        """See Store.delivered_as."""
        return await self.run(lambda store: store.delivered_as(chat_id, message_id))

    async def move_chat(self, old: int, new: int) -> None:
        """See Store.move_chat."""
        await self.run(lambda store: store.move_chat(old, new))

    async def moves(self) -> dict[int, int]:
        """See Store.moves."""
        return await self.run(lambda store: store.moves())

    async def set_language(self, user_id: int, language: str | None) -> None:
        """See Store.set_language."""
        await self.run(lambda store: store.set_language(user_id, language))

    async def languages(self) -> dict[int, str]:
        """See Store.languages."""
        return await self.run(lambda store: store.languages())

    async def remark(self, user_id: int | None, text: str, answer_id: int | None = None) -> int:
        """See Store.remark."""
        return await self.run(lambda store: store.remark(user_id, text, answer_id))

    async def count_asked(self, who: Collection[int], day: datetime.date) -> None:
        """See Store.count_asked."""
        await self.run(lambda store: store.count_asked(who, day))

    async def asked_on(self, day: datetime.date) -> dict[int, int]:
        """See Store.asked_on."""
        return await self.run(lambda store: store.asked_on(day))

    async def set_menu(self, chat_id: int, *, shown: bool) -> None:
        """See Store.set_menu."""
        await self.run(lambda store: store.set_menu(chat_id, shown=shown))

    async def menus(self) -> frozenset[int]:
        """See Store.menus."""
        return await self.run(lambda store: store.menus())

    async def held_about(self, user_id: int) -> Held:
        """See Store.held_about."""
        return await self.run(lambda store: store.held_about(user_id))

    async def note_wait(self, name: str, until: datetime.datetime) -> None:
        """See Store.note_wait."""
        await self.run(lambda store: store.note_wait(name, until))

    async def waits(self) -> dict[str, datetime.datetime]:
        """See Store.waits."""
        return await self.run(lambda store: store.waits())

    async def prune(self) -> Pruned:
        """See Store.prune."""
        return await self._run_alone(lambda store: store.prune())

    async def forget_person(self, user_id: int) -> Held:
        """See Store.forget_person."""
        return await self._run_alone(lambda store: store.forget_person(user_id))

    def close(self) -> None:
        """Finish what waits, then close the store."""
        self._thread.shutdown()
        self._store.close()

    async def _run_alone(self, work: Callable[[Store], T]) -> T:
        """What `work` gives, which makes its transactions itself."""
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, context.run, work, self._store)

    def _make_waiting(self) -> None:
        calls: list[_Call[Any]] = []
        while self._waiting:
            call = self._waiting.popleft()
            if call.outcome.set_running_or_notify_cancel():
                calls.append(call)
        if len(calls) < 2 or not self._make_together(calls):
            for call in calls:
                call.make(self._store)

    def _make_together(self, calls: list[_Call[Any]]) -> bool:
        """Whether all came through; if not, nothing was done."""
        try:
            with self._store.together():
                results = [call.do(self._store) for call in calls]
        except Exception:  # the one that it belongs to will meet it again
            return False
        for call, result in zip(calls, results, strict=True):
            call.outcome.set_result(result)
        return True
