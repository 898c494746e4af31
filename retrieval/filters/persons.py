"""The persons of bylines whom a question names, alone or joined: 甲、乙和丙."""

import re
from collections.abc import Iterable, Iterator

from retrieval.filters.publication import JOINED, LONGEST_PERSON, Filter, bylines_of
from retrieval.index.articles import ArticleStore
from retrieval.types import Span

_JOINING = re.compile("以及|[和与及跟、,]")


def with_those_before(
    folded: str, span: Span, persons: str, articles: ArticleStore
) -> tuple[Span, Filter]:
    """The person with those joined before: 甲、乙和丙, as far as they have bylines."""
    while joined := JOINED.search(folded, 0, span.start):
        end = joined.start()
        candidates = (
            (Span(end - length, span.end), Filter(byline=folded[end - length : end]))
            for length in range(min(LONGEST_PERSON, end), 1, -1)
        )
        found = next(known_person(candidates, articles), None)
        if found is None:
            break
        span, persons = found[0], f"{found[1].byline}、{persons}"
    return span, Filter(byline=persons)


def with_those_after(
    folded: str, span: Span, persons: str, articles: ArticleStore
) -> tuple[Span, Filter]:
    """The person with those joined after, as far as they have bylines."""
    while joined := _JOINING.match(folded, span.end):
        start = joined.end()
        candidates = (
            (Span(span.start, start + length), Filter(byline=folded[start : start + length]))
            for length in range(LONGEST_PERSON, 1, -1)
        )
        found = next(known_person(candidates, articles), None)
        if found is None:
            break
        span, persons = found[0], f"{persons}、{found[1].byline}"
    return span, Filter(byline=persons)


def known_person(
    persons: Iterable[tuple[Span, Filter]], articles: ArticleStore
) -> Iterator[tuple[Span, Filter]]:
    """The first of these persons who has a byline."""
    for span, person in persons:
        if person.byline and "、" not in person.byline and any(bylines_of(person.byline, articles)):
            yield span, person
            return
