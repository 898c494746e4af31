"""What a model's server is sending, so that it can be ended when nobody reads on.

LangChain reads each chunk in a task of its own. A cancellation that comes before such a task has
begun ends LangChain's generators from outside; those inside, which hold the connection, are left to
the garbage collector, and until then the model goes on writing.
"""

from contextvars import ContextVar
from typing import Protocol


class Response(Protocol):
    """A response of httpx, of whichever version."""

    async def aclose(self) -> None:
        """Break its connection off, unless it has been read to its end."""


_responses: ContextVar[list[Response] | None] = ContextVar("responses", default=None)


def note_in(responses: list[Response]) -> None:
    """Add to the list those that come from now on in this task and in those that it starts."""
    _responses.set(responses)


async def note(response: Response) -> None:
    """Takes a response that has begun: the event hook of a client of httpx."""
    responses = _responses.get()
    if responses is not None:
        responses.append(response)
