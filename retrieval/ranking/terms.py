"""What of a question can be looked for in a text: words, names, figures, quoted terms."""

import datetime
import re
from collections.abc import Iterator, Sequence, Set
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from retrieval.folding import DateSpan, Figure, figure_values, find_dates, find_figures, fold
from retrieval.index.keywords import KeywordIndex
from retrieval.pinyin import romanised_names
from retrieval.questions.question import Asked, asked_for
from retrieval.words import (
    ASKING_WORDS,
    PERSON_TAGS,
    SURNAMES,
    content_words,
    pairs,
    search_words,
    tagged_words,
)

Rows = npt.NDArray[np.float64]
Figured = Decimal | tuple[Decimal, str]
"""A number, or one with its unit."""

_NAME_TAGS = {"nr", "nrt", "ns", "nt", "nz"}
_EVERYWHERE = {"中国", "我国", "全国", "国内", "国家", "本报"}
_QUOTED = re.compile(r"[《“「『\"]([^《》“”「」『』\"]{2,20})[》”」』\"]")
_UNHEARD = 0.5
"""What a word that no text holds is worth, unless it is a name: readers have words of their own."""

_VAGUE = re.compile("最?近|日前|recent")
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

_PARTS = 0.7
"""What all the pairs of a word are worth where the word itself is missing."""


class QuestionTerms:
    """The terms of a question with their rarity in a collection.

    Of a question in another language that is figures, and names in pinyin that the index knows.
    """

    def __init__(self, asked: Asked, keywords: KeywordIndex) -> None:
        folded = asked.folded
        self.chinese = asked.chinese
        if asked.chinese:
            words = [word for word in content_words(folded) if word not in ASKING_WORDS]
        else:
            words = [word for word in dict.fromkeys(search_words(folded)) if keywords.knows(word)]
        self.pairs = pairs(folded)
        tagged = {word for word, tag in tagged_words(folded) if tag in _NAME_TAGS and len(word) > 1}
        names = tagged - asked_for(folded) - _EVERYWHERE
        self.weights = {
            word: keywords.rarity(word)
            * (1.0 if word in names or keywords.knows(word) else _UNHEARD)
            for word in words
        }
        self.names = {
            word: weight
            for word, weight in self.weights.items()
            if word in names or not (asked.chinese or word.isdigit())
        }
        self._rarities = np.array(list(self.weights.values()))
        self._name_rarities = np.array([self.names.get(word, 0.0) for word in self.weights])
        self.persons = [
            word
            for word, tag in tagged_words(folded)
            if tag in PERSON_TAGS and word[0] in SURNAMES and 1 < len(word) <= _LONGEST_PERSON
        ]
        dates = find_dates(folded, asked.at)
        self.periods = [one for one in dates if not _VAGUE.match(folded, one.start)]
        self.figures = {figure.value for figure in find_figures(folded) if figure.value > _LARGE}
        self.counts = {
            (one.value, unit)
            for one, unit in _counted(folded)
            if one.value <= _LARGE
            and folded[one.start] not in _ARTICLES
            and not _OF_THE_ANSWER.search(folded[: one.start])
            and not any(date.start <= one.start < date.end for date in dates)
        }
        self.quoted = _QUOTED.findall(folded)

    def searchable(self, text: str) -> str:
        """A text as these terms can be looked for in it: folded, with its names in pinyin."""
        if self.chinese:
            return fold(text)
        return " ".join((fold(text), *romanised_names(text)))

    def coverage(self, found: Rows) -> Rows:
        """Share of the words, by rarity, that were found, as `find` tells; one a row."""
        return share(found, self._rarities)

    def names_missing(self, found: Rows) -> Rows:
        """Share of the names, by rarity, that were not; of one, all pairs of characters will do."""
        return share((found < _PARTS).astype(np.float64), self._name_rarities)

    def find(self, folded: str) -> list[float]:
        """For every word, in order, 1 where the text holds it; less where but pairs of it stand."""
        return [_found(word, folded) for word in self.weights]

    def figures_in(self, folded: str) -> frozenset[Figured]:
        """The numbers of a text, those with a unit once more with it; none if none is asked for."""
        values = figure_values(folded) if self.figures else ()
        counts = ((one.value, unit) for one, unit in _counted(folded)) if self.counts else ()
        return frozenset((*values, *counts))

    def figures_missing(self, held: Set[Figured]) -> float:
        """1 when a number is not among these, one up to nine beside what it counts."""
        return float(not (self.figures <= held and self.counts <= held))

    def persons_missing(self, folded: str) -> float:
        """1 when of a person not even a pair of characters stands in the text."""
        return float(any(not _found(person, folded) for person in self.persons))

    def times(self, folded: str, day: datetime.date | None) -> list[DateSpan]:
        """The times named in a text of that day that lie within a time the question names.

        A text of an unknown day is read as if it were of the question's time.
        """
        if not self.periods:
            return []
        named = find_dates(folded, day or self.periods[-1].last)
        return [one for one in named if any(_within(one, period) for period in self.periods)]

    def period_missing(self, times: Sequence[DateSpan]) -> float:
        """Share of the times that the question names within which none of these lies."""
        if not self.periods:
            return 0.0
        met = (any(_within(one, period) for one in times) for period in self.periods)
        return 1 - sum(met) / len(self.periods)

    def quoted_missing(self, folded: str) -> float:
        """Share of the quoted terms that do not."""
        if not self.quoted:
            return 0.0
        return sum(term not in folded for term in self.quoted) / len(self.quoted)


def _counted(folded: str) -> Iterator[tuple[Figure, str]]:
    """The numbers of a text that stand before a unit, with that."""
    for figure in find_figures(folded):
        if unit := _UNIT.match(folded, figure.end):
            yield figure, unit[1]


def _within(one: DateSpan, period: DateSpan) -> bool:
    return period.first <= one.first and one.last <= period.last


def share(found: Rows, weights: Rows) -> Rows:
    """Share of the weight of what was found, by rows; 0 where nothing weighs anything."""
    total = float(weights.sum())
    shares: Rows = found @ weights / total if total else np.zeros(found.shape[:-1])
    return shares


def _found(word: str, folded: str) -> float:
    """1 for a word that stands in the text, less for one of which only pairs of characters do."""
    if word in folded:
        return 1.0
    if len(word) < 3:
        return 0.0
    found = sum(word[index : index + 2] in folded for index in range(len(word) - 1))
    return _PARTS * found / (len(word) - 1)
