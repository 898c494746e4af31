"""bm25/ of a generation: which words stand in which chunk."""

import datetime
import json
import logging
import math
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import numpy.typing as npt

from retrieval.errors import CollectionError, damage_of
from retrieval.words import index_words, name_words

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG

_ORDINALS = "ordinals.npy"
_WORDS = "words.npy"
_LENGTHS = "lengths.npy"
_VOCABULARY = "words.json"

Numbers = npt.NDArray[np.int32]


class KeywordWriter:
    """The words of each chunk, from which BM25 is computed anew: adding one changes all scores.

    `path` of a finished index: go on from its words, so that only new text is cut into words.
    Raises CollectionError when they cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._vocabulary: dict[str, int] = {}
        self._words: dict[int, Numbers] = {}
        if path is not None:
            try:
                self._load(path)
            except (OSError, EOFError, ValueError) as error:
                raise CollectionError(
                    f"the words of the keyword index cannot be read ({damage_of(error)}); "
                    "run `baoda reload`"
                ) from error

    def add(
        self,
        ordinals: Iterable[int],
        texts: Iterable[str],
        shared: str,
        *,
        names: Sequence[str] = (),
        written: datetime.date | None = None,
    ) -> None:
        """Add chunks with their texts; each is found by the words of `shared` too.

        Each of the folded `names` is one more word of the chunks that hold it; the cutting of the
        text stays as it is, so that chunks come out alike whichever articles came before. From
        the day it was `written`, dates such as 去年7月 are counted.
        """
        common = index_words(shared, written, names)
        for ordinal, text in zip(ordinals, texts, strict=True):
            words = index_words(text, written, names) + common
            numbers = [self._number(word) for word in words or [""]]
            self._words[ordinal] = np.asarray(numbers, dtype=np.int32)

    def remove(self, ordinals: Collection[int]) -> None:
        """Remove chunks."""
        for ordinal in ordinals:
            self._words.pop(ordinal, None)

    def save(self, folder: Path) -> None:
        """Compute the index into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        ordinals = sorted(self._words)
        lengths = np.asarray([len(self._words[one]) for one in ordinals], dtype=np.int32)
        words_in_use = np.concatenate([self._words[one] for one in ordinals])
        used = np.flatnonzero(np.bincount(words_in_use, minlength=len(self._vocabulary)))
        renumbered = np.zeros(len(self._vocabulary), dtype=np.int32)
        renumbered[used] = np.arange(len(used), dtype=np.int32)
        numbers = renumbered[words_in_use]
        by_number = list(self._vocabulary)
        words = [by_number[number] for number in used.tolist()]
        index = bm25s.BM25(method="lucene")
        index.scores = _scores(index, numbers, lengths, len(words))
        index.vocab_dict = {word: number for number, word in enumerate(words)}
        index.nonoccurrence_array = None
        index.save(folder, show_progress=False)
        np.save(folder / _ORDINALS, np.asarray(ordinals, dtype=np.int64))
        np.save(folder / _LENGTHS, lengths)
        np.save(folder / _WORDS, numbers)
        (folder / _VOCABULARY).write_text(json.dumps(words, ensure_ascii=False), "utf-8")

    def _load(self, path: Path) -> None:
        words = json.loads((path / _VOCABULARY).read_text("utf-8"))
        self._vocabulary = {word: number for number, word in enumerate(words)}
        rows = np.split(np.load(path / _WORDS), np.cumsum(np.load(path / _LENGTHS))[:-1])
        self._words = dict(zip(np.load(path / _ORDINALS).tolist(), rows, strict=True))

    def _number(self, word: str) -> int:
        return self._vocabulary.setdefault(word, len(self._vocabulary))


def _scores(index: Any, numbers: Numbers, lengths: Numbers, words: int) -> dict[str, Any]:
    """The scores by word and chunk as bm25s keeps them: a sparse matrix by columns.

    bm25s loops over the chunks, which takes a second for 20,000 of them at every reload; here it is
    one step over all. The formula is its "lucene" method: Kamphuis et al., Which BM25 do you mean?,
    ECIR 2020; a test keeps the two equal.
    """
    chunks = len(lengths)
    owners = np.repeat(np.arange(chunks, dtype=np.int64), lengths)
    pairs, counts = np.unique(numbers * np.int64(chunks) + owners, return_counts=True)
    columns, rows = np.divmod(pairs, chunks)
    holding = np.bincount(columns, minlength=words)
    rarity = np.log(1 + (chunks - holding + 0.5) / (holding + 0.5))
    norms = index.k1 * (1 - index.b + index.b * lengths / lengths.mean())
    return {
        "data": (rarity[columns] * counts / (norms[rows] + counts)).astype(index.dtype),
        "indices": rows.astype(index.int_dtype),
        "indptr": np.concatenate([[0], np.cumsum(holding)]).astype(index.int_dtype),
        "num_docs": chunks,
    }


class KeywordIndex:
    """BM25 over words; chunks by their ordinals."""

    def __init__(self, folder: Path) -> None:
        try:
            self._index = bm25s.BM25.load(folder, mmap=True, show_progress=False)
            self._ordinals = np.load(folder / _ORDINALS)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise CollectionError(
                f"the keyword index cannot be opened ({damage_of(error)}); run `baoda reload`"
            ) from error
        self.count = int(self._index.scores["num_docs"])

    def ordinals(self) -> list[int]:
        """Ordinals of all chunks, in order."""
        listed: list[int] = self._ordinals.tolist()
        return listed

    def best(
        self,
        question: str,
        limit: int,
        asked_at: datetime.date | None = None,
        *,
        among: Collection[int] | None = None,
    ) -> dict[int, float]:
        """The `limit` best chunks that share a word with the question, with scores, best first.

        The day it was `asked_at` is that from which 去年7月 is counted. `among` these only, where
        given.
        """
        words = [*index_words(question, asked_at), *name_words(question)]
        words = [word for word in words if self.knows(word)]
        if not words:
            return {}
        scores = self._index.get_scores(words)
        if among is not None:
            scores = np.where(np.isin(self._ordinals, list(among)), scores, 0.0)
        order = np.argsort(-scores, kind="stable")[:limit]
        return {int(self._ordinals[row]): float(scores[row]) for row in order if scores[row] > 0}

    def knows(self, word: str) -> bool:
        """Whether any text holds the word."""
        return word in self._index.vocab_dict

    def rarity(self, word: str) -> float:
        """How rare a word is: log of texts per text that holds it; highest for unknown words."""
        number = self._index.vocab_dict.get(word)
        pointers = self._index.scores["indptr"]
        holding = 0 if number is None else int(pointers[number + 1] - pointers[number])
        return math.log((self.count + 1) / (holding + 0.5))
