"""Statements with the words they rest on, and the answer text they make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.index.articles import article_version
from retrieval.types import Citation, Evidence

_MARK_LIKE = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or line of an answer, without marks, and what supports it."""

    text: str
    evidence: tuple[Evidence, ...]


def compose(statements: Sequence[Statement]) -> tuple[str, tuple[Citation, ...]]:
    """The answer, a statement a line with its marks, and the citations by their numbers."""
    numbers: dict[tuple[str, str, int, int], int] = {}
    citations: list[Citation] = []
    lines: list[str] = []
    for statement in statements:
        marks: list[str] = []
        for evidence in statement.evidence:
            key = (evidence.article.id, evidence.field, evidence.start, evidence.end)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                citations.append(_cite(numbers[key], evidence))
            if (mark := f"[{numbers[key]}]") not in marks:
                marks.append(mark)
        lines.append(without_marks(statement.text) + "".join(marks))
    return "\n".join(lines), tuple(citations)


def without_marks(text: str) -> str:
    """One line of text in which nothing can be taken for a mark: [3] becomes ［3］."""
    return " ".join(_MARK_LIKE.sub(r"［\1］", text).split())


def _cite(number: int, evidence: Evidence) -> Citation:
    article = evidence.article
    return Citation(
        number=number,
        article_id=article.id,
        title=article.title,
        byline=article.byline,
        date=article.date,
        source=article.source,
        field=evidence.field,
        start=evidence.start,
        end=evidence.end,
        quote=evidence.quote,
        url=article.url,
        version=article_version(article),
    )
