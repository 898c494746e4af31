"""Sentences too long to quote whole."""

from hypothesis import given
from hypothesis import strategies as st

from retrieval.answering.shortening import shortened
from retrieval.question import read_question
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


@given(
    st.text(alphabet="，。；、春夏秋冬12 \n“”", min_size=1, max_size=200).filter(str.strip),
    st.text(alphabet="春夏秋冬多少", max_size=20),
)
def test_what_is_left_is_verbatim(text: str, question: str) -> None:
    whole = evidence(text)
    cut = shortened(whole, read_question(question), LIMIT)
    assert 0 <= cut.start < cut.end <= len(text)
    assert cut.quote == text[cut.start : cut.end]
