"""The way of a question, from its text to a checked Answer."""

import asyncio
import datetime
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import Protocol

from retrieval.answering import extractive
from retrieval.answering.check import Checker, Source
from retrieval.answering.claims import read_claims
from retrieval.answering.fields import answer_by_author, answer_from_field
from retrieval.answering.headlines import headlines
from retrieval.answering.language import language_of, refusal_text
from retrieval.answering.premises import said_instead
from retrieval.answering.sources import sources_of
from retrieval.answering.statements import Statement, compose
from retrieval.errors import ModelUnavailableError, QuestionError
from retrieval.filters.understanding import narrowed
from retrieval.folding import fold, is_traditional
from retrieval.index.collection import Collection, Collections
from retrieval.questions.granted import is_named
from retrieval.questions.parts import own_names, parts, untold
from retrieval.questions.question import MAX_CHARACTERS, Asked, read_question
from retrieval.ranking.duplicates import without_duplicates
from retrieval.ranking.features import describe
from retrieval.ranking.ranking import (
    Candidate,
    confidence,
    in_this_order,
    least_confidence,
    rank_passages,
    rank_sentences,
    rerank,
)
from retrieval.search import search
from retrieval.types import (
    Answer,
    Article,
    Embedder,
    Mode,
    NearestArticle,
    Passage,
    Reranker,
    Strictness,
    Timings,
    Vectors,
)

logger = logging.getLogger(__name__)

_CANDIDATES = 20
"""Passages whose sentences are weighed; the right one is nearly always among them."""

_PASSAGES = 10
_REST_SECONDS = 30
"""After a reranking model failed: readers need not wait for its next failure."""

_NEAREST = 3
_NEAREST_OF = 12
"""Articles among which as many are looked for that are no copies of each other."""

_LEAD = 1_000
"""Characters of an article that tell whether it is a copy."""

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
    unanswered: tuple[str, ...]
    """Parts of the question that the statements leave open."""
    said_instead: tuple[Statement, ...]
    """When the articles do not answer: what they do say, where that can be told."""
    confidence: float | None


