"""What of a question can be looked for in a text: words, names, figures, quoted terms."""

import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from retrieval.folding import fold
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
_NAME_TAGS = {"nr", "nrt", "ns", "nt", "nz"}
_EVERYWHERE = {"中国", "我国", "全国", "国内", "国家", "本报"}
_QUOTED = re.compile(r"[《“「『\"]([^《》“”「」『』\"]{2,20})[》”」』\"]")
_UNHEARD = 0.5
"""What a word that no text holds is worth, unless it is a name: readers have words of their own."""

_GENERIC = "桥路河山楼站厂校店馆园湖塔"
"""Ends of two-character words that the segmenter takes for names: 新桥, 修桥."""

_PARTS = 0.7
"""What all the pairs of a word are worth where the word itself is missing."""


@lru_cache(maxsize=4_096)
def _names(text: str) -> tuple[str, ...]:
    return tuple(romanised_names(text))


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
        tagged = {word for word, tag in tagged_words(folded) if _is_name(word, tag)}
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
        self.quoted = _QUOTED.findall(folded)

    def searchable(self, text: str) -> str:
        """A text as these terms can be looked for in it: folded, with its names in pinyin."""
        if self.chinese:
            return fold(text)
        return " ".join((fold(text), *_names(text)))

    def coverage(self, found: Rows) -> Rows:
        """Share of the words, by rarity, that were found, as `find` tells; one a row."""
        return share(found, self._rarities)

    def names_missing(self, found: Rows) -> Rows:
        """Share of the names, by rarity, that were not; of one, all pairs of characters will do."""
        return share((found < _PARTS).astype(np.float64), self._name_rarities)

    def find(self, folded: str) -> list[float]:
        """For every word, in order, 1 where the text holds it; less where but pairs of it stand."""
        return [found_share(word, folded) for word in self.weights]

    def quoted_missing(self, folded: str) -> float:
        """Share of the quoted terms that do not."""
        if not self.quoted:
            return 0.0
        return sum(term not in folded for term in self.quoted) / len(self.quoted)


def _is_name(word: str, tag: str) -> bool:
    """Whether it is a proper name. Of two characters the segmenter takes much for a person."""
    if tag not in _NAME_TAGS or len(word) < 2:
        return False
    if len(word) == 2 and tag in PERSON_TAGS and word[0] not in SURNAMES:
        return False
    return len(word) > 2 or word[-1] not in _GENERIC


def share(found: Rows, weights: Rows) -> Rows:
    """Share of the weight of what was found, by rows; 0 where nothing weighs anything."""
    total = float(weights.sum())
    shares: Rows = found @ weights / total if total else np.zeros(found.shape[:-1])
    return shares


def found_share(word: str, folded: str) -> float:
    """1 for a word that stands in the text, less for one of which only pairs of characters do."""
    if word in folded:
        return 1.0
    if len(word) < 3:
        return 0.0
    found = sum(word[index : index + 2] in folded for index in range(len(word) - 1))
    return _PARTS * found / (len(word) - 1)
