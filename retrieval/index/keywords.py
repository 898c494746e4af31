"""bm25/ of a generation: which words stand in which chunk."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np

from retrieval.errors import CollectionError
from retrieval.words import index_words

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG


def build(texts: Sequence[str], folder: Path) -> None:
    """Index the words of each text, in order, into `folder`."""
    index = bm25s.BM25(method="lucene")
    index.index([index_words(text) or [""] for text in texts], show_progress=False)
    index.save(folder, show_progress=False)


class KeywordIndex:
    """BM25 over words; documents are numbered as they were given."""

    def __init__(self, folder: Path) -> None:
        try:
            self._index = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise CollectionError(
                f"the keyword index cannot be opened ({error}); run `baoda reload`"
            ) from error
        self.count = int(self._index.scores["num_docs"])

    def best(self, question: str, limit: int) -> dict[int, float]:
        """The `limit` best texts that share a word with the question, with scores, best first."""
        words = [word for word in index_words(question) if word in self._index.vocab_dict]
        if not words:
            return {}
        scores = self._index.get_scores(words)
        order = np.argsort(-scores, kind="stable")[:limit]
        return {int(number): float(scores[number]) for number in order if scores[number] > 0}

    def knows(self, word: str) -> bool:
        """Whether any text holds the word."""
        return word in self._index.vocab_dict

    def rarity(self, word: str) -> float:
        """How rare a word is: log of texts per text that holds it; highest for unknown words."""
        number = self._index.vocab_dict.get(word)
        pointers = self._index.scores["indptr"]
        holding = 0 if number is None else int(pointers[number + 1] - pointers[number])
        return math.log((self.count + 1) / (holding + 0.5))
