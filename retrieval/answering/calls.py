"""A call of a chat model: bounded in time, its failures told in our words."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langchain_core.exceptions import LangChainException
from openai import OpenAIError

from retrieval.errors import ModelUnavailableError

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


@asynccontextmanager
async def bounded_call(timeout_seconds: float) -> AsyncIterator[None]:
    """For the length of an `async with` block: raises ModelUnavailableError, whatever fails."""
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except TimeoutError as error:
        raise ModelUnavailableError(
            f"the chat model did not finish within {timeout_seconds:g} s"
        ) from error
    except (OpenAIError, LangChainException, ValueError, OSError) as error:
        reason = getattr(error, "message", None) or type(error).__name__
        raise ModelUnavailableError(f"the chat model did not answer: {reason}") from error


def without_thinking(text: str) -> str:
    """What a model says, without what it thought aloud before."""
    return _THINKING.sub("", text).strip()


def fenced(text: str) -> str:
    """The text unable to close the fence it stands in."""
    return text.replace("<", "＜")
