"""Dates in folded text, Chinese and English, whichever way they are written.

A date without a year is of the year said before it in the same sentence, else the latest such day
that is not after the day the text is of; where a word such as 将 announces something, the next.
Relative ones (去年7月, 昨天, last week) are counted from that day.
"""

import datetime
import re
from collections.abc import Iterable

from retrieval.folding.chinese_dates import TO, chinese_dates
from retrieval.folding.days import DateSpan
from retrieval.folding.english_dates import english_dates

_RANGE = re.compile(rf"{TO}|\s(?:to|through|until)\s")
_LONGEST_RANGE_SIGN = len(" through ")


def find_dates(folded: str, today: datetime.date | None) -> list[DateSpan]:
    """The dates of a text in order, none overlapping another, the longest where several begin.

    `today` is the day the text is of: an article's date, or the day a question was asked. None:
    only dates whose year the text names. What no calendar has is no date; nothing is raised.
    """
    found = chinese_dates(folded, today)
    if english := english_dates(folded, today):
        found = _apart([*found, *english])
    return _joined(folded, found)


def _apart(spans: Iterable[DateSpan]) -> list[DateSpan]:
    kept: list[DateSpan] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _joined(folded: str, spans: Iterable[DateSpan]) -> list[DateSpan]:
    """Two dates with 至 between them are one."""
    joined: list[DateSpan] = []
    for span in spans:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.first < span.last
            and span.start - before.end <= _LONGEST_RANGE_SIGN
            and _RANGE.fullmatch(folded, before.end, span.start)
        ):
            explicit = before.explicit or span.explicit
            joined[-1] = DateSpan(before.first, span.last, before.start, span.end, explicit)
        else:
            joined.append(span)
    return joined
