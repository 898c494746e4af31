"""Kinds of things asked for: how a question asks for one, how a sentence holds one.

Everything here works on folded text (simplified, half width, lower case), Chinese and English.
"""

import enum
import re
from collections.abc import Collection
from itertools import takewhile

from retrieval.words import PERSON_TAGS, SURNAMES, placed_words, tagged_words


class Kind(enum.Enum):
    """Kinds of things asked for. NAMED: a person by name. ANY: none that could be recognised."""

    ANY = enum.auto()
    NUMBER = enum.auto()
    PEOPLE = enum.auto()
    MONEY = enum.auto()
    SHARE = enum.auto()
    AGE = enum.auto()
    LENGTH = enum.auto()
    AREA = enum.auto()
    WEIGHT = enum.auto()
    MEASURE = enum.auto()
    DURATION = enum.auto()
    FREQUENCY = enum.auto()
    CLOCK = enum.auto()
    DATE = enum.auto()
    RANK = enum.auto()
    PERSON = enum.auto()
    NAMED = enum.auto()
    PLACE = enum.auto()
    ORGANISATION = enum.auto()
    WORK = enum.auto()
    REASON = enum.auto()
    LIST = enum.auto()


MEASURED = frozenset(
    {
        Kind.PEOPLE,
        Kind.MONEY,
        Kind.SHARE,
        Kind.AGE,
        Kind.LENGTH,
        Kind.AREA,
        Kind.WEIGHT,
        Kind.MEASURE,
        Kind.DURATION,
        Kind.FREQUENCY,
        Kind.CLOCK,
        Kind.RANK,
    }
)
"""Kinds that come with a unit of their own: where the unit is missing, the answer is."""

EXACT = MEASURED | {Kind.NUMBER, Kind.DATE, Kind.NAMED}
"""Kinds that are told by their form."""

_HAN = r"[\u4e00-\u9fff]"
_TIMES = (
    r"世纪|\d万年|年[初底]|(?:周|星期|礼拜)[一二三四五六日天末]|[上中下]旬|[早晚上中下正]午|凌晨|清晨|傍晚|[早晚]上|"
    "[春夏秋冬][季天至分]|春节|元旦|清明|端午|中秋|重阳|国庆|除夕|寒假|暑假|[周商秦汉隋唐宋元明清]朝|清代|民国|初年|末年|时期|"
    "[昨今明]天|[今去前明]年|近日|日前"
)
"""Days, seasons and ages that have no figures."""

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
_LENGTHS = "(?:公里|千米|厘米|毫米|海里|英里|英尺|里路|里地|米(?!饭|面|粉|粒))"
_AREA_UNITS = "(?:平方(?:公里|千米|英里|厘米)?米?|平米|公顷|亩)"
_WEIGHTS = "(?:吨|公斤|千克|克|斤|两重)"
_MEASURES = "(?:立方米|方|升|毫升|千瓦时?|度|摄氏度|℃|层|级|分贝)"
_KIN = "女儿|儿子|妻子|丈夫|父亲|母亲|师傅|徒弟"
_HEADS = "书记|主任|经理|总裁|总理|总统|主席|教练"
_ROLE = f"(?:[长员者师人工生手星]|{_HEADS}|{_KIN}|老板|先生|女士)"
_OFFICE = (
    "(?:(?<![专特成增])[部省市县区镇乡村厅局院校园馆会队站所厂段班团处科社行连营排]长|"
    f"{_HEADS}|{_KIN}|厨师)"
)
_ORGANISATIONS = (
    "(?:公司|企业|集团|机构|组织|单位|部门|银行|支行|分行|医院|大学|学校|学院|高校|中学|小学|媒体|报社|协会|"
    "团体|政党|法院|团队|球队|俱乐部|厂商|品牌|研究[所院]|出版社|电视台|平台|基金会|联盟|委员会)"
)
_WORKS = (
    "(?:电影|影片|电视剧|剧集|节目|小说|书籍?|著作|歌曲?|游戏|"
    "法律|法规|条例|文件|办法|条约|协定|规划)"
)
_END = r"(?:[是为在有]|分别|各是|是?多少|是?什么|是?谁)*[?？.。、]*$"
"""After a noun at the end of a question in key words: 首映时间, 死亡人数."""

