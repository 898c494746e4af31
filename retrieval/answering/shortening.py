"""A sentence that is too long to hold in a phone, cut at its commas around what was asked for."""

from retrieval.folding import fold
from retrieval.kinds import find_held
from retrieval.question import Asked
from retrieval.sentences import split_clauses
from retrieval.types import Evidence, Span
from retrieval.words import pairs

_WORTH_OF_A_THING = 3
"""A thing of the kind asked for, counted in shared pairs of characters."""


def shortened(evidence: Evidence, asked: Asked, limit: int) -> Evidence:
    """The evidence, or of one longer than `limit` the run of clauses that answers best.

    The run is within the limit, unless a single clause is longer.
    """
    if evidence.end - evidence.start <= limit:
        return evidence
    text = evidence.article.text
    clauses = split_clauses(text, Span(evidence.start, evidence.end))
    runs = [
        Span(first.start, last.end)
        for at, first in enumerate(clauses)
        for last in clauses[at:]
        if last.end - first.start <= limit or last is first
    ]
    best = max(runs, key=lambda run: (_worth(text[run.start : run.end], asked), -run.start))
    return Evidence(evidence.article, evidence.field, *_trimmed(text, best))


def _worth(text: str, asked: Asked) -> float:
    folded = fold(text)
    shared = sum(pair in folded for pair in pairs(asked.folded))
    things = find_held(folded, asked.kinds, asked.folded)
    return shared + _WORTH_OF_A_THING * bool(things) - len(folded) / 1_000


def _trimmed(text: str, run: Span) -> tuple[int, int]:
    """Without white space around it, and without the comma it ends with."""
    piece = text[run.start : run.end]
    start = run.start + len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip().rstrip("，,、；;：:"))
