"""What an answer was worth, and figures on many of them. Pure functions, no files, no model."""

import enum
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from retrieval.evaluation.sets import Groups, Question
from retrieval.folding import fold
from retrieval.types import Answer, Article

DEPTH = 10
"""So many articles of a ranking are looked at."""

STAGES = ("retrieve", "write", "check", "total")
_LONG_ANSWER = 20
"""From so many characters on an accepted answer is free text, which nobody writes twice alike."""

_ENOUGH_OF_IT = 0.8
_MARK = re.compile(r"\[\d+\]")


class Failure(enum.StrEnum):
    """Why a question failed: the first step of its way that went wrong."""

    NOT_FOUND = "retrieved nothing"
    REFUSED = "wrongly refused"
    NOT_FIRST = "right article not first"
    NOT_CHOSEN = "sentence not chosen"
    ANSWERED = "wrongly answered"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question and what came back."""

    question: Question
    answer: Answer
    relevant: frozenset[str]
    """Ids of the articles that answer, as far as they are in the collection."""
    titles: dict[str, str]
    """By id, of the articles found."""
    missed: Article | None = None
    """One that answers, where none of those found does."""
    verbatim: int = 0
    """Citations whose quote is what the stored article holds at that place."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one answer was worth. None: the question does not ask for this."""

    ranking: tuple[str, ...]
    """Ids of the articles of the passages, in their order, each once."""
    rank: int | None
    """Of the first article that answers, from 1; None where it is not among the first ten."""
    ndcg: float | None
    found: bool | None
    """Whether the answer holds what was asked for, or nearly all of a long accepted answer."""
    contained: bool | None
    """The same, word for word."""
    overlap: float | None
    """F1 of the characters of the answer and of an accepted one."""
    length: int | None
    """Characters of an answer without its marks; None where refused."""
    cites_positive: bool | None
    """Whether the first citation is of an article that answers."""
    groups_found: bool | None
    """Whether every group of articles has one among the first ten."""
    wrong_first: bool | None
    """Whether an article with a false statement comes before all that answer."""
    fake_given: bool | None
    """Whether the answer holds the false statement."""
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """How well the confidence tells answerable from unanswerable questions, at any threshold."""

    auc: float
    """How often an answerable question has the higher confidence of two; ties count half."""
    refused_at_5: float
    """Share of the unanswerable refused when at most 5 % of the answerable are."""
    refused_at_10: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures on a set of questions: shares from 0 to 1, None where nothing of the kind was asked.

    `hit` and `ndcg` are over questions with known articles that make sense alone (`ranked`),
    `answer_found` over all answerable ones, a refusal counting as not found.
    """

    answerable: int
    unanswerable: int
    ranked: int
    without_article: int
    """Answerable questions none of whose articles is in the collection; they count as missed."""
    hit_at_1: float | None
    hit_at_5: float | None
    hit_at_10: float | None
    ndcg_at_10: float | None
    mrr: float | None
    answer_found: float | None
    answer_contained: float | None
    answer_overlap: float | None
    answer_length: float | None
    """Mean characters of the answers given, without marks."""
    cites_positive: float | None
    """Of the answers given to answerable questions."""
    verbatim: float | None
    """Of all citations."""
    wrongly_refused: float | None
    rightly_refused: float | None
    groups_in_ten: float | None
    wrong_article_first: float | None
    fake_answer_given: float | None
    refusals: Refusals | None
    failures: dict[str, int]
    milliseconds: dict[str, Percentiles]


def judge(outcome: Outcome) -> Verdict:
    """What the answer was worth."""
    question, answer, relevant = outcome.question, outcome.answer, outcome.relevant
    ranking = tuple(dict.fromkeys(passage.chunk.article_id for passage in answer.passages))[:DEPTH]
    text = without_marks(answer.text)
    given = None if answer.refused else text
    answerable = question.is_answerable
    rank = first_rank(ranking, relevant)
    searched = answerable and (bool(question.positive) or question.headline is not None)
    contained = given is not None and holds(given, question.answers)
    found = contained or (given is not None and holds_most(given, question.answers))
    return Verdict(
        ranking=ranking,
        rank=rank,
        ndcg=ndcg(ranking, relevant) if searched else None,
        found=found if answerable else None,
        contained=contained if answerable else None,
        overlap=overlap_f1(given or "", question.answers) if question.answers else None,
        length=None if given is None else len(given),
        cites_positive=_cites(answer, relevant) if answerable and given is not None else None,
        groups_found=_groups_found(ranking, question),
        wrong_first=_wrong_first(ranking, rank, question),
        fake_given=_fake_given(given, question),
        failure=_failure(answer.refused, answerable, searched, rank, found),
    )


def summarise(outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]) -> Summary:
    """Figures on outcomes and their verdicts, which stand in the same order."""
    pairs = list(zip(outcomes, verdicts, strict=True))
    answerable = [pair for pair in pairs if pair[0].question.is_answerable]
    unanswerable = [pair for pair in pairs if not pair[0].question.is_answerable]
    ranked = [
        verdict
        for outcome, verdict in answerable
        if verdict.ndcg is not None and not outcome.question.needs_context
    ]
    citations = sum(len(outcome.answer.citations) for outcome in outcomes)
    return Summary(
        answerable=len(answerable),
        unanswerable=len(unanswerable),
        ranked=len(ranked),
        without_article=sum(
            verdict.ndcg is not None and not outcome.relevant for outcome, verdict in answerable
        ),
        hit_at_1=_mean(_is_hit(one, 1) for one in ranked),
        hit_at_5=_mean(_is_hit(one, 5) for one in ranked),
        hit_at_10=_mean(_is_hit(one, DEPTH) for one in ranked),
        ndcg_at_10=_mean(one.ndcg for one in ranked),
        mrr=_mean(1 / one.rank if one.rank else 0.0 for one in ranked),
        answer_found=_mean(verdict.found for verdict in verdicts),
        answer_contained=_mean(verdict.contained for verdict in verdicts),
        answer_overlap=_mean(verdict.overlap for verdict in verdicts),
        answer_length=_mean(verdict.length for verdict in verdicts),
        cites_positive=_mean(verdict.cites_positive for verdict in verdicts),
        verbatim=sum(one.verbatim for one in outcomes) / citations if citations else None,
        wrongly_refused=_mean(outcome.answer.refused for outcome, _ in answerable),
        rightly_refused=_mean(outcome.answer.refused for outcome, _ in unanswerable),
        groups_in_ten=_mean(verdict.groups_found for verdict in verdicts),
        wrong_article_first=_mean(verdict.wrong_first for verdict in verdicts),
        fake_answer_given=_mean(verdict.fake_given for verdict in verdicts),
        refusals=refusals(
            [certainty(outcome.answer) for outcome, _ in answerable],
            [certainty(outcome.answer) for outcome, _ in unanswerable],
        ),
        failures=dict(Counter(one.failure.value for one in verdicts if one.failure)),
        milliseconds=_percentiles([outcome.answer for outcome in outcomes]),
    )


def without_marks(text: str) -> str:
    """An answer's text without its marks [1], [2], …"""
    return _MARK.sub("", text).strip()


