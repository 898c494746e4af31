"""Questions that ask which articles there are, rather than what they say: 9月有哪些报道."""

import re
from dataclasses import dataclass
from typing import Literal

from retrieval.types import Span
from retrieval.words import ASKING_WORDS, content_words

ARTICLE_WORD = (
    "(?:报[道导]|报纸(?!订|发行|广告|业|厂|亭|架|栏|印|回收|杂志)|文章|稿子|稿件|特写|社论|"
    "新闻(?!中心|联播|人|社|学|网|工作|单位|媒体|周刊|出版|办|界|业|通气|部|事业|评|宣传|记者|专业)|"
    "消息(?!人士|灵通|称)|通讯(?!员|社|录|公司|设备|技术|工具|运营|卫星))"
    "(?![组员会量]|征集|大赛|比赛|竞赛|评选|奖|写作|发布|采访|活动|数量|经验|任务)"
)
"""What a folded question calls an article, or the paper it stands in."""

_ENGLISH_NEWS = r"(?:news (?:articles|reports|stories)|articles|stories|reports|headlines|news)\b"

Kind = Literal["articles", "works", "contents"]


@dataclass(frozen=True, slots=True)
class Listing:
    """How a question asks for articles.

    `articles`: by that name, all of them or those about something. `works`: what somebody wrote or
    a paper printed. `contents`: what a page holds, or nothing but which articles are meant. The
    last two ask for articles only where a day, a person or the like is named.
    """

    kind: Kind
    words: tuple[Span, ...]
    """Where the folded question says so."""
    newest_alone: bool = False
    """One article is asked for, the newest."""

    @property
    def plain(self) -> bool:
        """Whether it can mean nothing else, whatever the question says besides."""
        return self.kind != "contents"


_NEWS = f"(?:新闻报道|(?!报纸){ARTICLE_WORD})"
_CLAUSE = "[^,。;?!:]"
_TITLES = "(?:标题|题目|清单|列表|目录|汇总|一览)"
_END = rf"(?:的?{_TITLES})?[吗呢啊呀吧]?[\s?!。.,]*$"
_ALL = "(?:都|还|又|曾经?|一共|总共|共|主要|分别|各自|各|具体){0,3}"
_WROTE = "(?:参[与加])?(?:撰写|采写|写|拍摄|拍)"
_PRINTED = "(?:刊登|刊发|刊载|登载|登|报[道导])"
_VERB = f"(?:有|(?:{_WROTE}|{_PRINTED}|发表|发布|发|出)[了过])"
_WHICH = "(?:哪些|哪几[篇条则个]|哪一?[篇条则])"
_WHAT = f"(?:{_WHICH}|些?什么|些?啥)"
_PHOTOS = "(?:照片|图片|配图)"
_TAKE_PART = "参[与加][了过]?(?:采写|采访|撰写|写|报[道导]|拍摄)?[了过]?"
_ABOUT = "(?:关于|有关|涉及|针对|讲述?|介绍|反映|提到|提及|谈到|说到|讲到|写到|描写)"
_SEEK = (
    "(?:列出|列举|罗列|列一?下|给出|展示|显示|找出|查找|查询|"
    "找一?下|查一?下|看一?下|看看|想看|盘点|汇总)"
)

_NEWEST = "(?:最新|最近)(?:刊登|刊发|登载?|发表|发布)?"
_NEWEST_ALONE = re.compile(
    rf"{_NEWEST}的?(?:一[篇条则]|{_NEWS}(?:的?{_TITLES})?是(?:哪一?[篇条则]|什么|啥))"
    r"|\b(?:which|what) (?:is|was) the (?:latest|newest|most recent) (?:article|story|report)\b"
)

