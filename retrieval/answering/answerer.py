"""The way of a question, from its text to a checked Answer."""

import asyncio
import datetime
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest
from typing import ParamSpec, Protocol, TypeVar

from retrieval.answering import extractive
from retrieval.answering.brief import Brief
from retrieval.answering.cache import AnswerCache, cache_key
from retrieval.answering.checking import Checker, Source
from retrieval.answering.claims import Claim
from retrieval.answering.faults import ChatModelError, Fault
from retrieval.answering.fields import answer_by_author, answer_from_field
from retrieval.answering.grounding import Grounded, ground
from retrieval.answering.headlines import headlines
from retrieval.answering.language import language_of, refusal_text
from retrieval.answering.premises import said_instead
from retrieval.answering.sources import sources_of
from retrieval.answering.statements import Statement, compose
from retrieval.answering.thinking import Piece
from retrieval.errors import ModelUnavailableError, QuestionError
from retrieval.filters.understanding import narrowed
from retrieval.folding import fold, is_traditional
from retrieval.index.collection import Collection, Collections
from retrieval.questions.followups import carried_over, refers_back
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
    Condensed,
    Embedder,
    Mode,
    NearestArticle,
    Notice,
    Partial,
    Passage,
    Purpose,
    Reranker,
    Strictness,
    Timings,
    Turn,
    Usage,
    Vectors,
)

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
_NO_USAGE = Usage(0, 0)
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


class Draft(Protocol):
    """One answer of a chat model, while it is written."""

    @property
    def usage(self) -> Usage:
        """Tokens so far."""

    def pieces(self) -> AsyncGenerator[Piece, None]:
        """The text as it comes. Raises ChatModelError."""


class Writer(Protocol):
    """A chat model that writes from passages."""

    @property
    def name(self) -> str:
        """Of the model."""

    def fit(self, sources: Sequence[Source]) -> tuple[Source, ...]:
        """The first of the sources, as many as the model is given."""

    def draft(self, brief: Brief) -> Draft:
        """Text with [n] marks, about to be written."""


class Condenser(Protocol):
    """A chat model that makes follow-up questions stand alone."""

    async def condense(self, question: str, turns: Sequence[Turn]) -> Condensed:
        """The question with what the turns say of it. Never fails: rules take its place."""


class Budget(Protocol):
    """How many tokens may be spent, and by whom. Called on a thread of its own."""

    def exhausted(self, asker: int | None) -> Notice | None:
        """Why no more may be spent today, None while more may."""

    def spend(self, asker: int | None, model: str, usage: Usage, purpose: Purpose) -> None:
        """Remember what a call has cost."""


