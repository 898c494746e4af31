"""A question about several things as the questions about each: 2022年和2023年的冠军 asks two."""

import re
from collections.abc import Iterator, Sequence

from retrieval.folding import fold, fold_with_origins
from retrieval.questions.clauses import asking_clauses, asks, each_with_subject
from retrieval.questions.joined import is_name, joined_things, question_words
from retrieval.questions.question import is_chinese
from retrieval.types import Span
from retrieval.words import content_words

MAX_PARTS = 3

_AND = r"\s*(?:以及|[和与及跟、]|\band\b)\s*"
_SPLIT = re.compile(_AND)
_OF_ONE_FORM = tuple(
    re.compile(rf"{one}(?:{_AND}{one})+{end}")
    for one, end in (
        (r"(?<!\d)(?:19|20)\d\d年?", r"(?!\d)"),
        ("《[^《》]+》", ""),
        (r"(?:\d{1,2}月)?\d{1,2}[日号]", ""),
        (r"\d{1,2}月", r"(?!\d)"),
        (r"第[\d一二三四五六七八九十]+(?:季度|[届次期轮])?", ""),
        ("(?:[去今前]年|[昨今前]天|[上下]半年|[上本]周|[上下]午)", ""),
    )
)
"""Joined are years, titles, days, months; 第一和第二季度; 去年和今年."""

_UNIT = re.compile("(?:季度|[年月届次期轮])$")
_MONTH = re.compile(r"\d{1,2}月(?=\d)")
_ENGLISH_NAME = r"(?:the )?[A-Z][\w.-]*(?: [A-Z][\w.-]*)*"
_ENGLISH_NAMES = re.compile(rf"{_ENGLISH_NAME}(?:, {_ENGLISH_NAME})*,? and {_ENGLISH_NAME}")
_ENGLISH_SPLIT = re.compile(r",? and |, ")
_WHEN = r"(?:在|于)?(?:什么时候|什么时间|何时|哪一?[年天])"
_WHERE = "(?:在|于|从)?(?:哪里|哪儿|何处|何地|什么地方)"
_WHO = "[由被]谁"
_ASKED_AT_ONCE = re.compile(
    rf"(?:{_WHEN}|{_WHERE}|{_WHO})(?:(?:、|,|和|以及)?\s*(?:{_WHEN}|{_WHERE}|{_WHO}))+"
)
"""什么时候、在哪里举行 asks two."""

_ONE_OF_THEM = re.compile(rf"{_WHEN}|{_WHERE}|{_WHO}")
_W = "(?:when|where|who|what|how|why|which)"
_ENGLISH_ASKED_AT_ONCE = re.compile(rf"({_W}) and ({_W}) (?!{_W})(.+)", re.IGNORECASE)
_TOGETHER = re.compile(
    "之间|相比|比较|对比|夫妻|夫妇|合并|区别|不同|异同|关系|还是|还有|除了|其中|包括|相同|相似|类似|一样|"
    "差[别异距额]|相差|[谁哪][^,]{0,6}更|哪一?年[^,]{0,4}更|一共|总共|合计|总和|之和|加起来|共同|一起|"
    "连续(?!剧)|互相|相互|彼此|同时|"
    r"\b(?:between|both|together|compared?|difference|relationship|versus|vs|altogether|total)\b"
)
"""Asks of the things together, not of each."""

_MUTUAL = re.compile(
    "合作(?!社)|合资|合办|联合(?!国)|结对|结盟|结为|距离|相距|比[分例赛]|对[阵决]|交[战界手锋流]|谈判|"
    "会[谈晤面]|协[定议]|条约|签[订署约了过]|[结成订离]婚|婚[礼姻]|恋爱|友谊|争[端议]|纠纷|冲突|战争|边界|接壤|贸易|"
    "往来|团聚|相[遇识爱逢]|认识|见面|矛盾|约定|恩怨|渊源|联系|有关|无关"
)
"""Said of the things right after them it is, as a rule, what they do to each other."""

_ALL_IN_ALL = frozenset({"都", "均", "全都"})
_GO_ON = re.compile("等|期间|以来|双方|[两二三](?!分别|各)")
_COUNTED = re.compile(
    "[两二三](?:个|大)?[地人村镇市国省县区校者队厂家所座部本位名支种项年](?=分别|各)"
)
"""甲和乙两地: not said of one of them."""

_RESPECTIVELY = re.compile("分[别別]|各自|各(?![种種地位界国國项項类類个個方级級省市处處式族])")
_END = re.compile(r"[?？;；。]")


def parts(question: str) -> list[str]:
    """The questions in a question, two or three, or [] where it is one.

    Each is the question with one of the years, titles, names or attributes that it joins by 和 and
    the like, or one of the questions it consists of, with what the first is about.
    """
    sentences = [one.strip() for one in _END.split(question) if one.strip()]
    if 1 < len(sentences) <= MAX_PARTS and all(map(asks, sentences)):
        return each_with_subject(sentences)
    found = _asked_at_once(question) or asking_clauses(question) or _of_each_thing(question)
    return found if 1 < len(found) <= MAX_PARTS else []


