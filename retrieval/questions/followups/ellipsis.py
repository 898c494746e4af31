"""Questions that leave out what they are about: 什么时候? 有多少人参加?"""

import re
from collections.abc import Sequence
from enum import Enum, auto

from retrieval.questions.followups.antecedents import Antecedents
from retrieval.questions.followups.reading import Reading, asks_at, is_noun, is_time, read
from retrieval.questions.followups.vocabulary import FUNCTIONAL, GENERIC, RELATIONAL
from retrieval.questions.joined import NAMES
from retrieval.questions.kinds import EXACT, asked_kinds
from retrieval.types import Span
from retrieval.words import Word


class Gap(Enum):
    """What a question leaves out."""

    ALL_BUT_ASKING = auto()
    """It consists of what asks: 什么时候?"""
    MORE = auto()
    """It asks for more of the same: 还有吗? 具体呢?"""
    MEANING = auto()
    """It asks what something means that was said."""
    SUBJECT = auto()


_MORE = re.compile(
    "(?:还有(?:吗|呢|别的吗?|其他的?吗?|什么|哪些|谁)?|(?:能)?(?:再)?(?:说|讲)?(?:得)?(?:具体|详细)(?:一?点|些|说说|讲讲|介绍一?下?)?"
    "(?:吗|呢)?|然后呢?|别的呢|其他的?呢|后来呢|继续|展开说说|真的吗)[?。!]*"
)
_ELSE = re.compile("还有")
_MEANING = re.compile(
    "(?:是|这是)?(?:什么|啥)意思[呢啊]?[?]*|(?:指|是)(?:的是)?什么[呢啊]?[?]*|何意[?]*"
)
_ADVERBIAL = re.compile(
    "(?:是|在|于)?(?:什么时候|何时|什么时间|哪一?[年天月日]|几点|几月几[日号]|多久|为什么|为何|为啥|怎么|怎样|如何|哪里|哪儿|何处|"
    "什么地方)(?:的|呢|啊|呀)*[?]*"
)
_COUNT = re.compile("(?:(?:多少|几|哪些|哪几)[^有是在]{0,3}|什么|谁)[?]*")
_ASKS_OF_ACT = re.compile(
    "(?:谁|哪位|哪里|哪儿|怎么|为什么|为何|什么时候|何时|哪一?[年月天])[\u4e00-\u9fff]{1,3}(?<!是)的[?]*"
)
"""谁选派的? 哪年成立的?"""
_DEFINES = re.compile("什么是|什么叫|何为|何谓")
_LISTS = re.compile("有(?=什么|哪)")
_END = re.compile(r"[\s?？。.!！]+$")
_PARTICLE = re.compile(r"[呢啊呀]?[\s?？。.!！]*$")
_AGENTLESS = frozenset(
    "怎么 怎样 如何 应该 该 该不该 要不要 可以 可不可以 能不能 怎么样 为什么 为何 为啥".split()
)
_OURSELVES = frozenset("我你您咱俺")
_UNKNOWN = frozenset({"zg", "nz", "nr"})
_SHORT = 2
"""Characters: more of them at the beginning of a question are what it is about."""

_HOW = frozenset({"怎么", "怎麼"})
_QUESTION_MARK = re.compile(r"[\s?？]+$")


def find_gap(rest: Reading, base: Reading) -> Gap | None:
    """What the question, without polite words before it, leaves out; None: nothing."""
    folded = rest.folded.text
    if _MORE.fullmatch(folded):
        return Gap.MORE
    if _MEANING.fullmatch(folded):
        return Gap.MEANING
    asked = next((at for at, _ in enumerate(rest.words) if asks_at(rest.words, at)), None)
    if asked is None or rest.words[0].text[0] in _OURSELVES or _DEFINES.match(folded):
        return None
    specific = _specific(rest.words)
    if any(word.tag in NAMES and len(word.text) > 1 for word in specific):
        return None
    if _ASKS_OF_ACT.fullmatch(folded):
        return Gap.SUBJECT
    if not specific and (_is_agentless(rest.words) or _opening(rest.words, asked) > _SHORT):
        return None
    if not specific:
        bare = _ADVERBIAL.fullmatch(folded) or _COUNT.fullmatch(folded)
        return Gap.ALL_BUT_ASKING if bare else Gap.SUBJECT
    return Gap.SUBJECT if _lacks_subject(rest, asked, specific, base) else None


