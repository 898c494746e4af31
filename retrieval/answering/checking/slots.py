"""Whether a thing of a claim stands in the passages, and stands with the same words there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.answering.checking.reading import Text, Unit
from retrieval.answering.checking.things import BODIES, COUNTERS, Kind, Thing
from retrieval.answering.checking.tokens import Token
from retrieval.folding import chinese_number

_NOT_WORD = re.compile(r"\W")
_ENUMERATED = re.compile(r"[^、,。;:!?]{1,24}(?:、[^、,。;:!?]{1,24})+")
_LAST_TWO = re.compile(r"和|与|及|以及|还有")
_MOST_COUNTED = 5
"""A count as small as this may be the writer's own, of things that the passage lists."""

_FIRST = re.compile("首位|榜首|冠军|首个|首次|首创|首家|第一|头名|夺冠")
_PLACE_SUFFIX = re.compile("(?:省|市|区|县|镇|乡|村|街道)$")
_PLACE_PREFIX = re.compile(r"^[\u3400-\u9fff]{2,4}?[省市区县]")
_SPREAD = 10
"""Characters that may stand between those of an organisation's name, as in 吉林石化公司的炼油厂."""

_OTHER_CLAUSE, _COUNTED = 0.25, 2.0
"""Weights, beside those of the thing's own clause, of the claim's other words and of those right
beside a figure."""

_COUNTED_REACH = 8
"""Characters before and behind a figure that say what it counts."""

_IN_CLAUSE, _COUNTED_ELSEWHERE, _IN_SENTENCE = 1.0, 0.55, 0.5
_ELSEWHERE, _CARRIED_ON, _CARRIED, _NEAR = 0.8, 0.9, 0.6, 0.2
"""Closeness of a word to an occurrence: in its clause, in its sentence (a word that the claim has
in another clause; one that goes before a date), in the sentence behind or beside."""

_MARGIN = 1.25
_MARGINS = {
    Kind.PLACE: 1.5,
    Kind.ORGANISATION: 1.4,
    Kind.TERM: 1.25,
    Kind.DATE: 1.3,
    Kind.PERSON: 1.25,
}
"""A rival that fits so many times better, and by the lead, was swapped for the thing."""

_NAMED = frozenset({Kind.PERSON, Kind.PLACE, Kind.ORGANISATION, Kind.TERM})
_DOMINANT = 0.4
"""Weight of the words that stand nearer to a rival, where few speak for the other."""

_MINOR = 0.3
"""Share of that weight that may speak for the other date: a subject is said once for many."""

_NEARLY = 0.8
"""Of several places those count that fit nearly as well as the best."""

_PLAINLY = 0.25
"""Share of what a figure counts that stands with a rival and not with it: then it was swapped."""

_LEAD = 0.05

_TELLING = 1.5
"""Weight of words by which a clause of a claim can be told."""

_STOP = re.compile(r"[,。;、:!?\s“”《》()\d和与及]")