class Unlimited:
    """A budget without end that remembers nothing."""

    def exhausted(self, asker: int | None) -> Notice | None:
        """None."""

    def spend(self, asker: int | None, model: str, usage: Usage, purpose: Purpose) -> None:
        """Nothing."""


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
    generation: str
    disagreeing: tuple[Statement, ...]
    """Where reports contradict each other: what each of them says."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of the statements found: as they are, or written by the chat model."""

    statements: tuple[Statement, ...]
    mode: Mode = "extractive"
    model: str = ""
    usage: Usage = _NO_USAGE
    sentences: int = 0
    withheld: int = 0
    fault: str = ""
    notice: Notice | None = None
    check_seconds: float = 0.0


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
        condenser: Condenser | None = None,
        today: Callable[[], datetime.date],
        strictness: Strictness = Strictness.BALANCED,
        reranker: Reranker | None = None,
        budget: Budget | None = None,
        cached_answers: int = 0,
    ) -> None:
        self._live = live
        self._embedder = embedder
        self._writer = writer
        self._condenser = condenser
        self._today = today
        self._strictness = strictness
        self._reranker = reranker
        self._rerank_again = 0.0
        self._budget = budget or Unlimited()
        self._cache = AnswerCache(cached_answers)
        # one thread: the embedding model gains nothing from more, and the event loop stays free
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="retrieval")
        # one more, so that a sentence need not wait for the questions of others
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="check")
        # and one for the budget, whose store may be slow
        self._spender = ThreadPoolExecutor(1, thread_name_prefix="budget")

    async def answer(
        self,
        question: str,
        *,
        asked_at: datetime.date | None = None,
        turns: Sequence[Turn] = (),
        asker: int | None = None,
    ) -> Answer:
        """The answer, refused or not; see `stream`."""
        async with aclosing(
            self.stream(question, asked_at=asked_at, turns=turns, asker=asker)
        ) as steps:
            async for step in steps:
                if isinstance(step, Answer):
                    return step
        raise AssertionError("a stream ends with its answer")

    async def stream(
        self,
        question: str,
        *,
        asked_at: datetime.date | None = None,
        turns: Sequence[Turn] = (),
        asker: int | None = None,
    ) -> AsyncGenerator[Partial | Answer, None]:
        """The answer as the chat model writes it, sentence by sentence, and last the whole.

        `turns` are the former ones of the conversation, oldest first; `asker` is whose budget of
        tokens is spent. The answer may be another than what was shown of it: where the model
        fails half-way, or too much of what it says does not hold.
        Raises QuestionError for an empty or too long question, CollectionError when there is no
        usable index, ModelUnavailableError when a remote embedding model does not answer.
        """
        started = time.perf_counter()
        question = trimmed(question)
        language = language_of(question)
        today = asked_at or self._today()
        condensed = await self._stand_alone(question, turns, asker)
        standalone = condensed.question
        if standalone == question:
            turns = ()
        found = await self._run(self._find, standalone, today)
        retrieved = time.perf_counter()
        outcome = _Outcome(found.statements)
        if self._writer is not None and found.statements and not found.from_field:
            brief = Brief(
                standalone, self._writer.fit(found.sources), tuple(turns), language, today
            )
            async with aclosing(self._write(self._writer, brief, found, asker)) as steps:
                async for step in steps:
                    if isinstance(step, Partial):
                        yield step
                    else:
                        outcome = step
        written = time.perf_counter()
        refused = not outcome.statements
        text, citations = compose(found.said_instead if refused else outcome.statements)
        done = time.perf_counter()
        write_seconds = written - retrieved - outcome.check_seconds
        answer = Answer(
            question=question,
            text=refusal_text(language, text) if refused else text,
            refused=refused,
            mode=outcome.mode,
            timings_ms=Timings(
                retrieve=_milliseconds(retrieved - started),
                write=_milliseconds(write_seconds),
                check=_milliseconds(outcome.check_seconds + done - written),
                total=_milliseconds(done - started),
            ),
            citations=citations,
            passages=found.passages,
            nearest=found.nearest if refused else (),
            unanswered=() if refused or outcome.mode == "llm" else found.unanswered,
            confidence=found.confidence,
            standalone=standalone,
            generation=found.generation,
            model=outcome.model,
            usage=condensed.usage + outcome.usage,
            sentences=outcome.sentences,
            withheld=outcome.withheld,
            fault=outcome.fault,
            notice=outcome.notice,
        )
        _log(answer)
        yield answer

    def close(self) -> None:
        """Finish what runs and let go of the collection."""
        self._worker.shutdown()
        self._checker.shutdown()
        self._spender.shutdown()
        self._live.close()

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, partial(work, *args, **kwargs))

    async def _exhausted(self, asker: int | None) -> Notice | None:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._spender, self._budget.exhausted, asker)

    async def _stand_alone(
        self, question: str, turns: Sequence[Turn], asker: int | None
    ) -> Condensed:
        """The question with what it leaves out, where it refers to what was said before."""
        if not turns or not await self._run(refers_back, question, turns):
            return Condensed(question)
        if self._writer is None or self._condenser is None:
            return Condensed(await self._run(carried_over, question, turns))
        if await self._exhausted(asker) is not None:
            return Condensed(await self._run(carried_over, question, turns))
        condensed = await self._condenser.condense(question, turns)
        name = self._writer.name
        self._spender.submit(self._budget.spend, asker, name, condensed.usage, "condense")
        return condensed

    async def _write(
        self, writer: Writer, brief: Brief, found: _Found, asker: int | None
    ) -> AsyncGenerator[Partial | _Outcome, None]:
        """What the chat model makes of the passages, and last what becomes of it."""
        key = cache_key(brief, found.generation, writer.name)
        if known := self._cache.get(key):
            yield _Outcome(
                _with_all_reports(known.statements, found.disagreeing), "llm", writer.name
            )
            return
        if spent := await self._exhausted(asker):
            yield _Outcome(found.statements, notice=spent)
            return
        draft = writer.draft(brief)
        checking = _Checking(self._checker, brief, self._embedder.embed_query)
        grounded = Grounded()
        fault = ""
        notice = None
        try:
            async with aclosing(ground(draft.pieces(), checking.check)) as steps:
                async for grounded in steps:
                    yield Partial(*compose(grounded.statements))
        except ModelUnavailableError as error:
            rests = isinstance(error, ChatModelError) and error.fault is Fault.RESTING
            notice = Notice.MODEL_RESTS if rests else None
            fault = str(error)
        finally:
            # not waited for: a disk may be slower than the reader
            self._spender.submit(self._budget.spend, asker, writer.name, draft.usage, "answer")
        if not fault and not grounded.holds:
            fault = f"the articles do not support {grounded.withheld} of its sentences"
        if fault:
            log = logger.info if notice else logger.warning
            log("%s; answered by quoting instead", fault)
        else:
            self._cache.put(key, grounded)
        yield _Outcome(
            found.statements
            if fault
            else _with_all_reports(grounded.statements, found.disagreeing),
            "fallback" if fault else "llm",
            model=writer.name,
            usage=draft.usage,
            sentences=grounded.sentences,
            withheld=grounded.withheld,
            fault=fault,
            notice=notice,
            check_seconds=checking.seconds,
        )

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
                generation=collection.manifest.id,
                disagreeing=tuple(self._disagreeing(whole)) if model_writes and not each else (),
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
            sure=0.0 if nothing_matches or asked.bare else confidence(asked, candidates),
            nothing_matches=nothing_matches,
        )

    def _embed(self, collection: Collection, asked: Asked) -> Vectors:
        """The question's vector; of one in traditional characters, in those of the articles.

        The bundled model puts the two spellings of a question some way apart. Where the articles
        are in traditional characters themselves, the one that finds more counts.
        """
        if not is_traditional(asked.text):
            return self._embedder.embed_query(asked.text)
        simplified = self._embedder.embed_query(asked.folded)
        if not collection.is_traditional:
            return simplified
        return max(
            (self._embedder.embed_query(asked.text), simplified),
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

    def _disagreeing(self, look: _Look) -> list[Statement]:
        return extractive.disagreeing(look.candidates, look.asked) if self._answers(look) else []

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


class _Checking:
    """The check of one draft, on a thread of its own; `seconds` is what it has taken."""

    def __init__(
        self, thread: ThreadPoolExecutor, brief: Brief, embed: Callable[[str], Vectors]
    ) -> None:
        self.seconds = 0.0
        self._thread = thread
        # made while the model has not begun yet
        self._checker = thread.submit(Checker, brief.sources, embed, brief.question)

    async def check(self, claim: Claim) -> Statement | None:
        """What holds of the claim."""
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._thread, lambda: self._checker.result().check(claim)
            )
        finally:
            self.seconds += time.perf_counter() - started


def _with_all_reports(
    statements: Sequence[Statement], disagreeing: Sequence[Statement]
) -> tuple[Statement, ...]:
    """The statements, and of reports that contradict each other those that they pass over."""
    if not statements:
        return ()
    cited = {one.article.id for statement in statements for one in statement.evidence}
    passed_over = [
        one for one in disagreeing if cited.isdisjoint(part.article.id for part in one.evidence)
    ]
    return (*statements, *passed_over)


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


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _log(answer: Answer) -> None:
    best = [f"{passage.chunk.id} {passage.score:.3f}" for passage in answer.passages[:3]]
    outcome = "refused" if answer.refused else f"{len(answer.citations)} citations"
    withheld = f", {answer.withheld} withheld" if answer.withheld else ""
    usage = answer.usage
    spent = f", {usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage.total else ""
    logger.info(
        "answered in %.0f ms, %s, %s%s%s; passages %s",
        answer.timings_ms.total,
        answer.mode,
        outcome,
        withheld,
        spent,
        ", ".join(best),
    )
