"""The chat model's way from passages and conversation to text with [n] marks: a LangChain chain."""

import asyncio
import datetime
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda

import prompts
from retrieval.answering.checking import Source
from retrieval.answering.language import NO_ANSWER, Language
from retrieval.answering.model import hanging_up
from retrieval.answering.model.breaker import Breaker
from retrieval.answering.model.brief import Brief
from retrieval.answering.model.calls import bounded_call, called_back, fenced
from retrieval.answering.model.faults import (
    OF_THE_SERVER,
    PASSING,
    ChatModelError,
    Fault,
    chat_model_error,
)
from retrieval.answering.model.thinking import Piece, ThinkingFilter
from retrieval.answering.stopping import cancel
from retrieval.types import Turn, Usage

logger = logging.getLogger(__name__)

PASSAGE_TOKENS = 4_000
"""Budget for the passages in one question: ten chunks with their headings fit."""

_TURN_CHARACTERS = 300
"""Of each former question and answer: enough to tell what is spoken of."""

_REASONS = ("finish_reason", "stop_reason", "done_reason")
"""Where providers say why a stream ended; one that broke off has none."""

_TOO_LONG = ("length", "max_tokens", "MAX_TOKENS")
"""Reasons of a stream that ended because the model may not write more."""

_MAX_CHARACTERS = 12_000
"""Of the model's text: nobody reads more, and checking it takes time."""

_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0
"""A server that asks for more before the second try gets none: the reader waits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds a chat model may take, to its first token and altogether."""

    first_token_seconds: float
    whole_seconds: float