_CLASSIFIER = "(?:[个名位人家支项次场条件种座所辆台只份张套篇本幢栋艘架枚首幅对棵]|人次)"
_CLASSIFIERS = rf"(?:{_CLASSIFIER}|[部间双组批户起宗处届款门堂块片把箱袋副面路类])"
"""What may follow a numeral, words among it that are nouns too."""

_COUNTED = re.compile(rf"(?:多少|几)[万亿]?{_CLASSIFIER}*({_HAN}{{1,8}})")
_COUNT = re.compile(rf"{_DIGITS}[万亿余多来几]*{_CLASSIFIER}?")
_COUNTED_REACH = 10
"""Characters: between number and noun stand words such as 外国 or 受伤的."""

_MAX_HELD = 12
_AREAS = "(?:国家|省|市|城市|地区|区|县|镇|乡|村|街道|社区|小区|地方)"


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


_SURNAME = f"[{''.join(sorted(SURNAMES))}]"
_A_NAME = _any(
    rf"{_HAN}{{1,6}}·{_HAN}{{1,8}}(?!{_HAN}|”)",
    f"{_SURNAME}某",
    f"{_SURNAME}{_HAN}{{0,2}}(?:先生|女士)",
    f"(?:{_OFFICE}|记者|老师|医生|教授|队员|导演|演员){_SURNAME}{_HAN}{{1,2}}",
)
_FULL_NAME = re.compile(
    rf"{_SURNAME}(?:(?![二三四五六七八九十百千万]){_HAN}){{2}}"
    "(?<![省市县区镇乡村街路厂队组校院馆店站港岛州社局所园场赛节会杯业井寺庙宫山江湖海])"
)
"""What the segmenter takes for a person may be a place or a team: 柳溪村, 龙舟队."""

_HOLDS: dict[Kind, re.Pattern[str]] = {
    Kind.NUMBER: _any(r"\d", rf"{_DIGITS}(?:[万亿]|余|多)?{_HAN}"),
    Kind.PEOPLE: _any(rf"{_NUMBER}(?:{_PEOPLE_UNITS}|{_PEOPLE})"),
    Kind.MONEY: _any(rf"{_NUMBER}{_MONEY}", r"[$¥€£]\s?\d"),
    Kind.SHARE: _any(
        rf"{_NUMBER}(?:%|个百分点|个?基点)", "百分之", f"{_DIGITS}(?:成|分之)", "[过近]半|一半"
    ),
    Kind.AGE: _any(rf"{_NUMBER}岁", "[1-9]0后", "出生"),
    Kind.LENGTH: _any(rf"{_NUMBER}{_LENGTHS}"),
    Kind.AREA: _any(rf"{_NUMBER}{_AREA_UNITS}"),
    Kind.WEIGHT: _any(rf"{_NUMBER}{_WEIGHTS}"),
    Kind.MEASURE: _any(rf"{_NUMBER}(?:{_MEASURES}|{_LENGTHS}|{_AREA_UNITS}|{_WEIGHTS})"),
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
        _TIMES,
    ),
    Kind.RANK: _any(f"第{_DIGITS}", "首位|榜首|冠军|名列|位居|排名"),
    Kind.PERSON: _any(
        _PEOPLE,
        rf"{_HAN}(?:员|者|长|师|家|工|生|手|民|委|友|总|队|组织|政府|部门)(?!{_HAN}?[业作程])",
        f"[小老]{_HAN}",
        "先生|女士|某",
    ),
    Kind.NAMED: _A_NAME,
    Kind.PLACE: _any(
        rf"{_HAN}(?:省|市|区|县|镇|乡|村|路|街|街道|州|国|岛|港|站|厅|馆|院|楼|园|小区|社区|中心|地)"
    ),
    Kind.ORGANISATION: _any(
        rf"{_HAN}(?:{_ORGANISATIONS}|[局部委社党队厂店馆会办处院所厅署台网])(?!长)",
        r"\b[a-z]{2,}",
    ),
    Kind.WORK: _any('[《“「『"]'),
    Kind.REASON: _any(
        "因|由于|为了|一是.+二是|解释[说道]|为的是|以便|从而|旨在|缘于|源于|使得|导致|针对|关系到|才|所以"
    ),
    Kind.LIST: _any("、|和|以及|包括|有.+,.+"),
}

