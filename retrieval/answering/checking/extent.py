"""Of how many a claim says what it says: of all, of most, of half, of some."""

import re
from collections.abc import Sequence

from retrieval.answering.checking.reading import Text

_ALL = re.compile("全部|全体|所有|全都|悉数|一律|无一例外|全覆盖|完全")
_SOME = (
    re.compile("大部分|(?<!少)多数(?!据)|大半|过半(?!年)|大都|大多"),
    re.compile("(?<![过前后上下])一半|半数|对半|50%|2分之1"),
    re.compile("(?<!大)部分|少数(?!民族)|个别(?!谈|辅)|有些|有的|一些|若干|局部|小半|少量"),
)
"""More than half, half, and less or any number: who says one of them does not say another."""

_NEARLY = re.compile("几乎|近乎|差不多|基本")
_LAST = re.compile("倒数|垫底|末位")


def misses_extent(claim: Text, texts: Sequence[Text]) -> str:
    """What the claim says of the extent and the texts do not; "" for nothing."""
    said = "\n".join(text.text for text in texts)
    for pattern in (*_SOME, _LAST):
        if (match := pattern.search(claim.text)) and not pattern.search(said):
            return f"says {match[0]}"
    match = _ALL.search(claim.text)
    if match and not _ALL.search(said) and any(pattern.search(said) for pattern in _SOME):
        return f"says {match[0]} of some"
    if match and _NEARLY.search(said) and not _NEARLY.search(claim.text):
        near = re.compile(f"(?:{_NEARLY.pattern}).{{0,4}}(?:{_ALL.pattern})")
        if near.search(said):
            return f"says {match[0]} of nearly all"
    return ""
