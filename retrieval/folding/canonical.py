"""One spelling for every number and every date of a text, with the way back to the original.

A number is written in plain digits: 三千五百四十七, 3,547 and 3547 are 3547, 3.5万 is 35000,
百分之五 and 5％ are 5%, 五成 is 50%, 十余万 and 10万多 are 100000余. A day is written 2025-03-05,
a month 2025-03, a year 2025年, what lasts longer with 至 between its first and last day, month or
year. Vague words such as 近日 stay as they are.
"""

import calendar
import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from retrieval.folding.characters import Folded, fold_with_origins
from retrieval.folding.dates import find_dates
from retrieval.folding.days import DateSpan
from retrieval.folding.figures import MONTHS, Figure, find_figures

_VAGUE = re.compile("近|过去|日前|连日|以来|recently")
_MORE = re.compile("[余多来](?!数|样|元化|元的|少|边|自)")
_PERCENT_BEFORE = "百分之"
_TENTHS = re.compile("成(?![了为立本果功员都熟长]|[一-龥]?年)")
_MOST_DIGITS = 28
_LARGEST = 10**20
"""A larger number is left as it stands: decimals would round it."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The canonical spelling of folded characters `start` to `end`."""

    start: int
    end: int
    text: str


def canonical(text: str, today: datetime.date | None = None) -> Folded:
    """The folded text with each number and date in its one spelling.

    `today`: see find_dates. A character of a new spelling stands for all of the old one.
    """
    folded = fold_with_origins(text)
    replacements = replaced(folded.text, find_dates(folded.text, today))
    if not replacements:
        return folded
    pieces: list[str] = []
    origins: list[int] = []
    ends: list[int] = []
    position = 0
    for one in [*replacements, Replacement(len(folded.text), len(folded.text), "")]:
        kept = folded.origins[position : one.start]
        pieces += (folded.text[position : one.start], one.text)
        origins += kept
        ends += [origin + 1 for origin in kept]
        if one.text:
            span = folded.original(one.start, one.end)
            origins += [span.start] * len(one.text)
            ends += [span.end] * len(one.text)
        position = one.end
    return Folded("".join(pieces), tuple(origins), tuple(ends))


def replaced(folded: str, dates: Iterable[DateSpan]) -> list[Replacement]:
    """What of a folded text, whose dates are given, is written otherwise; in order."""
    written = [
        Replacement(one.start, one.end, spelled_date(one))
        for one in dates
        if not _VAGUE.search(folded, one.start, one.end)
    ]
    written += filter(None, (_number(folded, figure) for figure in find_figures(folded)))
    kept = []
    end = 0
    for one in sorted(written, key=lambda one: (one.start, -one.end)):
        if one.start >= end:
            end = one.end
            text = one.text
            if text[-1:].isdigit() and folded[end : end + 1].isdigit():
                text += " "  # 8月1日19时
            if folded[one.start : end] != text:
                kept.append(replace(one, text=text))
    return kept


def spelled_date(date: DateSpan) -> str:
    """2025-03-05, 2025-03 or 2025年, or two of them with 至 between."""
    first, last = date.first, date.last
    if first == last:
        return first.isoformat()
    if first.day != 1 or last.day != calendar.monthrange(last.year, last.month)[1]:
        return f"{first.isoformat()}至{last.isoformat()}"
    if (first.month, last.month) == (1, 12):
        start, end = f"{first.year}年", f"{last.year}年"
    else:
        start, end = first.isoformat()[:7], last.isoformat()[:7]
    return start if start == end else f"{start}至{end}"


def _number(folded: str, figure: Figure) -> Replacement | None:
    start, end = figure.start, figure.end
    spelling = folded[start:end]
    if spelling in MONTHS or end - start > _MOST_DIGITS or figure.value > _LARGEST:
        return None
    value = figure.value
    more = not spelling.isascii() and any(mark in spelling for mark in "余多来几")
    if folded.endswith(_PERCENT_BEFORE, 0, start):
        return Replacement(start - len(_PERCENT_BEFORE), end, f"{plain(value)}%")
    if value < 10 and (match := _TENTHS.match(folded, end)):
        return Replacement(start, match.end(), f"{plain(value * 10)}%")
    if value >= 10 and value % 10 == 0 and (match := _MORE.match(folded, end)):
        more, end = True, match.end()
    return Replacement(start, end, plain(value) + ("余" if more else ""))


def plain(value: Decimal) -> str:
    """In digits, without an exponent and without zeros that say nothing."""
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
