"""A page to read: figures, drawings, and every failure with what was found. Needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from retrieval.evaluation.highlights import Piece, excerpt, find, pieces
from retrieval.evaluation.measures import Failure, Outcome, Verdict
from retrieval.evaluation.plots import draw_all
from retrieval.types import Answer, Citation, Span

_TEMPLATE = "report.html.j2"
_REACH = 160
"""Characters shown to both sides of an answer in an article that was not found."""

Known = Mapping[tuple[str, str], str | None]
"""By set and id: why a question failed in an earlier run, None where it did not."""


@dataclass(frozen=True, slots=True)
class _Quote:
    number: int
    place: str
    is_right: bool
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class _Passage:
    rank: int
    score: float
    similarity: float
    place: str
    is_right: bool
    is_false: bool
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class _Missed:
    """An article that answers and was not found."""

    place: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class _Card:
    """What is shown of a question that failed."""

    set: str
    id: str
    question: str
    kind: str
    failure: str
    group: int
    note: str
    expected: str
    would_be: str
    refused: bool
    answer: list[Piece]
    is_found: bool
    of_model: str
    confidence: str
    rank: int | None
    quotes: list[_Quote]
    passages: list[_Passage]
    missed: _Missed | None


def render(
    *,
    heading: str,
    about: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[str]],
    outcomes: Sequence[Outcome],
    verdicts: Sequence[Verdict],
    before: Known | None,
) -> str:
    """The page as HTML, everything escaped but the drawings."""
    pairs = list(zip(outcomes, verdicts, strict=True))
    sets: dict[str, list[tuple[Outcome, Verdict]]] = {}
    for outcome, verdict in pairs:
        sets.setdefault(outcome.question.set, []).append((outcome, verdict))
    cards = [_card(outcome, verdict, before) for outcome, verdict in pairs if verdict.failure]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(_TEMPLATE).render(
        heading=heading,
        about=about,
        rows=rows,
        plots=draw_all(sets),
        cards=sorted(cards, key=lambda card: card.group),
        groups=[(index, one.value) for index, one in enumerate(Failure)],
        sets=list(sets),
        asked=len(pairs),
        mended=_mended(pairs, before or {}),
    )


def _card(outcome: Outcome, verdict: Verdict, before: Known | None) -> _Card:
    assert verdict.failure is not None
    question, answer = outcome.question, outcome.answer
    strings = [one for group in question.answers for one in group] or list(question.reference)
    return _Card(
        set=question.set,
        id=question.id,
        question=question.question,
        kind=question.kind,
        failure=verdict.failure.value,
        group=list(Failure).index(verdict.failure),
        note=_note(outcome, verdict.failure, before),
        expected="; ".join(" / ".join(group) for group in question.answers),
        would_be=" / ".join(question.reference),
        refused=answer.refused,
        answer=pieces(answer.text, find(answer.text, strings)),
        is_found=bool(verdict.found),
        of_model=_of_model(answer),
        confidence="" if answer.confidence is None else f"{answer.confidence:.3f}",
        rank=verdict.rank,
        quotes=[_quote(one, outcome, strings) for one in answer.citations],
        passages=_passages(outcome, strings),
        missed=_missed(outcome, strings),
    )


def _of_model(answer: Answer) -> str:
    """What became of the chat model's answer; "" where it was not asked."""
    if not answer.model:
        return ""
    usage = answer.usage
    told = [
        f"fallback: {answer.fault}" if answer.mode == "fallback" else f"written by {answer.model}",
        f"{answer.withheld} of {answer.sentences} sentences withheld",
        f"{usage.prompt_tokens} + {usage.completion_tokens} tokens",
    ]
    return "; ".join(told)


def _note(outcome: Outcome, failure: Failure, before: Known | None) -> str:
    key = (outcome.question.set, outcome.question.id)
    if before is None or key not in before:
        return ""
    former = before[key]
    if former is None:
        return "new: this was right before"
    return "" if former == failure.value else f"before: {former}"


def _quote(citation: Citation, outcome: Outcome, strings: Sequence[str]) -> _Quote:
    return _Quote(
        number=citation.number,
        place=f"{_name(citation.article_id, citation.title)}, {citation.field} "
        f"{citation.start}-{citation.end}",
        is_right=citation.article_id in outcome.relevant,
        pieces=pieces(citation.quote, find(citation.quote, strings)),
    )


def _passages(outcome: Outcome, strings: Sequence[str]) -> list[_Passage]:
    shown = []
    for passage in outcome.answer.passages:
        chunk = passage.chunk
        quotes = [
            Span(one.start - chunk.start, one.end - chunk.start)
            for one in outcome.answer.citations
            if one.article_id == chunk.article_id and one.field == "text"
        ]
        shown.append(
            _Passage(
                rank=passage.rank,
                score=passage.score,
                similarity=passage.similarity,
                place=_name(chunk.article_id, outcome.titles.get(chunk.article_id, "")),
                is_right=chunk.article_id in outcome.relevant,
                is_false=chunk.article_id in outcome.question.positive_wrong,
                pieces=pieces(chunk.text, find(chunk.text, strings), quotes),
            )
        )
    return shown


def _missed(outcome: Outcome, strings: Sequence[str]) -> _Missed | None:
    article = outcome.missed
    if article is None:
        return None
    found = sorted(find(article.text, strings), key=lambda span: span.start)
    return _Missed(_name(article.id, article.heading), list(excerpt(article.text, found, _REACH)))


def _name(article_id: str, title: str) -> str:
    return f"{title} ({article_id})" if title else article_id


def _mended(pairs: Sequence[tuple[Outcome, Verdict]], before: Known) -> list[tuple[str, str]]:
    """Failure before and question of those that are right now."""
    mended = []
    for outcome, verdict in pairs:
        former = before.get((outcome.question.set, outcome.question.id))
        if former is not None and verdict.failure is None:
            mended.append((former, outcome.question.question))
    return mended
