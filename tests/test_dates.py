"""Dates are found in every usual spelling, and numbers that are none are left alone."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.folding import DateSpan, find_dates, fold

TODAY = datetime.date(2025, 3, 20)
"""A Thursday."""

dated_text = st.text(
    "0123456789〇○一二三四五六七八九十年月日号至到-/.,。今去前明昨上下本近世纪季度初底将天周 may",
    max_size=40,
)


def found(text: str, today: datetime.date | None = TODAY) -> list[str]:
    """Text, first and last day of each date."""
    folded = fold(text)
    return [
        f"{folded[one.start : one.end]} {one.first} {one.last}" for one in find_dates(folded, today)
    ]


def days(text: str, today: datetime.date | None = TODAY) -> list[tuple[str, str]]:
    return [(str(one.first), str(one.last)) for one in find_dates(fold(text), today)]


@pytest.mark.parametrize(
    "text",
    [
        "2025年3月5日",
        "２０２５年３月５日",
        "2025 年 3 月 5 日",
        "二〇二五年三月五日",
        "二零二五年三月五日",
        "二○二五年三月五日",
        "2025年3月5号",
        "2025-03-05",
        "2025-3-5",
        "2025/3/5",
        "2025.3.5",
        "March 5, 2025",
        "Mar. 5, 2025",
        "March 5th 2025",
        "5 March 2025",
        "5th of March, 2025",
    ],
)
def test_a_day_is_the_same_in_every_spelling(text: str) -> None:
    (one,) = find_dates(fold(text), None)
    assert one == DateSpan(
        datetime.date(2025, 3, 5), datetime.date(2025, 3, 5), 0, len(fold(text)), True
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025年3月", "2025-03-01", "2025-03-31"),
        ("2024年2月", "2024-02-01", "2024-02-29"),
        ("2025-03", "2025-03-01", "2025-03-31"),
        ("July 2024", "2024-07-01", "2024-07-31"),
        ("in September 2024", "2024-09-01", "2024-09-30"),
        ("since March 5, 2024", "2024-03-05", "2024-03-05"),
        ("Mar 2025", "2025-03-01", "2025-03-31"),
        ("2025年", "2025-01-01", "2025-12-31"),
        ("一九九八年", "1998-01-01", "1998-12-31"),
        ("in 2024", "2024-01-01", "2024-12-31"),
        ("20世纪90年代", "1990-01-01", "1999-12-31"),
        ("二十世纪九十年代", "1990-01-01", "1999-12-31"),
        ("2024年第一季度", "2024-01-01", "2024-03-31"),
        ("2024年四季度", "2024-10-01", "2024-12-31"),
        ("2024年前三季度", "2024-01-01", "2024-09-30"),
        ("2024年上半年", "2024-01-01", "2024-06-30"),
        ("2024年底", "2024-11-01", "2024-12-31"),
        ("2024年3月上旬", "2024-03-01", "2024-03-10"),
        ("2024年3月底", "2024-03-21", "2024-03-31"),
        ("2019至2021年", "2019-01-01", "2021-12-31"),
        ("2019年-2021年", "2019-01-01", "2021-12-31"),
        ("2024年3月5日至8日", "2024-03-05", "2024-03-08"),
        ("2024年3月5日至4月8日", "2024-03-05", "2024-04-08"),
        ("2024年12月5日至1月8日", "2024-12-05", "2025-01-08"),
        ("2024年3月至5月", "2024-03-01", "2024-05-31"),
        ("2024年3月至2025年5月", "2024-03-01", "2025-05-31"),
    ],
)
def test_a_year_that_is_named_needs_no_other_day(text: str, first: str, last: str) -> None:
    assert days(text, None) == [(first, last)]
    assert days(text) == [(first, last)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("3月5日", "2025-03-05", "2025-03-05"),
        ("3月20日", "2025-03-20", "2025-03-20"),
        ("3月21日", "2024-03-21", "2024-03-21"),
        ("三月五日", "2025-03-05", "2025-03-05"),
        ("2月29日", "2024-02-29", "2024-02-29"),
        ("3月5日至8日", "2025-03-05", "2025-03-08"),
        ("3月5日-8日", "2025-03-05", "2025-03-08"),
        ("3月5至8日", "2025-03-05", "2025-03-08"),
        ("3月5日至4月8日", "2025-03-05", "2025-04-08"),
        ("3月", "2025-03-01", "2025-03-31"),
        ("5月", "2024-05-01", "2024-05-31"),
        ("5日", "2025-03-05", "2025-03-05"),
        ("25日", "2025-02-25", "2025-02-25"),
        ("31日", "2025-01-31", "2025-01-31"),
        ("4月5日将举行", "2025-04-05", "2025-04-05"),
        ("定于4月5日开幕", "2025-04-05", "2025-04-05"),
        ("3月5日，他将书还了", "2025-03-05", "2025-03-05"),
        ("去年7月", "2024-07-01", "2024-07-31"),
        ("去年7月1日", "2024-07-01", "2024-07-01"),
        ("今年", "2025-01-01", "2025-12-31"),
        ("明年", "2026-01-01", "2026-12-31"),
        ("前年", "2023-01-01", "2023-12-31"),
        ("今年以来", "2025-01-01", "2025-03-20"),
        ("今年上半年", "2025-01-01", "2025-06-30"),
        ("近年来", "2020-03-20", "2025-03-20"),
        ("近三年", "2022-03-20", "2025-03-20"),
        ("过去两年", "2023-03-20", "2025-03-20"),
        ("近10天", "2025-03-10", "2025-03-20"),
        ("近一个月", "2025-02-20", "2025-03-20"),
        ("近日", "2025-03-06", "2025-03-20"),
        ("日前", "2025-03-06", "2025-03-20"),
        ("最近", "2025-03-06", "2025-03-20"),
        ("昨天", "2025-03-19", "2025-03-19"),
        ("昨日", "2025-03-19", "2025-03-19"),
        ("今晨", "2025-03-20", "2025-03-20"),
        ("明天", "2025-03-21", "2025-03-21"),
        ("前天", "2025-03-18", "2025-03-18"),
        ("上周", "2025-03-10", "2025-03-16"),
        ("本周", "2025-03-17", "2025-03-23"),
        ("上周五", "2025-03-14", "2025-03-14"),
        ("下周三", "2025-03-26", "2025-03-26"),
        ("上周末", "2025-03-15", "2025-03-16"),
        ("上月", "2025-02-01", "2025-02-28"),
        ("上个月", "2025-02-01", "2025-02-28"),
        ("本月", "2025-03-01", "2025-03-31"),
        ("下个月", "2025-04-01", "2025-04-30"),
        ("上月底", "2025-02-21", "2025-02-28"),
        ("月初", "2025-03-01", "2025-03-10"),
        ("年初", "2025-01-01", "2025-02-28"),
        ("年底", "2025-11-01", "2025-12-31"),
        ("去年底", "2024-11-01", "2024-12-31"),
        ("去年年底", "2024-11-01", "2024-12-31"),
        ("上世纪九十年代", "1990-01-01", "1999-12-31"),
        ("last year", "2024-01-01", "2024-12-31"),
        ("this year", "2025-01-01", "2025-12-31"),
        ("yesterday", "2025-03-19", "2025-03-19"),
        ("last week", "2025-03-10", "2025-03-16"),
        ("last month", "2025-02-01", "2025-02-28"),
        ("last Friday", "2025-03-14", "2025-03-14"),
        ("in July", "2024-07-01", "2024-07-31"),
        ("in March of last year", "2024-03-01", "2024-03-31"),
        ("March 5", "2025-03-05", "2025-03-05"),
    ],
)
def test_what_names_no_year_is_counted_from_the_day_of_the_text(
    text: str, first: str, last: str
) -> None:
    assert days(text) == [(first, last)]
    assert days(text, None) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023年5月开工，8月完工。", ["2023-05-01", "2023-08-01"]),
        ("2023年5月开工。8月完工。", ["2023-05-01", "2024-08-01"]),
        ("去年5月开工，11月完工", ["2024-05-01", "2024-11-01"]),
        ("2023年成立，次年3月开放", ["2023-01-01", "2024-03-01"]),
        (
            "3月5日开幕，当日售票，次日休息，8日结束",
            ["2025-03-05", "2025-03-05", "2025-03-06", "2025-03-08"],
        ),
        ("当日", []),
        ("同年", []),
    ],
)
def test_a_date_leans_on_the_one_before_it(text: str, expected: list[str]) -> None:
    assert [first for first, _ in days(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "2月30日",
        "2025年2月30日",
        "2025年13月",
        "2025年13月5日",
        "13月",
        "0年",
        "9999年99月",
        "2025-13-01",
        "2025-02-30",
        "February 30, 2025",
        "3月子会所",
        "12月饼",
        "5日元",
        "第3日",
        "3日游",
        "10日内",
        "100日",
        "1998级",
        "1998年级",
        "5000年",
        "2000年历史",
        "三年",
        "十年",
        "3个月",
        "3/5",
        "3-2",
        "2.5.1",
        "1.2025.3.5",
        "0431-85712345",
        "2025-0305",
        "13843125678",
        "今年轻人",
        "战后年代",
        "you may go",
        "he may be",
        "the march of time",
        "in 2000 people",
        "2025",
    ],
)
def test_what_is_no_date_is_not_found(text: str) -> None:
    assert found(text) == []


def test_dates_come_in_order_with_their_places() -> None:
    assert found("本报3月5日讯 去年7月以来，2023年的今天") == [
        "3月5日 2025-03-05 2025-03-05",
        "去年7月以来 2024-07-01 2025-03-20",
        "2023年 2023-01-01 2023-12-31",
        "今天 2025-03-20 2025-03-20",
    ]


@given(dated_text | st.text(), st.none() | st.dates())
@settings(deadline=None, max_examples=500)
def test_any_text_and_day_have_dates_in_order(text: str, today: datetime.date | None) -> None:
    folded = fold(text)
    end = 0
    for one in find_dates(folded, today):
        assert end <= one.start < one.end <= len(folded)
        assert one.first <= one.last
        assert one.explicit or today is not None
        end = one.end


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2199, 12, 31)), st.none() | st.dates())
@settings(deadline=None, max_examples=200)
def test_a_full_date_is_read_back(day: datetime.date, today: datetime.date | None) -> None:
    for text in (
        day.isoformat(),
        f"于{day.year}年{day.month}月{day.day}日在",
        f"{day.year}/{day.month}/{day.day}",
    ):
        assert days(text, today) == [(day.isoformat(), day.isoformat())]


@given(
    st.dates(datetime.date(1010, 1, 1), datetime.date(2199, 12, 31)),
    st.integers(1, 12),
    st.integers(1, 28),
)
@settings(deadline=None, max_examples=200)
def test_a_day_without_a_year_is_the_latest_not_after_today(
    today: datetime.date, month: int, day: int
) -> None:
    ((first, _),) = days(f"{month}月{day}日", today)
    resolved = datetime.date.fromisoformat(first)
    assert (resolved.month, resolved.day) == (month, day)
    assert 0 <= (today - resolved).days <= 366


@pytest.mark.parametrize(
    "text",
    [
        "一" * 100_000,
        "1" * 100_000,
        "1-" * 50_000,
        "十" * 100_000,
        "3月" * 50_000,
        "近" * 100_000,
        "3月5日至" * 25_000,
        "2月30日" * 20_000,
        "2024年" + "13月" * 30_000,
        "3月" + " " * 100_000,
        "may 5 " * 20_000,
        "march" + " " * 100_000,
    ],
    ids=range(12),
)
def test_endless_text_is_survived(text: str) -> None:
    find_dates(text, TODAY)
