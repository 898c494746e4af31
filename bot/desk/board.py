"""What readers did not get, as it stands now."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.desk.gaps import MOST, Gap, Meanings, group
from bot.desk.likeness import BACKGROUND
from bot.journal import Journal
from bot.store import Missed
from retrieval.batches import batched
from retrieval.errors import ModelUnavailableError
from retrieval.types import Embedder, Vectors

logger = logging.getLogger(__name__)

_AT_ONCE = 8
"""Questions that are embedded at once: those of readers are to come in between."""

_KEPT_AT_ONCE = 64
_LONGEST = 500
"""Characters of a question that count; many embedding models take no more."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What readers did not get."""

    gaps: tuple[Gap, ...]
    by_meaning: bool
    """False where the embedding model did not answer: then they were put together by words."""
    is_all: bool
    """False where only the newest questions were looked at."""

    @property
    def times(self) -> int:
        """How many questions that are."""
        return sum(gap.times for gap in self.gaps)


class Board:
    """Groups what the store has; one at a time. What was embedded is kept beside the questions."""

    def __init__(self, journal: Journal, embedder: Embedder) -> None:
        self._journal = journal
        self._embedder = embedder
        self._background: Vectors | None = None
        self._busy = asyncio.Lock()
        self._former: tuple[list[Missed], Gaps] | None = None

    async def look(self) -> Gaps:
        """All gaps, the most asked first. Raises StoreError."""
        async with self._busy:
            missed = await self._journal.run(lambda store: store.missed(MOST))
            if self._former is not None and self._former[0] == missed:
                return self._former[1]
            if not missed:
                return Gaps((), by_meaning=True, is_all=True)
            meanings = await self._meanings(missed)
            gaps = await asyncio.to_thread(group, missed, meanings)
            found = Gaps(tuple(gaps), meanings is not None, len(missed) < MOST)
            self._former = (missed, found) if meanings is not None else None
            return found

    async def close(self, gap: Gap) -> None:
        """Note that a gap has been seen to. Raises StoreError."""
        await self._journal.run(lambda store: store.close_gap(gap.message_ids))

    async def reopen(self, message_id: int) -> bool:
        """Undo the closing of the gap that a question is in; whether it was. Raises StoreError."""
        return await self._journal.run(lambda store: store.reopen_gap(message_id))

    async def _meanings(self, missed: Sequence[Missed]) -> Meanings | None:
        """What the questions mean; None where the embedding model does not say."""
        try:
            if self._background is None:
                self._background = await self._embedded(BACKGROUND)
            vectors = await self._vectors(missed)
        except ModelUnavailableError as error:
            logger.warning("questions are put together by their words alone: %s", error)
            return None
        wrong = [one for one in vectors if one.shape != self._background[0].shape]
        return None if wrong else Meanings(np.stack(vectors), self._background)

    async def _vectors(self, missed: Sequence[Missed]) -> list[Vectors]:
        """One a question. Those that are new are embedded, each text once, and kept."""
        model = self._embedder.fingerprint
        numbers = [one.message_id for one in missed]
        kept = await self._journal.run(lambda store: store.question_vectors(model, numbers))
        vectors = {number: np.frombuffer(one, dtype=np.float32) for number, one in kept.items()}
        known = {
            one.question: vectors[one.message_id] for one in missed if one.message_id in vectors
        }
        lacking = dict.fromkeys(one.question for one in missed if one.question not in known)
        for batch in batched(lacking, _KEPT_AT_ONCE):
            known.update(zip(batch, await self._embedded(batch), strict=True))
            await self._keep(model, missed, known, vectors)
        await self._keep(model, missed, known, vectors)
        return [known[one.question] for one in missed]

    async def _keep(
        self,
        model: str,
        missed: Sequence[Missed],
        known: dict[str, Vectors],
        kept: dict[int, Vectors],
    ) -> None:
        """Keep what is known by now and is not kept yet."""
        new = {
            one.message_id: known[one.question]
            for one in missed
            if one.message_id not in kept and one.question in known
        }
        if new:
            packed = {number: vector.tobytes() for number, vector in new.items()}
            await self._journal.run(lambda store: store.keep_question_vectors(model, packed))
            kept.update(new)

    async def _embedded(self, texts: Sequence[str]) -> Vectors:
        """One a text. Raises ModelUnavailableError."""
        shortened = [text[:_LONGEST] for text in texts]
        parts = [
            await asyncio.to_thread(self._embedder.embed_passages, part)
            for part in batched(shortened, _AT_ONCE)
        ]
        return np.concatenate(parts).astype(np.float32)
