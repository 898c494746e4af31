"""The smallest sensible stretches of the passages that hold what a claim says."""

from collections.abc import Iterable, Sequence

from retrieval.answering.checking.reading import Unit
from retrieval.answering.checking.slots import Place
from retrieval.answering.checking.things import Thing
from retrieval.answering.checking.tokens import Token
from retrieval.answering.checking.wording import held
from retrieval.sentences import split_clauses
from retrieval.types import Evidence, Span

_THING = 1.0
"""Worth of a thing beside that of a word."""

_FIELD = 0.8
"""Of a sentence and a headline that hold as much the sentence is quoted."""

_MOST = 3
_MOST_NEEDED = 5
_GAIN = 0.22
"""A further sentence is quoted when it holds this share of the claim's words besides."""

_LONG = 160
"""Characters of a sentence from which on only its clauses are quoted."""

_LONGEST_JOINED = 240

Placed = tuple[Thing, Sequence[Place]]


def choose(tokens: Sequence[Token], placed: Sequence[Placed], units: Sequence[Unit]) -> list[int]:
    """Numbers of the units that hold the words and things together, the best first."""
    held_by = [[held(token, unit.text) for token in tokens] for unit in units]
    here = [
        {at for at, (_, places) in enumerate(placed) if any(one.unit == number for one in places)}
        for number in range(len(units))
    ]

    def worth(number: int, chosen: Sequence[int]) -> float:
        words = sum(
            token.weight * max(0.0, share - max((held_by[one][at] for one in chosen), default=0.0))
            for at, (token, share) in enumerate(zip(tokens, held_by[number], strict=True))
        )
        things = len(here[number].difference(*(here[one] for one in chosen)))
        return (words + _THING * things) * (1.0 if units[number].field == "text" else _FIELD)

    if not units:
        return []
    chosen = [max(range(len(units)), key=lambda number: worth(number, ()))]
    total = sum(token.weight for token in tokens) + _THING * len(placed)
    for at, (_, places) in enumerate(placed):
        if places and not any(at in here[one] for one in chosen) and len(chosen) < _MOST_NEEDED:
            candidates = dict.fromkeys(one.unit for one in places)
            chosen.append(max(candidates, key=lambda number: (worth(number, chosen), -number)))
    while len(chosen) < _MOST:
        gain, best = max((worth(number, chosen), -number) for number in range(len(units)))
        if gain < _GAIN * total or gain < 1:
            break
        chosen.append(-best)
    return chosen


def evidence_of(
    chosen: Iterable[int], tokens: Sequence[Token], placed: Sequence[Placed], units: Sequence[Unit]
) -> tuple[Evidence, ...]:
    """The chosen units as quotes: long sentences cut to clauses, neighbours in one."""
    spans = [(number, _cut(number, tokens, placed, units[number])) for number in chosen]
    joined: list[tuple[int, Evidence]] = []
    for number, evidence in spans:
        for at, (other, before) in enumerate(joined):
            both = _joined(units, (other, before), (number, evidence))
            if both is not None:
                joined[at] = (number, both)
                break
        else:
            joined.append((number, evidence))
    return tuple(dict.fromkeys(evidence for _, evidence in joined))


def _joined(
    units: Sequence[Unit], one: tuple[int, Evidence], other: tuple[int, Evidence]
) -> Evidence | None:
    """Two neighbouring sentences of a paragraph as one quote."""
    first, second = sorted((one, other), key=lambda pair: pair[1].start)
    if abs(one[0] - other[0]) != 1 or not first[1].field == second[1].field == "text":
        return None
    if first[1].article.id != second[1].article.id:
        return None
    between = first[1].article.text[first[1].end : second[1].start]
    whole = first[1].end == units[first[0]].end and second[1].start == units[second[0]].start
    if not whole or between.strip() or "\n" in between:
        return None
    if second[1].end - first[1].start > _LONGEST_JOINED:
        return None
    return Evidence(first[1].article, "text", first[1].start, second[1].end)


def _cut(number: int, tokens: Sequence[Token], placed: Sequence[Placed], unit: Unit) -> Evidence:
    """The run of clauses of a long sentence that holds all that it is quoted for."""
    if unit.field != "text" or unit.end - unit.start <= _LONG:
        return unit.evidence
    places = [
        (one.thing.start, one.thing.end)
        for _, found in placed
        for one in found
        if one.unit == number
    ]
    for token in tokens:
        at = unit.text.find(token.text)
        if at >= 0 and unit.text.find(token.text, at + 1) < 0:
            places.append((at, at + len(token.text)))
    if not places:
        return unit.evidence
    first = unit.read.folded.original(*min(places)).start + unit.start
    last_place = max(places, key=lambda place: place[1])
    last = unit.read.folded.original(*last_place).end + unit.start
    clauses = split_clauses(unit.article.text, Span(unit.start, unit.end))
    start = max(one.start for one in clauses if one.start <= first)
    end = min(one.end for one in clauses if one.end >= last)
    text = unit.article.text
    while end > start and text[end - 1] in " \n，,、；;：:":
        end -= 1
    return Evidence(unit.article, "text", start, end)
