"""Sentences too long to quote whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answering.quoting import extractive
from retrieval.answering.quoting.shortening import shortened
from retrieval.questions.question import read_question
from retrieval.types import Article, Evidence

LIMIT = 40
LONG = (
    "柳溪村今年修了一条通往山外的路，路边种了三百棵柳树，村口立了一块石碑，"
    "石桥花了46万元才修好，村民办了一场晚会庆祝，晚会上唱了十二首老歌。"
)


def evidence(text: str) -> Evidence:
    return Evidence(Article("a", "", text), "text", 0, len(text))


def test_short_sentences_stay_whole() -> None:
    whole = evidence("石桥修好了。")
    assert shortened(whole, read_question("石桥怎么样?"), LIMIT) == whole


def test_the_clause_that_answers_is_kept() -> None:
    cut = shortened(evidence(LONG), read_question("修石桥花了多少钱?"), LIMIT)
    assert "46万元" in cut.quote
    assert len(cut.quote) <= LIMIT
    assert cut.quote in LONG


def test_another_question_keeps_another_clause() -> None:
    cut = shortened(evidence(LONG), read_question("晚会上唱了几首老歌?"), LIMIT)
    assert "十二首老歌" in cut.quote


ENDLESS = (
    "柳溪村"
    + "去年秋天收获的各种新鲜水果蔬菜粮食茶叶" * 8
    + "一共卖了46万元"
    + "全体村民都很高兴" * 8
)
LISTED = "村里种" + "苹果、梨、葡萄、" * 12 + "还养了320头牛、" + "山羊、鸭、鹅、" * 12 + "。"


@pytest.mark.parametrize(
    ("text", "question", "kept"),
    [
        (ENDLESS, "柳溪村一共卖了多少钱?", "卖了46万元"),
        (LISTED, "村里养了多少头牛?", "养了320头牛"),
        (
            "the mill " * 30 + "sold 46 tonnes " + "of fine tea " * 20,
            "how many tonnes?",
            "46 tonnes",
        ),
    ],
)
def test_a_clause_without_commas_is_cut_around_what_answers(
    text: str, question: str, kept: str
) -> None:
    cut = shortened(evidence(text), read_question(question), LIMIT)
    assert kept in cut.quote
    assert len(cut.quote) <= LIMIT


def test_a_comma_is_a_better_place_than_a_word() -> None:
    text = f"{'村民在广场上跳舞' * 6}，石桥花了46万元才修好，{'大家都很高兴' * 8}"
    cut = shortened(evidence(text), read_question("修石桥花了多少钱?"), LIMIT)
    assert cut.quote == "石桥花了46万元才修好"


def test_what_cannot_be_cut_well_is_still_cut() -> None:
    for text in ("a" * 200, "，" * 200, "7" * 200, f"《{'茶' * 200}》"):
        assert 0 < len(shortened(evidence(text), read_question("什么?"), LIMIT).quote) <= LIMIT


@pytest.mark.parametrize(
    ("lengths", "limit", "rooms"),
    [
        ([50, 60], 160, [50, 60]),
        ([150, 150], 160, [80, 80]),
        ([300, 40], 160, [120, 40]),
        ([400], 160, [160]),
        ([100, 100, 20], 160, [70, 70, 20]),
    ],
)
def test_long_quotes_share_what_the_short_leave(
    lengths: list[int], limit: int, rooms: list[int]
) -> None:
    assert extractive.rooms(lengths, limit) == rooms


PIECES = [
    "柳溪村",
    "石桥",
    "收成",
    "，",
    "、",
    "；",
    " ",
    "《老桥与新桥》",
    "Gemini",
    "GPT-4",
    "46万元",
]
PIECES += ["3.5%", "2024年", "1,200人", "十二", "的", "修好了", "“好”", "１２", "。"]
UNCUT = re.compile(r"《[^《》]*》|[A-Za-z][A-Za-z0-9-]*|\d+(?:[.,]\d+)*%?万?")


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=60).map("".join).filter(str.strip),
    st.sampled_from(["石桥花了多少钱?", "收成怎么样?", "Who wrote 《老桥与新桥》?", "哪年修好的?"]),
    st.sampled_from([LIMIT, 2 * LIMIT]),
)
def test_a_cut_is_within_the_limit_and_goes_through_nothing(
    text: str, question: str, limit: int
) -> None:
    whole = evidence(text)
    cut = shortened(whole, read_question(question), limit)
    assert cut.quote
    assert cut.quote == text[cut.start : cut.end]
    assert len(cut.quote) <= limit
    for match in UNCUT.finditer(text):
        # words that run into each other for longer than the limit have no better place
        if match.end() - match.start() <= limit // 2:
            assert not match.start() < cut.start < match.end()
            assert not match.start() < cut.end < match.end()


@given(
    st.text(alphabet="，。；、春夏秋冬12 \n“”", min_size=1, max_size=200).filter(str.strip),
    st.text(alphabet="春夏秋冬多少", max_size=20),
)
def test_what_is_left_is_verbatim(text: str, question: str) -> None:
    whole = evidence(text)
    cut = shortened(whole, read_question(question), LIMIT)
    assert 0 <= cut.start < cut.end <= len(text)
    assert cut.quote == text[cut.start : cut.end]