def bare(text: str) -> str:
    """Folded, without white space and commas: what answers are compared by."""
    return "".join(fold(text).split()).replace(",", "")


def holds(text: str, groups: Groups) -> bool:
    """Whether a text holds one string of every group, all of them bare."""
    searched = bare(text)
    return all(any(bare(one) in searched for one in group) for group in groups)


def holds_most(text: str, groups: Groups) -> bool:
    """The same, where of an answer of 20 characters or more 80 % in their order are enough."""
    searched = bare(text)
    return all(any(_holds_most(searched, bare(one)) for one in group) for group in groups)


def _holds_most(text: str, answer: str) -> bool:
    if answer in text:
        return True
    return len(answer) >= _LONG_ANSWER and recall(text, answer) >= _ENOUGH_OF_IT


def recall(text: str, answer: str) -> float:
    """Share of an answer's characters that stand in a text in the same order, 0 to 1."""
    return longest_common_subsequence(text, answer) / len(answer) if answer else 1.0


def longest_common_subsequence(one: str, other: str) -> int:
    """Its length. Hyyrö, Bit-parallel LCS-length computation revisited, AWOCA 2004."""
    places: dict[str, int] = {}
    for index, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << index
    everything = (1 << len(one)) - 1
    row = everything
    for character in other:
        matches = row & places.get(character, 0)
        row = ((row + matches) | (row - matches)) & everything
    return len(one) - row.bit_count()


def overlap_f1(text: str, groups: Groups) -> float:
    """F1 of the characters of a text and of the nearest accepted answer, whatever their order."""
    characters = Counter(bare(text))
    accepted: Counter[str] = Counter()
    for group in groups:
        nearest: Counter[str] = Counter()
        for one in map(Counter, map(bare, group)):
            nearest = max(nearest, one, key=partial(_f1, characters))
        accepted += nearest
    return _f1(characters, accepted)


