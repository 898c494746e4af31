"""An answer made of the sentences that answer, as they stand."""

from collections.abc import Sequence

from retrieval.answering.evidence import Candidate
from retrieval.answering.statements import Statement
from retrieval.question import Asked

ANSWERABLE = 0.015
"""Least probability of the best sentence. One pair in a hundred was right where it was fitted."""

_MAX_SENTENCES = 3
_MAX_CHARACTERS = 160
_MAX_CHARACTERS_OF_LISTS = 320
_NEARLY_AS_GOOD = 0.3
"""A further sentence is quoted when it is at least this share as probable as the best."""

_GOES_ON = 0.05
"""The same for the sentence after the best, where more than one thing is asked for."""


def is_answerable(candidates: Sequence[Candidate]) -> bool:
    """Whether any sentence probably answers. `candidates` come best first."""
    return bool(candidates) and candidates[0].probability >= ANSWERABLE


def write(candidates: Sequence[Candidate], asked: Asked) -> list[Statement]:
    """One to three sentences in reading order, each its own evidence."""
    best = candidates[0]
    limit = _MAX_CHARACTERS_OF_LISTS if asked.many else _MAX_CHARACTERS
    chosen: list[Candidate] = []
    length = 0
    following = [one for one in candidates if asked.many and _follows(best, one)]
    for candidate in [best, *following, *candidates[1:]]:
        quote = candidate.evidence.quote
        share = candidate.probability / best.probability
        if share < (_GOES_ON if candidate in following else _NEARLY_AS_GOOD):
            continue
        if chosen and (candidate.features.fragment or length + len(quote) > limit):
            continue
        if any(quote == one.evidence.quote for one in chosen):
            continue
        chosen.append(candidate)
        length += len(quote)
        if len(chosen) == _MAX_SENTENCES:
            break
    first = best.evidence.article.id
    chosen.sort(key=lambda one: (one.evidence.article.id != first, one.ordinal))
    return [Statement(one.evidence.quote, (one.evidence,)) for one in chosen]


def _follows(one: Candidate, other: Candidate) -> bool:
    same_article = one.evidence.article.id == other.evidence.article.id
    return same_article and other.ordinal == one.ordinal + 1
