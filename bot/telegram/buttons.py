"""What a button of ours does when it is tapped, packed into the 64 bytes Telegram gives it.

All that is needed is in those bytes, so buttons work after a restart and a reload.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, cast, get_args

from retrieval.types import Field


class Reason(StrEnum):
    """What a reader finds wrong with an answer."""

    MISSES_QUESTION = "misses"
    UNFAITHFUL = "unfaithful"
    INCOMPLETE = "incomplete"
    WRONG_ARTICLE = "wrong"


@dataclass(frozen=True, slots=True)
class OpenCitation:
    """Show `article[field][start:end]` in its surroundings."""

    key: str
    """The article's short key."""
    version: str
    """8 hex digits; "" is the live one."""
    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OpenArticle:
    """Show a page of an article, counted from 0, and `text[start:end]` in bold."""

    key: str
    version: str
    page: int = 0
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """Rate a kept answer; a Reason or "" goes with it."""

    answer_id: int
    value: Literal[1, -1]
    reason: Reason | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class AskReason:
    """Let the reader say in words what is wrong with a kept answer."""

    answer_id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the writing of the answer to an update."""

    update_id: int


@dataclass(frozen=True, slots=True)
class TurnList:
    """Show a page of a list, counted from 0; what a search was for stands in the message."""

    kind: Literal["search", "latest"]
    page: int


@dataclass(frozen=True, slots=True)
class ChooseLanguage:
    """Speak this language with whoever taps; "" is that of their Telegram."""

    language: str


@dataclass(frozen=True, slots=True)
class Manage:
    """Something that only admins may do."""

    desk: Literal["reload", "inbox", "article", "gaps", "stats", "golden"]
    verb: str
    """Small letters, at most 12."""
    subject: str = ""
    """What it is done to: letters, digits and `_ . -`, at most 40."""


@dataclass(frozen=True, slots=True)
class Close:
    """Take the message away."""


Action = (
    OpenCitation
    | OpenArticle
    | Rate
    | AskReason
    | Stop
    | TurnList
    | ChooseLanguage
    | Manage
    | Close
)

_FIELDS: tuple[Field, ...] = get_args(Field)
_ARTICLE = "([a-z2-7]{12}):([0-9a-f]{8}|)"
_OFFSET = "(0|[1-9][0-9]{0,8})"
_DESK = "(reload|inbox|article|gaps|stats|golden)"
_NUMBER = "(0|-?[1-9][0-9]{0,18})"


def pack(action: Action) -> str:
    """The callback data of an action: ASCII, at most 64 bytes."""
    match action:
        case OpenCitation(key, version, field, start, end):
            return f"c:{key}:{version}:{_FIELDS.index(field)}:{start}:{end}"
        case OpenArticle(key, version, page, start, end):
            return f"a:{key}:{version}:{page}" + (f":{start}:{end}" if end else "")
        case Rate(answer_id, value, reason):
            return f"r:{answer_id}:{value}:{reason}"
        case AskReason(answer_id):
            return f"w:{answer_id}"
        case Stop(update_id):
            return f"s:{update_id}"
        case TurnList(kind, page):
            return f"{'f' if kind == 'search' else 'n'}:{page}"
        case ChooseLanguage(language):
            return f"l:{language}"
        case Manage(desk, verb, subject):
            return f"m:{desk}:{verb}:{subject}"
        case Close():
            return "x"


def parse(data: str) -> Action | None:
    """The action of callback data; None for data that are not ours."""
    for pattern, made in _READERS.items():
        if found := re.fullmatch(pattern, data, re.ASCII):
            action = made(found)
            return action if _can_be_looked_up(action) else None
    return None


def _can_be_looked_up(action: Action) -> bool:
    """Whether its number, which may be forged, is one that databases know."""
    match action:
        case Rate(number) | AskReason(number) | Stop(number):
            return abs(number) < 2**63
    return True


def _rating(found: re.Match[str]) -> Rate:
    value = cast(Literal[1, -1], int(found[2]))
    return Rate(int(found[1]), value, Reason(found[3]) if found[3] else "")


_READERS: Mapping[str, Callable[[re.Match[str]], Action]] = {
    f"c:{_ARTICLE}:([0-{len(_FIELDS) - 1}]):{_OFFSET}:{_OFFSET}": lambda found: OpenCitation(
        found[1], found[2], _FIELDS[int(found[3])], int(found[4]), int(found[5])
    ),
    f"a:{_ARTICLE}:{_OFFSET}(?::{_OFFSET}:{_OFFSET})?": lambda found: OpenArticle(
        found[1], found[2], int(found[3]), int(found[4] or 0), int(found[5] or 0)
    ),
    f"r:{_NUMBER}:(1|-1):({'|'.join(Reason)}|)": _rating,
    f"w:{_NUMBER}": lambda found: AskReason(int(found[1])),
    f"s:{_NUMBER}": lambda found: Stop(int(found[1])),
    f"f:{_OFFSET}": lambda found: TurnList("search", int(found[1])),
    f"n:{_OFFSET}": lambda found: TurnList("latest", int(found[1])),
    "l:(zh|zh-hant|en|)": lambda found: ChooseLanguage(found[1]),
    f"m:{_DESK}:([a-z]{{1,12}}):([A-Za-z0-9_.-]{{0,40}})": lambda found: Manage(
        cast(Any, found[1]), found[2], found[3]
    ),
    "x": lambda _: Close(),
}