def _is_rare(word: Word) -> bool:
    """A character that no dictionary has stands in names."""
    return word.tag == "x" and word.text.isalpha()


def _opening(words: Sequence[Word], asked: int) -> int:
    """Characters that say something, of the words that a question begins with."""
    length = 0
    for at in range(asked):
        text = words[at].text
        if not length and is_time(words[at]):
            continue
        if text in FUNCTIONAL | GENERIC | RELATIONAL or asks_at(words, at):
            break
        length += len(text)
    return length


def _is_agentless(words: Sequence[Word]) -> bool:
    """It asks how one does something that it names: 应该怎样看待落选."""
    acts = [one for one in words if one.tag[0] == "v" and len(one.text) > 1]
    told = [one for one in acts if one.text not in GENERIC | RELATIONAL | _AGENTLESS]
    return len(told) > 1 and any(one.text in _AGENTLESS for one in words)


def _specific(words: Sequence[Word]) -> list[Word]:
    """The nouns that say what the question is about."""
    return [
        word
        for at, word in enumerate(words)
        if (is_noun(words, at) or word.tag in NAMES or _is_rare(word))
        and (len(word.text) > 1 or word.tag in _UNKNOWN or _is_rare(word))
        and word.text not in GENERIC
        and word.text not in RELATIONAL
        and word.text not in FUNCTIONAL
        and not is_time(word)
    ]


def _lacks_subject(rest: Reading, asked: int, specific: Sequence[Word], base: Reading) -> bool:
    words = rest.words
    if len(specific) > 1 or any(word.text in _AGENTLESS for word in words):
        return False
    if words[0].text in RELATIONAL:
        return True
    if is_noun(words, 0):
        others = [one for one in words if one not in specific and one.text not in FUNCTIONAL]
        alone = all(asks_at(words, words.index(one)) or one.tag in {"x", "q"} for one in others)
        kinds = asked_kinds(rest.folded.text), asked_kinds(base.folded.text)
        return alone and kinds[0] == kinds[1] and not EXACT.isdisjoint(kinds[0])
    describes = any(word.text == "的" for word in words[:asked])
    named = not rest.says_whether and specific and specific[0].start < words[asked].start
    return asked > 0 and not describes and not named and _opening(words, asked) <= _SHORT


def completed(question: str, gap: Gap, known: Antecedents) -> str:
    """The question, without polite words before it, with what it leaves out."""
    base = known.question
    if gap is Gap.MORE:
        more = _LISTS.sub("还有", base.text, count=1) if not _ELSE.search(base.text) else base.text
        return more or question
    if gap is Gap.MEANING:
        return f"{known.term or known.topic}{question}"
    if base.says_whether and base.text.rstrip("?？ ").endswith(("吗", "嗎")):
        return f"{_END.sub('', base.text)[:-1]}，{question}"
    if gap is Gap.ALL_BUT_ASKING and (swapped := _swapped(question, known)):
        return swapped
    return f"{known.topic.removesuffix('的')}{question}"


def _swapped(question: str, known: Antecedents) -> str:
    """The last question with what this one asks in place of what it asked."""
    base = known.question
    asking = base.asking
    if asking is None or not known.subject:
        return ""
    folded = base.folded.text
    bare = _PARTICLE.sub("", question)
    if _COUNT.fullmatch(read(question).folded.text):
        counted = _behind(base, asking)
        return base.cut(0, asking.start) + bare + base.cut(counted, len(folded))
    start = folded.find(read(known.subject).folded.text)
    if start < 0:
        return ""
    start += len(read(known.subject).folded.text)
    before = [w for w in base.words if start <= w.start < asking.start]
    while before and (before[-1].text in {*FUNCTIONAL, "该"} or before[-1].tag in {"p", "c"}):
        before.pop()
    rest = _END.sub("", base.cut(asking.end, len(folded)))
    how = base.cut(asking.start, asking.end) in _HOW
    predicate = base.of(before) + ("" if how and len(rest) == 1 else rest)
    if not any(word.tag[0] in "va" for word in read(predicate).words):
        return f"{known.topic}{question}"
    end = _QUESTION_MARK.search(question)
    return f"{base.cut(0, start)}{bare}{predicate}{end[0] if end else ''}"


def _behind(base: Reading, asking: Span) -> int:
    """Where the noun behind the words that ask ends."""
    words = base.words
    at = next((at for at, word in enumerate(words) if word.start >= asking.end), len(words))
    return asking.end if at == len(words) else words[at].start
