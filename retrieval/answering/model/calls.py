"""A call of a chat model: bounded in time, its failures told in our words."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import Runnable

from retrieval.answering.model.faults import ChatModelError, Fault, chat_model_error
from retrieval.answering.model.thinking import ThinkingFilter

In = TypeVar("In")
Out = TypeVar("Out")


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


def called_back(
    chain: Runnable[In, Out], callbacks: Sequence[BaseCallbackHandler]
) -> Runnable[In, Out]:
    """The chain, which tells these handlers what it does."""
    return chain.with_config(callbacks=list(callbacks)) if callbacks else chain


def without_thinking(text: str) -> str:
    """What a model says, without what it thought aloud before."""
    thinking = ThinkingFilter()
    said = thinking.feed(text)
    return (said.text + thinking.finish()).strip()


def fenced(text: str) -> str:
    """The text unable to close the fence it stands in."""
    return text.replace("<", "＜")
