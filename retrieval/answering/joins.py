"""The chat model's word on where a broken article of a newspaper page goes on."""

import asyncio
import re
from collections.abc import Sequence

from langchain_core.exceptions import LangChainException
from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from openai import OpenAIError

import prompts
from retrieval.errors import ModelUnavailableError

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_NUMBER = re.compile(r"\D{0,2}(\d{1,2})\D{0,2}")
"""A number alone, but for brackets or a full stop around it."""


class JoinChooser:
    """Asks a chat model for the number of a place, and takes nothing else for an answer."""

    def __init__(self, model: BaseChatModel, *, timeout_seconds: float) -> None:
        self._chain = ChatPromptTemplate.from_messages([("human", prompts.load("join"))]) | model
        self._timeout_seconds = timeout_seconds

    async def choose(self, before: str, candidates: Sequence[str]) -> int | None:
        """Index of the candidate that goes on with `before`, None for none of them.

        Raises ModelUnavailableError when the model fails, takes too long or says anything else.
        """
        numbered = "\n\n".join(
            f"<place number={number}>\n{_plain(text)}\n</place>"
            for number, text in enumerate(candidates, start=1)
        )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                message = await self._chain.ainvoke(
                    {"before": _plain(before), "candidates": numbered}
                )
        except TimeoutError as error:
            raise ModelUnavailableError(
                f"the chat model did not finish within {self._timeout_seconds:g} s"
            ) from error
        except (OpenAIError, LangChainException, ValueError, OSError) as error:
            reason = getattr(error, "message", None) or type(error).__name__
            raise ModelUnavailableError(f"the chat model did not answer: {reason}") from error
        match = _NUMBER.fullmatch(_THINKING.sub("", str(message.text)).strip())
        if match is None or int(match[1]) > len(candidates):
            raise ModelUnavailableError("the chat model did not reply with the number of a place")
        return int(match[1]) - 1 if int(match[1]) else None


def _plain(text: str) -> str:
    """The text unable to close the fence it stands in."""
    return text.replace("<", "＜")
