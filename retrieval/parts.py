"""A question about several things as the questions about each: 2022年和2023年的冠军 asks two."""

import re
from collections.abc import Iterator

from retrieval.folding import Folded, fold_with_origins
from retrieval.words import tagged_words

MAX_PARTS = 3

_AND = r"\s*(?:和|及|以及|还是|、|\band\b)\s*"
_HAN = r"[\u4e00-\u9fff]"
_YEARS = re.compile(rf"(?:19|20)\d\d年?(?:{_AND}(?:19|20)\d\d年?)+")
_MONTHS = re.compile(rf"\d{{1,2}}月(?:{_AND}\d{{1,2}}月)+")
_TITLES = re.compile(rf"《[^《》]+》(?:{_AND}《[^《》]+》)+")
_LATIN = re.compile(rf"[a-z][a-z0-9.-]+(?:{_AND}[a-z][a-z0-9.-]+)+")
_ATTRIBUTE = r"(?:(?!的)[\u4e00-\u9fff]){2,6}"
_ATTRIBUTES = re.compile(
    rf"(?<=的){_ATTRIBUTE}{_AND}{_ATTRIBUTE}?(?=分别|各|[是为有]|[?]|$)|"
    rf"(?<={_HAN}{{2}})(?:时间|日期){_AND}地点(?=分别|各|[是为在]|[?]|$)"
)
"""What is asked of one thing: 导演和编剧."""

_SPLIT = re.compile(_AND)
_SUBJECT = re.compile(r"《[^《》]+》|“[^“”]+”")
_REFERS = re.compile(r"^(?:它|他|她|其)们?的?")
_ASKS = re.compile(r"哪|谁|什么|啥|几|多少|何|怎|吗|呢|\b(?:who|what|when|where|which|how|why)\b")
_INSIDE = re.compile(r"《[^《》]*》|“[^“”]*”|「[^「」]*」")
_NAMES = frozenset({"nr", "nrt", "ns", "nt", "nz", "eng"})
_THINGS = _NAMES | {"n", "j"}
_TOGETHER = re.compile("之间|相比|比较|夫妻|合并|区别|不同|异同|关系|哪个|还是|谁更")
"""Asks of the things together, not of each."""

_RESPECTIVELY = re.compile("分别|各自?[是有为]")
_END = re.compile(r"[?？;；。]")


def parts(question: str) -> list[str]:
    """The questions in a question, two or three, or [] where it is one.

    Each is the question with one of the years, titles, names or attributes that it joins by 和 and
    the like, or one of the questions it consists of, with the title that the first is about.
    """
    sentences = [one.strip() for one in _END.split(question) if one.strip()]
    if 1 < len(sentences) <= MAX_PARTS and all(_asks(one) for one in sentences):
        return _each_with_subject(sentences)
    folded = fold_with_origins(question)
    if _TOGETHER.search(folded.text):
        return []
    for start, end in _joined(folded.text):
        things = list(_things(folded, question, start, end))
        if 1 < len(things) <= MAX_PARTS and not any(map(_asks, things)):
            span = folded.original(start, end)
            before, after = question[: span.start], question[span.end :]
            unit = things[-1][-1] if things[-1][-1] in "年月" else ""
            return [f"{before}{one.removesuffix(unit)}{unit}{after}" for one in things]
    return []


def _asks(text: str) -> bool:
    return _ASKS.search(fold_with_origins(text).text) is not None


def _each_with_subject(sentences: list[str]) -> list[str]:
    subject = _SUBJECT.search(sentences[0])
    if subject is None:
        return sentences
    return [
        one if subject[0] in one else f"{subject[0]}{_REFERS.sub('', one)}" for one in sentences
    ]


def _things(folded: Folded, question: str, start: int, end: int) -> Iterator[str]:
    """What is joined, as the question spells it."""
    at = start
    for match in _SPLIT.finditer(folded.text, start, end):
        span = folded.original(at, match.start()) if match.start() > at else None
        yield question[span.start : span.end] if span else ""
        at = match.end()
    span = folded.original(at, end)
    yield question[span.start : span.end]


def _joined(folded: str) -> Iterator[tuple[int, int]]:
    """Where things of one sort stand joined, the most telling sorts first."""
    for pattern in (_YEARS, _TITLES, _MONTHS, _LATIN, _ATTRIBUTES):
        yield from (match.span() for match in pattern.finditer(folded))
    quoted = [match.span() for match in _INSIDE.finditer(folded)]
    tags = _THINGS if _RESPECTIVELY.search(folded) else _NAMES
    words = [(word, tag) for word, tag in tagged_words(folded) if word.strip()]
    for (one, tag), (between, _), (other, other_tag) in zip(
        words, words[1:], words[2:], strict=False
    ):
        alike = tag in tags and other_tag in tags and min(len(one), len(other)) > 1
        if alike and _SPLIT.fullmatch(between):
            start = folded.find(f"{one}{between}{other}")
            end = start + len(one) + len(between) + len(other)
            if start >= 0 and not any(a < end and start < b for a, b in quoted):
                yield start, end
