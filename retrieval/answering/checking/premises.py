"""What a claim denies of its question: that need not stand in the passages."""

import re
from dataclasses import dataclass
from decimal import Decimal

from retrieval.answering.checking.things import Kind, Thing, find_things
from retrieval.folding import canonical, figure_values
from retrieval.types import Span
from retrieval.words import content_words, placed_words

_DENIAL = re.compile(
    "(?:而?(?:不是|并不是|并非|而非|绝非|不为|非)"
    "|(?:(?:报道|文章|文中|原文|资料|材料|其中)?[里中]?并?(?:没有?|未)(?:说|提到|提及|写|称|表示|说到)(?:过|的是|是)?))"
    "[^,;。!?]{1,40}"
)
_ENGLISH_DENIAL = re.compile(
    r"(?:,? ?\b(?:and|but)\b)?,?\s*\b"
    r"(?:not|rather than|instead of|do(?:es)? not (?:say|mention)|no mention of)\b\s[^,;.!?]{1,60}"
)


@dataclass(frozen=True, slots=True)
class Denials:
    """What a claim denies of its question."""

    rest: str
    """The claim without it."""
    figures: frozenset[Decimal]
    names: tuple[str, ...]

    def is_said(self, quote: str) -> bool:
        """Whether a passage's words do say what is denied."""
        text = canonical(quote).text
        return not self.figures.isdisjoint(figure_values(text)) or any(
            name in text for name in self.names
        )


def read_denials(claim: str, question: str) -> Denials:
    """What a claim denies of the question; it counts where its things stand in the question."""
    if not question:
        return Denials(claim, frozenset(), ())
    asked = canonical(question).text
    read = canonical(claim)
    removed: list[Span] = []
    things: list[Thing] = []
    for pattern in (_DENIAL, _ENGLISH_DENIAL):
        for match in pattern.finditer(read.text):
            if _is_asked(match[0], asked):
                removed.append(read.original(match.start(), match.end()))
                things += find_things(match[0], placed_words(match[0]), None)
    rest = claim
    for span in sorted(removed, key=lambda span: -span.start):
        rest = rest[: span.start] + rest[span.end :]
    figures = frozenset(one.value for one in things if one.kind is Kind.FIGURE)
    names = tuple(one.text for one in things if one.kind in (Kind.PERSON, Kind.TERM))
    return Denials(rest.lstrip("，,；;。 ") if removed else claim, figures, names)


def _is_asked(denied: str, asked: str) -> bool:
    things = find_things(denied, placed_words(denied), None)
    theirs = {one.value for one in find_things(asked, placed_words(asked), None) if one.value}
    for thing in things:
        if thing.kind is Kind.FIGURE and thing.value not in theirs:
            return False
        if thing.kind is Kind.CODE and thing.text.isalpha():
            continue
        if thing.kind is not Kind.FIGURE and thing.text not in asked:
            return False
    if not things:
        return False
    words = [one for one in content_words(denied) if not one.isdigit()]
    return sum(word in asked for word in words) >= len(words) / 2 - 1
