"""Numbers that count nothing or not by a whole: 二车间 and 一等奖, 一年半 and 半小时."""

import re
from collections.abc import Iterator
from decimal import Decimal

from retrieval.folding import chinese_number

_NUMERAL = "[一二三四五六七八九十]{1,3}"
NUMBERED = re.compile(
    rf"(?<![第每这那同之分一二三四五六七八九十])(?P<numeral>{_NUMERAL})"
    "(?P<body>车间|中学|小学|[大中支]队(?!伍)|医院|分厂|审(?![核查视计])|等奖|等功|号线|号楼|期工程|期项目|把手|级(?:响应|甲等|预警|保护))"
)
"""Bodies, prizes and works that are told apart by a number."""

_TIME = "年|个?小时|个?钟头|天|个?月|个?星期|周"
_AND_A_HALF = re.compile(rf"(?P<whole>\d{{1,3}}|[一两])(?P<unit>{_TIME})半(?![年月天夜])")
_HALF = re.compile(
    r"(?<![上下前后大小多过\d一两年月时天])半(?P<unit>个小时|小时|个钟头|年|个?月(?!刊|谈)|天)"
)
_PLAIN = {
    "个小时": "小时",
    "个钟头": "小时",
    "钟头": "小时",
    "月": "个月",
    "个星期": "周",
    "星期": "周",
}


def read_halves(text: str) -> Iterator[tuple[int, int, Decimal, str]]:
    """Start, end, value and unit of each length of time that is not whole."""
    for match in _AND_A_HALF.finditer(text):
        whole = chinese_number(match["whole"]) if match["whole"] in "一两" else None
        value = Decimal(match["whole"]) if whole is None else whole
        yield *match.span(), value + Decimal("0.5"), _PLAIN.get(match["unit"], match["unit"])
    for match in _HALF.finditer(text):
        yield *match.span(), Decimal("0.5"), _PLAIN.get(match["unit"], match["unit"])
