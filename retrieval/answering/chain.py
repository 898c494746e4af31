"""The chat model's way from passages to a text with [n] marks: a LangChain chain."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

import prompts
from retrieval.answering.calls import bounded_call, fenced, without_thinking
from retrieval.answering.check import Source
from retrieval.errors import ModelUnavailableError

REFUSAL = "NO_ANSWER"
PASSAGE_TOKENS = 4_000
"""Budget for the passages in one question: ten chunks with their headings fit."""

_REASONS = ("finish_reason", "stop_reason", "done_reason")
"""Where providers say why a stream ended; one that broke off has none."""

_MAX_CHARACTERS = 12_000
"""Of the model's text: nobody reads more, and checking it takes time."""


class ChatWriter:
    """Writes answers with a chat model."""

    def __init__(
        self,
        model: BaseChatModel,
        *,
        count_tokens: Callable[[str], int],
        timeout_seconds: float,
    ) -> None:
        template = ChatPromptTemplate.from_messages(
            [("system", prompts.load("answer")), ("human", prompts.load("question"))]
        )
        self._model = model
        self._chain = template | model
        self._count_tokens = count_tokens
        self._timeout_seconds = timeout_seconds

    def fit(self, sources: Sequence[Source]) -> Sequence[Source]:
        """The first of the sources, as many as the budget for passages holds; at least one."""
        tokens = 0
        for number, source in enumerate(sources, start=1):
            tokens += self._count_tokens(format_passage(number, source))
            if tokens > PASSAGE_TOKENS and number > 1:
                return sources[: number - 1]
        return sources

    async def write(
        self, question: str, sources: Sequence[Source], *, language: str, today: datetime.date
    ) -> str:
        """The model's text, unchecked; "" when it says that the passages do not answer.

        Raises ModelUnavailableError when it fails, stops in the middle or takes too long.
        """
        values = {
            "language": language,
            "refusal": REFUSAL,
            "today": today.isoformat(),
            "passages": "\n\n".join(
                format_passage(number, source) for number, source in enumerate(sources, start=1)
            ),
            "question": question,
        }
        text = without_thinking(await self._stream(self._chain, values))
        if not text:
            raise ModelUnavailableError("the chat model's answer was empty")
        return "" if text.rstrip(".。") == REFUSAL else text[:_MAX_CHARACTERS]

    async def ping(self) -> None:
        """Nothing, when the model answers at all. Raises ModelUnavailableError."""
        await self._stream(self._model, "Reply with OK.")

    async def _stream(self, runnable: Runnable[Any, Any], values: object) -> str:
        """The whole text of a stream that ended as it should. Raises ModelUnavailableError."""
        whole: AIMessageChunk | None = None
        async with bounded_call(self._timeout_seconds):
            async for piece in runnable.astream(values):
                whole = piece if whole is None else whole + piece
        metadata = whole.response_metadata if whole else {}
        reason = next((metadata[name] for name in _REASONS if metadata.get(name)), None)
        if whole is None or reason is None:
            raise ModelUnavailableError("the chat model's answer broke off")
        if reason == "content_filter":
            raise ModelUnavailableError("the chat model's content filter refused")
        return str(whole.text)


def format_passage(number: int, source: Source) -> str:
    """A passage as the model reads it: numbered, fenced, with its headline, byline and date."""
    article = source.article
    head = " | ".join(part for part in (article.heading, article.byline, article.date) if part)
    text = article.text[source.start : source.end]
    return f"<passage number={number}>\n{fenced(head)}\n\n{fenced(text)}\n</passage>"
