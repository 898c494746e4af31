"""What a page is split into: articles, their parts by offset, layout and joins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.types import Span

PartField = Literal["title", "kicker", "byline", "column", "text"]


@dataclass(frozen=True, slots=True)
class Part:
    """Characters `start` to `end` of the page; in their field `before` stands in front of them."""

    field: PartField
    start: int
    end: int
    before: str = ""


@dataclass(frozen=True, slots=True)
class PageArticle:
    """One article of a page; its parts, in order, make up its fields.

    `date` (YYYY-MM-DD) and `page` are read from the page's head line, not cut from the article.
    """

    title: str
    kicker: str
    byline: str
    column: str
    text: str
    parts: tuple[Part, ...]
    date: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a broken sentence may go on, by its offset in the page."""

    start: int
    score: float


@dataclass(frozen=True, slots=True)
class Join:
    """A sentence broken off before offset `at` of the page that goes on at offset `to`.

    `to` is None where no place was good enough. `candidates` holds what was weighed, best first.
    """

    article: int
    at: int
    to: int | None
    score: float
    doubtful: bool
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Articles in the order in which they begin; parts and layout together tile the page."""

    articles: tuple[PageArticle, ...]
    layout: tuple[Span, ...]
    joins: tuple[Join, ...] = ()


def make_article(page: str, parts: Sequence[Part], *, date: str, number: str) -> PageArticle:
    """The article whose fields are cut from `page`."""
    fields: dict[str, list[str]] = {}
    for part in parts:
        pieces = fields.setdefault(part.field, [])
        pieces += [part.before if pieces else "", page[part.start : part.end]]
    values = {name: "".join(pieces) for name, pieces in fields.items()}
    return PageArticle(
        title=values.get("title", ""),
        kicker=values.get("kicker", ""),
        byline=values.get("byline", ""),
        column=values.get("column", ""),
        text=values.get("text", ""),
        parts=tuple(parts),
        date=date,
        page=number,
    )


def make_page(text: str, articles: Sequence[PageArticle], joins: Sequence[Join]) -> Page:
    """The page with everything as layout that is in no article."""
    parts = sorted((part.start, part.end) for article in articles for part in article.parts)
    layout: list[Span] = []
    end = 0
    for start, next_end in (*parts, (len(text), len(text))):
        if start > end:
            layout.append(Span(end, start))
        end = max(end, next_end)
    return Page(tuple(articles), tuple(layout), tuple(joins))


def is_intact(text: str, page: Page, marks: Sequence[Span]) -> bool:
    """Whether every character that is neither white space nor in `marks` is in one part, once."""
    spans = [Span(part.start, part.end) for article in page.articles for part in article.parts]
    taken = bytearray(len(text))
    for span in (*spans, *marks):
        if not 0 <= span.start < span.end <= len(text):
            return False
        if any(taken[span.start : span.end]):
            return False
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    return all(text[gap.start : gap.end].isspace() for gap in _gaps(taken))


def _gaps(taken: bytearray) -> Iterator[Span]:
    start = taken.find(0)
    while start >= 0:
        end = taken.find(1, start)
        yield Span(start, end if end >= 0 else len(taken))
        start = taken.find(0, end) if end >= 0 else -1


Choices = Mapping[int, int | None]
"""For offsets where a sentence breaks off, where it goes on; None: nowhere on this page."""