_NAMES_ONE: dict[Kind, re.Pattern[str]] = {
    Kind.NUMBER: _any(
        r"(?<![第\d.,-])(?<!\d:)\d[\d,]*(?:\.\d+)?[万亿千百余多]*(?![\d.,:届]|\s?(?:年|月|日|号))",
        "百分之|[一二三四五六七八九半]成",
        rf"(?<![第零〇一二两三四五六七八九十百千])(?!一{_CLASSIFIERS})"
        rf"[零〇一二两三四五六七八九十百千万亿]+[余多]?{_CLASSIFIERS}",
    ),
    Kind.DATE: _any(
        rf"{_DIGITS}\s*(?:年|月|日|号)(?![内期])",
        r"\d{4}-\d\d?-\d\d?",
        r"\d{4}/\d\d?/\d\d?",
        _TIMES,
    ),
    Kind.PERSON: _A_NAME,
    Kind.NAMED: _A_NAME,
    Kind.PLACE: _any(
        rf"{_HAN}{{2,6}}(?:省|市|[区县镇乡村路街]|大道|广场|体育场|馆|中心|大厦|机场|车站|大学|学院|酒店|宾馆|公园|码头|"
        "剧院|教堂|宫|岛|州|国)"
    ),
    Kind.ORGANISATION: _any(rf"{_HAN}{{2,8}}{_ORGANISATIONS}", r"\b[a-z]{2,}"),
    Kind.WORK: _any("《[^《》]+》"),
}
"""What names a thing of the kind, where that is told by more than what `holds` looks for."""

_TAGS: dict[Kind, frozenset[str]] = {
    Kind.PERSON: PERSON_TAGS,
    Kind.NAMED: PERSON_TAGS,
    Kind.PLACE: frozenset({"ns"}),
    Kind.ORGANISATION: frozenset({"nt"}),
}

