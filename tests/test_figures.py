"""Numbers, whichever way they are written, are the same numbers."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.folding import chinese_number, figure_values, find_figures, fold

DIGITS = "零一二三四五六七八九"


def values(text: str) -> list[Decimal]:
    return [figure.value for figure in find_figures(fold(text))]


def written_in_chinese(number: int) -> str:
    """An independent converter: 130000500 is 一亿三千万零五百."""
    if number == 0:
        return "零"
    groups = []
    for unit in ("", "万", "亿"):
        number, group = divmod(number, 10_000)
        numerals = ""
        for power, digit in zip("千百十 ", f"{group:04}", strict=True):
            numerals += DIGITS[int(digit)] + power.strip() if digit != "0" else "零"
        groups.append(numerals + unit if group else "零")
    numeral = "".join(reversed(groups))
    while "零零" in numeral:
        numeral = numeral.replace("零零", "零")
    numeral = numeral.replace("零万", "万零").replace("零亿", "亿零").strip("零")
    while "零零" in numeral:
        numeral = numeral.replace("零零", "零")
    return numeral.removeprefix("一") if numeral.startswith("一十") else numeral


@pytest.mark.parametrize(
    ("number", "numeral"),
    [
        (10, "十"),
        (15, "十五"),
        (105, "一百零五"),
        (3547, "三千五百四十七"),
        (20_050, "二万零五十"),
        (1_000_010, "一百万零一十"),
        (130_000_500, "一亿三千万零五百"),
        (10**9, "十亿"),
    ],
)
def test_the_converter_of_this_test_is_right(number: int, numeral: str) -> None:
    assert written_in_chinese(number) == numeral


@given(st.integers(0, 10**9) | st.integers(0, 10_000))
@settings(deadline=None, max_examples=500)
def test_every_number_written_in_chinese_is_read_back(number: int) -> None:
    assert chinese_number(written_in_chinese(number)) == number


@given(st.integers(2, 10**9))
@settings(deadline=None, max_examples=200)
def test_a_number_is_the_same_in_every_spelling(number: int) -> None:
    spellings = (f"{number}", f"{number:,}", f"{number:,} ", written_in_chinese(number))
    for spelling in spellings:
        assert values(f"共{spelling}个") == [number]


@pytest.mark.parametrize(
    ("numeral", "number"),
    [
        ("十", 10),
        ("百", 100),
        ("两千", 2000),
        ("一百零一", 101),
        ("二〇二五", 2025),
        ("零", 0),
        ("一万万", 10**8),
        ("十万亿", 10**13),
        ("一兆二千亿", 1_200_000_000_000),
        ("三千五百万亿", 35 * 10**14),
    ],
)
def test_chinese_numerals_are_read(numeral: str, number: int) -> None:
    assert chinese_number(numeral) == number


@pytest.mark.parametrize(
    "numeral", ["", "万", "亿", "猫", "一猫", "3", "一" * 41, "一" + "亿" * 99]
)
def test_what_is_no_numeral_has_no_value(numeral: str) -> None:
    assert chinese_number(numeral) is None


@pytest.mark.parametrize("text", ["3547个", "3,547 个", "３５４７个", "三千五百四十七个"])
def test_a_count_is_one_number(text: str) -> None:
    assert values(text) == [3547]


@pytest.mark.parametrize(
    "text", ["10万余人", "十万人", "十余万人", "100,000人", "10余万人", "10 万"]
)
def test_ten_ten_thousands_and_more_are_a_hundred_thousand(text: str) -> None:
    assert values(text) == [100_000]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5亿元", ["150000000"]),
        ("３．５％", ["3.5"]),
        ("3百万", ["3000000"]),
        ("10多亿元", ["1000000000"]),
        ("1亿3000万", ["100000000", "30000000"]),
        ("二〇二五年三月五日", ["2025", "3", "5"]),
        ("2025年3月5日", ["2025", "3", "5"]),
        ("第三名", ["3"]),
        ("第一", ["1"]),
        ("第十一届", ["11"]),
        ("十几个", ["10"]),
        ("十分钟", ["10"]),
        ("两位", ["2"]),
        ("百分之三十", ["30"]),
        ("增长百分之四十五。", ["45"]),
        ("No.5", ["5"]),
        ("3.5.7", ["3.5"]),
        ("1,2345", ["1", "2345"]),
        ("2.50", ["2.50"]),
        ("3 million", ["3000000"]),
        ("2.5 Billion people", ["2500000000"]),
        ("two teams and twelve people", ["2", "12"]),
        ("on 5 March 2025", ["5", "3", "2025"]),
        ("MAY 5", ["5", "5"]),
    ],
)
def test_figures_are_found_in_order(text: str, expected: list[str]) -> None:
    assert values(text) == [Decimal(value) for value in expected]


@pytest.mark.parametrize(
    "text",
    [
        "三会一课",
        "一些",
        "统一",
        "万一",
        "十分",
        "十分高兴",
        "唯一",
        "一个",
        "一起",
        "之一",
        "千万",
        "三农",
        "四川",
        "五四精神",
        "tents",
        "oneself",
        "mayor",
        "hello",
    ],
)
def test_words_that_count_nothing_are_no_figures(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("text", ["you may go", "it may", "he may. so be it"])
def test_the_verb_may_is_no_month(text: str) -> None:
    assert values(text) == []


def test_a_figure_says_where_it_stands() -> None:
    text = "共有3,547人和三十个组"
    assert [text[figure.start : figure.end] for figure in find_figures(text)] == ["3,547", "三十"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("三会一课", 3), ("三农", 3), ("百分之三十", 30), ("5 March", 3), ("3547", 3547), ("两山", 2)],
)
def test_in_a_source_numerals_count_in_any_place(text: str, value: int) -> None:
    assert value in figure_values(fold(text))


@given(st.text(DIGITS + "〇两十百千万亿兆余多几第个分之年,.0123９may \n", max_size=60) | st.text())
@settings(deadline=None, max_examples=300)
def test_every_figure_of_any_text_is_among_its_values(text: str) -> None:
    folded = fold(text)
    figures = find_figures(folded)
    assert {figure.value for figure in figures} <= figure_values(folded)
    assert all(0 <= figure.start < figure.end <= len(folded) for figure in figures)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 1_000_001 + "亿",
        "1" + "亿" * 200_000,
        "一" + "亿" * 200_000,
        "一" * 200_000 + "个",
        "一些" * 50_000,
        "may " * 50_000,
        "may" + " " * 200_000,
        "1,000" * 50_000,
        "1." * 100_000,
    ],
    ids=range(9),
)
def test_endless_numerals_are_survived(text: str) -> None:
    find_figures(text)
    figure_values(text)
