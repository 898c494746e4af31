"""An answer made of the sentences that answer, as they stand."""

import math
from collections.abc import Sequence

from retrieval.answering.quoting.conflicts import (
    NEARLY_AS_GOOD,
    contradicting,
    leading,
    newest_first,
)
from retrieval.answering.quoting.shortening import shortened
from retrieval.answering.statements import Statement
from retrieval.folding import fold
from retrieval.questions.kinds import Kind, find_held
from retrieval.questions.question import Asked
from retrieval.ranking.duplicates import repeats
from retrieval.ranking.ranking import Candidate
from retrieval.types import Evidence

_MAX_SENTENCES = 3
_MAX_CHARACTERS = 160
_MAX_CHARACTERS_OF_LISTS = 320
_NEARLY_IN_ENGLISH = 0.45
"""Scores of English questions lie closer together: there are fewer words to go by."""

_OPEN = frozenset({Kind.ANY, Kind.REASON, Kind.LIST})
_GOES_ON = 0.05
"""Enough, as a share of the best, for the sentence after it where more than one thing is asked, or
none of a certain kind."""


def write(
    candidates: Sequence[Candidate], asked: Asked, *, most: int = _MAX_SENTENCES
) -> list[Statement]:
    """One to three sentences, or at `most` that many, each its own evidence, in reading order.

    Where a person, a place, a time or an amount is asked for, the one that holds it comes first,
    and others only when they name another. Nothing is said twice, and all together is no longer
    than an answer may be.
    Where reports contradict each other all are quoted; then, and where the question asks for the
    present, the newer stands first. `candidates` come best first, and the first can answer.
    """
    candidates = [one for one in candidates if one.can_answer]
    lead = leading(candidates, asked)
    rivals = contradicting(lead, candidates, asked)
    goes_on = asked.many or (asked.chinese and asked.kinds == (Kind.ANY,))
    following = [one for one in candidates if goes_on and _follows(lead, one)]
    nearly = NEARLY_AS_GOOD if asked.chinese or asked.many else _NEARLY_IN_ENGLISH
    limit = _MAX_CHARACTERS_OF_LISTS if asked.many else _MAX_CHARACTERS
    one_thing = not asked.many and not _OPEN.issuperset(asked.kinds)
    chosen: list[Candidate] = []
    named: set[str] = set()
    length = 0
    for candidate in [lead, *rivals, *following, *candidates]:
        quote = candidate.evidence.quote
        share = math.exp(candidate.score - candidates[0].score)
        if share < (_GOES_ON if candidate in following else nearly):
            continue
        too_much = candidate.features.fragment or length + len(quote) > limit
        if chosen and candidate not in rivals and too_much:
            continue
        if any(repeats(quote, one.evidence.quote) for one in chosen):
            continue
        things = _things(quote, asked)
        if chosen and one_thing and candidate not in rivals and things <= named:
            continue
        chosen.append(candidate)
        named |= things
        length += len(quote)
        if len(chosen) == most:
            break
    ordered = _ordered(chosen, lead_first=one_thing, by_day=asked.present or bool(rivals))
    allowed = rooms([len(one.evidence.quote) for one in ordered], limit)
    quoted = [
        shortened(one.evidence, asked, room) for one, room in zip(ordered, allowed, strict=True)
    ]
    return [Statement(one.quote, (one,)) for one in quoted]


def disagreeing(candidates: Sequence[Candidate], asked: Asked) -> list[Statement]:
    """What each report says, with its date, the newest first; [] unless they contradict each other.

    `candidates` come best first, and the first can answer.
    """
    candidates = [one for one in candidates if one.can_answer]
    lead = leading(candidates, asked)
    rivals = contradicting(lead, candidates, asked)
    reports = newest_first([lead, *rivals], lambda one: (one.ordinal,)) if rivals else []
    return [_dated(shortened(one.evidence, asked, _MAX_CHARACTERS)) for one in reports]


def _dated(evidence: Evidence) -> Statement:
    date = evidence.article.date
    if not date:
        return Statement(evidence.quote, (evidence,))
    of_day = Evidence(evidence.article, "date", 0, len(date))
    return Statement(f"{evidence.quote}（{date}）", (evidence, of_day))


def _things(quote: str, asked: Asked) -> set[str]:
    """What it names of the kinds asked for, folded."""
    folded = fold(quote)
    held = find_held(folded, asked.kinds, asked.folded)
    return {folded[start:end] for _, start, end in held}


def rooms(lengths: Sequence[int], limit: int) -> list[int]:
    """What each quote may take of the limit: what it needs, or its share of what others leave."""
    allowed = [0] * len(lengths)
    left = limit
    for done, at in enumerate(sorted(range(len(lengths)), key=lengths.__getitem__)):
        allowed[at] = min(lengths[at], left // (len(lengths) - done))
        left -= allowed[at]
    return allowed


def _ordered(chosen: Sequence[Candidate], *, lead_first: bool, by_day: bool) -> list[Candidate]:
    """The lead's article before the others, each in its own order; or the newest article first."""
    lead = chosen[0]

    def reading(one: Candidate) -> tuple[bool, bool, int]:
        other_article = one.evidence.article.id != lead.evidence.article.id
        return other_article, lead_first and one is not lead, one.ordinal

    return newest_first(chosen, reading) if by_day else sorted(chosen, key=reading)


def _follows(one: Candidate, other: Candidate) -> bool:
    same_article = one.evidence.article.id == other.evidence.article.id
    return same_article and other.ordinal == one.ordinal + 1
