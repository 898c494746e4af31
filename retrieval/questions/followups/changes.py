"""那吉林石化呢?: the last question with one element of it changed."""

import re
from collections.abc import Sequence

from retrieval.questions.followups.antecedents import Antecedents, persons
from retrieval.questions.followups.reading import Reading, is_noun, is_time, read, runs
from retrieval.questions.followups.vocabulary import (
    DATE,
    FUNCTIONAL,
    GENERIC,
    ORGANISATION_ENDS,
    RELATIONAL,
)
from retrieval.questions.joined import NAMES
from retrieval.types import Span
from retrieval.words import Word

_CHANGE = re.compile(r"(.{1,30}?)(?:的)?呢\s*[?。!]*")
_CHANGE_ANNOUNCED = re.compile(r"(.{1,30}?)(?:的)?(?:呢|又?怎么样|又?如何|\s*[?])\s*[?。!]*")
"""Behind words such as 那么."""
_YEAR_ALONE = re.compile(rf"({DATE.pattern})\s*[?]+")
_MEASURE_ENDS = ("率", "额", "量", "数", "利润", "收入", "营收", "价", "费")
_PLACES = frozenset({"ns"})
_SAYS = frozenset(
    "能 会 要 可以 有 是 不 没 没有 应该 能不能 会不会 要不要 可不可以 可不可 该不该".split()
)
"""With one of these it is a sentence, not an element."""


def changed_element(reading: Reading, start: int) -> str:
    """What a question puts in place of an element of the last one, as written; "" if it does not.

    `start`: where the question begins behind words such as 那么, in folded characters.
    """
    folded = reading.folded.text
    form = _CHANGE_ANNOUNCED if start else _CHANGE
    match = form.fullmatch(folded, start) or _YEAR_ALONE.fullmatch(folded, start)
    if match is None:
        return ""
    words = [one for one in reading.words if match.start(1) <= one.start < match.end(1)]
    inside = read(reading.cut(match.start(1), match.end(1)))
    if not words or inside.asking or words[0].tag == "r":
        return ""
    if all(one.text in FUNCTIONAL or one.tag in {"y", "d", "a"} for one in words):
        return ""
    return "" if any(one.text in _SAYS or one.tag in {"p", "d"} for one in words) else inside.text


def changed(element: str, known: Antecedents) -> str:
    """The last question with this element in place of the one of its kind."""
    new, base = read(element), known.question
    if span := _date(base, new) or _person(base, new) or _place(base, new):
        return _with(base, span, element)
    if DATE.fullmatch(new.folded.text):
        return element + base.text
    if span := _alike(base, new):
        return _with(base, span, element)
    named = any(word.tag in NAMES for word in new.words)
    relational = _is_relational(new.words) and not _acts(new)
    if relational and not _asks_relational(base, known.subject):
        return f"{known.topic}的{element}?"
    if not named and (span := _counted(base)):
        return _with(base, span, element)
    if (named or _is_organisation(new)) and (span := _named_run(base)):
        return _with(base, span, element)
    if not named and (span := _owned(base, new, known.subject)):
        return _with(base, span, element)
    if _acts(new) and known.subject and (asking := base.asking):
        return f"{known.subject}{element}{base.cut(asking.start, len(base.folded.text))}"
    if span := _written_at(base, known.subject):
        return _with(base, span, element)
    return element + _asked(base)


def _with(base: Reading, span: Span, element: str) -> str:
    end = len(base.folded.text)
    return base.cut(0, span.start) + element + base.cut(span.end, end)


def _date(base: Reading, new: Reading) -> Span | None:
    if not DATE.fullmatch(new.folded.text):
        return None
    match = DATE.search(base.folded.text)
    return Span(*match.span()) if match else None


def _person(base: Reading, new: Reading) -> Span | None:
    known = persons(base)
    if persons(new) != [new.text] or not known:
        return None
    return _written_at(base, known[0])


