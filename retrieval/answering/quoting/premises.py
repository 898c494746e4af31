"""Questions that take for granted what is not so: what the articles say instead."""

from collections.abc import Sequence
from dataclasses import replace

from retrieval.answering.quoting.shortening import shortened
from retrieval.answering.statements import Statement
from retrieval.folding import find_figures
from retrieval.questions.question import Asked
from retrieval.ranking.ranking import Candidate, confidence

_MAX_CHARACTERS = 160
_TAKEN_FOR_GRANTED = (
    "figures_missing",
    "figures_missing_near",
    "figures_missing_here",
    "dates_missing",
    "period_missing",
    "period_missing_near",
    "period_missing_here",
)


def said_instead(asked: Asked, candidates: Sequence[Candidate], least: float) -> list[Statement]:
    """The best sentence, where it would answer if only the time or figure asked for were another.

    东城区2022年排名第几 is refused where 2024 alone is reported, with what is said of 2024. []
    where nothing is amiss but the answer. `least` is the confidence from which on one is given.
    """
    if not candidates or not find_figures(asked.folded):
        return []
    best = max(candidates, key=lambda one: one.score)
    amiss = {name: 0.0 for name in _TAKEN_FOR_GRANTED if getattr(best.features, name)}
    granted = replace(best, features=replace(best.features, **amiss), can_answer=True)
    if not amiss or confidence(asked, [granted, *candidates]) < least:
        return []
    evidence = shortened(best.evidence, asked, _MAX_CHARACTERS)
    return [Statement(evidence.quote, (evidence,))]