_ASKS: dict[Kind, re.Pattern[str]] = {
    Kind.AGE: _any("年龄|年纪(?!念)|几岁|多少岁|多大岁数", "how old", r"\bages?\b"),
    Kind.MONEY: _any(
        "多少钱|几块钱|票价|租金|售价|单价|造价",
        f"(?:(?<!评)价格?|薪水|工资|花费)(?:[是为要有]?多|[是为]?几|{_END})|收费.{{0,2}}[多几]",
        "(?:多少|几)(?:万|亿)?(?:[美欧日港澳]|人民币)?元",
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
        f"(?:时间|日期|年份){_END}",
        r"\bwhen\b",
        "(?:what|which) (?:year|date|day|month)",
    ),
    Kind.RANK: _any("第几|排名|名次|排第", r"\brank"),
    Kind.LENGTH: _any(
        rf"(?:多少|几)[百千万亿]*{_LENGTHS}",
        f"(?<!许)多[高宽深远](?!兴|级)|(?<!许)多长(?!时间)|海拔|身高|(?:全长|[长宽高深]度|距离)(?:[是为有]?多|{_END})",
        "how (?:tall|high|far|wide|deep|long is the (?:bridge|road|line|river|wall))",
    ),
    Kind.AREA: _any(rf"(?:多少|几)[百千万亿]*{_AREA_UNITS}|面积"),
    Kind.WEIGHT: _any(rf"(?:多少|几)[百千万亿]*{_WEIGHTS}|多重(?!要)|重量", "how heavy"),
    Kind.MEASURE: _any(
        rf"(?:多少|几)[百千万亿]*{_MEASURES}", "多[大厚](?!家|年纪|岁)|体积", "how (?:big|large)"
    ),
    Kind.PEOPLE: _any(
        rf"(?:多少|几)个?(?:万|亿)?{_PEOPLE_UNITS}",
        f"多少个?{_PEOPLE}{_NO_COMPOUND}",
        "人数|几个人",
        r"how many (?:\w+ ){0,2}(?:people|persons|members|residents|workers|volunteers|passengers|"
        "visitors|students|officials|employees|staff|readers|women|men|children)",
    ),
    Kind.NUMBER: _any(
        "多少|几(?![乎何年])|数量",
        f"(?:[数额率]|(?<![测衡考质力商打])量|人次|票房|产值|震级|[得比]分|奖金|规模|增速){_END}",
        "how many|how much|number of",
    ),
    Kind.PERSON: _any(
        "谁|哪位|什么人|何人|哪些人|叫什么名字|姓什么|名叫",
        f"(?:导演|编剧|主演|作者|创始人|负责人|主持人|教练|冠军得主|[总部省市县区镇村局厅院校馆会队站所]长|总统|总理|"
        f"主席|总裁|书记|嘉宾){_END}",
        r"\bwho\b|\bwhom\b|\bwhose\b",
    ),
    Kind.NAMED: _any(
        f"{_OFFICE}(?:的?(?:名字|姓名))?(?:是谁|叫什么|是哪位|姓什么)|谁(?:是|担任|当).{{0,12}}{_OFFICE}{_END}",
        f"{_ROLE}的?(?:名字)?叫什么|{_ROLE}的?(?:姓名|名字)(?:是?什么|是?谁|叫|{_END})|姓什么|叫什么姓",
        r"\bwho (?:is|was) the \w+(?: \w+)? (?:of|at|in)\b",
        "what(?: is|'s) the name of the (?:head|director|reporter|man|woman|person|boss|chief)",
    ),
    Kind.PLACE: _any(
        f"哪里|哪儿|何[处地区]|什么地[方区带]|[在从到]哪(?!一?[些个位种几家年月天次届支部本])|地点|地址|哪一?个?{_AREAS}",
        f"(?:举办[地国]|所在地|位置|起点|终点|产地){_END}",
        r"\bwhere\b",
        "(?:which|what) (?:city|district|province|street|country|place|town|community)",
    ),
    Kind.ORGANISATION: _any(
        f"哪一?[个家支所些]?{_ORGANISATIONS}|哪[两几]?家|哪所|什么{_ORGANISATIONS}",
        "(?:which|what) (?:compan|organi[sz]ation|institution|agency|bank|hospital|universit|"
        "school|team|department|club)",
    ),
    Kind.WORK: _any(
        f"哪一?[部本首](?!分)|(?:什么|哪一?[个项份])(?:[\u4e00-\u9fff]{{0,2}})?{_WORKS}",
        "(?:which|what) (?:film|movie|book|song|novel|law|treaty)",
    ),
    Kind.REASON: _any("为什么|为何|为啥|因何|因什么|原因|怎么会|何以", r"\bwhy\b|reason"),
    Kind.LIST: _any(
        "哪些|哪几|有什么|都有|分别|各是|包括|列举|几大|什么样的",
        r"what (?:are|were) the|which (?:\w+ )?are|\blist\b",
    ),
}


_WHO_IS = re.compile(
    rf"(?:请问)?{_SURNAME}{_HAN}{{1,2}}(?:是谁|是什么人|是哪位|是干什么的|是做什么的)[?]?"
)
"""Asks what a person is, not for another person."""

