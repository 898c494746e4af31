"""The same report carried by several papers, told by its words."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import TypeVar

from retrieval.folding import find_figures, fold
from retrieval.words import tagged_words

T = TypeVar("T")

_GRAM = 5
_LEAST_SHARED = 0.8
"""Of the shorter text's runs of five characters, those that the longer one holds too. Broder, On
the resemblance and containment of documents (1997)."""

_LEAST_LENGTH = 0.5
"""Of the shorter text, as a share of the longer: a paragraph that two reports share makes neither
a copy of the other."""

_SHORT = 100
"""Characters below which one word less or more may be another statement: a few changed ones are a
name among fifty, and leave four fifths of the runs as they are."""

_PARTICLES = frozenset("的了也都在等着就还又并和与及这该此地得共")
_LEAD = re.compile(
    r"^(?:(?:本报|新华社|中新社|新华网|中新网|人民网)[^。!?\n]{0,25}?[电讯]"
    r"|[^。!?,\n]{0,12}\d{1,2}月\d{1,2}日[电讯])"
    r"\s*(?:[(][^()]{0,40}[)])?\s*(?:(?:本报)?(?:记者|通讯员)\s*[^\s,。]{2,12}\s+)*"
    r"|^[(]?(?:本报|新华社|中新社)?(?:记者|通讯员)[^。,\n]{0,20}[)\s]"
)
_NAME_TAGS = frozenset({"nr", "nrt", "ns", "nt", "nz"})
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Print:
    """What of a text is compared."""

    body: str
    bare: str
    grams: frozenset[str]
    figures: frozenset[tuple[Decimal, str]]
    """Each with the character behind it."""


def repeats(one: str, other: str) -> bool:
    """Whether one text says what the other does, in nearly the same words.

    The order does not matter. A line such as 本报北京3月5日电 at the beginning is passed over.
    Texts that differ in a figure or a name are two, single sentences in any word.
    """
    return _repeats(_print(one), _print(other))


def without_duplicates(items: Iterable[T], text: Callable[[T], str]) -> list[T]:
    """The items in their order, without those that repeat the text of one before them."""
    kept: list[tuple[T, _Print]] = []
    for item in items:
        own = _print(text(item))
        if not any(_repeats(own, other) for _, other in kept):
            kept.append((item, own))
    return [item for item, _ in kept]


def _print(text: str) -> _Print:
    folded = fold(text)
    body = folded[lead.end() :] if (lead := _LEAD.match(folded)) else folded
    bare = _NOT_WORD.sub("", body)
    figures = frozenset((one.value, body[one.end : one.end + 1]) for one in find_figures(body))
    grams = frozenset(bare[at : at + _GRAM] for at in range(len(bare) - _GRAM + 1))
    return _Print(body, bare, grams, figures)


def _repeats(one: _Print, other: _Print) -> bool:
    if one.bare == other.bare:
        return True
    shorter, longer = sorted((one, other), key=lambda each: len(each.bare))
    if not shorter.grams or len(shorter.bare) < _LEAST_LENGTH * len(longer.bare):
        return False
    if len(shorter.bare) < _SHORT:
        return _same_words(shorter.bare, longer.bare)
    shared = len(shorter.grams & longer.grams) / len(shorter.grams)
    if shared < _LEAST_SHARED or not shorter.figures <= longer.figures:
        return False
    return all(name in longer.bare for name in _names(shorter.body))


def _same_words(shorter: str, longer: str) -> bool:
    """Whether they differ in particles, and in what one has more at its ends, only."""
    changes = SequenceMatcher(None, shorter, longer, autojunk=False).get_opcodes()
    return all(
        change == "equal"
        or (start == end and start in (0, len(shorter)))
        or _PARTICLES.issuperset(shorter[start:end] + longer[other_start:other_end])
        for change, start, end, other_start, other_end in changes
    )


def _names(folded: str) -> set[str]:
    return {_NOT_WORD.sub("", word) for word, tag in tagged_words(folded) if tag in _NAME_TAGS}
