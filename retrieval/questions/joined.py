"""Things that a question joins by 和 and the like, found by its words: 和平 joins nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.types import Span
from retrieval.words import ASKING, SURNAMES, Word, placed_words

_CONNECTORS = frozenset({"和", "与", "及", "以及", "跟", "、", "and"})
NAMES = frozenset({"nr", "nrt", "nrfg", "ns", "nt", "nz", "eng"})
_NOUNS = frozenset({"n", "vn", "an", "j", "l", "i", "b", "s", "ng"})
_COUNTS = frozenset({"m", "q"})
_ENDS = frozenset({"的", "?"})
QUOTED = re.compile(r"《[^《》]*》|“[^“”]*”|「[^「」]*」")
_LATIN = re.compile(r"[a-z][a-z0-9.+-]*")
_LONGEST_PERSON = 4
_LONGEST_FOREIGN = 8
_SUFFIXES = frozenset("省市县区镇乡村街路厂队组校院馆店站港岛州社局所园场")
"""Ends of names that the segmenter cuts off: 青石 镇."""

_OFFICES = ("局", "部", "厅", "署", "司", "处", "科", "办", "系", "委", "委员会", "办公室")
_NUMBERED = re.compile(r"第|[\d一二三四五六七八九十]+号")
_EACH = frozenset({"分别", "各自", "各", "各有", "各是", "各为"})
_ALL_OF = frozenset("种地位界国项类个方级省市处式")
"""After 各 these make 各种, 各地, not 各有."""

_MEASURES = (
    *("人数", "价格", "数量", "面积", "长度", "宽度", "高度", "深度", "重量", "年龄", "规模"),
    *("费用", "造价", "人口", "产量", "销量", "产值", "收入", "票价", "票房", "门票", "海拔"),
)
ATTRIBUTES = (
    *("时间", "日期", "地点", "地址", "名称", "名字", "姓名", "原因", "目的", "主题", "内容"),
    *("作者", "导演", "编剧", "主演", "主角", *_MEASURES),
)
"""What is asked of one thing even where no 的 stands before it: 举办时间和地点."""

_STATES = frozenset({"是", "为", "叫", "位于", "共有", "达", "约", "?", ","})
"""After things of which each is described by itself."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Things joined: the spans of the folded question, in order, and how they stand in it."""

    things: tuple[Span, ...]
    named: bool
    """They are proper names."""
    each: bool
    """The question says 分别 or 各."""
    topic: bool
    """They begin what is asked, and a description of them follows, not what they did together."""
    attributes: bool
    """They are what is asked of something: X的导演和编剧."""


def is_joining(folded: str) -> bool:
    """Whether the folded text joins two things anywhere."""
    words = question_words(folded)
    return any(_left(words, at) and _right(words, at) for at in _connectors(words))


def joined_things(folded: str) -> Iterator[Joined]:
    """What is joined in the folded question, in order."""
    words = question_words(folded)
    at = _connectors(words)
    while at:
        chain = [at.pop(0)]
        while at and at[0] - 1 in _right(words, chain[-1]):
            chain.append(at.pop(0))
        if found := _joined(words, chain):
            yield found


def _joined(words: Sequence[Word], chain: Sequence[int]) -> Joined | None:
    left, right = _left(words, chain[0]), _right(words, chain[-1])
    each_at = next((i for i in range(chain[-1], len(words)) if _says_each(words, i)), None)
    if not left or not right:
        return None
    whole = _with_owners(words, left, right) if len(chain) == 1 else None
    first, last = whole or _with_numbers(words, left, *_alike(words, left, right))
    between = [range(a + 1, b) for a, b in pairwise(chain)]
    groups = [first, *between, last]
    before, after = first[0] - 1, last[-1] + 1
    texts = ["".join(words[at].text for at in group) for group in groups]
    if _is_one_office(texts):
        return None
    names = [
        _is_name(words, group) or bool(_NUMBERED.match(text))
        for group, text in zip(groups, texts, strict=True)
    ]
    # a name that the segmenter does not know looks to it like a verb
    verbs = [words[group[0]].tag == "v" for group in groups]
    asking = [at for at, word in enumerate(words) if asks(word)]
    comes_first = not asking or asking[0] > last[-1] or _equates(words, asking[0], first[0])
    attributes = whole is None and _are_attributes(words, before, after, left, groups)
    return Joined(
        things=tuple(Span(words[one[0]].start, words[one[-1]].end) for one in groups),
        named=any(names) and all(a or b for a, b in zip(names, verbs, strict=True)),
        each=each_at is not None,
        topic=comes_first and _opens(words, before) and _is_described(words, after),
        attributes=comes_first and attributes,
    )