@dataclass(frozen=True, slots=True)
class _Quoted:
    """An extractive answer; without statements there is none."""

    statements: Sequence[Statement]
    unanswered: Sequence[str] = ()
    from_field: bool = False
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found for one question, or for a part of one."""

    asked: Asked
    vector: Vectors
    ranked: list[Passage]
    candidates: list[Candidate]
    sure: float
    """How likely the best candidate answers."""
    nothing_matches: bool
    """No article is of the day, page or the like that the question confines itself to."""


class Answerer:
    """Answers questions over the live collection. One for all fronts of a process."""

    def __init__(
        self,
        *,
        live: Collections,
        embedder: Embedder,
        writer: Writer | None,
        today: Callable[[], datetime.date],
        strictness: Strictness = Strictness.BALANCED,
        reranker: Reranker | None = None,
    ) -> None:
        self._live = live
        self._embedder = embedder
        self._writer = writer
        self._today = today
        self._strictness = strictness
        self._reranker = reranker
        self._rerank_again = 0.0
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
                checker = Checker(sources, self._embedder.embed_query)
                checked = await loop.run_in_executor(
                    self._worker, lambda: [checker.check(one) for one in read_claims(text)]
                )
                statements = [one for one in checked if one is not None]
                mode = "llm"
            except ModelUnavailableError as error:
                logger.warning("%s; answered by quoting instead", error)
                written = time.perf_counter()
                mode = "fallback"
        refused = not statements
        text, citations = compose(found.said_instead if refused else statements)
        done = time.perf_counter()
        answer = Answer(
            question=question,
            text=refusal_text(language, text) if refused else text,
            refused=refused,
            mode=mode,
            timings_ms=Timings(
                retrieve=_milliseconds(started, retrieved),
                write=_milliseconds(retrieved, written),
                check=_milliseconds(written, done),
                total=_milliseconds(started, done),
            ),
            citations=citations,
            passages=found.passages,
            nearest=found.nearest if refused else (),
            unanswered=() if refused or mode == "llm" else found.unanswered,
            confidence=found.confidence,
        )
        _log(answer)
        return answer

    def close(self) -> None:
        """Finish what runs and let go of the collection."""
        self._worker.shutdown()
        self._live.close()

    def _find(self, question: str, today: datetime.date) -> _Found:
        with self._live.use() as collection:
            whole = self._look(collection, read_question(question, today))
            each = [self._look(collection, read_question(part, today)) for part in parts(question)]
            passages = _in_turn([*each, whole])[:_PASSAGES] if each else whole.ranked[:_PASSAGES]
            quoted = self._quoted(collection, whole, each)
            model_writes = self._writer is not None and quoted.statements and not quoted.from_field
            may_refuse = model_writes or not quoted.statements
            return _Found(
                passages=tuple(passages),
                statements=tuple(quoted.statements),
                from_field=quoted.from_field,
                sources=sources_of(collection, passages) if model_writes else (),
                nearest=_nearest(collection, whole) if may_refuse else (),
                unanswered=tuple(quoted.unanswered),
                said_instead=() if quoted.statements else tuple(self._said_instead(whole)),
                confidence=quoted.sure,
            )

    def _look(self, collection: Collection, asked: Asked) -> _Look:
        """What is found for one question."""
        filtered = narrowed(asked, collection.articles)
        asked, among = filtered.asked, filtered.chunks
        nothing_matches = among is not None and not among
        vector = self._embed(collection, asked)
        found = search(collection, asked, vector, _CANDIDATES, among=among or None)
        candidates = rank_sentences(asked, describe(collection, asked, vector, found))
        ranked = self._reranked(asked, rank_passages(found, candidates))
        candidates = _found_in(ranked[:_PASSAGES], candidates)
        return _Look(
            asked=asked,
            vector=vector,
            ranked=ranked,
            candidates=candidates,
            sure=0.0 if nothing_matches else confidence(asked, candidates),
            nothing_matches=nothing_matches,
        )

    def _embed(self, collection: Collection, asked: Asked) -> Vectors:
        """The question's vector; asked in traditional characters, the spelling that finds more.

        The bundled model puts the two spellings of a question some way apart.
        """
        vector = self._embedder.embed_query(asked.text)
        if not is_traditional(asked.text):
            return vector
        simplified = self._embedder.embed_query(asked.folded)
        return max(
            (vector, simplified),
            key=lambda one: max(collection.vectors.nearest(one, 1).values(), default=0.0),
        )

    def _from_fields(self, collection: Collection, look: _Look) -> list[Statement]:
        if look.nothing_matches:
            return []
        listed = headlines(collection, look.asked, look.ranked)
        if listed:
            return listed
        passages = look.ranked[:_PASSAGES]
        return answer_by_author(collection, look.asked, passages) or answer_from_field(
            collection, look.asked, passages
        )

    def _quoted(self, collection: Collection, whole: _Look, each: Sequence[_Look]) -> _Quoted:
        """What answers: fields of an article, or sentences, of a question with parts for each."""
        fields = self._from_fields(collection, whole)
        asks_text = whole.asked.field is None
        if asks_text and not fields:
            sure = max(look.sure for look in (whole, *each))
            return replace(self._quote_sentences(collection, whole, each), sure=sure)
        if each and not asks_text:
            of_parts = self._quote_parts(collection, each)
            if of_parts.statements:
                return replace(of_parts, from_field=bool(fields))
        return _Quoted(fields, from_field=bool(fields))

    def _quote_sentences(
        self, collection: Collection, whole: _Look, each: Sequence[_Look]
    ) -> _Quoted:
        of_parts = self._quote_parts(collection, each)
        if of_parts.statements or not self._answers(whole):
            return of_parts
        return _Quoted(extractive.write(whole.candidates, whole.asked))

    def _quote_parts(self, collection: Collection, each: Sequence[_Look]) -> _Quoted:
        """The best sentences for each part, in the order of the parts, and those left open."""
        texts = [look.asked.text for look in each]
        found = [
            (look.asked.text, self._quote_part(collection, look, own_names(look.asked.text, texts)))
            for look in each
        ]
        statements = list(dict.fromkeys(chain.from_iterable(one for _, one in found)))
        told = [text for text, one in found if one]
        others = [text for text, one in found if not one]
        return _Quoted(statements, untold(told, others, [one.text for one in statements]))

    def _quote_part(
        self, collection: Collection, look: _Look, names: Sequence[str]
    ) -> list[Statement]:
        """The sentences that answer a part, of articles that speak of what it alone names."""
        if look.asked.field is not None:
            return self._from_fields(collection, look)
        if not self._answers(look):
            return []
        about = [one for one in look.candidates if _speaks_of(one.evidence.article, names)]
        able = any(one.can_answer for one in about)
        return extractive.write(about, look.asked, most=2) if able else []

    def _said_instead(self, look: _Look) -> list[Statement]:
        least = least_confidence(look.asked, self._strictness)
        return said_instead(look.asked, look.candidates, least) if look.asked.field is None else []

    def _answers(self, look: _Look) -> bool:
        return look.sure >= least_confidence(look.asked, self._strictness)

    def _reranked(self, asked: Asked, passages: list[Passage]) -> list[Passage]:
        """The passages in the order of the reranking model, where there is one and it answers."""
        if self._reranker is None or not passages or time.monotonic() < self._rerank_again:
            return passages
        try:
            return rerank(self._reranker, asked.text, passages)
        except ModelUnavailableError as error:
            logger.warning("%s; for %d s passages are ordered without it", error, _REST_SECONDS)
            self._rerank_again = time.monotonic() + _REST_SECONDS
            return passages


def _found_in(passages: Sequence[Passage], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that stand in one of the passages."""
    ids = {passage.chunk.id for passage in passages}
    return [one for one in candidates if not ids.isdisjoint(one.chunk_ids)]


def _speaks_of(article: Article, names: Sequence[str]) -> bool:
    """Whether one of the folded names, if there are any, stands in the article."""
    if not names:
        return True
    text = fold(f"{article.heading}\n{article.byline}\n{article.text}")
    return any(is_named(name, text) for name in names)


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


def _in_turn(looks: Sequence[_Look]) -> list[Passage]:
    """The passages of several questions, the best of each, then the second of each, and so on."""
    in_turn = chain.from_iterable(zip_longest(*(look.ranked for look in looks)))
    kept: dict[str, Passage] = {}
    for passage in in_turn:
        if passage is not None:
            kept.setdefault(passage.chunk.id, passage)
    return in_this_order(kept.values())


def _nearest(collection: Collection, look: _Look) -> tuple[NearestArticle, ...]:
    passages = [*look.ranked, *search(collection, look.asked, look.vector, _LOOKED_THROUGH)]
    ids = list(dict.fromkeys(passage.chunk.article_id for passage in passages))[:_NEAREST_OF]
    articles = collection.articles.articles(ids)
    different = without_duplicates((articles[name] for name in ids), lambda one: one.text[:_LEAD])
    return tuple(NearestArticle(one.id, one.title, one.date) for one in different[:_NEAREST])


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
