"""One spelling for numbers and dates, with the way back to the original."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.folding import canonical, find_dates, fold

TODAY = datetime.date(2025, 3, 20)
numbered_text = st.text(
    "0123456789３〇一二三五十百千万亿余多成两,.%％年月日至-今去昨天人分之第㎡ﬁ國 may",
    max_size=40,
)
any_text = numbered_text | st.text(st.characters(codec=None), max_size=40)
any_day = st.none() | st.dates()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("三千五百四十七个", "3547个"),
        ("3,547人", "3547人"),
        ("３５４７人", "3547人"),
        ("3.5万", "35000"),
        ("1.50亿元", "150000000元"),
        ("百分之五", "5%"),
        ("5％", "5%"),
        ("五成", "50%"),
        ("三成以上", "30%以上"),
        ("十余万人", "100000余人"),
        ("10万余人", "100000余人"),
        ("10余万人", "100000余人"),
        ("10万多人", "100000余人"),
        ("二十多个", "20余个"),
        ("20余个", "20余个"),
        ("第十一届", "第11届"),
        ("two teams", "2 teams"),
        ("2.5 million people", "2500000 people"),
        ("2025年3月5日19时许", "2025-03-05 19时许"),
        ("2025年3月5日", "2025-03-05"),
        ("二〇二五年三月五日", "2025-03-05"),
        ("2025年3月", "2025-03"),
        ("二〇二五年", "2025年"),
        ("2019至2021年", "2019年至2021年"),
        ("2024年第一季度", "2024-01至2024-03"),
        ("去年7月", "2024-07"),
        ("去年", "2024年"),
        ("3月5日至8日", "2025-03-05至2025-03-08"),
        ("昨天", "2025-03-19"),
        ("March 5, 2025", "2025-03-05"),
    ],
)
def test_numbers_and_dates_have_one_spelling(text: str, expected: str) -> None:
    assert canonical(text, TODAY).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "一般",
        "万一",
        "三会一课",
        "张三",
        "七里河",
        "九寨沟",
        "四川",
        "百度",
        "千岛湖",
        "五台山",
        "提高3个百分点",
        "千家万户",
        "五成立",
        "近日",
        "近年来",
        "今年以来",
        "it may 5%",
        "you may go",
        "",
    ],
)
def test_words_stay_as_they_are(text: str) -> None:
    assert canonical(text, TODAY).text == text


def test_without_a_day_only_named_years_are_resolved() -> None:
    assert canonical("去年7月和2023年7月").text == "去年7月和2023-07"


def test_a_new_spelling_leads_back_to_the_old_one() -> None:
    text = "共三千五百名，於二〇二五年三月五日到会"
    read = canonical(text)
    assert read.text == "共3500名,于2025-03-05到会"
    for new, old in (
        ("3500", "三千五百"),
        ("35", "三千五百"),
        ("03-05到", "二〇二五年三月五日到"),
    ):
        start = read.text.index(new)
        span = read.original(start, start + len(new))
        assert text[span.start : span.end] == old


@given(any_text, any_day)
@settings(deadline=None, max_examples=400)
def test_every_range_of_any_text_leads_back_in_order(
    text: str, today: datetime.date | None
) -> None:
    read = canonical(text, today)
    assert len(read.origins) == len(read.text)
    assert list(read.origins) == sorted(read.origins)
    spans = [read.original(index, index + 1) for index in range(len(read.text))]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert [span.end for span in spans] == sorted(span.end for span in spans)
    if text:
        whole = read.original(0, len(read.text))
        assert (whole.start, whole.end) == (0, len(text))


@given(st.text("三五十万国人，。 3年月日个", max_size=30), st.integers(0, 30), any_day)
@settings(deadline=None, max_examples=200)
def test_what_is_untouched_folds_to_itself(
    text: str, place: int, today: datetime.date | None
) -> None:
    text = f"{text[:place]}，館裡的光，{text[place:]}"
    read = canonical(text, today)
    start = read.text.index("馆里的光")
    span = read.original(start, start + 4)
    assert text[span.start : span.end] == "館裡的光"


@given(numbered_text, any_day)
@settings(deadline=None, max_examples=200)
def test_canonical_dates_are_found_without_a_day(text: str, today: datetime.date | None) -> None:
    said = [one for one in find_dates(fold(text), None) if one.first == one.last]
    read = canonical(text, today).text
    assert all(one.first.isoformat() in read for one in said)


@given(st.integers(10, 10**9))
@settings(deadline=None, max_examples=100)
def test_a_number_is_written_in_digits(number: int) -> None:
    assert canonical(f"共{number:,}个").text == f"共{number}个"


@pytest.mark.parametrize(
    "text", ["一" * 100_000, "1" * 100_000, "1,000" * 20_000, "百分之" * 30_000, "三成" * 30_000]
)
def test_endless_text_is_survived(text: str) -> None:
    assert canonical(text, TODAY).text
