"""The way of a question, from its text to a checked Answer."""

import asyncio
import datetime
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from contextvars import copy_context
from dataclasses import asdict, dataclass
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from retrieval.answering.cache import AnswerCache, cache_key
from retrieval.answering.checking import Checker
from retrieval.answering.claims import Claim
from retrieval.answering.grounding import Grounded, ground
from retrieval.answering.language import language_of, refusal_text
from retrieval.answering.model.brief import Brief, Writer
from retrieval.answering.model.faults import ChatModelError, Fault
from retrieval.answering.quoting.finding import Finder, Found
from retrieval.answering.quoting.matching import look_up
from retrieval.answering.statements import Statement, compose
from retrieval.answering.stopping import unless_stopped
from retrieval.embedding import Embedders
from retrieval.errors import ModelUnavailableError, QuestionError
from retrieval.index.collection import Collections
from retrieval.index.generations import Manifest
from retrieval.questions.followups import carried_over, refers_back
from retrieval.questions.question import MAX_CHARACTERS
from retrieval.types import (
    Answer,
    Condensed,
    Embedder,
    Match,
    Mode,
    Notice,
    Partial,
    Purpose,
    Quoted,
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
_QUOTED_MATCHES = 10


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
    stopped: bool = False
    check_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Clock:
    """When a question came, when its passages were found and when its answer was written."""

    started: float
    retrieved: float
    written: float


class Answerer:
    """Answers questions over the live collection. One for all fronts of a process."""

    def __init__(
        self,
        *,
        live: Collections,
        embedder: Embedder,
        embedders: Embedders | None = None,
        writer: Writer | None,
        condenser: Condenser | None = None,
        today: Callable[[], datetime.date],
        strictness: Strictness = Strictness.BALANCED,
        reranker: Reranker | None = None,
        budget: Budget | None = None,
        cached_answers: int = 0,
    ) -> None:
        """`embedders` knows the models that `embedder` has replaced, for an index of theirs."""
        self._live = live
        self.embedder = embedder
        """Loaded once for all that a process needs it for."""
        self._embedders = embedders or Embedders(embedder)
        self._writer = writer
        self._condenser = condenser
        self._today = today
        self._finder = Finder(
            live=live, embedders=self._embedders, strictness=strictness, reranker=reranker
        )
        self._quoter = Finder(
            live=live, embedders=self._embedders, strictness=strictness, reranker=None
        )
        self._budget = budget or Unlimited()
        self._cache = AnswerCache(cached_answers)
        # one thread: the embedding model gains nothing from more, and the event loop stays free
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="retrieval")
        # one more for what is looked up while somebody types, which no question may hold up
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="look-up")
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
        return await whole(self.stream(question, asked_at=asked_at, turns=turns, asker=asker))

    async def stream(
        self,
        question: str,
        *,
        asked_at: datetime.date | None = None,
        turns: Sequence[Turn] = (),
        asker: int | None = None,
        stop: asyncio.Event | None = None,
    ) -> AsyncGenerator[Partial | Answer, None]:
        """The answer as the chat model writes it, sentence by sentence, and last the whole.

        `turns` are the former ones of the conversation, oldest first; `asker` is whose budget of
        tokens is spent. The answer may be another than what was shown of it: where the model
        fails half-way, or too much of what it says does not hold. Once `stop` is set the model is
        not waited for any more: what has passed becomes the answer, quotations where nothing has.
        Raises QuestionError for an empty or too long question, CollectionError when there is no
        usable index, ModelUnavailableError when a remote embedding model does not answer.
        """
        started = time.perf_counter()
        stop = stop or asyncio.Event()
        question = trimmed(question)
        language = language_of(question)
        today = asked_at or self._today()
        condensed = await self._stand_alone(question, turns, asker, stop)
        standalone = condensed.question
        if standalone == question:
            turns = ()
        find = partial(self._finder.find, for_model=self._writer is not None)
        found = await _on(self._worker, find, standalone, today)
        retrieved = time.perf_counter()
        outcome = _Outcome(found.statements)
        if self._writer is not None and found.statements and not found.from_field:
            brief = Brief(
                standalone, self._writer.fit(found.sources), tuple(turns), language, today
            )
            async with aclosing(self._write(self._writer, brief, found, asker, stop)) as steps:
                async for step in steps:
                    if isinstance(step, Partial):
                        yield step
                    else:
                        outcome = step
        clock = _Clock(started, retrieved, written=time.perf_counter())
        answer = _answer(question, condensed, found, outcome, clock)
        _log(answer)
        yield answer

    async def settled(self) -> None:
        """Return when all that was spent until now is entered in the budget."""
        await asyncio.get_running_loop().run_in_executor(self._spender, lambda: None)

    async def quote(self, question: str) -> Quoted:
        """The extractive answer to a question that stands alone, and at most ten articles for it.

        Neither a chat model nor a reranking model is asked, and no budget is touched: it comes at
        once, whatever others ask. Raises what `stream` raises.
        """
        started = time.perf_counter()
        question = trimmed(question)
        found, matches = await _on(
            self._looker, self._quoter.quote, question, self._today(), most=_QUOTED_MATCHES
        )
        retrieved = time.perf_counter()
        clock = _Clock(started, retrieved, written=retrieved)
        answer = _answer(question, Condensed(question), found, _Outcome(found.statements), clock)
        _log(answer)
        return Quoted(answer, matches)

    async def look_up(self, words: str) -> tuple[Match, ...]:
        """The articles for some words, at most 50, each once: those whose title holds them first.

        () where nothing has to do with them. Raises what `stream` raises.
        """
        return await _on(self._looker, self._look_up, trimmed(words), self._today())

    def generation(self) -> str | None:
        """Id of the generation that the next question is asked of, None before the first index.

        Raises CollectionError when it cannot be told.
        """
        return self._live.generation()

    def manifest(self) -> Manifest:
        """What the generation is made of that answers, which is opened first if need be.

        Raises CollectionError when there is none to answer from.
        """
        with self._live.use() as collection:
            return collection.manifest

    def close(self) -> None:
        """Finish what runs and let go of the collection."""
        self._worker.shutdown()
        self._looker.shutdown()
        self._checker.shutdown()
        self._spender.shutdown()
        self._live.close()

    def _look_up(self, words: str, today: datetime.date) -> tuple[Match, ...]:
        with self._live.use() as collection:
            embedder = self._embedders.of(collection.manifest.embedding)
            return look_up(collection, embedder, words, today)

    async def _exhausted(self, asker: int | None) -> Notice | None:
        return await _on(self._spender, self._budget.exhausted, asker)

    def _spend(self, asker: int | None, model: str, usage: Usage, purpose: Purpose) -> None:
        self._spender.submit(_here(partial(self._budget.spend, asker, model, usage, purpose)))

    async def _stand_alone(
        self, question: str, turns: Sequence[Turn], asker: int | None, stop: asyncio.Event
    ) -> Condensed:
        """The question with what it leaves out, where it refers to what was said before."""
        if not turns or not await _on(self._worker, refers_back, question, turns):
            return Condensed(question)
        if self._writer is None or self._condenser is None:
            return Condensed(await _on(self._worker, carried_over, question, turns))
        if await self._exhausted(asker) is not None:
            return Condensed(await _on(self._worker, carried_over, question, turns))
        condensed = await unless_stopped(stop, self._condenser.condense(question, turns))
        if condensed is None:
            return Condensed(await _on(self._worker, carried_over, question, turns))
        name = self._writer.name
        self._spend(asker, name, condensed.usage, "condense")
        return condensed

    async def _write(
        self, writer: Writer, brief: Brief, found: Found, asker: int | None, stop: asyncio.Event
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
        if stop.is_set():
            yield _Outcome(found.statements, stopped=True)
            return
        draft = writer.draft(brief)
        embedder = self._embedders.of(found.embedding)
        checking = _Checking(self._checker, brief, embedder.embed_query)
        grounded = Grounded()
        fault = detail = ""
        notice = None
        try:
            async with aclosing(ground(draft.pieces(), checking.check, stop)) as steps:
                async for grounded in steps:
                    yield Partial(*compose(grounded.statements))
        except ModelUnavailableError as error:
            detail = str(error)  # may hold words of the server: for the log alone
            fault = str(error.fault) if isinstance(error, ChatModelError) else detail
            notice = Notice.MODEL_RESTS if fault == Fault.RESTING else None
        finally:
            # not waited for: a disk may be slower than the reader
            self._spend(asker, writer.name, draft.usage, "answer")
        stopped = stop.is_set()
        if stopped:
            fault, notice = "", None
        elif not fault and not grounded.holds:
            fault = detail = f"the articles do not support {grounded.withheld} of its sentences"
        if fault:
            log = logger.info if notice else logger.warning
            log("%s; answered by quoting instead", detail)
        elif not stopped:
            self._cache.put(key, grounded)
        quoted = bool(fault) or (stopped and not grounded.statements and not grounded.says_no)
        yield _Outcome(
            found.statements
            if quoted
            else _with_all_reports(grounded.statements, found.disagreeing),
            "fallback" if quoted else "llm",
            model=writer.name,
            usage=draft.usage,
            sentences=grounded.sentences,
            withheld=grounded.withheld,
            fault=fault,
            notice=notice,
            stopped=stopped,
            check_seconds=checking.seconds,
        )


async def whole(steps: AsyncGenerator[Partial | Answer, None]) -> Answer:
    """The answer that a stream ends with."""
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Answer):
                return step
    raise AssertionError("a stream ends with its answer")


