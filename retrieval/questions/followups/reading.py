"""A question or an answer taken apart: its words, where it asks, the runs of nouns in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.folding import Folded, fold_with_origins
from retrieval.questions.followups.vocabulary import DATE, FUNCTIONAL, ORGANISATION_ENDS
from retrieval.questions.joined import asks, is_nominal, question_words
from retrieval.types import Span
from retrieval.words import ASKING, Word

MAX_READ = 600
"""Characters of a question or answer that are looked at."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_MARKS = re.compile(r"\s*[\[［]\s*\d+(?:\s*[,，、]\s*\d+)*\s*[\]］]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MORE = re.compile("多[大高长久远深重宽厚快少]")
_MEASURED = re.compile("几(?!乎)|多[大高长久远深重宽厚快少]")
_STATES = frozenset({"是", "为", "叫"})
_WHETHER = re.compile("(?:吗|(?<![什怎那这多要])么)[?？。.!\\s]*$|是不是|是否|有没有")
_INSIDE = re.compile("(?<=..)[里裡裏]$")
_ASPECTS = ("了", "过", "着")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text without line breaks and marks, folded, as words."""

    text: str
    folded: Folded
    words: tuple[Word, ...]

    def cut(self, start: int, end: int) -> str:
        """What is written where the folded text has `start` to `end` (exclusive)."""
        if start >= end:
            return ""
        span = self.folded.original(start, end)
        return self.text[span.start : span.end]

    def of(self, words: Sequence[Word]) -> str:
        """What is written from the first to the last of these words."""
        return self.cut(words[0].start, words[-1].end) if words else ""

    @property
    def says_whether(self) -> bool:
        """Whether it asks for yes or no."""
        return _WHETHER.search(self.folded.text) is not None

    @property
    def asking(self) -> Span | None:
        """The folded characters of the first words that ask, with what they count, if any."""
        at = next((at for at, _ in enumerate(self.words) if asks_at(self.words, at)), None)
        if at is None:
            return None
        end = at + 1
        if self.words[at].text == "多" and end < len(self.words):
            end += 1
        while end < len(self.words) and self.words[end].tag == "q":
            end += 1
        return Span(self.words[at].start, self.words[end - 1].end)


@lru_cache(maxsize=64)
def read(text: str) -> Reading:
    """The text taken apart, its beginning where it is long."""
    plain = _SURROGATE.sub("\ufffd", _MARKS.sub("", text[:MAX_READ]))
    plain = _BREAKS.sub(" ", plain).strip()
    folded = fold_with_origins(plain)
    return Reading(plain, folded, tuple(question_words(folded.text)))


def asks_at(words: Sequence[Word], at: int) -> bool:
    """Whether the word asks, alone or with the next: 几小时, 多 大."""
    word = words[at]
    if word.tag == ASKING or asks(word) or _MEASURED.match(word.text):
        return True
    if word.text == "多" and at + 1 < len(words):
        return _MORE.match(word.text + words[at + 1].text) is not None
    return False


def is_noun(words: Sequence[Word], at: int) -> bool:
    """Whether the word is part of a run of nouns: 联合 is one in 社区联合工会."""
    word = words[at]
    if asks_at(words, at) or word.text in FUNCTIONAL:
        return False
    follows = words[at + 1].text if at + 1 < len(words) else ""
    if follows.startswith(_ASPECTS) and word.tag != "nr":
        return False  # what stands before 了 is a verb, whatever the segmenter says
    if is_nominal(word) or word.tag in {"zg", "q", "t"} or word.text.startswith("之"):
        return True
    inside = at > 0 and follows and word.tag in {"v", "vn"} and len(word.text) > 1
    return bool(inside and follows.endswith(ORGANISATION_ENDS) and is_nominal(words[at + 1]))


def runs(reading: Reading) -> Iterator[Span]:
    """The runs of nouns, as spans of word numbers, without times at their ends."""
    words = reading.words
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and is_noun(words, end):
            end += 1
        start, stop = at, end
        while start < stop and (is_time(words[start]) or words[start].tag == "q"):
            start += 1
        while start < stop and is_time(words[stop - 1]):
            stop -= 1
        if start < stop:
            yield Span(start, stop)
        at = end + 1


def is_time(word: Word) -> bool:
    """Whether it is a number or a time."""
    return word.tag in {"m", "t"} or DATE.fullmatch(word.text) is not None


def subject(reading: Reading) -> str:
    """What stands before the predicate of a question, as written; "" where it begins with that."""
    words = reading.words
    asked = next((at for at, _ in enumerate(words) if asks_at(words, at)), len(words))
    end = asked
    while end and _leads_to_asking(words[end - 1]):
        end -= 1
    states = any(word.text in _STATES for word in words[end:asked])
    start = 0
    while start < end and (words[start].tag in {"p", "c"} or words[start].text in FUNCTIONAL):
        start += 1
    of = max((at for at in range(start, end) if words[at].text == "的"), default=start - 1)
    last = words[of + 1 : end]
    acts = any(one.text.endswith(_ASPECTS) or one.tag == "p" for one in last)
    if reading.says_whether:
        end = _before_predicate(words, start, end)
    elif acts or not last or not (states or is_noun(words, end - 1) or last[-1].text == "的"):
        end = _before_predicate(words, of + 1, end)
    while start < end and (is_time(words[end - 1]) or words[end - 1].text in FUNCTIONAL):
        end -= 1
    return _INSIDE.sub("", reading.of(words[start:end]))


def _leads_to_asking(word: Word) -> bool:
    return word.tag in {"p", "d", "c", "f"} or word.text in FUNCTIONAL or word.text == "该"


def _before_predicate(words: Sequence[Word], start: int, end: int) -> int:
    at = start
    while at < end and (is_noun(words, at) or (at > start and words[at].text == "的")):
        at += 1
    return at
