"""Words of Chinese and English text, for the keyword index and for comparing sentences."""

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import rjieba

from retrieval.folding import DateSpan, find_dates, fold, replaced
from retrieval.types import Article

_HAN_RUN = re.compile(r"[\u4e00-\u9fff]{2,}")
_WORD = re.compile(r"\w")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
_INTERROGATIVE = re.compile(
    r"哪(?:些|里|儿|一?[个家位种]|几[个家位种]?)?|[干做叫]?什么|多少|谁|怎么样?|怎样|如何|为什么|为何|为啥|何时|何处|(?<=有)何|"
    r"几[个名位对支家次点场份处类项]"
)
"""Cut out first: the segmenter would take 哪些项目 for one word."""

_FIRST_HAN = "\u3400"
_COUNTING = frozenset("一二三四五六七八九十百千万亿两几第年月日号个名位人家元次")
"""Single characters that are words of their own beside numbers."""

_SEGMENTER = rjieba.Jieba()

_SHORTEST_NAME = 2
_LONGEST_NAME = 12
_LONGEST_PERSON = 4
_QUOTED = re.compile(r"[《“]([^《》“”\s,。!?;:、]{2,12})[》”]")
_ROLE = re.compile(
    "(?:本报|新华社|中新社|人民日报)?(?:特约|见习|实习|首席|驻[^ ]{1,6})?(?:全媒体)?"
    "(?:记者|通讯员|摄影|撰稿|评论员|实习生)|本报|新华社|中新社|整理|编辑|责编|作者|报道|供图|综合|图片"
)
_NEWSROOM = re.compile("(?:[日晚晨早时]报|[社网台])$")
"""How a newsroom's name in a byline ends, which is no person's."""

_NOT_HAN = re.compile(r"[^\u3400-\u9fff]+")

ASKING = "asking"
"""Part of speech of the words that ask."""