_NO_AMOUNT = re.compile("[那这好哪]几")
"""那几分钟 and 哪几句 ask for no number."""


def asked_kinds(folded_question: str) -> tuple[Kind, ...]:
    """The kinds of things a question asks for; ANY when none is recognised."""
    if _WHO_IS.fullmatch(folded_question):
        return (Kind.ANY,)
    amounts = _NO_AMOUNT.sub(" ", folded_question)
    kinds = {
        kind
        for kind, pattern in _ASKS.items()
        if pattern.search(amounts if kind in EXACT else folded_question)
    }
    if kinds & (MEASURED | {Kind.DATE}):
        # a recognised unit says more than "a number"
        kinds -= {Kind.NUMBER, Kind.LIST}
    if Kind.SHARE in kinds:
        kinds -= {Kind.MEASURE, Kind.LENGTH}  # 率多高 asks for no length
    return tuple(sorted(kinds, key=lambda kind: kind.value)) or (Kind.ANY,)


def holds(folded_sentence: str, kind: Kind) -> bool:
    """Whether a sentence holds a thing of that kind."""
    if kind is Kind.ANY or _HOLDS[kind].search(folded_sentence):
        return True
    return kind in (Kind.PERSON, Kind.NAMED) and any(
        tag == "nr" for _, tag in tagged_words(folded_sentence)
    )


def find_held(
    folded_sentence: str, kinds: Collection[Kind], folded_question: str
) -> list[tuple[Kind, int, int]]:
    """Kind, start and end of the things of these kinds that the question does not say itself.

    Stricter than `holds`: a number is no date or ordinal, a place is named. At most twelve
    of a kind, in order; none for ANY.
    """
    found = []
    for kind in kinds:
        pattern = _NAMES_ONE.get(kind) or _HOLDS.get(kind)
        spans = [match.span() for match in pattern.finditer(folded_sentence)] if pattern else []
        if tags := _TAGS.get(kind):
            tagged = _tagged(folded_sentence, tags)
            spans += [
                (start, end)
                for start, end in tagged
                if kind is not Kind.NAMED or _FULL_NAME.fullmatch(folded_sentence, start, end)
            ]
        new = [
            (kind, start, end)
            for start, end in spans
            if folded_sentence[start:end] not in folded_question
        ]
        found += new[:_MAX_HELD]
    return found


def _tagged(folded: str, tags: Collection[str]) -> list[tuple[int, int]]:
    words = placed_words(folded)
    return [(one.start, one.end) for one in words if one.tag in tags and len(one.text) > 1]


def asks(folded_sentence: str) -> bool:
    """Whether a sentence is a question itself, such as a headline that is one."""
    return folded_sentence.rstrip("”’」』)\"'").endswith("?")


_UNCOUNTED = frozenset(
    {"人", "钱", "数量", "地方", "时间", "东西", "名字", "人数", "家", "分", "人员"}
)
"""Words that stand for whatever is counted."""


def counted_things(folded_question: str) -> tuple[str, ...]:
    """The nouns behind 多少 or 几 that name what is counted, such as 儿童 in 多少名儿童; or ()."""
    match = _COUNTED.search(folded_question)
    if match is None:
        return ()
    nouns = takewhile(
        lambda pair: pair[1][0] == "n" or pair[1] in ("vn", "l"), tagged_words(match[1])
    )
    return tuple(word for word, _ in nouns if word not in _UNCOUNTED)


def counted_missing(folded_sentence: str, things: Collection[str]) -> float:
    """1 when none of the things stands close to a number; 0 where there are none."""
    if not things:
        return 0.0
    for match in _COUNT.finditer(folded_sentence):
        start = max(0, match.start() - _COUNTED_REACH)
        near = folded_sentence[start : match.end() + _COUNTED_REACH]
        if any(thing in near for thing in things):
            return 0.0
    return 1.0