async def _on(
    thread: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(thread, _here(partial(work, *args, **kwargs)))


def _here(work: Callable[[], T]) -> Callable[[], T]:
    """The work as part of the caller's context, whatever thread does it."""
    return partial(copy_context().run, work)


class _Checking:
    """The check of one draft, on a thread of its own; `seconds` is what it has taken."""

    def __init__(
        self, thread: ThreadPoolExecutor, brief: Brief, embed: Callable[[str], Vectors]
    ) -> None:
        self.seconds = 0.0
        self._thread = thread
        # made while the model has not begun yet
        self._checker = thread.submit(_here(partial(Checker, brief.sources, embed, brief.question)))

    async def check(self, claim: Claim) -> Statement | None:
        """What holds of the claim."""
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._thread, _here(lambda: self._checker.result().check(claim))
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


def trimmed(question: str) -> str:
    """The question without white space around it. Raises QuestionError."""
    question = question.replace("\x00", " ").strip()
    question = question.encode("utf-8", "replace").decode()
    if not any(character.isprintable() and character != " " for character in question):
        raise QuestionError("the question is empty")
    if len(question) > MAX_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; at most {MAX_CHARACTERS:,} are read"
        )
    return question


def _answer(
    question: str, condensed: Condensed, found: Found, outcome: _Outcome, clock: _Clock
) -> Answer:
    refused = not outcome.statements
    text, citations = compose(found.said_instead if refused else outcome.statements)
    done = time.perf_counter()
    write_seconds = clock.written - clock.retrieved - outcome.check_seconds
    return Answer(
        question=question,
        text=refusal_text(language_of(question), text) if refused else text,
        refused=refused,
        mode=outcome.mode,
        timings_ms=Timings(
            retrieve=_milliseconds(clock.retrieved - clock.started),
            write=_milliseconds(write_seconds),
            check=_milliseconds(outcome.check_seconds + done - clock.written),
            total=_milliseconds(done - clock.started),
        ),
        citations=citations,
        passages=found.passages,
        nearest=found.nearest if refused else (),
        unanswered=() if refused or outcome.mode == "llm" else found.unanswered,
        confidence=found.confidence,
        standalone=condensed.question,
        generation=found.generation,
        model=outcome.model,
        usage=condensed.usage + outcome.usage,
        sentences=outcome.sentences,
        withheld=outcome.withheld,
        fault=outcome.fault,
        notice=outcome.notice,
        stopped=outcome.stopped,
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _log(answer: Answer) -> None:
    best = [f"{passage.chunk.id} {passage.score:.3f}" for passage in answer.passages[:3]]
    outcome = "refused" if answer.refused else f"{len(answer.citations)} citations"
    withheld = f", {answer.withheld} withheld" if answer.withheld else ""
    usage, timings = answer.usage, answer.timings_ms
    spent = f", {usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage.total else ""
    logger.info(
        "answered in %.0f ms (retrieve %.0f, write %.0f, check %.0f), %s, %s%s%s; passages %s",
        timings.total,
        timings.retrieve,
        timings.write,
        timings.check,
        answer.mode,
        outcome,
        withheld,
        spent,
        ", ".join(best),
        extra={
            "outcome": "refused" if answer.refused else "answered",
            "mode": answer.mode,
            "timings_ms": asdict(timings),
        },
    )
