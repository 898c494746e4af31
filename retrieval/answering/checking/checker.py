"""A chat model's claims to statements, where the passages support them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import combinations

from retrieval.answering.checking import translated
from retrieval.answering.checking.attribution import Attributed, attributed
from retrieval.answering.checking.doers import misplaced
from retrieval.answering.checking.polarity import contradiction
from retrieval.answering.checking.premises import read_denials
from retrieval.answering.checking.reading import Passage, Text, Unit
from retrieval.answering.checking.roles import reversed_roles
from retrieval.answering.checking.slots import Slots, bare
from retrieval.answering.checking.source import Source
from retrieval.answering.checking.spans import Placed, choose, evidence_of
from retrieval.answering.checking.tokens import Token
from retrieval.answering.checking.unsayable import unsayable
from retrieval.answering.checking.wording import coverage, new_word, novel
from retrieval.answering.claims import Claim
from retrieval.answering.statements import Statement
from retrieval.folding import fold
from retrieval.questions.question import is_chinese
from retrieval.types import Evidence, Vectors

_LONGEST = 600
"""Characters; a longer claim is no sentence."""

_LEAST_COVERAGE = 0.65
"""Share of a claim's words that the quoted sentences must hold."""

_LEAST_OF_CLAUSE = 0.4
_WEIGHTY = 1.0
"""Weight of words from which on a clause of a claim is looked at by itself."""

_NOVEL, _NOVEL_SHARE, _MOST_NOVEL = 0.5, 0.06, 1.5
"""Weight of words that may be new, and by how much more of the weight of all; and at most.
Measured on altered and faithful sentences: a noun of two characters weighs 1, a synonym 0.4."""

_LITTLE = 2.0
"""Weight of words below which the question helps to tell what a short answer is about."""

_LEAST_SAID = 0.5
"""Weight of words below which a claim without figure and name says nothing."""

_LEAST_BESIDE = 0.34
"""Share of the words beside a thing that the sentence must hold which alone holds the thing."""

_LEAST_BESIDE_AT_HOME = 0.15
"""The same where it is a sentence of the article that holds the rest."""

_BESIDE = 1
"""Sentences between two that speak of the same."""

_BEST = 3
"""Passages of which pairs are tried, where none supports a claim alone."""