_CHINESE: tuple[tuple[Kind, str], ...] = (
    ("works", rf"{_ALL}{_WROTE}[了过]{_ALL}{_WHAT}(?:{_NEWS}|东西|作品|照片)?"),
    (
        "works",
        rf"{_ALL}{_WROTE}[了过]{_ALL}{_WHAT}(?P<topic>{_ABOUT}{_CLAUSE}{{1,24}}?)的{_NEWS}",
    ),
    ("works", rf"{_ALL}{_WROTE}[了过]{_ALL}{_WHAT}{_NEWS}的?{_PHOTOS}"),
    ("works", rf"的?{_PHOTOS}{_ALL}[有是]{_WHICH}"),
    ("works", rf"有?{_WHICH}(?:{_NEWS}的)?{_PHOTOS}(?P<topic>{_ALL}是{_CLAUSE}{{1,24}}?)"),
    ("works", rf"{_ALL}[为给]{_WHICH}{_NEWS}(?:拍摄?|配)[了过]?{_PHOTOS}?"),
    ("works", rf"{_ALL}{_TAKE_PART}{_ALL}{_WHICH}{_NEWS}(?:的?(?:采写|采访|写作|撰写|拍摄))?"),
    ("works", rf"作品{_ALL}(?:有|是){_WHAT}|{_ALL}有{_WHAT}作品"),
    (
        "articles",
        rf"{_NEWEST}的?(?:一?[篇条则])?的?{_NEWS}(?:的?{_TITLES})?是(?:哪一?[篇条则]|什么|啥){_NEWS}?",
    ),
    ("articles", rf"{_NEWEST}的?一[篇条则]的?{_NEWS}"),
    ("articles", rf"{_ALL}(?:{_VERB}{_ALL}{_WHAT}|{_WHICH}){_NEWS}"),
    ("articles", rf"{_ALL}{_VERB}{_ALL}{_WHAT}(?P<topic>{_CLAUSE}{{1,24}}?)的{_NEWS}"),
    ("articles", rf"{_ALL}{_WHICH}(?P<topic>{_ABOUT}{_CLAUSE}{{1,24}}?)的?{_NEWS}"),
    (
        "articles",
        rf"{_NEWS}(?:的?{_TITLES})?{_ALL}(?:有{_WHAT}|包括{_WHAT}|是{_WHICH}){_NEWS}?",
    ),
    (
        "articles",
        rf"有?{_WHICH}{_NEWS}(?P<topic>{_ALL}(?:是|{_ABOUT}[了过]?){_CLAUSE}{{1,24}}?)",
    ),
    ("articles", rf"{_SEEK}(?:所有|全部)?(?P<topic>{_CLAUSE}{{0,24}}?)的?{_NEWS}"),
    ("articles", rf"(?:有没有|是否有)(?P<topic>{_CLAUSE}{{0,24}}?)的?{_NEWS}"),
    ("articles", rf"(?<!没)有(?P<topic>{_CLAUSE}{{0,24}}?)的?{_NEWS}吗"),
    ("articles", rf"(?:所有|全部|最新|最近)的?{_NEWS}|^{_NEWS}(?=的?{_TITLES})"),
    ("works", rf"{_ALL}{_PRINTED}[了过]{_ALL}{_WHAT}(?:东西|内容)?"),
    (
        "works",
        rf"(?<=版)[上里面]*的?(?:内容)?{_ALL}(?:讲述?|说|谈|写|印|{_PRINTED}|介绍|是)"
        rf"[了过的]?{_ALL}是?{_WHAT}(?:东西|内容|事情?)?",
    ),
    (
        "contents",
        rf"{_ALL}有{_WHAT}(?:内容|东西)?|(?:的(?:所有|全部)?)?{_NEWS}(?:(?:的?{_TITLES})?是什么)?",
    ),
)
_ENGLISH: tuple[tuple[Kind, str], ...] = (
    (
        "works",
        r"\b(?:what|which)(?: [a-z]+)? (?:did|has|have) (?P<topic>(?:[a-z]+[ -]){1,4})"
        r"(?:write|written|wrote|report|reported|publish|published|print|printed)\b",
    ),
    (
        "articles",
        r"(?:\b(?:list|show|find|give|get)(?: me| us)?(?: (?:a|the) list of)?"
        r"(?: (?:all|the|any|every|of|your))*"
        r"|\b(?:which|what)(?: (?:are|were)(?: all)?(?: the)?| other)?"
        r"|\b(?:are there|do you have|have you)(?: any)?|\ball(?: the)?)"
        rf"(?: (?:latest|newest|recent|available))?(?: headlines of)?(?: the)? {_ENGLISH_NEWS}"
        rf"|\b{_ENGLISH_NEWS} (?:do you have|are there|is there)\b",
    ),
    (
        "articles",
        r"\b(?:which|what) (?:is|was) the (?:latest|newest|most recent) (?:article|story|report)\b",
    ),
    ("articles", rf"^(?:the |all )*{_ENGLISH_NEWS}(?= (?:from|of|in|on|by|about)\b)"),
    ("works", r"\bwhat (?:was|were|got|has been|have been) (?:published|printed|reported)\b"),
    ("contents", rf"^(?:the |all )*{_ENGLISH_NEWS}|{_ENGLISH_NEWS}[ ?.!]*$"),
)

_ONE = re.compile(r"[这那该此本]一?[篇条则份]|第[一二三四五六七八九十\d]+[篇条则]")
"""Speaks of a certain article."""

_ASKS_ELSE = re.compile(
    "谁|多少|几[个名位次人号岁]|为[什何啥]|怎|如何|何时|哪[里儿天年位个家种些]|什么"
    r"|\b(?:who|when|where|why|how)\b"
)
_SAYS_LITTLE = ASKING_WORDS | frozenset(
    """
    报道 报导 文章 新闻 报纸 稿子 稿件 消息 内容 标题 题目 清单 列表 目录 作品 报上 本报 写 登 刊登
    刊发 发表 发布 见报 采写 提到 提及 谈到 说到 讲到 写到 涉及 有关 相关 介绍 反映 讲述 方面 篇
    主题 记者 通讯员 作者 署名 全部 所有 最近 近期 近日 最新 份 月份 期间 当天 那天 这天 曾 曾经 列
    拍 看看 查找 找 查 看 想看 全 帮 版 头条 你们 我要 我想
    article articles report reports story stories news newspaper newspapers headline headlines list
    show give get find all any every latest newest recent recently available published printed
    written write wrote reported publish print appeared came come out other
    """.split()
)


def listing_of(folded: str, *, chinese: bool) -> Listing | None:
    """How a folded question asks for articles themselves; None where it asks something else."""
    if _ONE.search(folded):
        return None
    for kind, pattern in _CHINESE if chinese else _ENGLISH:
        if match := re.search(f"(?:{pattern}){_END}" if chinese else pattern, folded):
            words = _fixed(match)
            if _ASKS_ELSE.search(without(folded, words)):
                return None
            return Listing(kind, words, _NEWEST_ALONE.search(folded) is not None)
    return None


def topic_words(folded: str, said: tuple[Span, ...]) -> list[str]:
    """What a question for articles says beyond those words, and beyond being one."""
    words = content_words(without(folded, said))
    return [word for word in words if word not in _SAYS_LITTLE]


def without(folded: str, words: tuple[Span, ...]) -> str:
    """A text without some of its words."""
    taken = {index for span in words for index in range(span.start, span.end)}
    kept = (" " if index in taken else character for index, character in enumerate(folded))
    return " ".join("".join(kept).split())


def _fixed(match: re.Match[str]) -> tuple[Span, ...]:
    """The words of a match around its topic."""
    if match.groupdict().get("topic") is None:
        return (Span(*match.span()),)
    return (Span(match.start(), match.start("topic")), Span(match.end("topic"), match.end()))
