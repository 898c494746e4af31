"""Pronouns and demonstratives of a Chinese question that point out of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from retrieval.questions.followups.antecedents import Antecedents, persons
from retrieval.questions.followups.reading import Reading, asks_at, is_noun, is_time, read
from retrieval.questions.followups.vocabulary import (
    EVENTS,
    FUNCTIONAL,
    GENERIC,
    ORGANISATION_ENDS,
    PEOPLE_ENDS,
    PLACE_ENDS,
)
from retrieval.questions.joined import NAMES, QUOTED
from retrieval.words import Word


class Points(Enum):
    """What a reference points to."""

    PERSON = auto()
    PEOPLE = auto()
    THING = auto()
    PLACE = auto()
    NOUN = auto()
    """A thing called by its kind: 这个品牌."""
    INSIDE = auto()
    """其中."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Folded characters `start` to `end`; `noun`: what the thing is called."""

    start: int
    end: int
    points: Points
    noun: str = ""


_PLURAL = re.compile("[他她]们")
_SINGULAR = re.compile("[他她](?![们汀])")
_THING = re.compile("[它牠](?:们)?")
_PLACE = re.compile("[那这]里|[那这]儿|[那这]边|当地|该地|此地|此处")
_BARE = re.compile("[那这](?=是|算|属于|意味|说明|有什么|为什么|为何|怎么|如何|些?都?[?])")
_INSIDE = re.compile("其中")
_OWN = re.compile("其(?![他它实中间余次一二三乐妙貌])")
_CLASSIFIER = "[个家位名座次场届种项件条篇张部款批趟列架辆艘支只所处段块片组群种些类套份间栋起]"
_DEMONSTRATIVE = re.compile(
    rf"[这那](?:一|[两三几])?{_CLASSIFIER}|[这那]些|[这那](?=[\u4e00-\u9fff])|该|上述|前述"
)
_TIMES = re.compile("[这那](?:几|两|三|一|些|个)?(?:周末|年|天|周|月|时|会儿|阵|段时间|么|样|般)")
_CLOSED = frozenset(
    {"这么", "那么", "这样", "那样", "这般", "那般", "怎么", "该不该", "应该", "这些年"}
)
_OWNED = re.compile(f"(?:{'|'.join(ORGANISATION_ENDS)}|国|村|市|店|单位|球队)")
_PERSON_NOUNS = frozenset(
    "人 位 先生 女士 专家 记者 读者 同志 干部 书记 主任 选手 员工 工人".split()
)
_ORGANISATION_NOUNS = frozenset("公司 企业 集团 单位 机构 组织 部门 学校 工厂 厂 医院 大学".split())
_SHORT_NOUNS = frozenset("段区市县厂校村镇乡省国院站队馆局店社会书车船人")
"""Nouns of one character that a demonstrative may stand before: 该段."""

_LEADING_HEAD = re.compile(r"[\u4e00-\u9fff]{1,2}")
_POINTING_TAGS = frozenset({"r", "u", "q", "m", "mq", "b", "v", "d", "f", "zg"})


def references(reading: Reading, start: int) -> list[Reference]:
    """The references out of the question, in order; what it says itself is none.

    `start`: where the question begins behind polite words, in folded characters.
    """
    folded = QUOTED.sub(lambda match: " " * len(match[0]), reading.folded.text)
    starts = {word.start: at for at, word in enumerate(reading.words)}
    found: list[Reference] = []
    for at, word in enumerate(reading.words):
        if word.start < start or word.text in _CLOSED or word.tag not in _POINTING_TAGS:
            continue
        one = _reference(reading, folded, at, starts)
        if one and not _is_answered(reading, one, at):
            found.append(one)
    return found


def _reference(reading: Reading, folded: str, at: int, starts: dict[int, int]) -> Reference | None:
    start = reading.words[at].start
    if match := _PLURAL.match(folded, start):
        owned = _OWNED.match(folded, match.end())
        noun = owned[0] if owned else ""
        return Reference(start, match.end() + len(noun), Points.PEOPLE, noun)
    if match := _SINGULAR.match(folded, start):
        return Reference(start, match.end(), Points.PERSON)
    if match := _THING.match(folded, start):
        return Reference(start, match.end(), Points.THING)
    if match := _PLACE.match(folded, start):
        return Reference(start, match.end(), Points.PLACE)
    if match := _BARE.match(folded, start):
        return Reference(start, match.end(), Points.THING)
    if match := _INSIDE.match(folded, start):
        return Reference(start, match.end(), Points.INSIDE)
    if reading.words[at].text.startswith("其") and (match := _OWN.match(folded, start)):
        return Reference(start, match.end(), Points.THING)
    match = None if _TIMES.match(folded, start) else _DEMONSTRATIVE.match(folded, start)
    if match is None:
        return None
    noun = _noun(reading, match.end(), starts)
    if len(noun) == 1 and noun not in _SHORT_NOUNS:
        return None
    return Reference(start, match.end() + len(noun), Points.NOUN, noun) if noun else None