def _place(base: Reading, new: Reading) -> Span | None:
    """The places that stand together in the last question, where the new element is one only."""
    if not new.words or not all(word.tag in _PLACES for word in new.words):
        return None
    words = base.words
    start = next((at for at, word in enumerate(words) if word.tag in _PLACES), None)
    if start is None:
        return None
    end = start
    while end < len(words) and words[end].tag in _PLACES:
        end += 1
    return Span(words[start].start, words[end - 1].end)


def _alike(base: Reading, new: Reading) -> Span | None:
    """What ends in the same word, or in the same character where both are one word."""
    last = new.words[-1].text
    for span in runs(base):
        words = base.words[span.start : span.end]
        if words[-1].text == last and len(last) > 1 and len(new.words) > 1:
            return Span(words[0].start, words[-1].end)
        alone = len(words) == 1 or words[-2].tag in _PLACES
        one_word = alone and len(new.words) == 1 and 1 < len(last) <= len(words[-1].text) + 1
        if one_word and len(words[-1].text) > 1 and words[-1].text[-1] == last[-1]:
            return Span(words[-1].start, words[-1].end)
    return None


def _is_organisation(new: Reading) -> bool:
    return new.folded.text.endswith(ORGANISATION_ENDS)


def _named_run(base: Reading) -> Span | None:
    """The first name of the last question with the nouns that belong to it."""
    for span in runs(base):
        words = base.words[span.start : span.end]
        named = any(word.tag in NAMES and len(word.text) > 1 for word in words)
        if named or words[-1].text.endswith(ORGANISATION_ENDS):
            return _of(_without_times(words))
    return None


def _without_times(words: Sequence[Word]) -> Sequence[Word]:
    """The words before the first time among them: 贵州茅台 of 贵州茅台2022年."""
    end = next((at for at, word in enumerate(words) if at and is_time(word)), len(words))
    return words[:end]


def _of(words: Sequence[Word]) -> Span:
    return Span(words[0].start, words[-1].end)


def _counted(base: Reading) -> Span | None:
    """The noun behind the words that ask: 责任区 in 多少个党员责任区."""
    if base.asking is None:
        return None
    for span in runs(base):
        words = base.words[span.start : span.end]
        behind = base.folded.text[base.asking.end : words[0].start]
        if words[0].start >= base.asking.end and not behind.strip("个名家位项对支"):
            return None if words[0].text in GENERIC | FUNCTIONAL else _of(words)
    return None


def _owned(base: Reading, new: Reading, subject: str) -> Span | None:
    """What belongs to a name at the end of the subject: 党组织 in 东城区党组织有多少个."""
    span = _written_at(base, subject)
    if span is None:
        return None
    words = [one for one in base.words if span.start <= one.start < span.end]
    of = max((at for at, word in enumerate(words) if word.text == "的"), default=-1)
    owned = words[of + 1 :]
    if of > 0 and owned:
        relational = _is_relational(owned) and not _is_relational(new.words)
        return _of(_without_times(words[:of])) if relational else _of(owned)
    named = 0
    while named < len(words) - 1 and words[named].tag in _PLACES:
        named += 1
    while named < len(words) - 1 and is_time(words[named]):
        named += 1
    return _of(words[named:]) if words and not _acts(new) else None


def _is_relational(words: Sequence[Word]) -> bool:
    text = "".join(word.text for word in words)
    return text in RELATIONAL or text.endswith(_MEASURE_ENDS) or words[-1].text in RELATIONAL


def _asks_relational(base: Reading, subject: str) -> bool:
    """Whether the last question asked for something of its kind: 起点 before 终点."""
    owned = read(subject.rpartition("的")[2]).words
    counted = _counted(base)
    words = [one for one in base.words if counted and counted.start <= one.start < counted.end]
    return any(_is_relational(one) for one in (owned, words) if one)


def _acts(new: Reading) -> bool:
    return not any(is_noun(new.words, at) for at in range(len(new.words)))


def _written_at(base: Reading, name: str) -> Span | None:
    """Where a name stands in the last question."""
    folded = read(name).folded.text
    start = base.folded.text.find(folded) if folded else -1
    return Span(start, start + len(folded)) if start >= 0 else None


def _asked(base: Reading) -> str:
    return base.cut(base.asking.start, len(base.folded.text)) if base.asking else base.text