def question_words(folded: str) -> list[Word]:
    """The words, with titles, Latin words and names that were cut apart as one word each."""
    fixed = [Word(match[0], "nz", match.start()) for match in QUOTED.finditer(folded)]
    inside = [(one.start, one.end) for one in fixed]
    fixed += [
        Word(match[0], "eng", match.start())
        for match in _LATIN.finditer(folded)
        if not any(start <= match.start() < end for start, end in inside)
    ]
    taken = {at for one in fixed for at in range(one.start, one.end)}
    placed = (one for word in placed_words(folded) for one in _apart(word))
    rest = [one for one in placed if taken.isdisjoint(range(one.start, one.end))]
    words: list[Word] = []
    for word in map(_retagged, sorted([*fixed, *rest], key=lambda one: one.start)):
        if words and (merged := _merged(words[-1], word)):
            words[-1] = merged
        else:
            words.append(word)
    return words


def _apart(word: Word) -> Iterator[Word]:
    """镇 and 有 where the segmenter finds 镇有."""
    if len(word.text) == 2 and word.text[0] in _SUFFIXES and word.text[1] in "有在是":
        yield Word(word.text[0], "n", word.start)
        yield Word(word.text[1], "v", word.start + 1)
    else:
        yield word


def _retagged(word: Word) -> Word:
    """导演 as a noun: what can be asked of a thing is no verb."""
    return word._replace(tag="n") if word.text in ATTRIBUTES else word


def _merged(one: Word, other: Word) -> Word | None:
    if one.end != other.start or one.text in _CONNECTORS or other.text in _CONNECTORS:
        return None
    text = one.text + other.text
    if one.tag == other.tag == "nr" and len(text) <= _LONGEST_PERSON:
        return Word(text, "nr", one.start)
    if {one.tag, other.tag} <= {"nr", "nrt"} and len(text) <= _LONGEST_FOREIGN:
        return Word(text, "nrt", one.start)
    if one.text[-1] == "·" or (one.tag in NAMES and other.text == "·"):
        return Word(text, "nrt", one.start)
    if one.text in SURNAMES and other.text[0] in "和与及" and len(other.text) == 2:
        return Word(text, "nr", one.start)
    if other.text in _SUFFIXES and len(one.text) > 1 and one.tag in NAMES | _NOUNS:
        return Word(text, "nz", one.start)
    return None


def _connectors(words: Sequence[Word]) -> list[int]:
    return [
        at
        for at, word in enumerate(words)
        if word.text in _CONNECTORS
        # 以 及时 looks to the segmenter like 以及 时
        and not (word.text == "以及" and words[at + 1 : at + 2] and words[at + 1].text == "时")
    ]


def _left(words: Sequence[Word], at: int) -> list[int]:
    """The nouns and names right before a connector; a word taken for a verb where it begins."""
    named = at + 1 < len(words) and words[at + 1].tag in NAMES
    if at == 1 and named and words[0].tag == "v" and len(words[0].text) > 1:
        return [0]
    start = at
    while start and is_nominal(words[start - 1]):
        start -= 1
    return list(range(start, at))