def untold(told: Sequence[str], others: Sequence[str], sentences: Sequence[str]) -> list[str]:
    """Of the other parts of a question those that the sentences quoted for the told leave open.

    Not those that read like a told one, nor those all of whose own words one sentence names:
    2021年和2023年各卖了多少 is answered for both by a sentence of both. Each once.
    """
    known = {_bare(one) for one in told}
    said = [set(content_words(fold(one))) for one in told]
    left: dict[str, str] = {}
    for part in others:
        own = [one for one in content_words(fold(part)) if not any(one in words for words in said)]
        named = own and any(all(one in fold(text) for one in own) for text in sentences)
        if not named and _bare(part) not in known:
            left.setdefault(_bare(part), part)
    return list(left.values())


def own_names(part: str, all_parts: Sequence[str]) -> list[str]:
    """The names, folded, that of all parts only this one holds; Chinese ones, not Latin words."""
    others = " ".join(fold(one) for one in all_parts if one != part)
    names = (word for word in question_words(fold(part)) if is_name(word) and word.tag != "eng")
    return [word.text for word in names if word.text not in others]


def _bare(part: str) -> str:
    """What of two parts that read the same is the same."""
    return "".join(character for character in fold(part) if character.isalnum())


def _asked_at_once(question: str) -> list[str]:
    """The question with each of the words by which it asks for several things at once."""
    if match := _ENGLISH_ASKED_AT_ONCE.fullmatch(question.strip()):
        return [f"{match[1]} {match[3]}", f"{match[2].capitalize()} {match[3]}"]
    folded = fold_with_origins(question)
    match = _ASKED_AT_ONCE.search(folded.text)
    if match is None or _TOGETHER.search(folded.text):
        return []
    before = question_words(folded.text[: match.start()])
    complete = before and before[-1].tag in {"v", "p"} and before[-1].text != "是"
    if complete and "," in match[0]:
        return []  # 建于哪一年,由谁设计: clauses of their own
    each = _ONE_OF_THEM.finditer(folded.text, *match.span())
    whole = folded.original(*match.span())
    return [_replaced(question, whole, folded.original(*one.span())) for one in each]


def _replaced(question: str, whole: Span, one: Span) -> str:
    return question[: whole.start] + question[one.start : one.end] + question[whole.end :]


def _of_each_thing(question: str) -> list[str]:
    """The question with each of the things that it joins."""
    folded = fold_with_origins(question)
    if _TOGETHER.search(folded.text):
        return []
    if not is_chinese(folded.text):
        return _of_each_english_name(question)
    for things in _joined(folded.text):
        spans = [folded.original(one.start, one.end) for one in things]
        counted = _COUNTED.match(folded.text, things[-1].end)
        end = folded.original(*counted.span()).end if counted else spans[-1].end
        whole = Span(spans[0].start, end)
        named = [question[one.start : one.end] for one in spans]
        if 1 < len(named) <= MAX_PARTS and not any(map(asks, named)):
            before, after = question[: whole.start], question[whole.end :]
            rest = _RESPECTIVELY.sub("", after, count=1)
            return [f"{before}{one}{rest}" for one in _completed(named)]
    return []


def _joined(folded: str) -> Iterator[Sequence[Span]]:
    """Where things of one sort stand joined, the most telling sorts first."""
    for pattern in _OF_ONE_FORM:
        for match in pattern.finditer(folded):
            if not _GO_ON.match(folded, match.end()) or _COUNTED.match(folded, match.end()):
                yield _between(folded, match.start(), match.end())
    for one in joined_things(folded):
        described = (one.topic and one.named) or one.attributes
        if one.each or (described and not _is_mutual(folded, one.things[-1].end)):
            yield one.things


def _is_mutual(folded: str, end: int) -> bool:
    """Whether what follows is said of things together."""
    words = {word.text for word in question_words(folded[end:])}
    goes_on = _GO_ON.match(folded, end) or _MUTUAL.search(folded, end)
    return goes_on is not None or not words.isdisjoint(_ALL_IN_ALL)


def _between(folded: str, start: int, end: int) -> list[Span]:
    """What stands between the words that join."""
    spans = []
    for match in _SPLIT.finditer(folded, start, end):
        spans.append(Span(start, match.start()))
        start = match.end()
    return [*spans, Span(start, end)]


def _completed(things: Sequence[str]) -> list[str]:
    """Each with the unit that only the last has, and the month that only the first has."""
    unit = match[0] if (match := _UNIT.search(things[-1])) else ""
    month = match[0] if (match := _MONTH.match(things[0])) else ""
    if not any(form.fullmatch(fold("、".join(things))) for form in _OF_ONE_FORM):
        return list(things)
    return [f"{'' if '月' in one else month}{one.removesuffix(unit)}{unit}" for one in things]


def _of_each_english_name(question: str) -> list[str]:
    match = _ENGLISH_NAMES.search(question)
    if match is None:
        return []
    before, after = question[: match.start()], question[match.end() :]
    return [f"{before}{one}{after}" for one in _ENGLISH_SPLIT.split(match[0])]
