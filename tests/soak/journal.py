"""A journal without threads or a disk, which soon forgets."""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, cast

from bot.journal import Journal
from bot.store import Delivered, Exchange, Pruned, Store, Taken
from retrieval.types import Turn

T = TypeVar("T")
_REMEMBERED = 2_000


class FleetingStore:
    """What delivery asks of a Store. Messages of ours are known until some more were settled."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        """Updates taken and not settled."""
        self.outcomes: Counter[str] = Counter()
        self._kept = 0
        self._delivered: dict[tuple[int, int], tuple[Delivered, ...]] = {}
        self._by_message: dict[tuple[int, int], Delivered] = {}

    def take(self, updates: Sequence[Taken]) -> frozenset[int]:
        fresh = frozenset(update.update_id for update in updates)
        self.open |= fresh
        return fresh

    def note(self, update_id: int, outgoing: dict[str, Any]) -> None:
        assert update_id in self.open
        assert outgoing

    def settle(self, update_id: int, outcome: str, delivered: Sequence[Delivered]) -> None:
        self.open.remove(update_id)
        self.outcomes[outcome] += 1
        for one in delivered:
            self._by_message[one.chat_id, one.message_id] = one
        if delivered and delivered[0].question_id is not None:
            first = delivered[0]
            self._delivered[first.chat_id, delivered[0].question_id] = tuple(delivered)
        for kept in (self._by_message, self._delivered):
            while len(kept) > _REMEMBERED:
                del kept[next(iter(kept))]

    def delivered_for(self, chat_id: int, question_id: int) -> tuple[Delivered, ...]:
        return self._delivered.get((chat_id, question_id), ())

    def delivered_as(self, chat_id: int, message_id: int) -> Delivered | None:
        return self._by_message.get((chat_id, message_id))

    def keep(self, exchange: Exchange, *, replaces: int | None = None) -> int:
        self._kept += 1
        return self._kept

    def latest(self) -> datetime.datetime | None:
        return None

    def turns(self, front: str, chat_id: int, topic_id: int | None, limit: int) -> list[Turn]:
        return []

    def turns_until(self, message_id: int, limit: int) -> list[Turn]:
        return []

    def turns_before(self, message_id: int, limit: int) -> list[Turn]:
        return []

    def forget_conversation(self, front: str, chat_id: int, topic_id: int | None) -> None:
        pass

    def rate(
        self, message_id: int, user_id: int, value: Literal[1, -1], reason: str | None
    ) -> bool:
        return message_id <= self._kept

    def note_wait(self, name: str, until: datetime.datetime) -> None:
        pass

    def prune(self) -> Pruned:
        return Pruned(0, 0, 0, 0, 0, 0, 0, 0)

    def close(self) -> None:
        pass


class QuickJournal(Journal):
    """Everything is done at once: the simulated clock waits for no thread."""

    def __init__(self, store: FleetingStore) -> None:
        super().__init__(cast(Store, store))

    async def run(self, work: Callable[[Store], T]) -> T:
        """See Journal.run."""
        return work(self._store)