def _noun(reading: Reading, start: int, starts: dict[int, int]) -> str:
    """The nouns that begin at this folded character."""
    words = reading.words
    at = starts.get(start)
    if at is None:  # the segmenter took the beginning of it for part of another word
        inside = next((word for word in words if word.start < start < word.end), None)
        return inside.text[start - inside.start :] if inside else ""
    end = at
    while end < len(words) and is_noun(words, end) and not is_time(words[end]):
        end += 1
    text = reading.folded.text
    if end == at and _is_verbal_noun(words, at):
        end = at + 1
    if end == at:
        head = _LEADING_HEAD.match(words[at].text) if words[at].tag[0] in "vn" else None
        return head[0][:1] if head and words[at].text[0] in "车船书" else ""
    return text[words[at].start : words[end - 1].end]


def _is_verbal_noun(words: Sequence[Word], at: int) -> bool:
    """报道 in 这篇报道是谁写的: what the segmenter takes for a verb is none before another."""
    if words[at].tag not in {"v", "vn"} or len(words[at].text) < 2 or at + 1 == len(words):
        return False
    return words[at + 1].tag in {"v", "p", "uj", "d"} or asks_at(words, at + 1)


def _is_answered(reading: Reading, one: Reference, at: int) -> bool:
    """Whether what it points to stands before it in the question."""
    if at and reading.words[at - 1].text == "的":
        return True  # described right before: 来信的那位读者
    before = [word for word in reading.words[:at] if _says_something(word)]
    named = any(word.tag in NAMES and word.text != "请问" for word in before)
    if one.points is Points.PERSON:
        first = reading.cut(0, one.start)
        told = [word for word in before if word.text.endswith(PEOPLE_ENDS)]
        told += [word for word in before if word.text in {"谁", "哪位"}]
        return bool(told) or any(name in first for name in persons(reading))
    if one.points is Points.PEOPLE:
        return any(is_noun([word], 0) and word.tag != "ns" for word in before)
    if one.points is Points.NOUN:
        adjacent = bool(before) and before[-1].end == one.start and is_noun(reading.words, at - 1)
        titled = QUOTED.search(reading.folded.text[: one.start]) is not None
        return adjacent or named or titled
    return any(is_noun([word], 0) for word in before) or named


def _says_something(word: Word) -> bool:
    return word.text not in FUNCTIONAL and word.text not in GENERIC and not is_time(word)


def replaced(reading: Reading, start: int, found: Sequence[Reference], known: Antecedents) -> str:
    """The question from `start` with what its references point to in their place.

    "" where that is not known.
    """
    pieces: list[str] = []
    position = start
    used: set[str] = set()
    for one in found:
        name = _pointed_to(one, known)
        if not name or name in used:
            continue
        used.add(name)
        pieces.append(reading.cut(position, one.start))
        pieces += _written(reading, one, name)
        position = one.end
    if not pieces:
        return ""
    return "".join([*pieces, reading.cut(position, len(reading.folded.text))])


def _written(reading: Reading, one: Reference, name: str) -> Iterator[str]:
    yield name
    if one.points is Points.INSIDE:
        yield reading.cut(one.start, one.end)
    elif one.noun and not _calls(name, one.noun):
        length = len(one.noun) if one.points is Points.PEOPLE else one.end - one.start
        yield reading.cut(one.end - length, one.end)


def _calls(name: str, noun: str) -> bool:
    """Whether the name says itself what the noun says."""
    if noun in _ORGANISATION_NOUNS and read(name).folded.text.endswith(ORGANISATION_ENDS):
        return True
    return noun in _PERSON_NOUNS or name.rstrip("”》」").endswith(noun)


def _pointed_to(one: Reference, known: Antecedents) -> str:
    if one.points is Points.PERSON:
        return known.person or known.subject
    if one.points is Points.PEOPLE:
        if one.noun:
            return _organisation(one.noun, known) or known.subject
        return known.group or _organisation("", known) or known.topic
    if one.points is Points.PLACE:
        return known.place or known.subject
    if one.points is Points.NOUN:
        return _called(one.noun, known)
    return known.topic or _organisation("", known) or known.term


def _organisation(noun: str, known: Antecedents) -> str:
    """The organisation that is called so, else the first."""
    called = (one for one in known.organisations if one.endswith(noun))
    return next(called, next(iter(known.organisations), ""))


def _called(noun: str, known: Antecedents) -> str:
    if noun in _PERSON_NOUNS:
        return known.person or known.group or known.subject
    if noun.endswith(PEOPLE_ENDS):
        return known.group or known.person or known.subject
    if noun in EVENTS and known.question.says_whether:
        text = known.question.text.rstrip("?？ ")
        return text.removesuffix("吗").removesuffix("嗎")
    if noun.endswith(ORGANISATION_ENDS) and noun != "联盟":
        return _organisation(noun, known) or known.subject
    if noun.endswith(PLACE_ENDS):
        return known.place or known.subject
    return known.topic or known.term