class Word(NamedTuple):
    """A word of a folded text, its part of speech as of jieba, and where it begins."""

    text: str
    tag: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends (exclusive)."""
        return self.start + len(self.text)


STOP_WORDS = frozenset(
    """
    的 了 和 与 及 或 在 是 有 被 把 对 从 向 为 以 于 由 等 着 过 也 都 就 还 又 并 而 但 则
    之 其 该 这 那 此 这个 那个 这些 那些 一 一个 一些 上 下 中 里 内 外 后 前 时 地 得 所 不
    没 没有 吗 呢 吧 啊 么 什么 哪 哪些 哪个 哪里 哪儿 哪家 哪位 哪种 哪几 谁 多少 几 怎么 怎样
    如何 为什么 为何 何时 何处 多久 多长 多大 多 给 跟 让 比 向 到 去 来 请问 一下 告诉 我 我们
    你 您 他 她 它 他们 分别 一共 总共 共 具体 主要 可以 能 会 要 想 知道 关于 介绍 说 指
    指的是 叫 称 叫做 属于 包括 进行 开展 通过 a an the of in on at to for and or is are was
    were be been do does did has have had by with from as it its this that these those what
    which who whom whose when where why how many much long there their they he she his her
    about into than then so if not no can could would will shall should may might me my you
    your we our i tell please
    """.split()
)


PERSON_TAGS = frozenset({"nr", "nrt", "nrfg"})
SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文习褚卫严华陶葛郎鲁韦柳倪毕安齐伍穆庞纪舒项祝阮蓝季梅凌霍柯洪翁温翟申冉桑牛边尚庄柴游"
)
"""The most common ones. The segmenter takes many a word for a person."""

ASKING_WORDS = frozenset(
    """
    哪家 哪位 哪种 哪几 几个 几名 几对 几支 几家 几次 几点 几场 几份 几处 多少钱 啥 为啥 有啥
    什么样 名字 叫什么 时候 时间 地方 原因 数量 人数 作用 意思 情况 现在 目前 大概 大约 到底
    究竟 干 做 搞 弄 讲 总 共计 合计 请 帮 列出 列举 简述 问 知 有没有 是不是 是否 还有
    """.split()
)
"""Words of a question that its answer need not repeat."""


def index_words(
    text: str, today: datetime.date | None = None, names: Iterable[str] = ()
) -> list[str]:
    """Words for the keyword index: those of search_words, then once what numbers and dates mean.

    十二 is found by 12 too, 3.5万 by 35000, a day by 2025-03-05, its month 2025-03 and its year
    2025年. `today` is the day the text is of, from which 去年7月 is counted; see find_dates.
    Each of the folded `names` that stands in the text is a word of its own, see name_words.
    """
    folded = fold(text)
    words = _cut(folded)
    known = set(words)
    words += (word for word in _meant(folded, today) if word not in known)
    return words + [_name_word(name) for name in names if name in folded]


def search_words(text: str) -> list[str]:
    """The words of a text, long ones together with the words inside them, with repeats.

    Where the dictionary has no word, as with rare names, pairs of characters stand for it.
    """
    return _cut(fold(text))


def names_of(article: Article) -> list[str]:
    """Names worth a word of their own, folded, each once: no dictionary has them as a whole.

    Those are the persons of the byline, and what stands in 《》 or “” in title and text.
    """
    persons = persons_of(fold(article.byline))
    terms = _QUOTED.findall(fold(f"{article.heading}\n{article.text}"))
    return list(dict.fromkeys([*persons, *(term.strip() for term in terms)]))


def persons_of(folded_byline: str) -> list[str]:
    """The Chinese persons of a byline, in order, without their roles; no newsrooms."""
    parts = _NOT_HAN.split(_ROLE.sub(" ", folded_byline))
    return [
        part
        for part in parts
        if _SHORTEST_NAME <= len(part) <= _LONGEST_PERSON and not _NEWSROOM.search(part)
    ]


def name_words(question: str) -> list[str]:
    """The words of all names that might stand in a question: the index knows which are some."""
    folded = fold(question)
    parts = (
        folded[start:end]
        for start in range(len(folded))
        for end in range(start + _SHORTEST_NAME, min(start + _LONGEST_NAME, len(folded)) + 1)
    )
    return list(dict.fromkeys(map(_name_word, parts)))


def content_words(folded: str) -> list[str]:
    """The words of a folded text that carry its meaning, each once, in order."""
    words = (word for word in _SEGMENTER.cut(_plain(folded)) if _counts(word))
    return list(dict.fromkeys(words))


def pairs(folded: str) -> list[str]:
    """The pairs of neighbouring Chinese characters of a folded text, each once, in order.

    Words that ask do not count.
    """
    runs = _HAN_RUN.findall(_plain(folded))
    return list(dict.fromkeys(run[at : at + 2] for run in runs for at in range(len(run) - 1)))


def tagged_words(folded: str) -> list[tuple[str, str]]:
    """Words of a folded text with their part of speech (nr person, ns place, nt organisation)."""
    return _SEGMENTER.tag(_plain(folded))


def placed_words(folded: str) -> list[Word]:
    """All words of a folded text in order, with their parts of speech; `ASKING` for words that ask.

    White space is left out.
    """
    words: list[Word] = []
    at = 0
    for match in _INTERROGATIVE.finditer(folded):
        words += _placed(folded[at : match.start()], at)
        words.append(Word(match[0], ASKING, match.start()))
        at = match.end()
    return [*words, *_placed(folded[at:], at)]


def _placed(text: str, offset: int) -> Iterator[Word]:
    for word, tag in _SEGMENTER.tag(text):
        if word.strip():
            yield Word(word, tag, offset)
        offset += len(word)


def _plain(folded: str) -> str:
    return _INTERROGATIVE.sub(" ", folded)


def _counts(word: str) -> bool:
    return word not in STOP_WORDS and (word.isalnum() or _is_word(word))


def _name_word(name: str) -> str:
    """In brackets, so that it is no other word."""
    return f"《{name}》"


def _is_word(word: str) -> bool:
    return word == "_" or (len(word) > 1 and _WORD.search(word) is not None)


def _cut(folded: str) -> list[str]:
    plain = _plain(_APOSTROPHE.sub("", _ISO_DATE.sub(_spelled_date, folded)))
    words = []
    row = ""
    for word in _SEGMENTER.cut_for_search(plain):
        if word in STOP_WORDS:
            row = ""
        elif word.isalnum() or _is_word(word):
            words.append(word)
            alone = len(word) == 1 and word >= _FIRST_HAN and word not in _COUNTING
            if alone and row:
                words.append(row + word)
            row = word if alone else ""
        else:
            row = ""
    return words


def _meant(folded: str, today: datetime.date | None) -> dict[str, None]:
    """The canonical words of a text's numbers and dates, in order."""
    dates = find_dates(folded, today)
    spans = {(one.start, one.end) for one in dates}
    words = [word for one in dates for word in _date_words(one)]
    words += (
        one.text.removesuffix("余")
        for one in replaced(folded, dates)
        if (one.start, one.end) not in spans
    )
    return dict.fromkeys(words)


def _date_words(date: DateSpan) -> list[str]:
    """The day, month and year it lies in, as far as it lies in one."""
    first, last = date.first.isoformat(), date.last.isoformat()
    if first[:4] != last[:4]:
        return []
    year = f"{first[:4]}年"
    if first[:7] != last[:7]:
        return [year]
    return [first, first[:7], year] if first == last else [first[:7], year]


def _spelled_date(match: re.Match[str]) -> str:
    return f"{match[1]}年{int(match[2])}月{int(match[3])}日"
