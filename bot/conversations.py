"""Questions asked one after another in a chat: what was said before, and what is kept of it."""

import asyncio
import datetime
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from bot.journal import Journal
from bot.steadiness import Steadiness
from bot.store import Exchange, Held, Store, StoreError
from retrieval.answering.answerer import Answerer
from retrieval.index.generations import Manifest
from retrieval.types import Answer, Embedder, Match, Notice, Partial, Quoted, Turn

logger = logging.getLogger(__name__)

T = TypeVar("T")
_LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)
_TURNS = 3
"""Former questions that a new one may refer to."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation is held: each has one of its own."""

    front: str
    chat_id: int
    topic_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and its number in the store: None where it could not be kept."""

    answer: Answer
    id: int | None


TERMINAL = Place("terminal", 0)


class Conversations:
    """The conversations of a process. A store that fails stops no answer, it only forgets."""

    def __init__(self, answerer: Answerer, journal: Journal) -> None:
        self.journal = journal
        self._answerer = answerer
        self._told_of_rest: set[Place] = set()
        self._forgotten: dict[int, datetime.datetime] = {}
        self._pruned: datetime.date | None = None
        self._steadiness: Steadiness | None = None

    async def ask(
        self,
        place: Place,
        question: str,
        *,
        asker: int | None = None,
        about: int | None = None,
        replaces: int | None = None,
        stop: asyncio.Event | None = None,
        taken_at: datetime.datetime | None = None,
    ) -> AsyncGenerator[Partial | Reply, None]:
        """The answer as it is written and last the whole, which is kept; see Answerer.stream.

        Nothing is kept of a question that was taken before its asker wanted to be forgotten.

        `about` and `replaces` are numbers of kept answers: the one that the question refers to,
        whatever was asked since, and the one whose question was changed into this one, which
        takes its place.
        """
        asked_at = datetime.datetime.now(datetime.UTC)
        is_kept = self.may_keep(asker, taken_at or asked_at)
        asker = asker if is_kept else None
        former = partial(_turns, place=place, about=about, replaces=replaces)
        nothing: list[Turn] = []
        turns = await self._kept(self.journal.run(former), nothing)
        stream = self._answerer.stream(question, turns=turns, asker=asker, stop=stop)
        async with aclosing(stream) as steps:
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
                    kept = None
                    if is_kept:
                        kept = await self._kept(self._keep(exchange, replaces), None)
                    yield Reply(self._told_once(place, step), kept)
                else:
                    yield step

    async def answer(self, place: Place, question: str, *, asker: int | None = None) -> Reply:
        """The whole answer alone."""
        async with aclosing(self.ask(place, question, asker=asker)) as steps:
            async for step in steps:
                if isinstance(step, Reply):
                    return step
        raise AssertionError("a stream ends with its answer")

    async def quote(self, question: str) -> Quoted:
        """See Answerer.quote: nothing is kept of it."""
        return await self._answerer.quote(question)

    async def look_up(self, words: str) -> tuple[Match, ...]:
        """See Answerer.look_up: nothing is kept of it."""
        return await self._answerer.look_up(words)

    @property
    def embedder(self) -> Embedder:
        """The embedding model that questions are looked up with."""
        return self._answerer.embedder

    def generation(self) -> str | None:
        """See Answerer.generation."""
        return self._answerer.generation()

    def manifest(self) -> Manifest:
        """See Answerer.manifest."""
        return self._answerer.manifest()

    def may_keep(self, person: int | None, said_at: datetime.datetime) -> bool:
        """Whether something said then may be kept: not if its author is forgotten since."""
        return person is None or said_at > self._forgotten.get(person, _LONG_AGO)

    async def forget_person(self, person: int, asked_at: datetime.datetime) -> Held:
        """Delete all that is kept about somebody, of whom no question is worked on now.

        What was kept. Of what they said before `asked_at` nothing is kept from now on. Raises
        StoreError where it could not be done.
        """
        self._forgotten[person] = asked_at
        await self._answerer.settled()
        return await self.journal.forget_person(person)

    async def forget(self, place: Place) -> bool:
        """Begin anew: what was said until now is not referred to any more; whether that is kept."""

        def forget(store: Store) -> bool:
            store.forget_conversation(place.front, place.chat_id, place.topic_id)
            return True

        return await self._kept(self.journal.run(forget), False)

    async def rate(
        self, answer_id: int, user_id: int, value: Literal[1, -1], reason: str | None = None
    ) -> bool:
        """Keep what a reader thinks of an answer; False where it, or the answer, is not kept."""
        rate = self.journal.run(lambda store: store.rate(answer_id, user_id, value, reason))
        return await self._kept(rate, False)

    async def is_kept(self, answer_id: int) -> bool:
        """Whether there is a kept answer with that number."""
        turns = self.journal.run(lambda store: store.turns_until(answer_id, 1))
        return await self._kept(turns, None) is not None

    async def is_question(self, answer_id: int, question: str) -> bool:
        """Whether the kept answer with that number is one to this very question."""
        nothing: list[Turn] = []
        turns = await self._kept(
            self.journal.run(lambda store: store.turns_until(answer_id, 1) or nothing), nothing
        )
        return any(turn.question == question.strip() for turn in turns)

    def close(self) -> None:
        """Finish what is being kept; answerer and store too."""
        self._answerer.close()
        self.journal.close()

    async def _kept(self, work: Awaitable[T], instead: T) -> T:
        try:
            return await work
        except StoreError as error:
            logger.error("the conversation cannot be kept: %s", error)
            return instead

    async def _keep(self, exchange: Exchange, replaces: int | None) -> int:
        def keep(store: Store) -> tuple[datetime.datetime | None, int]:
            latest = store.latest() if self._steadiness is None else None
            return latest, store.keep(exchange, replaces=replaces)

        latest, kept = await self.journal.run(keep)
        if self._steadiness is None:
            self._steadiness = Steadiness(latest)
        day = exchange.answered_at.date()
        if self._steadiness.is_proved() and day != self._pruned:
            self._pruned = day
            await self._kept(self.journal.prune(), None)
        return kept

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


def _turns(store: Store, place: Place, about: int | None, replaces: int | None) -> list[Turn]:
    """What a question may refer to."""
    turns = None if about is None else store.turns_until(about, _TURNS)
    if turns is None and replaces is not None:
        turns = store.turns_before(replaces, _TURNS)
    if turns is None:
        turns = store.turns(place.front, place.chat_id, place.topic_id, _TURNS)
    return turns
