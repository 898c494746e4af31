"""What readers asked and did not get: the questions that mean the same, together."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.desk.likeness import of_meaning, of_words
from bot.desk.linkage import clusters
from bot.store import Missed
from retrieval.folding import fold
from retrieval.types import NearestArticle, Vectors

MOST = 2_000
"""Questions that are looked at, the newest."""

_LEAST_LIKENESS = 0.25
_LEAST_LIKENESS_OF_WORDS = 0.1
"""Fitted on one half of the topics of `make bench-gaps`, which tells of the other."""

_EXAMPLES = 3
_ARTICLES = 3


@dataclass(frozen=True, slots=True)
class Meanings:
    """Vectors of some questions, and of BACKGROUND, by the same model."""

    questions: Vectors
    background: Vectors


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that mean the same, that which is most like all of them first."""

    questions: tuple[Missed, ...]

    @property
    def label(self) -> str:
        """The question that stands for all."""
        return self.questions[0].question

    @property
    def wordings(self) -> list[list[Missed]]:
        """The questions by their words: first those of the label, then the most usual."""
        found: dict[str, list[Missed]] = defaultdict(list)
        for one in self.questions:
            found[_bare(one.question)].append(one)
        first, *others = found.values()
        return [first, *sorted(others, key=len, reverse=True)]

    @property
    def examples(self) -> list[str]:
        """Some other wordings, the most usual first."""
        return [one[0].question for one in self.wordings[1 : 1 + _EXAMPLES]]

    @property
    def times(self) -> int:
        """How often it was asked."""
        return len(self.questions)

    @property
    def people(self) -> int:
        """How many asked; all of whom nothing is known count as one."""
        return len({one.asker_id for one in self.questions})

    @property
    def refused(self) -> int:
        """How often the articles did not say."""
        return sum(one.refused for one in self.questions)

    @property
    def fallback(self) -> int:
        """How often the chat model failed."""
        return sum(one.fallback for one in self.questions)

    @property
    def disliked(self) -> int:
        """How many thumbs went down."""
        return sum(one.disliked for one in self.questions)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why they did, the most usual first."""
        return Counter(reason for one in self.questions for reason in one.reasons).most_common()

    @property
    def first(self) -> datetime.datetime:
        """When it was asked first."""
        return min(one.asked_at for one in self.questions)

    @property
    def last(self) -> datetime.datetime:
        """When it was asked last."""
        return max(one.asked_at for one in self.questions)

    @property
    def articles(self) -> list[NearestArticle]:
        """Those that were offered or cited most often."""
        offered = [article for one in self.questions for article in one.articles]
        known = {article.article_id: article for article in offered}
        most = Counter(article.article_id for article in offered).most_common(_ARTICLES)
        return [known[article_id] for article_id, _ in most]

    @property
    def message_ids(self) -> frozenset[int]:
        """The numbers of the questions."""
        return frozenset(one.message_id for one in self.questions)


def group(missed: Sequence[Missed], meanings: Meanings | None) -> list[Gap]:
    """The questions that mean the same together; what most people asked, and most often, first.

    Without `meanings` those that share their words.
    """
    likeness = of_words([one.question for one in missed])
    least = _LEAST_LIKENESS_OF_WORDS
    if meanings is not None:
        likeness += of_meaning(meanings.questions, meanings.background)
        likeness *= np.float32(0.5)
        least = _LEAST_LIKENESS
    gaps = [
        Gap(tuple(missed[number] for number in _by_centrality(likeness, numbers)))
        for numbers in clusters(likeness.copy(), least)
    ]
    return sorted(gaps, key=lambda gap: (-gap.people, -gap.times, -gap.last.timestamp()))


def gap_of(gaps: Sequence[Gap], message_id: int) -> int | None:
    """The number of the gap that a question belongs to, None where it is in none."""
    return next((number for number, gap in enumerate(gaps) if message_id in gap.message_ids), None)


def _by_centrality(likeness: Vectors, numbers: Sequence[int]) -> list[int]:
    inside = likeness[np.ix_(numbers, numbers)].sum(axis=1).round(4)
    return [numbers[at] for at in np.argsort(-inside, kind="stable")]


def _bare(question: str) -> str:
    return "".join(filter(str.isalnum, fold(question)))
