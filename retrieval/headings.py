"""Sub-headings of an article: which one a place in its text stands under."""

import re
from itertools import pairwise

_MAX_CHARACTERS = 30
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_SENTENCE_END = re.compile(r"[。！？!?；;：:，,、….”’）)]$")


def heading_above(text: str, position: int) -> str:
    """The last sub-heading before `position`; "" where there is none or one begins just there.

    That is a line of at most thirty characters that does not end as a sentence does, with a longer
    line below it.
    """
    found = ""
    for match, below in pairwise(_LINE.finditer(text)):
        line = match[0].strip()
        start = match.start() + match[0].index(line)
        if start > position:
            break
        is_short = len(line) <= _MAX_CHARACTERS and len(line) < len(below[0].strip())
        if is_short and not _SENTENCE_END.search(line):
            found = line if start < position else ""
    return found
