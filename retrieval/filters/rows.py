"""Days, pages, newspapers and persons beside the words that ask for articles: 9月有哪些报道."""

import re
from collections.abc import Iterator, Sequence

from retrieval.filters.columns import columns_of
from retrieval.filters.persons import known_person, with_those_after, with_those_before
from retrieval.filters.publication import (
    ABOUT,
    JOINED,
    LONGEST_PERSON,
    NUMERAL,
    PAGE,
    VAGUE,
    Filter,
    bounded,
    dates_of,
    page_key,
    values_of,
)
from retrieval.index.articles import ArticleStore
from retrieval.questions.listings import listing_of, topic_words
from retrieval.questions.question import Asked
from retrieval.types import Span

_ANY_PAGE = re.compile(rf"{PAGE}|(?<![a-z\d第])(?:\d{{1,2}}|{NUMERAL})版")
_BOUND = re.compile("以前|之前|以后|之后")
_BETWEEN = re.compile(
    r"(?:[\s,份里上《》]|的|中|期间?|间|都|一共|总共|报纸|当天|那天|这天|是|在|由|于|发表|刊登|刊发|登|见报|采写|撰写|写"
    r"|本报|记者|通讯员|作者"
    r"|\b(?:in|on|from|of|during|for|the|by|was|were|is|are|there|that|which|have|been|did|do|you"
    r"|came|come|appeared|out|published|printed|dated)\b){0,16}"
)
"""What may stand in a row of days, newspapers and the like, and on either side of it."""

_BETWEEN_TO_END = re.compile(rf"{_BETWEEN.pattern}$")


def beside_listing(asked: Asked, articles: ArticleStore) -> Filter | None:
    """Days, page, newspaper and person in a row with the words that ask for articles.

    Where it is asked what a paper printed, nothing else may be said: 9月报道了什么.
    """
    folded = asked.folded
    listing = listing_of(folded, chinese=asked.chinese)
    if listing is None or not listing.plain:
        return None
    named = list(_named(asked, articles))
    row: dict[Span, Filter] = {}
    for words in listing.words:
        row |= _row_before(folded, words.start, named, articles)
        row |= _row_after(folded, words.end, named, articles)
    fields = [name for part in row.values() for name in values_of(part)]
    if not row or len(fields) != len(set(fields)):
        return None
    printed = listing.kind == "works" and "byline" not in fields
    if printed and topic_words(folded, (*listing.words, *row)):
        return None
    values = {name: value for part in row.values() for name, value in values_of(part).items()}
    return Filter(**values, words=tuple(row))


def _row_before(
    folded: str, at: int, named: Sequence[tuple[Span, Filter]], articles: ArticleStore
) -> dict[Span, Filter]:
    """What stands in a row up to there; nothing where the row is one of several or a topic."""
    row: dict[Span, Filter] = {}
    while True:
        gap = _BETWEEN_TO_END.search(folded, 0, at)
        earliest = gap.start() if gap else at
        persons = (
            (Span(end - length, end), Filter(byline=folded[end - length : end]))
            for end in range(at, earliest - 1, -1)
            for length in range(min(LONGEST_PERSON, end), 1, -1)
        )
        parts = [part for part in named if earliest <= part[0].end <= at]
        parts += known_person(persons, articles)
        if not parts:
            break
        span, part = max(parts, key=lambda one: one[0].end)
        if part.byline:
            span, part = with_those_before(folded, span, part.byline, articles)
        row[span] = part
        at = span.start
    if JOINED.search(folded, 0, at) or ABOUT.search(folded, 0, at):
        return {}
    return row


def _row_after(
    folded: str, at: int, named: Sequence[tuple[Span, Filter]], articles: ArticleStore
) -> dict[Span, Filter]:
    """What stands in a row from there on."""
    row: dict[Span, Filter] = {}
    while True:
        gap = _BETWEEN.match(folded, at)
        latest = gap.end() if gap else at
        persons = (
            (Span(start, start + length), Filter(byline=folded[start : start + length]))
            for start in range(at, latest + 1)
            for length in range(LONGEST_PERSON, 1, -1)
        )
        parts = [part for part in named if at <= part[0].start <= latest]
        parts += known_person(persons, articles)
        if not parts:
            return row
        span, part = min(parts, key=lambda one: one[0].start)
        if part.byline:
            span, part = with_those_after(folded, span, part.byline, articles)
        row[span] = part
        at = span.end


def _named(asked: Asked, articles: ArticleStore) -> Iterator[tuple[Span, Filter]]:
    """The days, pages, newspapers and columns of a question, wherever they stand."""
    folded = asked.folded
    yield from columns_of(asked, articles)
    for date in dates_of(asked) if articles.values("date") else []:
        if not VAGUE.fullmatch(folded, date.start, date.end):
            bound = _BOUND.match(folded, date.end)
            words = Span(date.start, bound.end() if bound else date.end)
            yield words, bounded(date, bound[0] if bound else None, words)
    for match in _ANY_PAGE.finditer(folded) if articles.values("page") else []:
        yield Span(*match.span()), Filter(page=page_key(match[0]))
    for name in sorted(set(articles.values("source").values()), key=len):
        for match in re.finditer(re.escape(name), folded) if len(name) > 1 else []:
            yield Span(*match.span()), Filter(source=name)
