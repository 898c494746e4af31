"""Sentences by how well they answer, passages by their best sentence, and whether any answers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from retrieval.questions.question import Asked
from retrieval.ranking.features import Described, Features
from retrieval.ranking.weights import Weights, load_weights
from retrieval.types import Evidence, Passage, Reranker, Strictness

_OUTDONE = 5.0
"""By how much a sentence that lacks the amount or date asked for may be better than the best that
has one: what is further behind is an amount of something else."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer. Higher scores are better; their differences are log odds."""

    evidence: Evidence
    ordinal: int
    chunk_ids: tuple[str, ...]
    features: Features
    score: float
    can_answer: bool
    """Not where the article lacks a number, a date, a person, a place or all the names of the
    question, or the sentence the amount, date or name asked for."""


def rank_sentences(asked: Asked, described: Sequence[Described]) -> list[Candidate]:
    """The sentences with their scores, best first; of equal ones the first found.

    After all others come those without the number, unit or date asked for, whatever their scores.
    """
    weights = _weights(asked).order
    candidates = [
        Candidate(
            one.evidence,
            one.ordinal,
            one.chunk_ids,
            one.features,
            _weighed(weights, one.features),
            can_answer(one.features),
        )
        for one in described
    ]
    return sorted(
        candidates,
        key=lambda one: (_lacks(one.features), -one.score, one.ordinal),
    )


def rank_passages(passages: Sequence[Passage], candidates: Sequence[Candidate]) -> list[Passage]:
    """The passages by their best sentence, best first; scores relative to the first, which has 1.

    A passage none of whose sentences is a candidate comes last, with 0.
    """
    best: dict[str, float] = {}
    for candidate in candidates:
        for chunk_id in candidate.chunk_ids:
            best[chunk_id] = max(candidate.score, best.get(chunk_id, -math.inf))
    order = sorted(passages, key=lambda one: (-best.get(one.chunk.id, -math.inf), one.rank))
    top = max(best.values(), default=0.0)
    return [
        replace(one, rank=rank, score=round(math.exp(best.get(one.chunk.id, -math.inf) - top), 6))
        for rank, one in enumerate(order, start=1)
    ]


def rerank(reranker: Reranker, question: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passages in the order of a reranking model. Raises ModelUnavailableError.

    Models score by scales of their own: all that is taken of a score is the order.
    """
    scores = reranker.rerank(question, [one.chunk.text for one in passages])
    order = sorted(range(len(passages)), key=lambda at: (-scores[at], at))
    return in_this_order(passages[at] for at in order)


def in_this_order(passages: Iterable[Passage]) -> list[Passage]:
    """The passages with their places as ranks, and scores that say no more than that."""
    return [
        replace(one, rank=rank, score=round(1 / rank, 6))
        for rank, one in enumerate(passages, start=1)
    ]


def answer_features(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Of the best sentence all features, and of all sentences together the most similar.

    `candidates` come best first, at least one.
    """
    best = candidates[0].features
    named = {name: float(getattr(best, name)) for name in Features.__slots__}
    everything = [one.features for one in candidates]
    return named | {
        "best_similarity": max(one.similarity for one in everything),
        "best_passage_similarity": max(one.passage_similarity for one in everything),
        "best_run": max(one.longest_run for one in everything),
    }


def confidence(asked: Asked, candidates: Sequence[Candidate]) -> float:
    """How likely the best sentence answers, 0 to 1; 0 where none can. `candidates`: best first."""
    if not candidates or not candidates[0].can_answer:
        return 0.0
    if asked.scant and not candidates[0].features.article_coverage:
        return 0.0
    if max(one.score for one in candidates) - candidates[0].score > _OUTDONE:
        return 0.0
    weights = _weights(asked).answer
    features = answer_features(candidates) | {"bias": 1.0}
    total = sum(weight * features[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-total))


def _lacks(features: Features) -> bool:
    """Whether a sentence does not hold what is told by its form and asked for."""
    return bool(features.measure_missing or features.exact_missing)


def can_answer(features: Features) -> bool:
    """Whether the article and the sentence hold what an answer cannot do without."""
    missing = (
        features.figures_missing
        or features.persons_missing
        or features.places_missing
        or features.dates_missing
        or features.counted_missing
    )
    return not missing and not _lacks(features) and features.names_missing < 1


def least_confidence(asked: Asked, strictness: Strictness) -> float:
    """From which on an answer is given."""
    return _weights(asked).least[strictness]


def _weights(asked: Asked) -> Weights:
    return load_weights()["chinese" if asked.chinese else "other"]


def _weighed(weights: Mapping[str, float], features: Features) -> float:
    return sum(weight * float(getattr(features, name)) for name, weight in weights.items())
