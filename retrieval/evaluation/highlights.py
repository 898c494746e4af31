"""Where accepted answers and quotes stand in a text, for a person to see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from retrieval.evaluation.measures import bare
from retrieval.folding import fold_with_origins
from retrieval.types import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is marked throughout in the same way."""

    text: str
    is_answer: bool = False
    is_quoted: bool = False


def find(text: str, strings: Iterable[str]) -> list[Span]:
    """Where any of the strings stands in the text, compared as answers are: folded and bare."""
    folded = fold_with_origins(text)
    kept = [index for index, one in enumerate(folded.text) if not one.isspace() and one != ","]
    searched = "".join(folded.text[index] for index in kept)
    spans = []
    for string in filter(None, map(bare, strings)):
        start = searched.find(string)
        while start >= 0:
            first, last = kept[start], kept[start + len(string) - 1]
            spans.append(folded.original(first, last + 1))
            start = searched.find(string, start + len(string))
    return spans


def pieces(text: str, answers: Sequence[Span], quotes: Sequence[Span] = ()) -> list[Piece]:
    """The whole text, cut where its marks begin and end."""
    is_answer, is_quoted = _covered(len(text), answers), _covered(len(text), quotes)
    marks = list(zip(is_answer, is_quoted, strict=True))
    return [
        Piece("".join(text[index] for index in run), *mark)
        for mark, run in groupby(range(len(text)), key=marks.__getitem__)
    ]


def excerpt(text: str, answers: Sequence[Span], reach: int) -> Iterator[Piece]:
    """The text around its first mark, or its beginning, `reach` characters to both sides."""
    start = max(0, answers[0].start - reach) if answers else 0
    end = min(len(text), (answers[0].end if answers else reach) + reach)
    if start:
        yield Piece("… ")
    yield from pieces(
        text[start:end], [Span(one.start - start, one.end - start) for one in answers]
    )
    if end < len(text):
        yield Piece(" …")


def _covered(length: int, spans: Sequence[Span]) -> list[bool]:
    covered = [False] * length
    for span in spans:
        for index in range(max(0, span.start), min(length, span.end)):
            covered[index] = True
    return covered
