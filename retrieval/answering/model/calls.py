"""A call of a chat model: bounded in time, its failures told in our words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from retrieval.answering.model.faults import ChatModelError, Fault, chat_model_error
from retrieval.answering.model.thinking import ThinkingFilter


@asynccontextmanager
async def bounded_call(timeout_seconds: float) -> AsyncIterator[None]:
    """For the length of an `async with` block: raises ChatModelError, whatever fails."""
    try:
        async with asyncio.timeout(timeout_seconds) as limit:
            yield
    except Exception as error:  # providers raise what they like
        if limit.expired():
            raise ChatModelError(Fault.SLOW, f"{timeout_seconds:g} s") from error
        raise chat_model_error(error) from error


def without_thinking(text: str) -> str:
    """What a model says, without what it thought aloud before."""
    thinking = ThinkingFilter()
    said = thinking.feed(text)
    return (said.text + thinking.finish()).strip()


def fenced(text: str) -> str:
    """The text unable to close the fence it stands in."""
    return text.replace("<", "＜")
