"""A sentence that is too long to hold in a phone, cut around what was asked for."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.folding import fold_with_origins
from retrieval.questions.kinds import find_held
from retrieval.questions.question import Asked
from retrieval.types import Evidence, Span
from retrieval.words import content_words, pairs, placed_words

_WORTH_OF_A_THING = 3
"""A thing of the kind asked for, counted in shared pairs of characters."""

_CLOSERS = "[”’）)》」』】]*"
_LETTER = "[A-Za-z\u00c0-\u024f]"
_PLACES = (
    (re.compile(rf"[，,；;]+{_CLOSERS}"), 0.0),
    (re.compile(rf"(?:[、：:]+{_CLOSERS}|\s+)"), 0.1),
)
"""Where a sentence may be cut, the best places first, with what a cut there costs in shared pairs;
the next are tried where the pieces are still too long."""

_COST_BETWEEN_WORDS = 0.5
_UNBROKEN = re.compile(
    rf"《[^《》]*》|{_LETTER}+(?:[.'’&/_+-]?(?:{_LETTER}|\d)+)*|"
    r"[\d零〇一二两三四五六七八九十百千万亿]+(?:(?:[.:：/-]\d+)|(?:[,，]\d{3}(?!\d)))*[%余多]?[千百万亿]*"
    rf"{_LETTER}*"
)
"""Titles, Latin words and numbers."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Code points of a text that are not cut, and what it costs to cut after them."""

    start: int
    end: int
    cost: float = 0.0


def shortened(evidence: Evidence, asked: Asked, limit: int) -> Evidence:
    """The evidence, or of one longer than `limit` the run of at most `limit` that answers best.

    It is cut at commas, where clauses are too long at lesser marks and spaces, else between words;
    not through a title, a Latin word or a number, unless that alone is longer.
    """
    if evidence.end - evidence.start <= limit:
        return evidence
    text: str = getattr(evidence.article, evidence.field)
    pieces = _pieces(text, Span(evidence.start, evidence.end), limit)
    worth = _Worth.of(evidence, asked)
    runs = (
        (worth.of_run(trimmed) - cost, -trimmed.start, trimmed)
        for run, cost in _runs(pieces, limit)
        if (trimmed := _trimmed(text, run)) is not None
    )
    best = max(runs, key=lambda run: run[:2], default=None)
    if best is None:
        return replace(evidence, end=evidence.start + limit)
    return replace(evidence, start=best[2].start, end=best[2].end)


@dataclass(frozen=True, slots=True)
class _Worth:
    """Where a sentence shares words with the question, and names a thing of the kind asked for."""

    shared: Sequence[Sequence[Span]]
    """Of each pair of characters and Latin word of the question where it stands, in order."""
    things: Sequence[Span]

    @classmethod
    def of(cls, evidence: Evidence, asked: Asked) -> "_Worth":
        folded = fold_with_origins(evidence.quote)

        def placed(start: int, end: int) -> Span:
            span = folded.original(start, end)
            return Span(evidence.start + span.start, evidence.start + span.end)

        latin = [word for word in content_words(asked.folded) if word.isascii()]
        found = (re.finditer(re.escape(one), folded.text) for one in [*pairs(asked.folded), *latin])
        held = find_held(folded.text, asked.kinds, asked.folded)
        return cls(
            [[placed(*match.span()) for match in matches] for matches in found],
            [placed(start, end) for _, start, end in held],
        )

    def of_run(self, run: Span) -> float:
        """What the run holds of it; of two that hold as much the shorter is worth more."""
        shared = sum(
            at < len(spans) and spans[at].end <= run.end
            for spans in self.shared
            for at in [bisect_left(spans, run.start, key=lambda one: one.start)]
        )
        held = any(run.start <= one.start and one.end <= run.end for one in self.things)
        return shared + _WORTH_OF_A_THING * held - (run.end - run.start) / 1_000


def _runs(pieces: Sequence[_Piece], limit: int) -> Iterator[tuple[Span, float]]:
    """Runs of pieces within the limit, each with what its cuts cost.

    Between words only as much is taken as there is room for: less would be a scrap.
    """
    before = 0.0
    for at, first in enumerate(pieces):
        last = at
        while last + 1 < len(pieces) and pieces[last + 1].end - first.start <= limit:
            last += 1
        for end in range(at, last + 1):
            between_words = pieces[end].cost == _COST_BETWEEN_WORDS
            if end == last or not between_words:
                yield Span(first.start, pieces[end].end), before + pieces[end].cost
        before = first.cost


def _pieces(text: str, sentence: Span, limit: int) -> list[_Piece]:
    unbroken = {
        place
        for match in _UNBROKEN.finditer(text, sentence.start, sentence.end)
        if match.end() - match.start() <= limit
        for place in range(match.start() + 1, match.end())
    }
    pieces = [_Piece(sentence.start, sentence.end)]
    for pattern, cost in _PLACES:
        pieces = [
            part
            for piece in pieces
            for part in _cut(
                piece,
                limit,
                [one.end() for one in pattern.finditer(text, piece.start, piece.end)],
                unbroken,
                cost,
            )
        ]
    pieces = [
        part
        for piece in pieces
        for part in _cut(piece, limit, _word_ends(text, piece), unbroken, _COST_BETWEEN_WORDS)
    ]
    return [
        part
        for piece in pieces
        for part in _cut(
            piece, limit, range(piece.start, piece.end, limit), set(), _COST_BETWEEN_WORDS
        )
    ]


def _cut(
    piece: _Piece, limit: int, places: Sequence[int], unbroken: set[int], cost: float
) -> Iterator[_Piece]:
    """The piece cut at the places, where it is longer than the limit."""
    start = piece.start
    if piece.end - piece.start > limit:
        for place in places:
            if start < place < piece.end and place not in unbroken:
                yield _Piece(start, place, cost)
                start = place
    yield _Piece(start, piece.end, piece.cost)


def _word_ends(text: str, piece: _Piece) -> list[int]:
    folded = fold_with_origins(text[piece.start : piece.end])
    return [
        piece.start + folded.original(word.start, word.end).end
        for word in placed_words(folded.text)
    ]


def _trimmed(text: str, run: Span) -> Span | None:
    """Without white space around it or a comma at its end; None if nothing is left."""
    piece = text[run.start : run.end]
    start = run.start + len(piece) - len(piece.lstrip())
    kept = piece.strip().rstrip("，,、；;：:").rstrip()
    return Span(start, start + len(kept)) if kept else None
