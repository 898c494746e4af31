"""Dates in folded English text."""

import datetime
import re

from retrieval.folding import days
from retrieval.folding.days import DateSpan, Days
from retrieval.folding.figures import MONTHS

_SHORT = {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
_MONTH = rf"(?:{'|'.join(MONTHS)}|(?:{'|'.join(sorted(_SHORT, key=len, reverse=True))})\b\.?)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DATE = re.compile(
    rf"""
    \b(?:
       (?P<month>{_MONTH})\s(?P<day>{_DAY})(?:,?\s(?P<year>[12]\d{{3}}))?(?![\w%]|[.,:/]\d)
     | (?P<day2>{_DAY})\s(?:of\s)?(?P<month2>{_MONTH})(?:,?\s(?P<year2>[12]\d{{3}}))?(?!\w)
     | (?P<month3>{_MONTH}),?\s(?:of\s)?(?:(?P<year3>[12]\d{{3}})|(?P<near3>last|this|next)\syear)
       (?![\w%]|[.,:/]\d)
     | (?:in|since|from|until|during|of|by|year)\s(?:the\syear\s)?(?P<year4>[12]\d{{3}})
       (?![\w%]|[.,:/-]\d|\s(?:million|billion|people|%))
     | (?:in|since|until|during|by|last|this|next)\s(?P<month5>{_MONTH})
       (?!\w|,?\s(?:of\s)?(?:\d|(?:last|this|next)\syear))
     | (?P<near>last|this|next)\s(?P<unit>year|month|week|{"|".join(_WEEKDAYS)})(?!\w)
     | (?P<word>yesterday|today|tomorrow|recently)(?!\w)
    )
    """,
    re.VERBOSE,
)
_SIGNS = re.compile(
    "|".join(
        [*_SHORT, "last", "this", "next", "yesterday", "today", "tomorrow", "recently"]
        + [f"{word} [12]" for word in "in since from until during of by year".split()]
    )
)
"""One of them stands in every text with a date. They begin with literals: found quickly."""

_NEAR = {"last": -1, "this": 0, "next": 1}
_WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_RECENT = 14


def english_dates(folded: str, today: datetime.date | None) -> list[DateSpan]:
    """The dates of a text in order, none overlapping another."""
    if not _SIGNS.search(folded):
        return []
    found = []
    for match in _DATE.finditer(folded):
        try:
            (first, last), explicit = _resolved(match, today)
        except (ValueError, OverflowError):
            continue
        found.append(DateSpan(first, last, *_place(match), explicit))
    return found


def _place(match: re.Match[str]) -> tuple[int, int]:
    """Without the preposition before a year or a month."""
    group = "year4" if match["year4"] else "month5" if match["month5"] else 0
    if match["month5"] and match[0].startswith(("last", "this", "next")):
        group = 0
    return match.span(group)


def _resolved(match: re.Match[str], today: datetime.date | None) -> tuple[Days, bool]:
    if match["year4"]:
        return days.years(int(match["year4"]), int(match["year4"])), True
    year = match["year"] or match["year2"] or match["year3"]
    name = match["month"] or match["month2"] or match["month3"]
    number = re.sub(r"\D", "", match["day"] or match["day2"] or "")
    if year:
        return _in_year(int(year), _month(name), number), True
    if today is None:
        raise ValueError("no day to count from")
    if match["near3"]:
        return _in_year(today.year + _NEAR[match["near3"]], _month(name), number), False
    if name:
        one = days.without_year(today, _month(name), int(number), ahead=False)
        return (one, one), False
    if match["month5"]:
        ahead = match[0].startswith("next")
        one = days.without_year(today, _month(match["month5"]), 1, ahead)
        return days.month(one.year, one.month), False
    if match["near"]:
        return _near(today, _NEAR[match["near"]], match["unit"]), False
    if match["word"] == "recently":
        return days.ending(today, _RECENT, "day"), False
    one = today + datetime.timedelta(days=_WORDS[match["word"]])
    return (one, one), False


def _in_year(year: int, month: int, number: str) -> Days:
    return days.day(year, month, int(number)) if number else days.month(year, month)


def _near(today: datetime.date, offset: int, unit: str) -> Days:
    if unit == "year":
        return days.years(today.year + offset, today.year + offset)
    if unit == "month":
        return days.month(*days.moved(today, offset))
    if unit == "week":
        return days.week(today, offset)
    behind = (today.weekday() - _WEEKDAYS.index(unit)) % 7
    one = today - datetime.timedelta(days=behind or 7) if offset < 0 else None
    if one is None:
        one = days.week(today, offset)[0] + datetime.timedelta(days=_WEEKDAYS.index(unit))
    return one, one


def _month(name: str) -> int:
    name = name.removesuffix(".")
    return _SHORT["sept" if name == "sept" else name[:3]]
