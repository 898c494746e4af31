"""One form for all spellings of the same text, with a way back to the original.

Folded are: compatibility characters (NFKC: full and half width, ligatures), case, and traditional
characters (OpenCC's t2s). Indexing, search and checking all compare folded text.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

from retrieval.types import Span

_TO_SIMPLIFIED = OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; the original of its character i begins at `origins[i]`."""

    text: str
    origins: tuple[int, ...]
    ends: tuple[int, ...] | None = None
    """Where the original of each character ends; None: after one character."""

    def original(self, start: int, end: int) -> Span:
        """The original characters behind folded characters `start` to `end` (exclusive)."""
        last = self.origins[end - 1] + 1 if self.ends is None else self.ends[end - 1]
        return Span(self.origins[start], last)


class _Folds(dict[int, str]):
    """What each code point folds to, found out when it first comes up."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        self[code] = folded
        return folded


_FOLDS = _Folds()


def fold(text: str) -> str:
    """The folded text."""
    return _simplify(text.translate(_FOLDS))


def fold_with_origins(text: str) -> Folded:
    """The folded text with the original offset of each of its characters."""
    pieces = [_FOLDS[ord(character)] for character in text]
    origins = tuple(index for index, piece in enumerate(pieces) for _ in piece)
    return Folded(_simplify("".join(pieces)), origins)


def is_traditional(text: str) -> bool:
    """Whether any character of `text` has another, simplified form."""
    return _simplify(text) != text


def _simplify(text: str) -> str:
    """The same number of characters, each simplified."""
    if text.isascii():
        return text
    encodable = text.encode("utf-8", "replace").decode() if _has_surrogate(text) else text
    simplified: str = _TO_SIMPLIFIED.convert(encodable)
    if len(simplified) == len(text):
        return simplified
    return "".join(_simplify_character(character) for character in encodable)


@lru_cache(maxsize=65_536)
def _simplify_character(character: str) -> str:
    simplified: str = _TO_SIMPLIFIED.convert(character)
    return simplified if len(simplified) == 1 else character


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
