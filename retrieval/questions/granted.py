"""What a question takes for granted: its persons, places, numbers and days."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from retrieval.folding import DateSpan, Figure, figure_values, find_dates, find_figures
from retrieval.questions.joined import NAMES, question_words
from retrieval.questions.question import Asked
from retrieval.words import PERSON_TAGS, SURNAMES, placed_words

Figured = Decimal | tuple[Decimal, str]
"""A number, or one with its unit."""

_LONGEST_PERSON = 3
_LARGE = 9
"""Numbers up to it stand everywhere: they count only together with what they count."""

_ARTICLES = "一两"
_OF_THE_ANSWER = re.compile("(?:[哪前]|分之)$")
"""Before a number that the answer need not repeat: 哪两个, 前三名."""

_UNIT = re.compile(
    "[余多来几]?(号[\u4e00-\u9fff]?|分钟|小时|个月|"
    "[期届级路环班版栋幢楼层名位人口支辆台座所户份本张篇只批队间次场回遍倍成岁元块秒天周米吨斤亩度])"
)
_SAME_UNIT = {"层": "楼", "位": "名"}
_PLACE = re.compile("[^的]{2,}[省市县镇乡村州](?<!地区)|[^的]{2,}(?:社区|街道|小区|小学|中学)")
_AREAS = frozenset({"社区", "街道", "小区", "小学", "中学"})
_OF_AREAS = NAMES | {"n", "s", "f", "b"}
_CODE = re.compile(r"(?<![a-z\d.-])[a-z]{1,3}-?\d{1,5}(?![a-z\d])")
_HYPHEN = re.compile(r"(?<=[a-z])[\s-](?=\d)")
_OPEN = re.compile("以来|以前|之前|以后|之后|至今|起|前后|左右")
_VAGUE = re.compile("最?近|日前|recent")
_ABOUT_ONESELF = re.compile("我(?!国|们?[市县区镇村省])|俺|咱")
_CLAUSE = re.compile("[^,。;!?]+")


@dataclass(frozen=True, slots=True)
class Granted:
    """All folded. `periods`: every time the question names; `dates`: those it names in figures."""

    persons: tuple[str, ...]
    names: tuple[str, ...]
    """Places and the like, by their whole names, and codes such as g122."""
    figures: frozenset[Decimal]
    counts: frozenset[tuple[Decimal, str]]
    """Numbers up to nine, with what they count."""
    written: frozenset[Decimal]
    """The larger numbers of its dates, such as a year."""
    periods: tuple[DateSpan, ...]
    dates: tuple[DateSpan, ...]

    def persons_missing(self, folded: str) -> bool:
        """Whether of one of the persons not even a pair of characters stands in the text."""
        return any(not any(pair in folded for pair in _pairs(one)) for one in self.persons)

    def names_missing(self, folded: str) -> bool:
        """Whether one of the names is not in the text."""
        if not self.names:
            return False
        text = _HYPHEN.sub("", folded)
        return not all(is_named(one, text) for one in self.names)

    def figures_in(self, folded: str) -> frozenset[Figured]:
        """The numbers of a text, those with a unit once more with it; none if none is granted."""
        values = figure_values(folded) if self.figures or self.written else ()
        counts = ((one.value, unit) for one, unit in _counted(folded)) if self.counts else ()
        return frozenset((*values, *counts))

    def figures_missing(self, held: Set[Figured]) -> float:
        """1 when a number is not among these, one up to nine beside what it counts."""
        return float(not (self.figures <= held and self.counts <= held))

    def times(self, named: Sequence[DateSpan]) -> list[DateSpan]:
        """Those of the times that lie within a time the question names."""
        return [one for one in named if any(_within(one, period) for period in self.periods)]

    def period_missing(self, times: Sequence[DateSpan]) -> float:
        """Share of the times that the question names within which none of these lies."""
        return _unmet(self.periods, times)

    def dates_missing(self, times: Sequence[DateSpan]) -> float:
        """The same of those that it names in figures."""
        return _unmet(self.dates, times)


def is_named(name: str, folded: str) -> bool:
    """Whether a folded name stands in the text; 市 or 镇 at its end may be left out."""
    return name in folded or (len(name) > 2 and name[:-1] in folded)


def taken_for_granted(asked: Asked) -> Granted:
    """What the question says as if it were known."""
    folded = asked.folded
    dates = find_dates(folded, asked.at)
    asking = _asking(folded)
    figures = [
        one
        for one in find_figures(asking)
        if not any(date.start <= one.start < date.end for date in dates)
    ]
    counted = {one.start: unit for one, unit in _counted(asking)}
    return Granted(
        persons=tuple(dict.fromkeys(_persons(asking))),
        names=tuple(dict.fromkeys(_names(asking))) if asked.chinese else (),
        figures=frozenset(one.value for one in figures if one.value > _LARGE),
        counts=frozenset(
            (one.value, counted[one.start])
            for one in figures
            if one.start in counted
            and one.value <= _LARGE
            and asking[one.start] not in _ARTICLES
            and not _OF_THE_ANSWER.search(asking[: one.start])
        ),
        written=frozenset(
            one.value for one in find_figures(folded) if one.value > _LARGE and one not in figures
        ),
        periods=tuple(one for one in dates if not _VAGUE.match(folded, one.start)),
        dates=tuple(
            one
            for one in dates
            if any(character.isdigit() for character in folded[one.start : one.end])
            and not _OPEN.match(folded, one.end)
        ),
    )


def _asking(folded: str) -> str:
    """The question with blanks for what the reader tells of himself before it."""
    clauses = list(_CLAUSE.finditer(folded))
    for clause in clauses[:-1]:
        if _ABOUT_ONESELF.search(clause[0]):
            start, end = clause.span()
            folded = folded[:start] + " " * (end - start) + folded[end:]
    return folded


def _persons(folded: str) -> Iterator[str]:
    """The Chinese persons; the segmenter parts some after the surname: 赵 长河."""
    words = placed_words(folded)
    for word, follows in zip(words, [*words[1:], None], strict=True):
        text = word.text
        if word.tag not in PERSON_TAGS or text[0] not in SURNAMES:
            continue
        if len(text) == 1 and follows and follows.start == word.end and follows.tag[0] == "n":
            text += follows.text
        if 1 < len(text) <= _LONGEST_PERSON and not _PLACE.fullmatch(text):
            yield text


def _names(folded: str) -> Iterator[str]:
    words = question_words(folded)
    for word in words:
        if word.tag in NAMES and _PLACE.fullmatch(word.text):
            yield word.text
    for one, other in pairwise(words):
        named = one.tag in _OF_AREAS and len(one.text) > 1
        if named and other.text in _AREAS and one.end == other.start:
            yield one.text + other.text
    for match in _CODE.finditer(folded):
        yield match[0].replace("-", "")


def _counted(folded: str) -> Iterator[tuple[Figure, str]]:
    """The numbers of a text that stand before a unit, with that."""
    for figure in find_figures(folded):
        if unit := _UNIT.match(folded, figure.end):
            yield figure, _SAME_UNIT.get(unit[1], unit[1])


def _pairs(name: str) -> Iterator[str]:
    return (name[at : at + 2] for at in range(len(name) - 1))


def _unmet(periods: Sequence[DateSpan], times: Sequence[DateSpan]) -> float:
    if not periods:
        return 0.0
    met = (any(_within(one, period) for one in times) for period in periods)
    return 1 - sum(met) / len(periods)


def _within(one: DateSpan, period: DateSpan) -> bool:
    return period.first <= one.first and one.last <= period.last
