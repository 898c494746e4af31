"""Fields as editors write them on a phone."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.corrections import (
    FIELD_NAMES,
    Correction,
    Fault,
    Omission,
    WrongLineError,
    corrected,
    leading_fields,
    looks_like_corrections,
    named_fields,
    read_corrections,
)
from retrieval.types import Article


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("标题：新桥通车", "title", "新桥通车"),
        ("標題: 新橋通車", "title", "新橋通車"),
        ("Title: The bridge is open", "title", "The bridge is open"),
        ("作者：本报记者 王小明", "byline", "本报记者 王小明"),
        ("author : Wang", "byline", "Wang"),
        ("日期：2025年3月1日", "date", "2025-03-01"),
        ("日期：2025-3-1", "date", "2025-03-01"),
        ("日期：", "date", ""),
        ("来源：测试日报", "source", "测试日报"),
        ("來源：測試日報", "source", "測試日報"),
        ("版面：3", "page", "3"),
        ("肩题：一座桥", "kicker", "一座桥"),
        ("栏目：要闻", "column", "要闻"),
        ("网址：https://example.org/a?b=c", "url", "https://example.org/a?b=c"),
        ("标题：时间：八点", "title", "时间：八点"),
    ],
)
def test_a_line_names_a_field(line: str, field: str, value: str) -> None:
    (correction,) = read_corrections(line)
    assert correction == Correction(field, value)  # type: ignore[arg-type]
    assert looks_like_corrections(line)


def test_several_lines_are_several_corrections() -> None:
    wanted = read_corrections("标题：新桥\n\n  3 作者：王\n12. date: 2025-03-01\n删 4、5\ndrop 6")
    assert wanted == [
        Correction("title", "新桥"),
        Correction("byline", "王", 3),
        Correction("date", "2025-03-01", 12),
        Omission(4),
        Omission(5),
        Omission(6),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("颜色：红", Fault.UNKNOWN_FIELD),
        ("谢谢", Fault.UNKNOWN_FIELD),
        ("日期：昨天", Fault.WRONG_DATE),
        ("日期：2025-02-30", Fault.WRONG_DATE),
        ("网址：javascript:alert(1)", Fault.WRONG_ADDRESS),
        ("标题：" + "长" * 600, Fault.TOO_LONG),
    ],
)
def test_a_line_that_cannot_be_followed_says_why(line: str, fault: Fault) -> None:
    with pytest.raises(WrongLineError) as raised:
        read_corrections(f"作者：王\n{line}")
    assert (raised.value.fault, raised.value.line) == (fault, line)


@given(st.sampled_from(FIELD_NAMES), st.text(max_size=200), st.integers(1, 9999) | st.none())
def test_whatever_is_written_after_a_name_is_one_line_of_that_field(
    field: str, value: str, number: int | None
) -> None:
    line = f"{field}：{value}" if number is None else f"{number} {field}：{value}"
    try:
        wanted = read_corrections(line)
    except WrongLineError:
        return
    first = wanted[0]
    assert isinstance(first, Correction)
    assert (first.field, first.number) == (field, number)
    assert first.value == " ".join(first.value.split())


@given(st.text(max_size=300))
def test_any_text_is_followed_or_refused(text: str) -> None:
    leading_fields(text)
    looks_like_corrections(text)
    list(named_fields(text))
    with suppress(WrongLineError):
        read_corrections(text)


def test_a_text_may_begin_with_fields() -> None:
    fields, text = leading_fields("标题：新桥\n日期：2025-03-01\n\n桥通车了。\n作者：不是署名")
    assert fields == [Correction("title", "新桥"), Correction("date", "2025-03-01")]
    assert text.strip() == "桥通车了。\n作者：不是署名"


@pytest.mark.parametrize("text", ["日期：待定\n正文", "桥通车了。", "https://example.org\n正文"])
def test_what_is_no_field_stays_in_the_text(text: str) -> None:
    assert leading_fields(text) == ([], text)


def test_of_a_caption_only_its_fields_count() -> None:
    caption = "请看看这篇\n标题：新桥\n日期：昨天"
    assert list(named_fields(caption)) == [Correction("title", "新桥")]


def test_an_article_is_corrected_field_by_field() -> None:
    article = Article("a", "旧", "文", byline="王")
    wanted = [Correction("title", "新"), Correction("byline", "")]
    assert corrected(article, wanted) == Article("a", "新", "文")
