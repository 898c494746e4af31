"""Things that a claim and its passage must have in common: figures, dates, names, quoted terms.

All texts here are canonical (see retrieval.folding.canonical).
"""

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from retrieval.answering.checking.numbered import NUMBERED, read_halves
from retrieval.folding import DateSpan, Figure, find_dates, find_figures, spelled_date
from retrieval.words import PERSON_TAGS, SURNAMES, Word


class Kind(enum.Enum):
    """Kinds of things."""

    FIGURE = enum.auto()
    DATE = enum.auto()
    PERSON = enum.auto()
    PLACE = enum.auto()
    ORGANISATION = enum.auto()
    TERM = enum.auto()
    """Words in quotation marks."""
    CODE = enum.auto()
    """Latin letters and what is joined to them."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing at `start` to `end` of a text."""

    kind: Kind
    start: int
    end: int
    text: str
    value: Decimal = Decimal(0)
    unit: str = ""
    """What a figure counts, where it is said right behind it."""
    ordinal: bool = False
    bound: int = 0
    """1: the figure is said to be more than its value, -1: less."""
    is_about: bool = False
    """Whether the figure is said to be near its value, be it more or less."""
    first: date = date.min
    last: date = date.min
    is_range: bool = False

    def is_bounded_as(self, other: "Thing") -> bool:
        """Whether another figure allows what this one says of more or less, if anything."""
        if not self.bound:
            return True
        return self.bound == other.bound or (self.is_about and other.is_about)


_HAN = "\u3400-\u9fff"
_UNITS = (
    "平方公里 平方千米 平方米 平米 立方米 公里 千米 厘米 毫米 海里 公顷 公斤 千克 毫升 "
    "分钟 个小时 小时 个钟头 个月 个星期 "
    "个百分点 百分点 摄氏度 千瓦时 人次 美元 欧元 英镑 日元 港元 港币 人民币 "
    "星期 季度 世纪 % 米 亩 吨 克 斤 升 秒 天 日 号 周 年 月 岁 元 块 度 倍 "
    "名 位 人 口 个 家 项 种 类 处 条 支 件 次 场 回 届 所 座 台 辆 套 批 组 "
    "对 只 份 本 张 篇 户 间 "
    "层 楼 级 款 幅 颗 棵 片 门 枚 集 期 队 股 栋 幢 艘 架 首 部 站 路 步 头 匹 "
    "束 顶 点 时 道 课 节 成 大 宗 起 包 箱 袋 瓶"
)
_UNIT = re.compile(
    rf"\s?[余多来几]?\s?({'|'.join(_UNITS.split())})"
    "(?<!个(?=[人体性别]))(?<!名(?=单))(?<!家(?=庭))(?<!部(?=[门分]))(?<!天(?=津))(?<!大(?=学))"
)
_ENGLISH_UNIT = re.compile(
    r"[\s-]?(?:(%|per ?cent)|(square kilomet\w+)|(square met\w+)"
    r"|(kilomet\w+|km\b)|(met(?:re|er)s?\b)"
    r"|(hours?\b)|(minutes?\b)|(seconds?\b)|(days?\b)|(weeks?\b)|(months?\b)|(years?[\s-]old|aged)"
    r"|(years?\b)|(yuan|rmb)|((?:us )?dollars?)|(euros?)|(tonn?e?s?\b)|(hectares?)|(times?\b))"
)
_ENGLISH_UNITS = (
    "% 平方公里 平方米 公里 米 小时 分钟 秒 天 周 个月 岁 年 元 美元 欧元 吨 公顷 次".split()
)
_SAME_UNIT = {
    "平方千米": "平方公里",
    "平米": "平方米",
    "千米": "公里",
    "千克": "公斤",
    "日": "天",
    "号": "天",
    "块": "元",
    "人民币": "元",
    "港币": "港元",
    "星期": "周",
    "个星期": "周",
    "个小时": "小时",
    "个钟头": "小时",
    "百分点": "个百分点",
    "楼": "层",
    "时": "点",
}
COUNTERS = frozenset(
    "名 位 人 口 个 家 项 种 类 处 条 支 件 次 场 回 届 所 座 台 辆 套 批 组 "
    "对 只 份 本 张 篇 户 间 "
    "级 款 幅 颗 棵 片 门 枚 集 期 队 股 栋 幢 艘 架 首 部 站 路 步 头 匹 束 顶 道 课 节 大 宗 起 "
    "人次 包 箱 袋 瓶".split()
)
"""Units that say little: of one thing two writers may use different ones."""