@dataclass(frozen=True, slots=True)
class Place:
    """An occurrence of a thing in a unit of the passages."""

    unit: int
    thing: Thing


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well an occurrence fits: the weight of each word of the claim, and its closeness."""

    weights: Sequence[float]
    closeness: Sequence[float]
    counted: float
    """The share of what the thing counts that stands right beside the occurrence."""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        total = sum(self.weights)
        return self._sum() / total if total else 1.0

    def replaces(self, own: "_Fit", kind: Kind) -> bool:
        """Whether this one plainly has the place that the claim gives to the other."""
        margin = _MARGINS.get(kind, _MARGIN)
        if self.counted < own.counted:
            return False
        if self.counted > own.counted + _PLAINLY and self.share > own.share:
            return True
        return self.share > own.share * margin + _LEAD or self.dominates(
            own, _MINOR if kind is Kind.DATE else 0.0
        )

    def dominates(self, own: "_Fit", minor: float) -> bool:
        """Little speaks for the other, and words that weigh much for this one."""
        gains = [
            weight * (mine - theirs)
            for weight, mine, theirs in zip(
                self.weights, self.closeness, own.closeness, strict=True
            )
        ]
        ahead = sum(gain for gain in gains if gain > 0)
        behind = sum(-gain for gain in gains if gain < 0)
        return ahead >= _DOMINANT and behind <= minor * ahead

    def _sum(self) -> float:
        return sum(map(float.__mul__, self.weights, self.closeness))


def bare(text: str) -> str:
    """Without white space and punctuation."""
    return _NOT_WORD.sub("", text)


class Slots:
    """The things of some passages, and how well each fits the place it has in a claim."""

    def __init__(self, claim: Text, tokens: Sequence[Token], units: Sequence[Unit]) -> None:
        self._claim = claim
        self._tokens = tokens
        self._units = units
        self._all = "\n".join(unit.text for unit in units)
        self._bare = bare(self._all)
        self._places = [
            Place(number, thing) for number, unit in enumerate(units) for thing in unit.read.things
        ]

    def find(self, thing: Thing) -> tuple[Place, ...] | None:
        """Where it stands, the best place first, () for somewhere; None: nowhere, or swapped."""
        own = self._occurrences(thing)
        if not own:
            return self._elsewhere(thing)
        if thing.kind is Kind.CODE:
            return tuple(own)
        fits = sorted(
            ((self._fit(thing, one), one) for one in own), key=lambda pair: -pair[0].share
        )
        best, place = fits[0]
        if thing.kind is Kind.FIGURE and any(self._is_plain(thing, one) for _, one in fits):
            return tuple(own)
        for rival in self._rivals(thing):
            if thing.kind is Kind.FIGURE and self._is_counted_there(thing, place, rival):
                continue
            fit = self._fit(thing, rival)
            if thing.kind is Kind.TERM and rival.unit == place.unit:
                if fit.dominates(best, 0.0):
                    return None
            elif fit.replaces(best, thing.kind):
                return None
        return tuple(one for fit, one in fits if fit.share >= best.share * _NEARLY)

    def _occurrences(self, thing: Thing) -> list[Place]:
        if thing.kind not in _NAMED:
            return [place for place in self._places if _is_said(thing, place.thing)]
        found = []
        for number, unit in enumerate(self._units):
            at = unit.text.find(thing.text)
            while at >= 0:
                end = at + len(thing.text)
                found.append(Place(number, replace(thing, start=at, end=end)))
                at = unit.text.find(thing.text, end)
        return found

    def _elsewhere(self, thing: Thing) -> tuple[Place, ...] | None:
        if thing.kind is Kind.FIGURE:
            return () if self._is_counted(thing) else None
        if thing.kind is Kind.CODE:
            match = BODIES.fullmatch(thing.text)
            spelled = f"{chinese_number(match[1])}个?{match[2]}" if match else ""
            return () if match and re.search(spelled, self._all) else None
        if thing.kind is Kind.DATE:
            year = str(thing.first.year)
            return () if _length(thing) == "year" and year in self._all else None
        name = bare(thing.text)
        if thing.kind is Kind.PLACE:
            name = _PLACE_SUFFIX.sub("", name) if len(name) > 2 else name
        stands = name in self._bare
        if not stands and thing.kind is Kind.ORGANISATION:
            name = _PLACE_PREFIX.sub("", name)
            stands = _spread(name).search(self._all) is not None
        return self._holding(name) if stands else None

    def _holding(self, name: str) -> tuple[Place, ...]:
        for number, unit in enumerate(self._units):
            at = unit.text.find(name)
            if at >= 0:
                return (Place(number, Thing(Kind.TERM, at, at + len(name), name)),)
        return ()

    def _is_counted(self, thing: Thing) -> bool:
        """A small count of things that the passages list, or a first place said otherwise."""
        if thing.ordinal:
            return thing.value == 1 and _FIRST.search(self._all) is not None
        if thing.value == 1 and thing.unit and f"一{thing.unit}" in self._all:
            return True
        if not 2 <= thing.value <= _MOST_COUNTED or (thing.unit and thing.unit not in COUNTERS):
            return False
        if any(_rivals_in(thing, place.thing) for place in self._places):
            return False
        lists = (_items(match[0]) for match in _ENUMERATED.finditer(self._all))
        pairs = thing.value == 2 and _LAST_TWO.search(self._all) is not None
        return pairs or any(count == thing.value for count in lists)

    def _is_plain(self, thing: Thing, place: Place) -> bool:
        """Whether the clause of an occurrence has all that the figure's clause has in the claim."""
        clause = self._claim.clause(thing.start)
        said = [one for one in self._tokens if self._claim.clause(one.start) == clause]
        text = self._units[place.unit].read
        there = text.clause_text(text.clause(place.thing.start))
        return sum(one.weight for one in said) >= _TELLING and all(
            one.text in there for one in said
        )

    def _is_counted_there(self, thing: Thing, place: Place, rival: Place) -> bool:
        """Whether all that the figure counts stands behind it there, and not behind the rival."""
        behind = _behind(self._claim.text, thing)
        counted = [
            one.text for one in self._tokens if one.start >= thing.end and one.text in behind
        ]
        there, other = (_behind(self._units[one.unit].text, one.thing) for one in (place, rival))
        return (
            place.unit == rival.unit
            and bool(counted)
            and all(one in there for one in counted)
            and not all(one in other for one in counted)
        )

    def _rivals(self, thing: Thing) -> Iterator[Place]:
        for place in self._places:
            if _rivals_in(thing, place.thing) and not _is_said(thing, place.thing):
                yield place

    def _fit(self, thing: Thing, place: Place) -> "_Fit":
        """How near the claim's words stand to the occurrence, one after the other."""
        clause = self._claim.clause(thing.start)
        if all(self._claim.clause(token.start) != clause for token in self._tokens):
            clause += 1  # a date before a comma belongs to what follows
        bare_clause = not any(
            one.is_noun and self._claim.clause(one.start) == clause for one in self._tokens
        )
        counted = _counted(self._claim.text, thing)
        there = _counted(self._units[place.unit].text, place.thing) if counted else ""
        weights: list[float] = []
        shares: list[float] = []
        counts = counts_there = 0.0
        for token in self._tokens:
            if token.start < thing.end and thing.start < token.end:
                continue
            at = self._claim.clause(token.start)
            beside = at == clause or (bare_clause and at == clause - 1)
            weight = token.weight * (1.0 if beside else _OTHER_CLAUSE)
            is_counted = bool(counted) and token.text in counted
            if is_counted:
                weight *= _COUNTED
                counts += weight
                counts_there += weight * (token.text in there)
            weights.append(weight)
            shares.append(self._closeness(token.text, place, beside, there if is_counted else None))
        return _Fit(weights, shares, counts_there / counts if counts else 0.0)

    def _closeness(self, word: str, place: Place, beside: bool, counted: str | None) -> float:
        unit = self._units[place.unit]
        clause = unit.read.slots[unit.read.clause(place.thing.start)]
        if counted is not None:
            if word in counted:
                return _IN_CLAUSE
            if word in clause:
                return _COUNTED_ELSEWHERE
        elif word in clause:
            return _IN_CLAUSE
        at = unit.text.find(word)
        if 0 <= at < place.thing.start and place.thing.kind is Kind.DATE:
            return _CARRIED_ON
        if at >= 0:
            return _IN_SENTENCE if beside else _ELSEWHERE
        if self._beside(place.unit, 1, word):
            held = any(
                one.kind is place.thing.kind for one in self._units[place.unit + 1].read.things
            )
            return _NEAR if held or place.thing.kind is Kind.FIGURE else _CARRIED
        return _NEAR if self._beside(place.unit, -1, word) else 0.0

    def _beside(self, number: int, step: int, word: str) -> bool:
        if not 0 <= number + step < len(self._units):
            return False
        unit, other = self._units[number], self._units[number + step]
        return (
            unit.field == other.field == "text"
            and unit.article.id == other.article.id
            and word in other.text
        )


