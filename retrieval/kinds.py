"""Kinds of things asked for: how a question asks for one, how a sentence holds one.

Everything here works on folded text (simplified, half width, lower case), Chinese and English.
"""

import enum
import re

from retrieval.words import tagged_words


class Kind(enum.Enum):
    """Kinds of things asked for. ANY: none that could be recognised in a sentence."""

    ANY = enum.auto()
    NUMBER = enum.auto()
    PEOPLE = enum.auto()
    MONEY = enum.auto()
    SHARE = enum.auto()
    AGE = enum.auto()
    MEASURE = enum.auto()
    DURATION = enum.auto()
    FREQUENCY = enum.auto()
    CLOCK = enum.auto()
    DATE = enum.auto()
    RANK = enum.auto()
    PERSON = enum.auto()
    PLACE = enum.auto()
    REASON = enum.auto()
    LIST = enum.auto()


MEASURED = frozenset(
    {
        Kind.PEOPLE,
        Kind.MONEY,
        Kind.SHARE,
        Kind.AGE,
        Kind.MEASURE,
        Kind.DURATION,
        Kind.FREQUENCY,
        Kind.CLOCK,
        Kind.RANK,
    }
)
"""Kinds that come with a unit of their own: where the unit is missing, the answer is."""

_HAN = r"[\u4e00-\u9fff]"
_DIGITS = r"(?:\d[\d,]*(?:\.\d+)?|[零〇一二两三四五六七八九十百千]+)"
_NUMBER = rf"{_DIGITS}[万亿千百十]*(?:余|多|来|几)?\s*"
_PEOPLE_UNITS = "(?:名|位|人|口)"
_PEOPLE = (
    "(?:党员|干部|人员|群众|居民|市民|村民|旅客|游客|乘客|观众|读者|学生|教师|老师|职工|员工|工人|"
    "志愿者|会员|选手|患者|病人|记者|专家|孩子|老人|妇女|妈妈|官兵|书记|代表|委员|嫌疑人)"
)
_NO_COMPOUND = rf"(?=(?!{_HAN})|[参在加来被到受住去听得会死伤失从进出有是与和的报遇获])"
"""After a word for people: 多少党员参加 asks for people, 多少党员责任区 does not."""

_MONEY = "(?:元|块钱|美元|美金|澳元|欧元|英镑|日元|人民币|港币|卢布)"
_TIME = "(?:秒|分钟|小时|钟头|天|周|星期|礼拜|个月|年|日|月)"
_MEASURES = (
    "(?:平方米|平方公里|平方英里|平米|立方米|公里|千米|厘米|毫米|海里|英里|米|公顷|亩|吨|公斤|千克|克|"
    "斤|升|千瓦时|千瓦|度|摄氏度|℃|层|级)"
)
_AREAS = "(?:国家|省|市|城市|地区|区|县|镇|乡|村|街道|社区|小区|地方)"


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


_HOLDS: dict[Kind, re.Pattern[str]] = {
    Kind.NUMBER: _any(r"\d", rf"{_DIGITS}(?:[万亿]|余|多)?{_HAN}"),
    Kind.PEOPLE: _any(rf"{_NUMBER}(?:{_PEOPLE_UNITS}|{_PEOPLE})"),
    Kind.MONEY: _any(rf"{_NUMBER}{_MONEY}", r"[$¥€£]\s?\d"),
    Kind.SHARE: _any(rf"{_NUMBER}%", "百分之", f"{_DIGITS}成", f"{_DIGITS}分之", "个百分点"),
    Kind.AGE: _any(rf"{_NUMBER}岁", "[1-9]0后", "出生"),
    Kind.MEASURE: _any(rf"{_NUMBER}{_MEASURES}"),
    Kind.DURATION: _any(rf"{_NUMBER}{_TIME}", "半(?:年|天|小时|个月)"),
    Kind.FREQUENCY: _any(
        rf"每(?:隔|逢)?{_DIGITS}?个?(?:年|月|周|天|日|季|星期|小时|晚)",
        "一(?:年|月|周|天)一",
        "不?定期",
    ),
    Kind.CLOCK: _any(
        rf"{_DIGITS}\s*(?:点|时(?![间代期]))", r"\d:\d\d", "[早晚]上", "凌晨", "傍晚", "中午"
    ),
    Kind.DATE: _any(
        rf"{_DIGITS}\s*(?:年|月|日|号)",
        "[今去前明]年",
        "年[初底]",
        "近日|日前|近年|春节|世纪",
        "[上下本]周",
        "[昨今明]天",
    ),
    Kind.RANK: _any(f"第{_DIGITS}", "首位|榜首|冠军|名列|位居|排名"),
    Kind.PERSON: _any(
        _PEOPLE,
        rf"{_HAN}(?:员|者|长|师|家|工|生|手|民|委|友|总|队|组织|政府|部门)(?!{_HAN}?[业作程])",
        f"[小老]{_HAN}",
        "先生|女士|某",
    ),
    Kind.PLACE: _any(
        rf"{_HAN}(?:省|市|区|县|镇|乡|村|路|街|街道|州|国|岛|港|站|厅|馆|院|楼|园|小区|社区|中心|地)"
    ),
    Kind.REASON: _any("因|由于|为了|为的是|以便|从而|旨在|缘于|源于|使得|导致|针对|关系到|才|所以"),
    Kind.LIST: _any("、|和|以及|包括|有.+,.+"),
}