_ABOVE = re.compile(
    r"(?:超过?|逾|多于|高于|突破|不止|至少|最少|不少于|不低于"
    r"|over|more than|at least|exceed\w*)\s?$"
)
_BELOW = re.compile(
    r"(?:(?<![最附邻临])近|不到|不足|将近|接近|(?<!不)少于|(?<!不)低于|不超过|不多于|不高于|至多|最多"
    r"|nearly|almost|less than|fewer than|under)\s?$"
)
_ABOVE_AFTER = re.compile(r"\s?(?:余|多|来)?(?:[%\u3400-\u9fff]{0,3}?)(?:以上|有余)")
_MORE_AFTER = re.compile(r"\s?[余多]")
_BELOW_AFTER = re.compile(r"[%\u3400-\u9fff]{0,3}?(?:以下|不到)")
_LATELY = re.compile("(?:年|个月|天|日|周|届|期)(?:来|以来|间|里|中|内|的|,|$)?")
"""Behind 近: the last so many years, not nearly so many."""

_ABOUT = re.compile(
    r"(?:约|大约|大概|近|将近|接近|nearly|almost|around|about|roughly|approximately)\s?$"
)
_ABOUT_AFTER = re.compile(r"[%\u3400-\u9fff]{0,4}?(?:左右|上下(?!车))")
_REACH = 8

_QUOTED = re.compile(r"[“《「『\"]([^“”《》「」『』\"]{2,300})[”》」』\"]")
_CODE = re.compile(r"[a-z][a-z\d]*(?:[-/.+&'’]?[a-z\d]+)*|\d+[a-z][a-z\d]*(?:[-/.]?[a-z\d]+)*")
_FRACTION = re.compile(r"(?:\d+分之\d+)")
BODIES = re.compile(
    "([二两三四五六七八九十]+)(部门|部委|方(?![面法式案便向])|国(?![家际内外有产])|省|校|区联|连冠|连胜)"
)
"""Counts that have no unit."""

_ONE = re.compile("(?<![每这那同第近有十百千万])一(年|个月|天|周|小时|个小时)(?![级度代一到])")
_CODE_TAIL = re.compile(r"/\d+")
_NAME = re.compile(rf"[{_HAN}]{{2,}}")
_PLACE_ENDING = re.compile(
    r"(?:城区|山区|省|市|区|县|镇|乡|村|州|旗|街道|社区|小区|路|街|大道|广场|机场|港|岛|山|河|湖|桥|站|园|寺)$"
)
_ORGANISATION_ENDING = re.compile(
    r"(?:公司|集团|[^工]厂|工厂|银行|[^专特成]委|委员会|局|[^全内外]部|工会|联合会|大学|学院|学校|中学|小学|医院|"
    r"法院|检察院|研究[所院]|协会|学会|商会|基金会|联盟|党委|支部|报社|通讯社|新华社|中新社|电视台|俱乐部|救援队|"
    r"突击队|服务队|出版社|办公室|事务所|派出所|保健院|幼儿园|合作社|车间|公寓段|[电工机]务段)$"
)
_NO_PLACE = re.compile(
    "^(?:深|广|高|速|温|力|程|进|制|角|难|强|密|热|态|尺|宽|长|年|季|月)度$|[半全]场$|格局$|^党组织"
    "|^英雄$|^海关$|各[国地]$|^福利$"
)
"""Words that the segmenter takes for places."""

_JOINS = frozenset(
    "联合 管理 研究 保健 救援 建设 投资 保险 开发 设计 教育 服务 通讯 出版 突击 "
    "运输 监督 检验 合作 宣传 组织 "
    "延迟 突击 志愿".split()
)
_NOMINAL = frozenset(
    {"n", "ns", "nt", "nz", "nr", "nrt", "j", "vn", "b", "eng", "zg", "g", "ng", "i", "an"}
)
_TITLE = re.compile(
    "(?:书记|主任|经理|总裁|校长|院长|局长|厂长|部长|市长|县长|区长|会长|队长|董事长|教授|老师|医生|记者|通讯员|读者|"
    "专家|主席|总理|总统|工程师|工人|操作工|村民|市民|作家|导演|演员)$"
)
_RARE = re.compile(rf"[{_HAN}]{{2,3}}")
"""A name that the segmenter does not know, behind a title."""