def _is_said(thing: Thing, other: Thing) -> bool:
    """Whether a thing of a claim is said by one of a passage."""
    if thing.kind is Kind.FIGURE:
        return (
            other.kind is Kind.FIGURE
            and _same_value(thing, other)
            and thing.ordinal == other.ordinal
            and _same_unit(thing.unit, other.unit)
            and thing.is_bounded_as(other)
        )
    if thing.kind is Kind.DATE:
        return other.kind is Kind.DATE and _same_date(thing, other)
    if thing.kind is not other.kind:
        return False
    if thing.kind in (Kind.PLACE, Kind.ORGANISATION):
        return bare(thing.text) in bare(other.text)
    return bare(thing.text) == bare(other.text)


def _rivals_in(thing: Thing, other: Thing) -> bool:
    """Whether the other could stand in the place of a thing."""
    if thing.kind is Kind.FIGURE:
        return (
            other.kind is Kind.FIGURE
            and thing.ordinal == other.ordinal
            and (thing.unit == other.unit or {thing.unit, other.unit} <= COUNTERS)
        )
    if thing.kind is Kind.DATE:
        return (
            other.kind is Kind.DATE
            and _length(thing) == _length(other)
            and (other.last < thing.first or thing.last < other.first)
        )
    if thing.kind in (Kind.PLACE, Kind.ORGANISATION):
        return (
            thing.kind is other.kind
            and thing.text[-1] == other.text[-1]
            and other.text not in thing.text
        )
    return thing.kind is other.kind


