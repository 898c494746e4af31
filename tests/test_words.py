"""Words for the keyword index, for comparing sentences, and names in pinyin."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.folding import fold
from retrieval.pinyin import romanised_names
from retrieval.types import Article
from retrieval.words import (
    STOP_WORDS,
    content_words,
    index_words,
    name_words,
    names_of,
    tagged_words,
)

any_text = st.text(st.characters(codec=None), max_size=40) | st.text(
    "职工之家建在哪个小区？2025-03-05 it's don't 什么几个\x00", max_size=30
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("流动党课", {"流动", "党课"}),
        ("吉林石化公司", {"吉林", "石化", "公司"}),
        ("Railway workers", {"railway", "workers"}),
        ("ＧＤＰ增長", {"gdp", "增长"}),
        ("3547件", {"3547"}),
    ],
)
def test_words_are_indexed_folded(text: str, words: set[str]) -> None:
    assert words <= set(index_words(text))


def test_a_long_word_is_indexed_with_the_words_inside_it() -> None:
    assert {"中华人民共和国", "人民", "共和国"} <= set(index_words("中华人民共和国"))


def test_a_word_is_indexed_as_often_as_it_stands() -> None:
    assert index_words("工会工会工会").count("工会") == 3


def test_a_day_is_indexed_alike_in_either_spelling() -> None:
    assert index_words("2025-03-05") == index_words("2025年3月5日")


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ("十二人", "12人", "12"),
        ("3.5万人", "35000人", "35000"),
        ("三千五百人", "3,500人", "3500"),
        ("百分之五", "5％", "5%"),
        ("十余万人", "10万多人", "100000"),
        ("二〇二五年三月五日", "2025-03-05", "2025-03-05"),
        ("2025年3月5日", "March 5, 2025", "2025-03-05"),
        ("2025年3月5日", "2025年3月", "2025-03"),
        ("2025年3月5日", "2025年", "2025年"),
    ],
)
def test_what_means_the_same_shares_a_word(one: str, other: str, word: str) -> None:
    assert word in index_words(one)
    assert word in index_words(other)


def test_relative_dates_are_indexed_by_the_day_of_the_text() -> None:
    assert {"2024-07", "2024年"} <= set(index_words("去年7月", datetime.date(2025, 3, 20)))
    assert "2024年" not in index_words("去年7月")


def test_numbers_and_dates_add_few_words() -> None:
    text = "2025年3月5日，三千五百人。" * 20
    words = index_words(text)
    for word in ("2025-03-05", "2025-03", "2025年", "3500"):
        assert words.count(word) == 1
    assert index_words("12人") == ["12", "人"]


def test_pairs_stand_for_words_the_dictionary_lacks() -> None:
    assert {"龘靐", "靐齉"} <= set(index_words("龘靐齉"))
    assert "龘靐" not in index_words("龘和靐")
    assert "龘靐" not in index_words("龘，靐")


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("本报记者 田国奎", ["田国奎"]),
        ("本报记者 沈亦舟 通讯员 陆小满", ["沈亦舟", "陆小满"]),
        ("周远山", ["周远山"]),
        ("新华社记者王五六、李四", ["王五六", "李四"]),
        ("本报驻京记者 張三豐", ["张三丰"]),
        ("文/图 记者 赵文图", ["赵文图"]),
        ("河湾日报全媒体记者 叶知秋", ["叶知秋"]),
        ("", []),
    ],
)
def test_persons_of_a_byline_are_names(byline: str, names: list[str]) -> None:
    assert names_of(Article("a", "", "", byline=byline)) == names


def test_titles_and_quoted_terms_are_names() -> None:
    article = Article("a", "《流動黨課》開講", "他说：“去，好吗”，又有“社区合伙人”和“社区合伙人”。")
    assert names_of(article) == ["流动党课", "社区合伙人"]


def test_a_name_is_a_word_of_its_own_where_it_stands() -> None:
    (word,) = set(index_words("他是社区合伙人", names=["社区合伙人"])) - set(
        index_words("他是社区合伙人")
    )
    assert word in name_words("什么是社區合伙人？")
    assert word not in name_words("什么是合伙人？")
    assert index_words("别处", names=["社区合伙人"]) == index_words("别处")


@pytest.mark.parametrize(("short", "plain"), [("workers'", "workers"), ("it's", "its")])
def test_an_apostrophe_does_not_part_a_word(short: str, plain: str) -> None:
    assert index_words(short) == index_words(plain)


@pytest.mark.parametrize("text", ["", " \n", "，。！？", "的了和与", "the of and", "what is it"])
def test_marks_and_stop_words_are_not_indexed(text: str) -> None:
    assert index_words(text) == []


@pytest.mark.parametrize("asking", ["哪些", "什么", "哪几个", "多少", "怎么样", "为什么"])
def test_an_interrogative_does_not_swallow_the_next_word(asking: str) -> None:
    assert content_words(f"{asking}项目") == ["项目"]


def test_content_words_come_once_and_in_order() -> None:
    assert content_words("工会慰问职工，职工感谢工会") == ["工会", "慰问", "职工", "感谢"]


@pytest.mark.parametrize(("name", "tag"), [("刘正欣", "nr"), ("深圳", "ns")])
def test_names_are_tagged(name: str, tag: str) -> None:
    assert (name, tag) in tagged_words(f"在深圳，{name}说")


def test_stop_words_are_folded() -> None:
    assert {fold(word) for word in STOP_WORDS} == STOP_WORDS


@given(any_text)
@settings(deadline=None, max_examples=200)
def test_any_text_has_words(text: str) -> None:
    folded = fold(text)
    for word in [*index_words(text), *content_words(folded)]:
        assert word not in STOP_WORDS
        assert any(character.isalnum() or character == "_" for character in word)
    assert all(word in folded for word in content_words(folded))


@given(any_text)
@settings(deadline=None, max_examples=100)
def test_folded_and_original_text_have_the_same_words(text: str) -> None:
    assert index_words(fold(text)) == index_words(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("刘正欣在会上说", {"liuzhengxin", "liu", "zhengxin"}),
        ("淄博市的工会", {"ziboshi", "zibo"}),
        ("在深圳举行", {"shenzhen"}),
        ("劉正欣在會上說", {"liuzhengxin"}),
    ],
)
def test_names_are_found_in_pinyin(text: str, names: set[str]) -> None:
    assert names <= set(romanised_names(text))


@pytest.mark.parametrize("text", ["", "我们去吃饭", "Liu Zhengxin said", "2025年"])
def test_text_without_chinese_names_has_none_in_pinyin(text: str) -> None:
    assert romanised_names(text) == []


def test_a_name_comes_once() -> None:
    names = romanised_names("刘正欣和刘正欣，深圳和深圳")
    assert len(names) == len(set(names))


@given(any_text)
@settings(deadline=None, max_examples=100)
def test_names_in_pinyin_are_written_in_letters(text: str) -> None:
    assert all(name.isalpha() and not name.isspace() for name in romanised_names(text))