_ASKS: dict[Kind, re.Pattern[str]] = {
    Kind.AGE: _any("年龄|年纪(?!念)|几岁|多少岁|多大岁数", "how old", r"\bages?\b"),
    Kind.MONEY: _any(
        "多少钱|几块钱|价格|收费|票价|租金|售价|单价|造价|薪水|工资|花费",
        "(?:多少|几)(?:万|亿)?(?:美|欧)?元",
        "how much (?:does|do|did|is|was|money)",
        r"\b(?:price|cost|fee|salary|rent)s?\b",
    ),
    Kind.SHARE: _any(
        "百分之[几多]|百分比|占比|比例",
        "(?:率|占).{0,6}多[少高大]",
        "多少.{0,3}%",
        "percent|what share|proportion",
    ),
    Kind.FREQUENCY: _any("多久.{0,8}一[次回场届趟遍]|隔多久|多长时间一次", "how often"),
    Kind.DURATION: _any(
        "多久|多长时间|时长",
        "(?:几|多少)个?(?:小时|分钟|秒|天|周|星期|月|年)",
        "how (?:long|fast|quickly|soon)",
        "how many (?:minutes|hours|days|weeks|years)",
    ),
    Kind.CLOCK: _any("几点|什么钟点|开放时间|营业时间", "what time|opening hours"),
    Kind.DATE: _any(
        "什么时候|何时|哪一?[年月天日]|几月|几号|什么时间|什么日子|日期",
        r"\bwhen\b",
        "(?:what|which) (?:year|date|day|month)",
    ),
    Kind.RANK: _any("第几|排名|名次|排第", r"\brank"),
    Kind.MEASURE: _any(
        rf"(?:多少|几)(?:万|亿)?{_MEASURES}",
        "多[大高宽深远重厚]|面积|海拔|身高|体积|重量",
        "how (?:big|large|tall|high|far|heavy|wide|deep)",
    ),
    Kind.PEOPLE: _any(
        rf"(?:多少|几)个?(?:万|亿)?{_PEOPLE_UNITS}",
        f"多少个?{_PEOPLE}{_NO_COMPOUND}",
        "人数|几个人",
        r"how many (?:\w+ ){0,2}(?:people|persons|members|residents|workers|volunteers|passengers|"
        "visitors|students|officials|employees|staff|readers|women|men|children)",
    ),
    Kind.NUMBER: _any("多少|几(?![乎何年])|数量", "how many|how much|number of"),
    Kind.PERSON: _any(
        "谁|哪位|什么人|何人|哪些人|叫什么名字|姓什么|名叫", r"\bwho\b|\bwhom\b|\bwhose\b"
    ),
    Kind.PLACE: _any(
        f"哪里|哪儿|何处|什么地方|在哪|从哪|到哪|地点|地址|哪个?{_AREAS}",
        r"\bwhere\b",
        "(?:which|what) (?:city|district|province|street|country|place|town|community)",
    ),
    Kind.REASON: _any("为什么|为何|为啥|原因|怎么会|何以", r"\bwhy\b|reason"),
    Kind.LIST: _any(
        "哪些|哪几|有什么|都有|分别|各是|包括|列举|几大|什么样的",
        r"what (?:are|were) the|which (?:\w+ )?are|\blist\b",
    ),
}


def asked_kinds(folded_question: str) -> tuple[Kind, ...]:
    """The kinds of things a question asks for; ANY when none is recognised."""
    kinds = {kind for kind, pattern in _ASKS.items() if pattern.search(folded_question)}
    if kinds & (MEASURED | {Kind.DATE}):
        # a recognised unit says more than "a number"
        kinds -= {Kind.NUMBER, Kind.LIST}
    if Kind.SHARE in kinds:
        kinds -= {Kind.MEASURE}  # 率多高 asks for no length
    return tuple(sorted(kinds, key=lambda kind: kind.value)) or (Kind.ANY,)


def holds(folded_sentence: str, kind: Kind) -> bool:
    """Whether a sentence holds a thing of that kind."""
    if kind is Kind.ANY or _HOLDS[kind].search(folded_sentence):
        return True
    return kind is Kind.PERSON and any(tag == "nr" for _, tag in tagged_words(folded_sentence))