def _same_value(one: Thing, other: Thing) -> bool:
    """Equal; of hours also 6点 in the afternoon and 18点."""
    if one.unit == other.unit == "点":
        return one.value % 12 == other.value % 12
    return one.value == other.value


def _same_unit(one: str, other: str) -> bool:
    return not one or one == other or (one in COUNTERS and (not other or other in COUNTERS))


def _same_date(claimed: Thing, one: Thing) -> bool:
    """Whether a day, month or year holds an end of the other date; of a range, both ends."""
    if claimed.is_range:
        return one.first == claimed.first and one.last == claimed.last
    return any(claimed.first <= day <= claimed.last for day in (one.first, one.last))


def _length(one: Thing) -> str:
    """Of a date: whether it is a day, a month, a year or longer."""
    days = (one.last - one.first).days
    if days < 32:
        return "month" if days else "day"
    whole = (one.first.month, one.last.month, one.last.year) == (1, 12, one.first.year)
    return "year" if whole else "longer"


def _counted(text: str, thing: Thing) -> str:
    """The words right before and behind a figure, which say what it counts."""
    if thing.kind is not Kind.FIGURE:
        return ""
    behind = _behind(text, thing)
    before = text[max(0, thing.start - _COUNTED_REACH) : thing.start]
    if stops := list(_STOP.finditer(before)):
        before = before[stops[-1].end() :]
    return f"{before} {behind}"


def _behind(text: str, thing: Thing) -> str:
    """The words right behind a figure."""
    behind = text[thing.end : thing.end + _COUNTED_REACH]
    stop = _STOP.search(behind)
    return behind[: stop.start()] if stop else behind


def _spread(name: str) -> re.Pattern[str]:
    """The characters of a name in their order, with little between them."""
    between = rf"[^。;!?\n]{{0,{_SPREAD}}}?"
    return re.compile(between.join(map(re.escape, name[:24])))


def _items(listed: str) -> int:
    return listed.count("、") + 1 + bool(_LAST_TWO.search(listed.rsplit("、", 1)[1]))
