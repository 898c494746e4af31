"""What an editor writes to correct an article: a field and what it is to be, a line each."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, get_args

from retrieval.corpus.encoding import sanitise
from retrieval.corpus.fields import parse_date
from retrieval.types import Article

FieldName = Literal["title", "kicker", "byline", "column", "date", "source", "page", "url"]
"""What can be corrected."""

FIELD_NAMES: tuple[FieldName, ...] = get_args(FieldName)
_NAMES: dict[FieldName, str] = {
    "title": "title headline 标题 標題 题目 題目",
    "kicker": "kicker 肩题 肩題 引题 引題 眉题 眉題",
    "byline": "byline author 作者 署名 记者 記者",
    "column": "column section 栏目 欄目 专栏 專欄",
    "date": "date 日期 时间 時間",
    "source": "source paper 来源 來源 报纸 報紙 出处 出處",
    "page": "page 版面 版次 版",
    "url": "url link 网址 網址 链接 連結 鏈接",
}
_NAMED = {name: field for field, names in _NAMES.items() for name in names.split()}
_MAX_CHARACTERS = 500
_NUMBER = r"(?:(?P<number>\d{1,4})\s*[.、:：)）]?\s*)?"
_LINE = re.compile(_NUMBER + r"(?P<name>[^\W\d_]{1,12})\s*[:：](?P<value>.*)", re.DOTALL)
_DROP = re.compile(
    r"(?:删除|刪除|删|刪|去掉|drop|delete|leave out)\s*(?P<numbers>\d{1,4}(?:[\s,，、]+\d{1,4})*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


class Fault(StrEnum):
    """What is wrong with a line."""

    UNKNOWN_FIELD = "unknown field"
    WRONG_DATE = "wrong date"
    WRONG_ADDRESS = "wrong address"
    TOO_LONG = "too long"
    NO_SUCH_ARTICLE = "no such article"
    WHICH_ARTICLE = "which article"


class WrongLineError(Exception):
    """A line that cannot be followed; nothing of what it came with is."""

    def __init__(self, fault: Fault, line: str) -> None:
        super().__init__(fault, line)
        self.fault = fault
        self.line = line


@dataclass(frozen=True, slots=True)
class Correction:
    """A field of an article is to be this; "" empties it."""

    field: FieldName
    value: str
    number: int | None = None
    """Which article of a list, from 1; None: the one that is shown."""


@dataclass(frozen=True, slots=True)
class Omission:
    """An article of a list, from 1, is to be left out."""

    number: int


def read_corrections(text: str) -> list[Correction | Omission]:
    """What the lines of a text ask for, in their order. Raises WrongLineError."""
    wanted: list[Correction | Omission] = []
    for line in filter(None, map(str.strip, sanitise(text).splitlines())):
        if dropped := _DROP.fullmatch(unicodedata.normalize("NFKC", line)):
            numbers = re.findall(r"\d+", dropped["numbers"])
            wanted += (Omission(int(number)) for number in numbers)
        else:
            wanted.append(_correction(line))
    return wanted


def looks_like_corrections(text: str) -> bool:
    """Whether its first line names a field, or says what to leave out."""
    first = next(filter(None, map(str.strip, text.splitlines())), "")
    found = _LINE.fullmatch(first)
    is_field = found is not None and found["name"].lower() in _NAMED
    return is_field or _DROP.fullmatch(unicodedata.normalize("NFKC", first)) is not None


def leading_fields(text: str) -> tuple[list[Correction], str]:
    """The fields that a text begins with, a line each, and the text below them.

    A line that is none, or whose date is wrong, already belongs to the text.
    """
    fields: list[Correction] = []
    rest = text
    while rest:
        line, _, below = rest.lstrip().partition("\n")
        found = _LINE.fullmatch(line.strip())
        if found is None or found["number"] or found["name"].lower() not in _NAMED:
            break
        try:
            fields.append(_correction(line.strip()))
        except WrongLineError:
            break
        rest = below
    return fields, rest


def corrected(article: Article, corrections: list[Correction]) -> Article:
    """The article with these fields."""
    return replace(article, **{one.field: one.value for one in corrections})


def _correction(line: str) -> Correction:
    found = _LINE.fullmatch(line)
    if found is None or (field := _NAMED.get(found["name"].lower())) is None:
        raise WrongLineError(Fault.UNKNOWN_FIELD, line)
    value = " ".join(found["value"].split())
    if len(value) > _MAX_CHARACTERS:
        raise WrongLineError(Fault.TOO_LONG, line)
    if field == "date":
        date = parse_date(value)
        if date is None:
            raise WrongLineError(Fault.WRONG_DATE, line)
        value = date
    if field == "url" and value and not _ADDRESS.fullmatch(value):
        raise WrongLineError(Fault.WRONG_ADDRESS, line)
    return Correction(field, value, int(found["number"]) if found["number"] else None)


def named_fields(text: str) -> Iterator[Correction]:
    """The fields that a caption names; what else stands in it is passed over."""
    for line in map(str.strip, sanitise(text).splitlines()):
        try:
            correction = _correction(line)
        except WrongLineError:
            continue
        if correction.number is None:
            yield correction
