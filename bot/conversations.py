"""Questions asked one after another in a chat: what was said before, and what is kept of it."""

import asyncio
import datetime
import logging
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from bot.store import Exchange, Store, StoreError
from retrieval.answering.answerer import Answerer, whole
from retrieval.types import Answer, Notice, Partial, Turn

logger = logging.getLogger(__name__)

T = TypeVar("T")
_TURNS = 3
"""Former questions that a new one may refer to."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation is held: each has one of its own."""

    front: str
    chat_id: int
    topic_id: int | None = None


TERMINAL = Place("terminal", 0)


class Conversations:
    """The conversations of a process. A store that fails stops no answer, it only forgets."""

    def __init__(self, answerer: Answerer, store: Store) -> None:
        self._answerer = answerer
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._told_of_rest: set[Place] = set()
        self._pruned: datetime.date | None = None

    async def ask(
        self, place: Place, question: str, *, asker: int | None = None
    ) -> AsyncGenerator[Partial | Answer, None]:
        """The answer as it is written and last the whole, which is kept; see Answerer.stream."""
        asked_at = datetime.datetime.now(datetime.UTC)
        nothing: list[Turn] = []
        turns = await self._kept(partial(self._turns, place), nothing)
        async with aclosing(self._answerer.stream(question, turns=turns, asker=asker)) as steps:
            async for step in steps:
                if isinstance(step, Answer):
                    answered_at = datetime.datetime.now(datetime.UTC)
                    exchange = Exchange(
                        front=place.front,
                        chat_id=place.chat_id,
                        topic_id=place.topic_id,
                        asker_id=asker,
                        answer=step,
                        asked_at=asked_at,
                        answered_at=answered_at,
                    )
                    await self._kept(partial(self._keep, exchange), None)
                    yield self._told_once(place, step)
                else:
                    yield step

    async def answer(self, place: Place, question: str, *, asker: int | None = None) -> Answer:
        """The whole answer alone."""
        return await whole(self.ask(place, question, asker=asker))

    async def forget(self, place: Place) -> bool:
        """Begin anew: what was said until now is not referred to any more; whether that is kept."""

        def forget() -> bool:
            self._store.forget_conversation(place.front, place.chat_id, place.topic_id)
            return True

        return await self._kept(forget, False)

    def close(self) -> None:
        """Finish what is being kept; answerer and store too."""
        self._answerer.close()
        self._thread.shutdown()
        self._store.close()

    async def _kept(self, work: Callable[[], T], instead: T) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except StoreError as error:
            logger.error("the conversation cannot be kept: %s", error)
            return instead

    def _turns(self, place: Place) -> list[Turn]:
        return self._store.turns(place.front, place.chat_id, place.topic_id, _TURNS)

    def _keep(self, exchange: Exchange) -> None:
        self._store.keep(exchange)
        day = exchange.answered_at.date()
        if day != self._pruned:
            self._pruned = day
            self._store.prune()

    def _told_once(self, place: Place, answer: Answer) -> Answer:
        """The answer, saying only once in each place that the model is left alone."""
        if answer.notice is not Notice.MODEL_RESTS:
            if answer.mode == "llm":
                self._told_of_rest.clear()
            return answer
        if place in self._told_of_rest:
            return replace(answer, notice=None)
        self._told_of_rest.add(place)
        return answer