class Draft:
    """One answer of the model, while it is written."""

    def __init__(
        self,
        chain: Runnable[Brief, AIMessageChunk],
        brief: Brief,
        *,
        breaker: Breaker,
        limits: Limits,
        count_tokens: Callable[[str], int],
        failed: Callable[[Fault], None],
    ) -> None:
        self._failed = failed
        self._chain = chain
        self._brief = brief
        self._breaker = breaker
        self._limits = limits
        self._count_tokens = count_tokens
        self._begun = False
        self._text: list[str] = []
        self._reason = ""
        self._counted: UsageMetadata | None = None

    @property
    def usage(self) -> Usage:
        """Tokens so far, estimated where the server does not count them."""
        if self._counted is not None:
            return Usage(self._counted["input_tokens"], self._counted["output_tokens"])
        if not self._begun:
            return Usage(0, 0)
        asked = "".join(str(message.content) for message in _messages(self._brief).to_messages())
        return Usage(self._count_tokens(asked), self._count_tokens("".join(self._text)))

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """The text as it comes, without thinking. Raises ChatModelError.

        A second try is made before the first token only: where the failure may pass, and with
        half of the passages where they were too long.
        """
        call = self._breaker.begin()
        if call is None:
            self._failed(Fault.RESTING)
            raise ChatModelError(Fault.RESTING)
        try:
            async with bounded_call(self._limits.whole_seconds), aclosing(self._tried()) as pieces:
                async for piece in pieces:
                    yield piece
        except ChatModelError as error:
            self._failed(error.fault)
            if error.fault in OF_THE_SERVER:
                call.failed(error.retry_after)
            else:
                call.succeeded()
            raise
        else:
            call.succeeded()
        finally:
            call.given_up()

    async def _tried(self) -> AsyncGenerator[Piece, None]:
        end = time.monotonic() + self._limits.whole_seconds
        for is_last in (False, True):
            try:
                async with aclosing(self._said()) as pieces:
                    async for piece in pieces:
                        yield piece
                return
            except ChatModelError as error:
                if is_last or not self._may_try_again(error, end - time.monotonic()):
                    raise
                self._failed(error.fault)
                logger.info("%s; trying once more", error)
                if error.fault is Fault.CONTEXT:
                    half = self._brief.sources[: len(self._brief.sources) // 2]
                    self._brief = replace(self._brief, sources=half)
                else:
                    await asyncio.sleep(_pause(error))

    async def _said(self) -> AsyncGenerator[Piece, None]:
        """The model's text in one try; it must end as it should and say something."""
        thinking = ThinkingFilter()
        length = 0
        async with aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                piece = thinking.feed(chunk)
                length = (0 if piece.anew else length) + len(piece.text.strip())
                yield piece
                if length > _MAX_CHARACTERS:
                    yield Piece("", cut=True)
                    return
        rest = thinking.finish()
        yield Piece(rest, cut=self._reason in _TOO_LONG)
        if not self._reason:
            raise ChatModelError(Fault.BROKE_OFF, "without a finish reason")
        if self._reason == "content_filter":
            raise ChatModelError(Fault.FILTER)
        if not length and not rest.strip():
            raise ChatModelError(Fault.EMPTY)

    async def _chunks(self) -> AsyncGenerator[str, None]:
        """The text of the chunks as they come, the first of them within its time."""
        seen = 0
        async with aclosing(_astream(self._chain, self._brief)) as stream:
            while True:
                try:
                    # a first chunk without text is but the role, sent before the model has begun
                    waiting = not self._begun or (seen == 1 and not any(self._text))
                    seconds = self._limits.first_token_seconds if waiting else None
                    async with asyncio.timeout(seconds) as limit:
                        chunk = await anext(stream)
                except StopAsyncIteration:
                    return
                except Exception as error:  # providers raise what they like
                    raise self._told(error, late=limit.expired()) from error
                seen += 1
                self._begun = True
                self._take(chunk)
                yield self._text[-1]

    def _take(self, chunk: AIMessageChunk) -> None:
        self._text.append(str(chunk.text))
        metadata = chunk.response_metadata
        reason = next((metadata[name] for name in _REASONS if metadata.get(name)), "")
        self._reason = self._reason or str(reason)
        if chunk.usage_metadata:
            self._counted = add_usage(self._counted, chunk.usage_metadata)

    def _told(self, error: Exception, *, late: bool) -> ChatModelError:
        if late:
            return ChatModelError(Fault.SLOW_START, f"{self._limits.first_token_seconds:g} s")
        told = chat_model_error(error)
        if self._begun and told.fault in (Fault.UNREACHABLE, Fault.SLOW_START):
            return ChatModelError(Fault.BROKE_OFF, str(error))
        return told

    def _may_try_again(self, error: ChatModelError, left_seconds: float) -> bool:
        if self._begun:
            return False
        if error.fault is Fault.CONTEXT:
            return len(self._brief.sources) > 1
        return error.fault in PASSING and _pause(error) <= min(_LONGEST_PAUSE_SECONDS, left_seconds)


async def _astream(
    chain: Runnable[Brief, AIMessageChunk], brief: Brief
) -> AsyncGenerator[AIMessageChunk, None]:
    """The chunks as they come, read by a task of its own; what is not read any more is hung up."""
    coming: asyncio.Queue[AIMessageChunk | None] = asyncio.Queue()
    responses: list[hanging_up.Response] = []

    async def read() -> None:
        hanging_up.note_in(responses)
        try:
            async for chunk in chain.astream(brief):
                coming.put_nowait(chunk)
        finally:
            coming.put_nowait(None)

    reading = asyncio.create_task(read())
    try:
        while (chunk := await coming.get()) is not None:
            yield chunk
        await reading  # raises what the model raised
    finally:
        try:
            await cancel(reading)
        finally:
            for response in responses:
                with suppress(Exception):  # it is broken off anyway
                    await response.aclose()


def _pause(error: ChatModelError) -> float:
    return _PAUSE_SECONDS if error.retry_after is None else error.retry_after


class ChatWriter:
    """Writes answers with a chat model. One for all questions of a process."""

    def __init__(
        self,
        model: BaseChatModel,
        *,
        name: str,
        count_tokens: Callable[[str], int],
        limits: Limits,
        breaker: Breaker | None = None,
        failed: Callable[[Fault], None] = lambda _: None,
        callbacks: Sequence[BaseCallbackHandler] = (),
    ) -> None:
        """`breaker` is shared with whoever else calls the model; `failed` is told each fault."""
        self._failed = failed
        self.name = name
        self._breaker = breaker or Breaker()
        self._count_tokens = count_tokens
        self._limits = limits
        self._chain: Runnable[Brief, Any] = called_back(
            RunnableLambda(_messages) | model, callbacks
        )
        self._bare: Runnable[Brief, Any] = RunnableLambda(_question_alone) | model

    def fit(self, sources: Sequence[Source]) -> tuple[Source, ...]:
        """The first of the sources, as many as the budget for passages holds; at least one."""
        tokens = 0
        for number, source in enumerate(sources, start=1):
            tokens += self._count_tokens(format_passage(number, source))
            if tokens > PASSAGE_TOKENS and number > 1:
                return tuple(sources[: number - 1])
        return tuple(sources)

    async def ping(self) -> None:
        """Nothing, when the model answers at all. Raises ChatModelError."""
        brief = Brief("Reply with OK.", (), (), Language.ENGLISH, datetime.date.min)
        async with aclosing(self._draft(self._bare, brief, Breaker()).pieces()) as pieces:
            async for _ in pieces:
                pass

    def draft(self, brief: Brief) -> Draft:
        """An answer that the model is about to write."""
        return self._draft(self._chain, brief, self._breaker)

    def _draft(self, chain: Runnable[Brief, Any], brief: Brief, breaker: Breaker) -> Draft:
        return Draft(
            chain,
            brief,
            breaker=breaker,
            limits=self._limits,
            count_tokens=self._count_tokens,
            failed=self._failed,
        )


def format_passage(number: int, source: Source) -> str:
    """A passage as the model reads it: numbered, fenced, with its headline, byline and date."""
    article = source.article
    head = " | ".join(part for part in (article.heading, article.byline, article.date) if part)
    text = article.text[source.start : source.end]
    return f"<passage number={number}>\n{fenced(head)}\n\n{fenced(text)}\n</passage>"


def _messages(brief: Brief) -> PromptValue:
    return _TEMPLATES[brief.language.of_prompts].invoke(
        {
            "language": brief.language.value,
            "refusal": NO_ANSWER,
            "today": brief.today.isoformat(),
            "passages": "\n\n".join(
                format_passage(number, one) for number, one in enumerate(brief.sources, start=1)
            ),
            "conversation": _conversation(brief.turns),
            "question": fenced(brief.question),
        }
    )


def _question_alone(brief: Brief) -> str:
    return brief.question


def _conversation(turns: Sequence[Turn]) -> str:
    """The former questions and answers, fenced; "" where there are none."""
    if not turns:
        return ""
    lines = (
        f"{name}: {fenced(' '.join(text.split()))[:_TURN_CHARACTERS]}"
        for turn in turns
        for name, text in (("Q", turn.standalone), ("A", turn.answer))
    )
    return "<conversation>\n" + "\n".join(lines) + "\n</conversation>\n\n"


def _template(language: str) -> ChatPromptTemplate:
    system = "\n\n".join(prompts.load(f"{job}.{language}") for job in ("answer", "refuse"))
    return ChatPromptTemplate.from_messages(
        [("system", system), ("human", prompts.load(f"question.{language}"))]
    )


_TEMPLATES = {language: _template(language) for language in ("zh", "en")}
