"""The chat model's word on where a broken article of a newspaper page goes on."""

import re
from collections.abc import Sequence

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate

import prompts
from retrieval.answering.model.calls import bounded_call, called_back, fenced, without_thinking
from retrieval.errors import ModelUnavailableError

_NUMBER = re.compile(r"\D{0,2}(\d{1,2})\D{0,2}")
"""A number alone, but for brackets or a full stop around it."""


class JoinChooser:
    """Asks a chat model for the number of a place, and takes nothing else for an answer."""

    def __init__(
        self,
        model: BaseChatModel,
        *,
        timeout_seconds: float,
        callbacks: Sequence[BaseCallbackHandler] = (),
    ) -> None:
        self._chain = called_back(
            ChatPromptTemplate.from_messages([("human", prompts.load("join"))]) | model, callbacks
        )
        self._timeout_seconds = timeout_seconds

    async def choose(self, before: str, candidates: Sequence[str]) -> int | None:
        """Index of the candidate that goes on with `before`, None for none of them.

        Raises ModelUnavailableError when the model fails, takes too long or says anything else.
        """
        numbered = "\n\n".join(
            f"<place number={number}>\n{fenced(text)}\n</place>"
            for number, text in enumerate(candidates, start=1)
        )
        async with bounded_call(self._timeout_seconds):
            message = await self._chain.ainvoke({"before": fenced(before), "candidates": numbered})
        match = _NUMBER.fullmatch(without_thinking(str(message.text)))
        if match is None or int(match[1]) > len(candidates):
            raise ModelUnavailableError("the chat model did not reply with the number of a place")
        return int(match[1]) - 1 if int(match[1]) else None
