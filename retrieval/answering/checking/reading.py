"""Claims and passages as they are compared: in one spelling, with their words and things."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from retrieval.answering.checking.source import Source
from retrieval.answering.checking.things import Thing, find_things
from retrieval.answering.checking.tokens import Token, tokens_of
from retrieval.answering.checking.unsayable import is_for_machines
from retrieval.folding import Folded, canonical, fold
from retrieval.types import Article, Evidence, Field, Span
from retrieval.words import Word, placed_words

_CLAUSE_END = re.compile("[,;。、!?\n]|:(?!\\d)|(?<=\\d)[余%]?[\u3400-\u9fff]{1,8}?(?=[和与及]\\d)")
"""Also between 10个突击队 and 12个小组."""

_FIELDS: tuple[Field, ...] = ("title", "kicker", "byline", "column", "date", "source", "page")


class Text:
    """A text in canonical spelling; all else is found out when it is first asked for."""

    def __init__(self, original: str, day: date | None) -> None:
        """`day` is the one it is of, from which its dates are counted."""
        self.folded: Folded = canonical(original, day)
        self.text = self.folded.text
        self._day = day

    @cached_property
    def words(self) -> Sequence[Word]:
        """All of its words, in order."""
        return placed_words(self.text)

    @cached_property
    def things(self) -> Sequence[Thing]:
        """Its figures, dates, names and quoted terms, in order."""
        return find_things(self.text, self.words, self._day)

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """Its words that carry meaning, in order."""
        return tokens_of(self.words, self.things)

    @cached_property
    def clause_ends(self) -> Sequence[int]:
        """Where its clauses and the items of its lists end."""
        return [match.end() for match in _CLAUSE_END.finditer(self.text)]

    def clause(self, place: int) -> int:
        """Number of the clause in which a place lies."""
        return bisect_right(self.clause_ends, place)

    @cached_property
    def slots(self) -> Sequence[str]:
        """The words of each clause; one without a noun, 比上年增长5%, with the clause before."""
        nouns = {self.clause(one.start) for one in self.tokens if one.is_noun}
        return [
            (self.clause_text(at - 1) if at and at not in nouns else "") + self.clause_text(at)
            for at in range(len(self.clause_ends) + 1)
        ]

    def clause_text(self, number: int) -> str:
        """The words of a clause."""
        ends = [0, *self.clause_ends, len(self.text)]
        return self.text[ends[number] : ends[number + 1]]


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, or a field such as the headline, of a passage."""

    article: Article
    field: Field
    start: int
    end: int
    read: Text

    @property
    def evidence(self) -> Evidence:
        """The whole of it."""
        return Evidence(self.article, self.field, self.start, self.end)

    @property
    def text(self) -> str:
        """In canonical spelling."""
        return self.read.text


class Passage:
    """A source with its sentences and fields."""

    def __init__(self, source: Source) -> None:
        article = source.article
        self.source = source
        self.day = article.day
        kept = [at for at, span in enumerate(source.sentences) if _speaks(article, span)]
        self.vectors = source.vectors[[at for at in kept if at < len(source.vectors)]]
        self.sentences = tuple(
            Unit(
                article,
                "text",
                span.start,
                span.end,
                Text(article.text[span.start : span.end], self.day),
            )
            for span in (source.sentences[at] for at in kept)
        )
        values = ((name, getattr(article, name)) for name in _FIELDS)
        self.fields = tuple(
            Unit(article, name, 0, len(value), Text(value, self.day))
            for name, value in values
            if value
        )
        self.units = (*self.sentences, *self.fields)

    def read(self) -> None:
        """Find out now what would else be found out while a reader waits."""
        for unit in self.units:
            unit.read.things, unit.read.slots  # noqa: B018

    @cached_property
    def text(self) -> str:
        """All of it in canonical spelling."""
        return "\n".join(unit.text for unit in self.units)


def _speaks(article: Article, span: Span) -> bool:
    """Whether a sentence says something, and not to machines."""
    text = article.text[span.start : span.end]
    return bool(text) and not is_for_machines(fold(text))