_TITLES = re.compile(rf"{_TITLE.pattern[:-1]}([{''.join(sorted(SURNAMES))}][{_HAN}]{{1,2}})")
_NOT_IN_NAME = frozenset(
    "里内中外上下前后的了在是和与及也都就还又并而说对从向为以于由被把将要会能可到有着过来去等则称"
)
_DOTS = frozenset("·•・")
_CUT_NAME = ("nr", "nrt", "x")
_GENERIC = re.compile("^(?:[一二终再原]审|上级|当地|有关|相关|涉事|本地|下属|各级|基层)")
"""What stands before 法院 or 工会 without making a name of it."""

_NICKNAME = re.compile(
    rf"(?<![{_HAN}])[小老]([{''.join(sorted(SURNAMES))}])(?=[{_HAN}])|工[小老]([{''.join(sorted(SURNAMES))}])"
)
_LONGEST_NAME = 5
"""Words that an organisation's name is put together from."""


def find_things(text: str, words: Sequence[Word], day: date | None) -> list[Thing]:
    """The things of a canonical text, in order of their places. `day`: see find_dates."""
    dates = [
        one
        for one in find_dates(text, day)
        if any(character.isnumeric() for character in text[one.start : one.end])
    ]
    inside = {place for one in dates for place in range(one.start, one.end)}
    codes = list(_codes(text, inside))
    halves = list(read_halves(text))
    halved = {place for start, end, _, _ in halves for place in range(start, end)}
    inside.update(
        place
        for one in codes
        if not one.text[0].isdigit()
        for place in range(one.start, one.end)
        if any(map(str.isdigit, one.text))
    )
    found = [
        *(_date(text, one) for one in dates),
        *(_figure(text, one) for one in find_figures(text) if one.start not in inside | halved),
        *(
            Thing(Kind.FIGURE, start, end, text[start:end], value, unit)
            for start, end, value, unit in halves
        ),
        *_names(text, words),
        *(Thing(Kind.TERM, *match.span(1), match[1]) for match in _QUOTED.finditer(text)),
        *codes,
        *(Thing(Kind.CODE, *match.span(), match[0]) for match in _FRACTION.finditer(text)),
        *(Thing(Kind.CODE, *match.span(), match[0]) for match in BODIES.finditer(text)),
        *(Thing(Kind.CODE, *match.span(), match[0]) for match in NUMBERED.finditer(text)),
        *(
            Thing(
                Kind.FIGURE,
                *match.span(),
                match[0],
                Decimal(1),
                "小时" if "小时" in match[1] else match[1],
            )
            for match in _ONE.finditer(text)
            if match.start() not in halved
        ),
    ]
    return sorted(found, key=lambda thing: thing.start)


def _date(text: str, one: DateSpan) -> Thing:
    return Thing(
        Kind.DATE,
        one.start,
        one.end,
        text[one.start : one.end],
        first=one.first,
        last=one.last,
        is_range="至" in spelled_date(one),
    )


def _figure(text: str, one: Figure) -> Thing:
    unit, end = _unit(text, one.end)
    return Thing(
        Kind.FIGURE,
        one.start,
        max(one.end, end),
        text[one.start : one.end],
        value=one.value,
        unit=unit,
        ordinal=text.endswith("第", 0, one.start),
        bound=_bound(text, one),
        is_about=_is_about(text, one),
    )


def _unit(text: str, end: int) -> tuple[str, int]:
    if match := _UNIT.match(text, end):
        return _SAME_UNIT.get(match[1], match[1]), match.end()
    if match := _ENGLISH_UNIT.match(text, end):
        return _ENGLISH_UNITS[(match.lastindex or 1) - 1], match.end()
    return "", end


def _bound(text: str, one: Figure) -> int:
    before = text[max(0, one.start - _REACH) : one.start]
    if before.endswith("近") and _LATELY.match(text, one.end):
        return 0
    if _BELOW.search(before) or _BELOW_AFTER.match(text, one.end):
        return -1
    more = _MORE_AFTER.match(text, one.end) or _ABOVE_AFTER.match(text, one.end)
    return 1 if more or _ABOVE.search(before) else 0


def _is_about(text: str, one: Figure) -> bool:
    before = text[max(0, one.start - _REACH) : one.start]
    return bool(_ABOUT.search(before) or _ABOUT_AFTER.match(text, one.end))


def _codes(text: str, inside: set[int]) -> Iterator[Thing]:
    for match in _CODE.finditer(text):
        if match.start() in inside:
            continue
        tail = _CODE_TAIL.match(text, match.end())
        end = tail.end() if tail else match.end()
        yield Thing(Kind.CODE, match.start(), end, text[match.start() : end])


