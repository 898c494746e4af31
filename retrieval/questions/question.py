"""A question read: its language, what it asks for, which field of an article it is about."""

import datetime
import re
from dataclasses import dataclass

from retrieval.folding import fold
from retrieval.questions.kinds import Kind, asked_kinds, counted_things
from retrieval.types import Field
from retrieval.words import ASKING_WORDS, content_words, tagged_words

MAX_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for. `field`: it is about that field of an article, not its text."""

    text: str
    folded: str
    kinds: tuple[Kind, ...]
    counted: tuple[str, ...]
    """Nouns that say of what a number is asked for."""
    field: Field | None
    chinese: bool
    many: bool
    """It asks for a list, a course of things, a reason, or several things at once."""
    at: datetime.date | None
    """The day it is asked, from which 去年7月 is counted."""
    scant: bool = False
    """Fewer than three words, none of them Chinese: hello, or a name."""
    present: bool = False
    """It asks how things stand now: of two reports the newer counts."""
    bare: bool = False
    """It names nothing that could be looked for: 什么时候?"""


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


_ASKING = "(?:什么|多少|(?<![那这好哪])几(?!乎)|谁|哪|怎[么样])"
_MANY = _any(
    "哪些|哪几|哪三|哪两|有什么|都[有叫是能]|分别|包括|列举|过程|步骤|还有|建议",
    "如何|怎么|怎样|为什么|为何|为啥|什么好处|有啥|什么意思|寓意|内涵|含义",
    f"{_ASKING}.*[^是]{_ASKING}",
    r"\bwhat (?:are|were|did|do)\b|\bwhy\b|\bhow (?:do|does|did)\b|\band\b|\blist\b|advice",
)

_PRESENT = _any(
    "(?<![项节题科数条栏])目前|(?<![出发体表呈展实涌浮])现在|现任|当前|最新|如今|至今|今天",
    r"\b(?:now|current|currently|latest|at present|as of today|today|nowadays)\b",
)

_ARTICLE = (
    "(?:报[道导]|文章|新闻|稿子|稿件|消息|这篇|那篇|这条|那条|通讯|照片|图片|一文|"
    "article|story|report|piece|photo|picture)"
)
_END = r"[呢啊呀吗]?[\s?!。.]*$"
_REPORTER = "(?:记者|通讯员|摄影者|摄影师)"
_WHEN = "(?:哪一?[天年月日期]|几月几[号日]|几[月号]|什么时候|什么时间|何时|何日)"
_LITTLE = "(?:的|是|于|在|到底|究竟|最早|最初|当时|大概|具体){0,3}"
_PRINTED = (
    "(?:刊登|刊发|刊载|登载|登出|登报|登在|见的?报|上的?报|登的?报|登的(?![山记机顶陆台门船岛塔楼峰]))"
    "(?!的?(?:广告|启事))"
)
"""What is done with articles only; of 登 what is no climbing, boarding or registering."""

_ISSUED = rf"(?:的?(?:发表|发布|出版|发|出)|{_PRINTED}|的{_END})"
_ISSUING = "(?:发表|发布(?!会|人|者)|出版)"
_WHEN_ISSUED = f"(?:日期|时间|于?{_WHEN}|是?{_WHEN})"
_WROTE = "(?:都|曾经?|一共|总共){0,2}(?:采|撰)?写[了过]"
"""Asks of a person's works, which only bylines tell."""

_COLUMN = "(?:专栏|栏目)"
_WHICH_COLUMN = f"(?:在|是|于|的)?(?:哪|什么)(?:一?个|一)?{_COLUMN}"