_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds a claim, or what is wrong with it."""

    evidence: tuple[Evidence, ...]
    objection: str = ""
    is_contrary: bool = False
    """The passage says the contrary: no other one is asked."""


_NOTHING_CITED = Verdict((), "cites nothing")


class Checker:
    """Checks the claims of one answer against the passages that its model was given."""

    def __init__(
        self, sources: Sequence[Source], embed: Callable[[str], Vectors], question: str = ""
    ) -> None:
        """`embed` is asked only for claims in another language than their passages.

        What a claim denies of the question need not stand in the passages.
        """
        self._passages = [Passage(source) for source in sources]
        self._embed = lru_cache(maxsize=1)(embed)
        self._question = question
        self._asked = fold(question)
        self._last: tuple[str, date | None, Text] | None = None
        for passage in self._passages:
            passage.read()

    def check(self, claim: Claim) -> Statement | None:
        """The claim with the words it rests on; None where nothing supports it.

        `claim.numbers` are the sources counted from 1; one that points nowhere is dropped. What
        they do not support is tried with the other sources.
        """
        verdict = self.verdict(claim)
        return Statement(claim.text, verdict.evidence) if verdict.evidence else None

    def verdict(self, claim: Claim) -> Verdict:
        """The evidence for a claim, or the first objection to it."""
        if len(claim.text) > _LONGEST or not _WORD.search(claim.text):
            return Verdict((), "is no sentence")
        numbers = dict.fromkeys(one for one in claim.numbers if 0 < one <= len(self._passages))
        cited = [self._passages[number - 1] for number in numbers]
        verdicts = [self._of_report(part, cited) for part in attributed(claim.text)]
        failed = next((one for one in verdicts if not one.evidence), None)
        evidence = dict.fromkeys(one for verdict in verdicts for one in verdict.evidence)
        return failed or Verdict(tuple(evidence))

    def _of_report(self, part: Attributed, cited: Sequence[Passage]) -> Verdict:
        """The verdict on a part of a claim, by the reports of the day that it names."""
        if part.day is None:
            return self._among(part.text, cited, self._passages)
        of_day = [one for one in self._passages if part.day.is_of(one.day)]
        verdict = self._among(part.text, [one for one in cited if one in of_day], of_day)
        days = (Evidence(one.article, "date", 0, len(one.article.date)) for one in verdict.evidence)
        return replace(verdict, evidence=tuple(dict.fromkeys([*verdict.evidence, *days])))

    def _among(self, claim: str, cited: Sequence[Passage], passages: Sequence[Passage]) -> Verdict:
        denial = read_denials(claim, self._question)
        text = denial.rest
        if not _WORD.search(text):
            return Verdict((), "says nothing by itself")
        verdict = self._cited(text, cited)
        if not verdict.evidence and not verdict.is_contrary:
            verdict = self._others(text, cited, passages, verdict)
        if any(denial.is_said(one.quote) for one in verdict.evidence):
            return Verdict((), "denies what the passage says", is_contrary=True)
        return verdict

    def _cited(self, text: str, cited: Sequence[Passage]) -> Verdict:
        """Each passage that supports the claim alone; where none does, all of them together."""
        verdicts = [self._judge(text, [passage]) for passage in cited]
        evidence = dict.fromkeys(one for verdict in verdicts for one in verdict.evidence)
        if evidence:
            return Verdict(tuple(evidence))
        if len(cited) > 1:
            verdicts.insert(0, self._judge(text, cited))
        return _first_contrary(verdicts) or verdicts[0] if verdicts else _NOTHING_CITED

    def _others(
        self,
        text: str,
        cited: Sequence[Passage],
        passages: Sequence[Passage],
        failed: Verdict,
    ) -> Verdict:
        """The others one by one, the likest first, then pairs of the likest of all."""
        tokens = self._read(text, None).tokens
        ranked = sorted(passages, key=lambda one: -coverage(tokens, one.text))
        for passage in ranked:
            if passage in cited:
                continue
            verdict = self._judge(text, [passage])
            if verdict.evidence or verdict.is_contrary:
                return verdict
            if failed is _NOTHING_CITED:
                failed = verdict
        for pair in combinations(ranked[:_BEST], 2):
            verdict = self._judge(text, pair)
            if verdict.evidence:
                return verdict
        return failed

    def _judge(self, claim: str, passages: Sequence[Passage]) -> Verdict:
        folded = fold(claim)
        whole = "\n".join(passage.text for passage in passages)
        if unsayable(folded, whole):
            return Verdict((), "is nothing a passage says")
        if not is_chinese(translated.without_brackets(folded)) or not is_chinese(whole):
            evidence = translated.support(claim, passages, self._embed)
            return Verdict(evidence, "" if evidence else "is not what the passage says")
        read = self._read(claim, passages[0].day)
        return _Trial(read, passages, whole, self._question, self._asked).verdict()

    def _read(self, claim: str, day: date | None) -> Text:
        """The claim in canonical spelling, kept while one claim is tried with many passages."""
        last = self._last
        if last is None or last[:2] != (claim, day):
            last = self._last = (claim, day, Text(claim, day))
        return last[2]


class _Trial:
    """A claim before some passages in its own language."""

    def __init__(
        self, read: Text, passages: Sequence[Passage], whole: str, question: str, asked: str
    ) -> None:
        """`whole` is the text of the passages, `asked` the folded question."""
        self._read = read
        self._units: list[Unit] = [unit for passage in passages for unit in passage.units]
        self._numbers = [at for at, passage in enumerate(passages) for _ in passage.units]
        self._whole = whole
        self._tokens = read.tokens
        self._asked = asked
        self._context: Sequence[Token] = self._tokens
        if question and sum(one.weight for one in self._tokens) < _LITTLE:
            context = Text(question, None).tokens
            self._context = [
                *self._tokens,
                *(Token(one.text, -1, -1, one.weight / 2, one.is_noun) for one in context),
            ]

    def verdict(self) -> Verdict:
        """The evidence, or the first objection."""
        things = self._read.things
        if not things and sum(one.weight for one in self._tokens) < _LEAST_SAID:
            return Verdict((), "says nothing")
        if copied := self._copied():
            return Verdict((copied,))
        objection = self._words_missing()
        if objection:
            return Verdict((), objection)
        slots = Slots(self._read, self._context, self._units)
        placed: list[Placed] = []
        for thing in things:
            places = slots.find(thing)
            if places is None:
                return Verdict((), f"{thing.kind.name} {thing.text} does not stand there")
            placed.append((thing, places))
        chosen = choose(self._context, placed, self._units)
        objection = self._unsupported(chosen) or self._borrowed(chosen, placed)
        if objection:
            return Verdict((), objection)
        if objection := self._contrary(chosen):
            return Verdict((), objection, is_contrary=True)
        chosen.sort(key=lambda number: self._numbers[number])
        return Verdict(evidence_of(chosen, self._tokens, placed, self._units))

    def _copied(self) -> Evidence | None:
        """The sentence or field that the claim repeats word for word."""
        words = bare(self._read.text)
        return next((unit.evidence for unit in self._units if bare(unit.text) == words), None)

    def _words_missing(self) -> str:
        new = novel(self._tokens, self._whole)
        weight = sum(token.weight for token in self._tokens)
        if new > min(_MOST_NOVEL, _NOVEL + _NOVEL_SHARE * weight):
            return f"has new words ({new:.2f})"
        if word := new_word(self._tokens, f"{self._whole}\n{self._asked}"):
            return f"has a word of its own: {word}"
        return ""

    def _unsupported(self, chosen: Sequence[int]) -> str:
        if (share := coverage(self._tokens, self._around(chosen))) < _LEAST_COVERAGE:
            return f"has too little of the passage ({share:.2f})"
        return self._loose_clause()

    def _borrowed(self, chosen: Sequence[int], placed: Sequence[Placed]) -> str:
        """A thing that only a sentence about something else holds, with none of its clause."""
        main = chosen[0] if chosen else -1
        for number in chosen[1:]:
            unit = self._units[number]
            if unit.field != "text" or self._is_beside(number, main):
                continue
            for thing, places in placed:
                units = {one.unit for one in places}
                if number not in units or units.intersection(chosen) != {number}:
                    continue
                clause = self._read.clause(thing.start)
                beside = [
                    one
                    for one in self._tokens
                    if self._read.clause(one.start) == clause
                    and not thing.start <= one.start < thing.end
                ]
                same = unit.article.id == self._units[main].article.id
                least = _LEAST_BESIDE_AT_HOME if beside and same else _LEAST_BESIDE
                if coverage(beside or self._tokens, unit.text) < least:
                    return f"{thing.text} is said of something else"
        return ""

    def _is_beside(self, number: int, other: int) -> bool:
        one, two = self._units[number], self._units[other]
        return one.article.id == two.article.id and abs(number - other) <= _BESIDE

    def _contrary(self, chosen: Sequence[int]) -> str:
        texts = [self._units[number].read for number in chosen]
        return (
            contradiction(self._read, texts)
            or reversed_roles(self._read, self._tokens, texts)
            or misplaced(self._read, texts, self._around(chosen))
        )

    def _around(self, chosen: Sequence[int]) -> str:
        near = {
            number + step
            for number in chosen
            for step in (-1, 0, 1)
            if 0 <= number + step < len(self._units)
        }
        fields = {
            number for number, unit in enumerate(self._units) if unit.field in ("title", "kicker")
        }
        return "\n".join(self._units[number].text for number in sorted(near | fields))

    def _loose_clause(self) -> str:
        clauses: dict[int, list[Token]] = {}
        for token in self._tokens:
            clauses.setdefault(self._read.clause(token.start), []).append(token)
        for tokens in clauses.values():
            if sum(one.weight for one in tokens) < _WEIGHTY:
                continue
            if (share := coverage(tokens, self._whole)) < _LEAST_OF_CLAUSE:
                return f"has a clause of its own ({share:.2f}: {tokens[0].text}…)"
        return ""


def _first_contrary(verdicts: Sequence[Verdict]) -> Verdict | None:
    return next((one for one in verdicts if one.is_contrary), None)
