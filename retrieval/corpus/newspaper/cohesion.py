"""How much paragraphs share: the rarer a word on this page, the more it says."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from retrieval.folding import fold
from retrieval.words import content_words


class Cohesion:
    """Shared words of a page's paragraphs, by their numbers."""

    def __init__(self, paragraphs: Sequence[str]) -> None:
        self._words = [
            frozenset(word for word in content_words(fold(text)) if len(word) > 1)
            for text in paragraphs
        ]
        counts = Counter(word for words in self._words for word in words)
        self._weights = {
            word: math.log(1 + len(paragraphs) / count) for word, count in counts.items()
        }

    def shared(self, some: Iterable[int], others: Iterable[int]) -> float:
        """Share, 0 to 1, of the weight of the words of `some` that `others` have too."""
        own = self._union(some)
        weight = math.fsum(map(self._weights.__getitem__, own))
        if not weight:
            return 0.0
        both = own & self._union(others)
        return math.fsum(map(self._weights.__getitem__, both)) / weight

    def _union(self, numbers: Iterable[int]) -> frozenset[str]:
        return frozenset().union(*(self._words[number] for number in numbers))
