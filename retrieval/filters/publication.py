"""What a question may name of the articles it is about: days, pages, newspapers, persons."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from retrieval.folding import DateSpan, chinese_number, find_dates
from retrieval.index.articles import ArticleStore
from retrieval.questions.question import Asked
from retrieval.types import Span
from retrieval.words import persons_of


@dataclass(frozen=True, slots=True)
class Filter:
    """What an article must be to be asked about; None: whatever it is."""

    first: datetime.date | None = None
    last: datetime.date | None = None
    """Days of publication; None: no bound on that side."""
    byline: str | None = None
    """A person, folded; or several with 、 between them, of whom any will do."""
    source: str | None = None
    """A newspaper as the collection names it, folded."""
    page: str | None = None
    """Such as 1 or b3: without zeros or 版. See pages_alike for 3 and A3."""
    title: str | None = None
    """A whole title, folded and without punctuation; of no article where none has it."""
    column: str | None = None
    """A column as column_key names it."""
    words: tuple[Span, ...] = field(default=(), compare=False)
    """Where the folded question says so."""


NUMERAL = "[一二三四五六七八九十]{1,3}"
PAGE = rf"(?:头版|第(?:[a-z]?\d{{1,2}}|{NUMERAL})版|(?<![a-z\d])[a-z]\d{{1,2}}版)"

ABOUT = re.compile(
    "(?:关于|有关|针对|涉及|介绍|回顾|讲述|描写|反映|记述|预告|报[道导]|总结|"
    "提到|提及|谈到|说到|讲到|写到)[^,。;?!:的]{0,8}$"
)
"""Stands before what articles are about."""

JOINED = re.compile("(?:以及|[和与及跟或、])$")
"""Stands before the second of two things."""

VAGUE = re.compile("近(?:日|年|来|期|几年).*|日前|最近|连日来|recent(?:ly)?")
"""Times that are no certain days."""

_PAGE_NUMBER = re.compile(rf"(?<![a-z\d])([a-z]?)-?0*(\d+)|({NUMERAL})")
_FRONT = re.compile("头版|front")

LONGEST_PERSON = 4


def values_of(part: Filter) -> dict[str, Any]:
    """What it says, by the names of the fields."""
    names = ("first", "last", "byline", "source", "page", "title", "column")
    return {name: value for name in names if (value := getattr(part, name)) is not None}


def dates_of(asked: Asked) -> list[DateSpan]:
    """The dates of a question."""
    # 日报 and 日文 are words where a day might end
    return find_dates(re.sub("报[道导纸]", "文章", asked.folded), asked.at)


def bounded(date: DateSpan, bound: str | None, words: Span) -> Filter:
    """The days of a date, or those before or after it."""
    one_day = datetime.timedelta(days=1)
    if bound in ("以前", "之前"):
        return Filter(last=date.first - one_day, words=(words,))
    if bound in ("以后", "之后"):
        return Filter(first=date.last + one_day, words=(words,))
    return Filter(first=date.first, last=date.last, words=(words,))


def page_key(folded: str) -> str | None:
    """One name for 1, 01, 第1版 and 头版, another for A1 and A01版."""
    if _FRONT.search(folded):
        return "1"
    match = _PAGE_NUMBER.search(folded)
    if match is None:
        return None
    number = match[2] or f"{chinese_number(match[3])}"
    return f"{match[1] or ''}{number}"


def pages_alike(key: str, articles: ArticleStore) -> list[list[str]]:
    """The pages that may be meant by one, as stored: the exact one, then those that will do too.

    3 may mean A3. A3 means 3 only where no paper has A pages. 1 is the front page, A1 as well.
    """
    keys = {stored: page_key(folded) for stored, folded in articles.values("page").items()}
    main = any(known is not None and known.startswith("a") for known in keys.values())
    if key.startswith("a"):
        wanted = [{key}] if main else [{key.removeprefix("a")}]
    elif key[0].isdigit():
        wanted = [{key, f"a{key}"}] if key == "1" else [{key}, {f"a{key}"}]
    else:
        wanted = [{key}]
    return [[stored for stored, known in keys.items() if known in one] for one in wanted]


def bylines_of(persons: str, articles: ArticleStore) -> Iterator[str]:
    """The bylines that hold the person, or one of those joined by 、, as stored."""
    wanted = persons.split("、")
    for stored, folded in articles.values("byline").items():
        if any(one in folded for one in wanted) and not set(wanted).isdisjoint(persons_of(folded)):
            yield stored