def _names(text: str, words: Sequence[Word]) -> Iterator[Thing]:
    named = 0
    foreign = list(_foreign(words))
    for at, word in enumerate(words):
        if word.end <= named or any(start <= word.start < end for start, end in foreign):
            continue
        person = _person(words, at)
        if person:
            named = word.start + len(person)
            yield Thing(Kind.PERSON, word.start, word.start + len(person), person)
        elif (
            word.tag in ("ns", "nt")
            and _NAME.fullmatch(word.text)
            and not _NO_PLACE.search(word.text)
        ):
            yield Thing(Kind.PLACE, word.start, word.end, word.text)
        elif _PLACE_ENDING.fullmatch(word.text):
            start = _place_start(words, at)
            if start < word.start:
                yield Thing(Kind.PLACE, start, word.end, text[start : word.end])
        if _ORGANISATION_ENDING.search(word.text):
            start = _organisation_start(words, at)
            is_long = word.end - start > len(word.text) or len(word.text) > 2
            if is_long and not _GENERIC.match(text[start : word.end]):
                yield Thing(Kind.ORGANISATION, start, word.end, text[start : word.end])
    for start, end in foreign:
        yield Thing(Kind.PERSON, start, end, text[start:end])
    ends = {word.end for word in words}
    for match in _TITLES.finditer(text):
        name = match[1]
        cut = next((i for i, one in enumerate(name) if one in _NOT_IN_NAME), len(name))
        whole = [n for n in (3, 2) if n <= cut and match.start(1) + n in ends]
        cut = whole[0] if whole else cut
        if cut >= 2:
            yield Thing(Kind.PERSON, match.start(1), match.start(1) + cut, name[:cut])
    for match in _NICKNAME.finditer(text):
        surname = match[1] or match[2]
        end = match.end()
        yield Thing(Kind.PERSON, end - 2, end, text[end - 2 : end - 1] + surname)


def _foreign(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Start and end of each name such as 马赫穆特·奥兹登."""
    end = 0
    for at, word in enumerate(words[1:-1], start=1):
        if word.text not in _DOTS or word.start < end:
            continue
        first = at - 1
        while first and (len(words[first].text) == 1 or words[first - 1].tag in _CUT_NAME):
            if not _NAME.fullmatch(words[first - 1].text):
                break
            first -= 1
        last = at + 1
        while last + 2 < len(words) and words[last + 1].text in _DOTS:
            last += 2
        end = words[last].end
        yield words[first].start, end


def _person(words: Sequence[Word], at: int) -> str:
    """A person's name that begins with a word; the segmenter may have cut it."""
    word = words[at]
    if word.tag == "x" and at and _TITLE.search(words[at - 1].text) and _RARE.fullmatch(word.text):
        return word.text
    if word.text in SURNAMES and word.tag in ("nr", "zg") and at + 1 < len(words):
        given = words[at + 1]
        whole = given.start == word.end and not _NOT_IN_NAME & {*given.text}
        if whole and len(given.text) <= 2 and given.tag[0] in "nszgatji":
            return word.text + given.text if _NAME.fullmatch(given.text) else ""
    if (
        word.tag not in PERSON_TAGS
        or word.text[0] not in SURNAMES
        or not _NAME.fullmatch(word.text)
    ):
        return ""
    if not 2 <= len(word.text) <= 4 or _NOT_IN_NAME & {*word.text[1:]}:
        return ""
    if len(word.text) == 2 and at + 1 < len(words):
        after = words[at + 1]
        glued = after.start == word.end and len(after.text) == 1 and after.text >= "\u3400"
        if glued and after.text not in _NOT_IN_NAME and after.tag[0] in "anzgjb":
            return word.text + after.text
    return word.text


def _place_start(words: Sequence[Word], at: int) -> int:
    start = words[at].start
    for before in reversed(words[max(0, at - 3) : at]):
        single = len(before.text) == 1 and before.text >= "\u3400" and before.tag[0] in "nzgajbx"
        if before.end != start or not (single or before.tag in ("nz", "nr")):
            break
        if before.text in _NOT_IN_NAME:
            break
        start = before.start
    return start


def _organisation_start(words: Sequence[Word], at: int) -> int:
    start = after = words[at].start
    following = words[at].text
    for before in reversed(words[max(0, at - _LONGEST_NAME) : at]):
        if before.end != start or before.text in _NOT_IN_NAME:
            break
        if before.tag not in _NOMINAL and before.text not in _JOINS:
            break
        if _ORGANISATION_ENDING.search(before.text) and following in _JOINS:
            return after  # 联合会联合工会 are two
        after, start, following = start, before.start, before.text
    return start
