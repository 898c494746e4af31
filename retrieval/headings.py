"""Sub-headings of an article: which one a place in its text stands under."""

import re
from bisect import bisect_right
from functools import lru_cache
from itertools import pairwise

_MAX_CHARACTERS = 30
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_SENTENCE_END = re.compile(r"[。！？!?；;：:，,、….”’）)]$")


def heading_above(text: str, position: int) -> str:
    """The last sub-heading before `position`; "" where there is none or one begins just there.

    That is a line of at most thirty characters that does not end as a sentence does, with a longer
    line below it.
    """
    starts, headings = _headings(text)
    at = bisect_right(starts, position)
    return headings[at - 1] if at and starts[at - 1] < position else ""


@lru_cache(maxsize=64)
def _headings(text: str) -> tuple[list[int], list[str]]:
    """Where sub-headings begin, and what they say. Asked for every chunk of an article in turn."""
    starts: list[int] = []
    headings: list[str] = []
    for match, below in pairwise(_LINE.finditer(text)):
        line = match[0].strip()
        is_short = len(line) <= _MAX_CHARACTERS and len(line) < len(below[0].strip())
        if is_short and not _SENTENCE_END.search(line):
            starts.append(match.start() + match[0].index(line))
            headings.append(line)
    return starts, headings