def _f1(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def first_rank(ranking: Sequence[str], relevant: frozenset[str]) -> int | None:
    """Place, from 1, of the first relevant article, None where there is none."""
    return next((rank for rank, one in enumerate(ranking, start=1) if one in relevant), None)


def ndcg(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """Binary relevance over the first ten; the ideal has all relevant ones, at most ten, first.

    Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002.
    """
    gain = sum(
        1 / math.log2(rank + 1)
        for rank, one in enumerate(ranking[:DEPTH], start=1)
        if one in relevant
    )
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(relevant)) + 1))
    return gain / ideal if ideal else 0.0


def certainty(answer: Answer) -> float:
    """The confidence; where there is none, because a field answered, 1, or 0 where refused."""
    if answer.confidence is not None:
        return answer.confidence
    return 0.0 if answer.refused else 1.0


def refusals(answerable: Sequence[float], unanswerable: Sequence[float]) -> Refusals | None:
    """Of the confidences of both kinds; None unless there are both."""
    if not answerable or not unanswerable:
        return None
    return Refusals(
        auc=area(answerable, unanswerable),
        refused_at_5=refused_at(answerable, unanswerable, 0.05),
        refused_at_10=refused_at(answerable, unanswerable, 0.10),
    )


def area(answerable: Sequence[float], unanswerable: Sequence[float]) -> float:
    """Area under the curve of refusals: how often the answerable one has more confidence."""
    low = np.sort(np.asarray(unanswerable))
    below = np.searchsorted(low, answerable, side="left")
    not_above = np.searchsorted(low, answerable, side="right")
    return float((below + not_above).mean() / 2 / len(low))


def refused_at(answerable: Sequence[float], unanswerable: Sequence[float], wrongly: float) -> float:
    """Share of the unanswerable below the highest threshold that refuses that few answerable."""
    allowed = math.floor(wrongly * len(answerable) + 1e-9)
    threshold = sorted(answerable)[allowed] if allowed < len(answerable) else math.inf
    return sum(one < threshold for one in unanswerable) / len(unanswerable)


def refusal_curve(
    answerable: Sequence[float], unanswerable: Sequence[float]
) -> list[tuple[float, float, float]]:
    """Each threshold, rising, with what it refuses of both: what is below it."""
    thresholds = [*sorted({*answerable, *unanswerable}), math.inf]
    low, high = np.sort(np.asarray(answerable)), np.sort(np.asarray(unanswerable))
    return [
        (
            threshold,
            float(np.searchsorted(low, threshold) / len(low)) if len(low) else 0.0,
            float(np.searchsorted(high, threshold) / len(high)) if len(high) else 0.0,
        )
        for threshold in thresholds
    ]


def _cites(answer: Answer, relevant: frozenset[str]) -> bool:
    return bool(answer.citations) and answer.citations[0].article_id in relevant


def _groups_found(ranking: Sequence[str], question: Question) -> bool | None:
    if not question.positive_groups:
        return None
    return all(not set(group).isdisjoint(ranking) for group in question.positive_groups)


def _wrong_first(ranking: Sequence[str], rank: int | None, question: Question) -> bool | None:
    if not question.positive_wrong:
        return None
    wrong = first_rank(ranking, frozenset(question.positive_wrong))
    return wrong is not None and (rank is None or wrong < rank)


def _fake_given(given: str | None, question: Question) -> bool | None:
    if not question.fake_answers:
        return None
    return given is not None and holds(given, (question.fake_answers,))


def _failure(
    refused: bool, answerable: bool, searched: bool, rank: int | None, found: bool
) -> Failure | None:
    if not answerable:
        return None if refused else Failure.ANSWERED
    if searched and rank is None:
        return Failure.NOT_FOUND
    if refused:
        return Failure.REFUSED
    if searched and rank != 1:
        return Failure.NOT_FIRST
    return None if found else Failure.NOT_CHOSEN


def _is_hit(verdict: Verdict, depth: int) -> bool:
    return verdict.rank is not None and verdict.rank <= depth


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _percentiles(answers: Sequence[Answer]) -> dict[str, Percentiles]:
    if not answers:
        return {}
    of: dict[str, Callable[[Answer], float]] = {
        "retrieve": lambda one: one.timings_ms.retrieve,
        "write": lambda one: one.timings_ms.write,
        "check": lambda one: one.timings_ms.check,
        "total": lambda one: one.timings_ms.total,
    }
    return {
        stage: Percentiles(
            *(float(one) for one in np.percentile([*map(of[stage], answers)], [50, 95]))
        )
        for stage in STAGES
    }