_FIELDS: dict[Field, re.Pattern[str]] = {
    "byline": _any(
        "谁(?:写|拍|采写|报道|采访|撰写|摄)",
        "(?:写|拍|撰|采写|摄影?|报道|采访)[者人]?的?[是叫]?谁",
        f"{_ARTICLE}.*作者|作者.*{_ARTICLE}|署名",
        f"[哪几][位些名个].{{0,3}}{_REPORTER}",
        f"{_REPORTER}.{{0,6}}(?:是?谁|有谁|叫什么|哪[位些]|名字|姓名)",
        rf"{_REPORTER}(?![在从用给为对到把当最先随])[\u4e00-\u9fff]{{2,4}}{_WROTE}(?:哪|什么)",
        f"{_WROTE}(?:哪些|哪几?[篇条则]|什么)(?:报[道导]|新闻|稿)",
        "参[与加][了过]?(?:采写|采访|撰写|写|报道|拍摄)?[了过]?哪(?:些|几?[篇条则])(?:报[道导]|新闻|稿)",
        r"\bwho (?:wrote|reported|took|shot|photographed|authored)\b",
        r"\bwho is the (?:author|reporter|journalist|photographer)\b",
        r"\bwritten by whom\b|\bbyline\b|\bthe author of\b",
    ),
    "kicker": _any("引题|肩题|眉题", r"\bkicker\b"),
    "title": _any(
        f"标题|{_ARTICLE}.*(?:题目|题为|叫什么题)|(?:题目|题为).*{_ARTICLE}",
        r"\bheadline\b|\btitle of\b",
    ),
    "date": _any(
        rf"{_ARTICLE}(?:{_LITTLE}{_WHEN}{_ISSUED}|(.{{0,20}}){_WHEN}.{{0,2}}{_PRINTED}|的?日期)",
        rf"{_ARTICLE}(.{{0,10}}){_ISSUING}.{{0,4}}{_WHEN_ISSUED}",
        rf"[》”」』]{_LITTLE}(?:{_WHEN}(?:发表|{_PRINTED})|发表.{{0,4}}{_WHEN_ISSUED})",
        rf"(?:刊登|刊发|刊载|登载|见报|登报|登出).{{0,4}}{_WHEN_ISSUED}",
        rf"{_WHEN}(?:刊登|刊发|刊载|登载|见的?报|登的?报|上的报纸?)(?!的?(?:广告|启事))",
        rf"^([^山峰岛塔楼船机]*){_WHEN}登(?:的|出来?的?){_END}",
        rf"{_WHEN}的?报纸?(?:上|里|登|刊|报[道导]|的?{_END})",
        r"when was (?:the|this|that) (?:article|story|report|piece).{0,20}(?:published|printed)",
        "publication date|date of publication",
    ),
    "page": _any("第几版|哪个?版面?|几版|什么版面", "(?:which|what) page|page number"),
    "source": _any(
        "[哪什](?:么|一)?[家份个]?(?:报纸|报社|媒体|刊物|日报)",
        f"{_ARTICLE}.*(?:来源|出处|来自哪)",
        "(?:which|what) (?:newspaper|paper|media|outlet)",
    ),
    "column": _any(
        rf"{_ARTICLE}.{{0,12}}?{_WHICH_COLUMN}|{_WHICH_COLUMN}的?(?:{_ARTICLE}|{_PRINTED})",
        f"[》”」』].{{0,4}}?(?:属于?|归|是|登|刊|在|出自|来自|收).{{0,6}}?{_WHICH_COLUMN}",
        f"(?:属于?|归(?:于|入)?|登[在于]|刊登[在于]|刊[在于]|发表[在于]|登上?了?|收[在进入]){_WHICH_COLUMN}",
        f"{_ARTICLE}.{{0,4}}?{_COLUMN}(?:名称?)?(?:[是叫](?:什么|哪个?)|{_END})",
        r"(?:which|what) column\b",
    ),
}

_TARGET = re.compile(
    r"(?:哪|什么|何|多少|几)(?:一?[个家位些种条座所场次年项届名支]|几个)?([\u4e00-\u9fff]{1,6})"
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_FEW_WORDS = 3
_LATIN_WORD = re.compile(r"[a-z]{2,}")


def read_question(question: str, asked_at: datetime.date | None = None) -> Asked:
    """What the question asks for, on the day given."""
    folded = fold(question)
    return Asked(
        text=question,
        folded=folded,
        kinds=asked_kinds(folded),
        counted=counted_things(folded),
        field=next((name for name, asks in _FIELDS.items() if asks.search(folded)), None),
        chinese=is_chinese(folded),
        many=_MANY.search(folded) is not None,
        at=asked_at,
        scant=not _HAN.search(folded) and len(set(_LATIN_WORD.findall(folded))) < _FEW_WORDS,
        present=_PRESENT.search(folded) is not None,
        bare=len("".join(word for word in content_words(folded) if word not in ASKING_WORDS)) < 2,
    )


def without_field_words(folded: str, field: Field) -> str:
    """The question without the words that name the field: what the article is about."""
    rest = _FIELDS[field].sub(lambda match: f" {' '.join(filter(None, match.groups()))} ", folded)
    return re.sub(_ARTICLE, " ", rest)


def asked_for(folded: str) -> set[str]:
    """Words that name what is asked for, such as 城市 in 哪个城市: the answer gives one instead."""
    targets = " ".join(_TARGET.findall(folded))
    return {word for word, _ in tagged_words(targets)}


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese rather than in Latin letters."""
    return len(_HAN.findall(text)) >= len(_LATIN_WORD.findall(text.lower()))