def _right(words: Sequence[Word], at: int, *, ends: frozenset[str] = _ENDS) -> list[int]:
    """The nouns and names right after a connector; a verb with them that is no predicate."""
    end = at + 1
    while end < len(words):
        if words[end].tag in _COUNTS and is_name(words[end - 1]):
            break
        follows = words[end + 1] if end + 1 < len(words) else None
        verbal = words[end].tag in {"v", "a", "d"} and len(words[end].text) > 1
        bound = follows is None or follows.text in ends or follows.tag in _NOUNS
        alone = end == at + 1 and at > 0 and words[at - 1].tag in NAMES | _NOUNS
        if not is_nominal(words[end]) and not (verbal and alone and bound):
            break
        end += 1
    return list(range(at + 1, end))


def is_nominal(word: Word) -> bool:
    """Whether it is a noun, a name or a number beside one."""
    if word.text in _CONNECTORS or _says_each_alone(word):
        return False
    return word.tag in NAMES | _NOUNS | _COUNTS and not asks(word)


def _with_owners(
    words: Sequence[Word], left: Sequence[int], right: Sequence[int]
) -> tuple[list[int], list[int]] | None:
    """Things with what they belong to on both sides: 甲村的村长和乙镇的镇长."""
    if left[0] < 2 or words[left[0] - 1].text != "的":
        return None
    owner = _left(words, left[0] - 1)
    if not owner or right[-1] + 2 >= len(words) or words[right[-1] + 1].text != "的":
        return None
    owned = _right(words, right[-1] + 1, ends=_ENDS | {"是", "分别"})
    alike = _is_name(words, owner[-1:]) and _is_name(words, right[-1:])
    if not owned or not alike or _is_name(words, left[-1:]):
        return None
    return list(range(owner[-1], left[-1] + 1)), list(range(right[0], owned[-1] + 1))


