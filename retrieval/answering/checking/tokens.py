"""The words of a text that carry meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.answering.checking.things import Thing
from retrieval.words import STOP_WORDS, Word

_WEIGHTS = {
    "n": 1.0,
    "j": 1.0,
    "i": 1.0,
    "l": 0.8,
    "v": 0.8,
    "a": 0.6,
    "b": 0.8,
    "z": 0.6,
    "e": 1.0,
    "s": 0.8,
    "t": 0.5,
    "g": 0.6,
}
_NOUNS = "njbeigs"
_SINGLE = 0.4
_COMMON = frozenset(
    """
    报道 文章 记者 援引 的话 据称 透露 宣布 告诉 关键 总长 影响 这起 那场 据
    根据 据悉 介绍 消息 提到 显示 指出 表示 称 认为 说 写道 其中 此外 另外
    同时 目前 如今 现在 因此 所以 由此 从而 通过 进行 开展 开设 设立 设有 共有
    共 总共 一共 合计 包括 分别 以及 并且 而且 还有 属于 成为 作为 对于 关于
    有关 相关 为了 由于 因为 情况 工作 方面 内容 方式 方法 做法 措施 目的 原因
    人员 单位 地点 位置 时间 总数 数量 名称 位于 地处 负责 实行 采取 使用 利用
    提供 实现 达到 达 约 左右 有 是 在 用 来 让 使 把 被 将 已 已经 就 都
    也 还 又 才 只 仅 很 更 最 非常 十分 一起 共同 主要 具体 整个 全部 所有
    这些 那些 该 各 每 本 其 不 没有 未 无 分成 各种 不同 一个 一种 一位
    同比 增幅 降幅 涨幅 跌幅 环节 安排 举行
    一名 一些 多个 多种 某 这 那 他 她 它 他们 她们 人 事 事情 东西 地方
    时候 后 前 中 内 里
    """.split()
)
"""Words that say nothing a passage would have to hold."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word that carries meaning, how much of it, and where it stands."""

    text: str
    start: int
    end: int
    weight: float
    is_noun: bool
    is_thing: bool = False
    """A noun that is no verb as well."""


def tokens_of(words: Sequence[Word], things: Sequence[Thing]) -> list[Token]:
    """The words of a text that carry meaning, without its figures, in order."""
    figures = [(one.start, one.end) for one in things if one.value]
    tokens = []
    for word in words:
        if word.text in STOP_WORDS or word.text in _COMMON or not word.text[0].isalnum():
            continue
        weight = _WEIGHTS.get(word.tag[:1], 0.0)
        if word.tag in ("f", "ug", "ul") or word.text.isdigit():
            continue
        if not weight and word.tag[:1] in "mqrpcudx" and len(word.text) < 2:
            continue
        if not weight and word.tag[:1] in "crupx":
            continue
        weight = weight or 0.4
        if len(word.text) == 1 and word.text not in "男女":
            weight = _SINGLE * weight
        if any(start <= word.start < end for start, end in figures):
            continue
        tokens.append(
            Token(
                word.text,
                word.start,
                word.end,
                weight,
                word.tag[:1] in _NOUNS or word.tag == "vn",
                word.tag[:1] in _NOUNS,
            )
        )
    return tokens
