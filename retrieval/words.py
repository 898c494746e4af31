"""Words of Chinese and English text, for the keyword index and for comparing sentences."""

import re

import rjieba

from retrieval.folding import fold

_WORD = re.compile(r"\w")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
_INTERROGATIVE = re.compile(
    r"哪(?:些|里|儿|一?[个家位种]|几[个家位种]?)?|[干做叫]?什么|多少|谁|怎么样?|怎样|如何|为什么|为何|为啥|何时|何处|"
    r"几[个名位对支家次点场份处类项]"
)
"""Cut out first: the segmenter would take 哪些项目 for one word."""

_SEGMENTER = rjieba.Jieba()

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


ASKING_WORDS = frozenset(
    """
    哪家 哪位 哪种 哪几 几个 几名 几对 几支 几家 几次 几点 几场 几份 几处 多少钱 啥 为啥 有啥
    什么样 名字 叫什么 时候 时间 地方 原因 数量 人数 作用 意思 情况 现在 目前 大概 大约 到底
    究竟 干 做 搞 弄 讲 总 共计 合计 请 帮 列出 列举 简述 问 知 有没有 是不是 是否 还有
    """.split()
)
"""Words of a question that its answer need not repeat."""


def index_words(text: str) -> list[str]:
    """Words for the keyword index, long words together with the words inside them, with repeats."""
    folded = _APOSTROPHE.sub("", _ISO_DATE.sub(_spelled_date, fold(text)))
    return [word for word in _SEGMENTER.cut_for_search(_plain(folded)) if _counts(word)]


def content_words(folded: str) -> list[str]:
    """The words of a folded text that carry its meaning, each once, in order."""
    words = (word for word in _SEGMENTER.cut(_plain(folded)) if _counts(word))
    return list(dict.fromkeys(words))


def tagged_words(folded: str) -> list[tuple[str, str]]:
    """Words of a folded text with their part of speech (nr person, ns place, nt organisation)."""
    return _SEGMENTER.tag(_plain(folded))


def _plain(folded: str) -> str:
    return _INTERROGATIVE.sub(" ", folded)


def _counts(word: str) -> bool:
    return word not in STOP_WORDS and _WORD.search(word) is not None


def _spelled_date(match: re.Match[str]) -> str:
    return f"{match[1]}年{int(match[2])}月{int(match[3])}日"