def _with_numbers(
    words: Sequence[Word], left: Sequence[int], first: Sequence[int], last: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    """The first thing with the number before it, where the last begins with one: 一号 楼."""
    before = first[0] - 1
    numbered = before in left and words[before].tag in _COUNTS
    if numbered and _NUMBERED.match(words[last[0]].text) and words[last[0]].tag not in _COUNTS:
        return [before, *first], last
    return first, last


def _is_one_office(things: Sequence[str]) -> bool:
    """林业和草原局 is one."""
    return things[-1].endswith(_OFFICES) and not any(one.endswith(_OFFICES) for one in things[:-1])


def _alike(
    words: Sequence[Word], left: Sequence[int], right: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    """As many words of both sides as make things of one sort: the rest belongs to all of them."""
    if _is_attribute(words, left) and _is_attribute(words, right):
        return (left if _owned(words, left) else left[-1:]), right
    if _owned(words, left) and _is_predicate(words, right[-1] + 1):
        measured = words[right[-1]].text.endswith(_MEASURES) and len(right) > len(left)
        if not measured or _is_attribute(words, left):
            return left, right
    if words[left[-1]].text == words[right[-1]].text:
        named = max((at for at in left if is_name(words[at])), default=-1)
        return [at for at in left if at > named or len(right) > left[-1] - at], right
    for size in range(2, len(right) + 1):
        if len(left) == 1 and words[right[size - 1]].text[-1] == words[left[0]].text[-1]:
            return left, right[:size]
    for size in range(min(len(left), len(right)), 0, -1):
        one, other = left[-size:], right[:size]
        sorts = [(_sort(words[a]), _sort(words[b])) for a, b in zip(one, other, strict=True)]
        mixed = len({a for a, _ in sorts}) > 1 or size == len(right) or size == 1
        if mixed and all(a == b for a, b in sorts):
            return one, _up_to_its_noun(words, one, right, size)
    closed = right[-1] + 1 < len(words) and words[right[-1] + 1].text == "的"
    closed = closed or _says_each(words, right[-1] + 1)
    return left[-1:], right if closed else right[:1]


def _up_to_its_noun(
    words: Sequence[Word], one: Sequence[int], right: Sequence[int], size: int
) -> Sequence[int]:
    """All of the words on the right, where 分别 follows and they name one thing: 上级 工会."""
    common = size == 1 and not is_name(words[one[0]])
    if common and _says_each(words, right[-1] + 1) and not _is_attribute(words, right):
        return right
    return right[:size]


def _sort(word: Word) -> str:
    return "name" if word.tag in NAMES else "count" if word.tag in _COUNTS else "noun"


def is_name(word: Word) -> bool:
    """Whether it is a proper name."""
    return word.tag in NAMES and len(word.text) > 1


def _is_name(words: Sequence[Word], group: Sequence[int]) -> bool:
    return any(is_name(words[at]) for at in group)


def _is_attribute(words: Sequence[Word], group: Sequence[int]) -> bool:
    return words[group[-1]].text.endswith(ATTRIBUTES)


def _is_predicate(words: Sequence[Word], at: int) -> bool:
    """Whether at this place it is said what things are, not what they did."""
    if at >= len(words):
        return True
    follows = words[at + 1] if at + 1 < len(words) else None
    if words[at].text == "有":
        return follows is not None and (follows.text in {"多少", "几"} or _how(follows))
    if words[at].text == "在":
        return follows is not None and asks(follows)
    return words[at].text in _STATES or words[at].text in {"多少", "几"} or _how(words[at])


def _owned(words: Sequence[Word], group: Sequence[int]) -> bool:
    return group[0] > 0 and words[group[0] - 1].text == "的"


def _are_attributes(
    words: Sequence[Word],
    before: int,
    after: int,
    left: Sequence[int],
    groups: Sequence[Sequence[int]],
) -> bool:
    known = _is_attribute(words, left) and _is_attribute(words, groups[-1]) and before >= 0
    return (known or _owned(words, groups[0])) and _is_predicate(words, after)


def _says_each(words: Sequence[Word], at: int) -> bool:
    if at >= len(words):
        return False
    noun = at > 0 and words[at - 1].text == "的"
    return _says_each_alone(words[at]) and not noun


def _says_each_alone(word: Word) -> bool:
    begins = word.text[0] == "各" and word.tag in {"v", "r", "d"}
    return word.text in _EACH or (begins and word.text[1:2] not in _ALL_OF)


def asks(word: Word) -> bool:
    """Whether the word asks."""
    return word.tag == ASKING or word.text in {"几", "何", "何年", "何地", "是否", "吗", "啥"}


def _equates(words: Sequence[Word], ask: int, first: int) -> bool:
    """谁是甲和乙的村长."""
    return ask + 1 < first and words[ask + 1].text in {"是", "担任"}


def _opens(words: Sequence[Word], before: int) -> bool:
    """Whether nothing that governs them stands before the things."""
    return before < 0 or words[before].tag not in {"v", "p", "c", "d"} or words[before].text == "是"


def _is_described(words: Sequence[Word], after: int) -> bool:
    at = after
    if at < len(words) and words[at].text == "的":
        at += 1
    headed = at < len(words) and (words[at].tag in _NOUNS or _bears_noun(words, at))
    while at < len(words) and (is_nominal(words[at]) or _bears_noun(words, at)):
        at += 1
    if at >= len(words) or _is_predicate(words, at):
        return headed or at == after
    counts = any(word.text in {"多少", "几"} for word in words[at:])
    grows = counts and words[after].text != "的" and words[at].tag == "v"
    return headed and (asks(words[at]) or grows)


def _how(word: Word) -> bool:
    return word.text[0] == "多" and word.tag in {"m", "a", "d"}


def _bears_noun(words: Sequence[Word], at: int) -> bool:
    """上映 in 上映时间."""
    follows = words[at + 1].text if at + 1 < len(words) else ""
    return words[at].tag == "v" and follows.endswith(ATTRIBUTES)
