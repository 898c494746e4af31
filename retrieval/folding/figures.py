"""Numbers in folded Chinese and English text, whichever way they are written."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_CHINESE_DIGITS = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    "〇": 0,
    "两": 2,
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8, "兆": 10**12}
_LARGE_MARKS = {*_SMALL, *_LARGE}
_ENGLISH_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ENGLISH = {
    name: value
    for value, name in enumerate(
        (
            "two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen twenty"
        ).split(),
        start=2,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
MONTHS = {
    name: value
    for value, name in enumerate(
        (
            "january february march april may june july august september october november december"
        ).split(),
        start=1,
    )
}
_ARABIC = re.compile(
    r"(\d(?<!\d\d)(?<!\d\.\d)(?:\d{0,2}(?:,\d{3})+(?!\d)|\d*))(\.\d+)?\s?(thousand|million|billion|trillion|[万亿兆千百]{1,4})?(?:[余多]?([万亿]))?"
)
_CHINESE = re.compile(r"([零〇一二两三四五六七八九十百千万亿兆]+)(?:[余多来几]([万亿]))?")
_COUNTED = re.compile(
    r"[余多来几]?(?:个|名|位|人|口|家|对|项|类|种|条|件|支|辆|台|座|所|户|份|本|张|篇|只|套|批|组|队|款|处|间|次|场|回|届|"
    r"遍|级|层|楼|倍|成(?![立员为功了])|岁|元|块|秒|分|小时|点|天|日|号|周|月|年|米|公里|吨|斤|亩|度|大(?!家|学|多|量)|小组|方面|板块)"
)
_IDIOMS = re.compile(
    r"百(?:度(?!电)|分(?!钟)|家姓|家号|家争鸣)|千家万户|万(?:家灯火|岁|众)|五(?:台山|台县|大连池|家渠)|七台河|九台区|三台县|"
    r"三元[里桥]|二人转|一(?:些|般|样|起|定|直|切|旦|方面|下|边|同|致|体|流|时|带|番|线|再|心|对一)|三会一课|万一|千万|十分(?!钟)|统一|唯一|之一"
)
_ENGLISH_WORD = re.compile(rf"\b({'|'.join([*_ENGLISH, *MONTHS])})\b(?:(?<!\bmay)|(?=\s+\d))")
"""The verb may is no month."""

_ENGLISH_PART = re.compile("|".join([*_ENGLISH, *MONTHS]))

_MAX_NUMERALS = 40
"""A longer row of them is no number anybody would write."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at `start` to `end` of the text it was found in."""

    value: Decimal
    start: int
    end: int


def find_figures(folded: str) -> list[Figure]:
    """The numbers of a text in order; Chinese numerals only where they count something."""
    return sorted(
        [*_arabic(folded), *_chinese(folded), *_english(folded)], key=lambda figure: figure.start
    )


def figure_values(folded: str) -> set[Decimal]:
    """Every number that can be read in a text, Chinese numerals in any place among them."""
    values = {figure.value for figure in _arabic(folded)}
    values.update(figure.value for figure in _english(folded))
    for match in _CHINESE.finditer(folded):
        if (value := _chinese_value(match)) is not None:
            values.add(value)
        values.update(
            Decimal(_CHINESE_DIGITS[char]) for char in match[0] if char in _CHINESE_DIGITS
        )
    return values


def chinese_number(numeral: str) -> Decimal | None:
    """三千五百四十七 is 3547, 二〇二五 is 2025; None for what is no number."""
    if not 0 < len(numeral) <= _MAX_NUMERALS:
        return None
    if all(character in _CHINESE_DIGITS for character in numeral):
        return Decimal("".join(str(_CHINESE_DIGITS[character]) for character in numeral))
    total = section = 0
    digit: int | None = None
    for character in numeral:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        elif character in _SMALL:
            section += (1 if digit is None else digit) * _SMALL[character]
            digit = None
        elif character in _LARGE:
            unit = _LARGE[character]
            section += digit or 0
            if not section and not total:
                return None
            scaled = total % unit + section  # of 一亿三千万 only 三千 are 万, of 十万亿 all are 亿
            total = total - total % unit + scaled * unit if scaled else total * unit
            section, digit = 0, None
        else:
            return None
    return Decimal(total + section + (digit or 0))


def _arabic(folded: str) -> Iterator[Figure]:
    for match in _ARABIC.finditer(folded):
        value = Decimal(match[1].replace(",", "") + (match[2] or ""))
        if len(match[0]) <= _MAX_NUMERALS:
            value *= _scale(match[3] or "", match[4] or "")
        yield Figure(value, match.start(), match.end())


def _scale(word: str, after_more: str) -> int:
    if word in _ENGLISH_SCALES:
        return _ENGLISH_SCALES[word] * _LARGE.get(after_more, 1)
    return math.prod((_SMALL | _LARGE)[character] for character in word + after_more)


def _chinese(folded: str) -> Iterator[Figure]:
    idioms = {index for match in _IDIOMS.finditer(folded) for index in range(*match.span())}
    for match in _CHINESE.finditer(folded):
        if folded[max(0, match.start() - 1) : match.start()].isdigit():
            continue  # the 万 of 10万
        if match.start() in idioms:
            continue
        marked = folded.endswith(("第", "分之"), 0, match.start())
        if match[0] == "一" and not marked:
            continue  # nearly always an article
        large = len(match[1]) > 1 and not _LARGE_MARKS.isdisjoint(match[1])
        if not (marked or large or _COUNTED.match(folded, match.end())):
            continue
        if (value := _chinese_value(match)) is not None:
            yield Figure(value, match.start(), match.end())


def _chinese_value(match: re.Match[str]) -> Decimal | None:
    value = chinese_number(match[1])
    return value * _LARGE[match[2]] if value is not None and match[2] else value


def _english(folded: str) -> Iterator[Figure]:
    if not _ENGLISH_PART.search(folded):
        return
    for match in _ENGLISH_WORD.finditer(folded):
        value = _ENGLISH.get(match[0]) or MONTHS[match[0]]
        yield Figure(Decimal(value), match.start(), match.end())
