"""One form for all spellings of the same text, with a way back to the original.

Folded are: compatibility characters (NFKC: full and half width, ligatures), case, and traditional
characters (OpenCC's t2s). Indexing, search and checking all compare folded text.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from opencc import OpenCC

from retrieval.types import Span

_SURROGATE = re.compile("[\ud800-\udfff]")
_TO_SIMPLIFIED = OpenCC("t2s")
_IN_BOTH = frozenset("台占")
"""Usual in either script, although the converter writes 臺 and 佔."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; the original of its character i begins at `origins[i]`."""

    text: str
    origins: Sequence[int]
    ends: Sequence[int] | None = None
    """Where the original of each character ends; None: after one character."""

    def original(self, start: int, end: int) -> Span:
        """The original characters behind folded characters `start` to `end` (exclusive)."""
        last = self.origins[end - 1] + 1 if self.ends is None else self.ends[end - 1]
        return Span(self.origins[start], last)

    def slice(self, start: int, end: int) -> str:
        """The folded text of the original characters `start` to `end` (exclusive)."""
        return self.text[bisect_left(self.origins, start) : bisect_left(self.origins, end)]


class _Folds(dict[int, str]):
    """What each code point folds to, found out when it first comes up."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) != 1:
            _NOT_ONE.add(chr(code))
        self[code] = folded  # last: other threads that find it here look into the set next
        return folded


_NOT_ONE: set[str] = set()
"""Characters met so far that fold to none or several."""

_FOLDS = _Folds()


def fold(text: str) -> str:
    """The folded text."""
    return _simplify(text.translate(_FOLDS))


def fold_with_origins(text: str) -> Folded:
    """The folded text with the original offset of each of its characters."""
    translated = text.translate(_FOLDS)
    if _NOT_ONE.isdisjoint(text):
        return Folded(_simplify(translated), range(len(text)))
    pieces = [_FOLDS[ord(character)] for character in text]
    origins = tuple(index for index, piece in enumerate(pieces) for _ in piece)
    return Folded(_simplify("".join(pieces)), origins)


def is_traditional(text: str) -> bool:
    """Whether any character of `text` has another, simplified form."""
    return _simplify(text) != text


def same_script(one: str, other: str) -> bool:
    """Whether not one text is in simplified and the other in traditional characters.

    What most of the characters are decides, of those that differ between the scripts.
    """
    if not is_traditional(one) and not is_traditional(other):
        return True
    return _leaning(one) * _leaning(other) >= 0


def _leaning(text: str) -> int:
    """Above zero for simplified, below for traditional; 0 where no character tells."""
    traditional: str = _to_traditional().convert(_encodable(text))
    simplified = _simplify(text)
    changed = sum(a != b and a not in _IN_BOTH for a, b in zip(text, traditional, strict=False))
    return changed - sum(a != b for a, b in zip(text, simplified, strict=False))


@cache
def _to_traditional() -> OpenCC:
    return OpenCC("s2tw")  # takes a while to load, and few need it


def _simplify(text: str) -> str:
    """The same number of characters, each simplified."""
    if text.isascii():
        return text
    encodable = _encodable(text)
    simplified: str = _TO_SIMPLIFIED.convert(encodable)
    if len(simplified) == len(text):
        return simplified
    return "".join(_simplify_character(character) for character in encodable)


@lru_cache(maxsize=65_536)
def _simplify_character(character: str) -> str:
    simplified: str = _TO_SIMPLIFIED.convert(character)
    return simplified if len(simplified) == 1 else character


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode() if _SURROGATE.search(text) else text
