"""Which request a line of the log belongs to, through all tasks, threads and processes."""

import os
import re
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar

_VARIABLE = "BAODA_REQUEST"
"""Hands the id on to a process of ours."""

_ID = re.compile(r"[a-z0-9]{1,24}")
_current: ContextVar[str] = ContextVar("request", default="")


def current() -> str:
    """The id of the request that is worked on here, "" where that is none."""
    return _current.get()


@contextmanager
def request(request_id: str = "") -> Iterator[str]:
    """For the length of a `with` block, a request with that id or one made up."""
    request_id = request_id or secrets.token_hex(4)
    token = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(token)


def of_update(update_id: int) -> str:
    """The id of an update's request, the same after a restart.

    The number is Telegram's count of the bot's updates: it says nothing of the person, and the
    store tells who that was for as long as an answer is owed, and no longer.
    """
    return f"u{update_id}"


def adopt(environment: MutableMapping[str, str]) -> None:
    """Make all that this process does part of the request it was started for, or of a new one.

    What it starts itself is part of it too.
    """
    inherited = environment.get(_VARIABLE, "")
    _current.set(inherited if _ID.fullmatch(inherited) else secrets.token_hex(4))
    environment[_VARIABLE] = current()


def handed_on() -> dict[str, str]:
    """The environment of a process that works on the request of here."""
    return {**os.environ, _VARIABLE: current()}
