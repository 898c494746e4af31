"""Printed lines to running text: Chinese goes on without a space, Latin words with one."""

import re
from collections.abc import Iterable
from functools import reduce

_WIDE = (
    "\u2e80-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’—…·\U00020000-\U0003ffff"
)
_ENDS_WIDE = re.compile(f"[{_WIDE}]$")
_STARTS_WIDE = re.compile(f"^[{_WIDE}]")
_HYPHENATED = re.compile(r"(?<=[a-z])[-\xad\u2010]$")
_BREAK_INSIDE_WIDE = re.compile(
    rf"(?<=[{_WIDE}])[ \t]*[\r\n][ \t\r\n]*(?=\S)|[ \t]*[\r\n][ \t\r\n]*(?=[{_WIDE}])"
)
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


def join(first: str, second: str) -> str:
    """Two lines of one paragraph as one; a Latin word broken by a hyphen is made whole."""
    first, second = first.rstrip(), second.lstrip()
    if not first or not second:
        return first + second
    if _HYPHENATED.search(first) and second[0].islower():
        return first[:-1] + second
    if _ENDS_WIDE.search(first) or _STARTS_WIDE.match(second):
        return first + second
    return f"{first} {second}"


def join_all(lines: Iterable[str]) -> str:
    """The lines of one paragraph as one line."""
    return reduce(join, lines, "")


def unwrap(text: str) -> str:
    """Source text, whose line ends mean nothing, on one line; no space between Han characters."""
    return _SPACES.sub(" ", _BREAK_INSIDE_WIDE.sub("", text))
