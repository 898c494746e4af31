"""The way of a question, from its text to a checked Answer."""

import asyncio
import datetime
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from retrieval.answering import extractive
from retrieval.answering.check import Source, check
from retrieval.answering.evidence import find_candidates
from retrieval.answering.fields import answer_by_author, answer_from_field
from retrieval.answering.language import language_of, refusal_text
from retrieval.answering.statements import Statement, compose
from retrieval.errors import ModelUnavailableError, QuestionError
from retrieval.index.collection import Collection, Collections
from retrieval.question import MAX_CHARACTERS, read_question
from retrieval.search import search
from retrieval.types import (
    Answer,
    Embedder,
    Mode,
    NearestArticle,
    Passage,
    Reranker,
    Span,
    Timings,
    Vectors,
)

logger = logging.getLogger(__name__)

_PASSAGES = 10
_NEAREST = 3
_LOOKED_THROUGH = 100
"""Passages among which three different articles are looked for."""


class Writer(Protocol):
    """A chat model that writes from passages."""

    def fit(self, sources: Sequence[Source]) -> Sequence[Source]:
        """The first of the sources, as many as the model is given."""

    async def write(
        self, question: str, sources: Sequence[Source], *, language: str, today: datetime.date
    ) -> str:
        """Text with [n] marks, "" for no answer. Raises ModelUnavailableError."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the collection holds for a question."""

    passages: tuple[Passage, ...]
    statements: tuple[Statement, ...]
    """The extractive answer; empty when the articles do not answer."""
    from_field: bool
    sources: tuple[Source, ...]
    nearest: tuple[NearestArticle, ...]
    confidence: float | None


class Answerer:
    """Answers questions over the live collection. One for all fronts of a process."""

    def __init__(
        self,
        *,
        live: Collections,
        embedder: Embedder,
        writer: Writer | None,
        today: Callable[[], datetime.date],
        reranker: Reranker | None = None,
    ) -> None:
        self._live = live
        self._embedder = embedder
        self._writer = writer
        self._today = today
        self._reranker = reranker
        # one thread: the embedding model gains nothing from more, and the event loop stays free
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="retrieval")

    async def answer(self, question: str, *, asked_at: datetime.date | None = None) -> Answer:
        """The answer, refused or not.

        Raises QuestionError for an empty or too long question, CollectionError when there is no
        usable index, ModelUnavailableError when a remote embedding model does not answer.
        """
        started = time.perf_counter()
        question = trimmed(question)
        language = language_of(question)
        loop = asyncio.get_running_loop()
        today = asked_at or self._today()
        found = await loop.run_in_executor(self._worker, self._find, question, today)
        retrieved = time.perf_counter()
        statements: Sequence[Statement] = found.statements
        mode: Mode = "extractive"
        written = retrieved
        if self._writer is not None and statements and not found.from_field:
            sources = self._writer.fit(found.sources)
            try:
                text = await self._writer.write(
                    question,
                    sources,
                    language=language.english_name,
                    today=today,
                )
                written = time.perf_counter()
                statements = await loop.run_in_executor(
                    self._worker, check, text, sources, self._embedder.embed_query
                )
                mode = "llm"
            except ModelUnavailableError as error:
                logger.warning("%s; answered by quoting instead", error)
                written = time.perf_counter()
                mode = "fallback"
        text, citations = compose(statements)
        done = time.perf_counter()
        answer = Answer(
            question=question,
            text=text or refusal_text(language),
            refused=not statements,
            mode=mode,
            timings_ms=Timings(
                retrieve=_milliseconds(started, retrieved),
                write=_milliseconds(retrieved, written),
                check=_milliseconds(written, done),
                total=_milliseconds(started, done),
            ),
            citations=citations,
            passages=found.passages,
            nearest=() if statements else found.nearest,
            confidence=found.confidence,
        )
        _log(answer)
        return answer

    def close(self) -> None:
        """Finish what runs and let go of the collection."""
        self._worker.shutdown()
        self._live.close()

    def _find(self, question: str, today: datetime.date) -> _Found:
        asked = read_question(question)
        with self._live.use() as collection:
            vector = self._embedder.embed_query(question)
            passages = search(collection, question, vector, _PASSAGES, today)
            statements = answer_by_author(collection, question, passages) or answer_from_field(
                collection, question, asked, passages
            )
            from_field = bool(statements)
            confidence = None
            if asked.field is None and not from_field:
                candidates = find_candidates(collection, question, vector, asked, passages)
                confidence = candidates[0].probability if candidates else 0.0
                if extractive.is_answerable(candidates):
                    statements = extractive.write(candidates, asked)
            model_writes = self._writer is not None and statements and not from_field
            may_refuse = model_writes or not statements
            return _Found(
                passages=tuple(passages),
                statements=tuple(statements),
                from_field=from_field,
                sources=_sources(collection, passages) if model_writes else (),
                nearest=_nearest(collection, question, vector, today) if may_refuse else (),
                confidence=confidence,
            )


def trimmed(question: str) -> str:
    """The question without white space around it. Raises QuestionError."""
    question = question.replace("\x00", " ").strip()
    question = question.encode("utf-8", "replace").decode()
    if not question:
        raise QuestionError("the question is empty")
    if len(question) > MAX_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; at most {MAX_CHARACTERS:,} are read"
        )
    return question


def _sources(collection: Collection, passages: Sequence[Passage]) -> tuple[Source, ...]:
    articles = collection.articles.articles([passage.chunk.article_id for passage in passages])
    sources = []
    for passage in passages:
        chunk = passage.chunk
        inside = collection.articles.sentences(chunk.article_id, chunk.start, chunk.end)
        sources.append(
            Source(
                articles[chunk.article_id],
                min(chunk.start, inside[0].start),
                max(chunk.end, inside[-1].end),
                tuple(Span(sentence.start, sentence.end) for sentence in inside),
                collection.sentence_vectors(inside[0].ordinal, len(inside)),
            )
        )
    return tuple(sources)


def _nearest(
    collection: Collection, question: str, vector: Vectors, today: datetime.date
) -> tuple[NearestArticle, ...]:
    passages = search(collection, question, vector, _LOOKED_THROUGH, today)
    ids = list(dict.fromkeys(passage.chunk.article_id for passage in passages))[:_NEAREST]
    articles = collection.articles.articles(ids)
    return tuple(NearestArticle(name, articles[name].title, articles[name].date) for name in ids)


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 1)


def _log(answer: Answer) -> None:
    best = [f"{passage.chunk.id} {passage.score:.3f}" for passage in answer.passages[:3]]
    outcome = "refused" if answer.refused else f"{len(answer.citations)} citations"
    logger.info(
        "answered in %.0f ms, %s, %s; passages %s",
        answer.timings_ms.total,
        answer.mode,
        outcome,
        ", ".join(best),
    )
