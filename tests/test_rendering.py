"""Answers as Telegram messages: every text passes the strict parser, and nothing is lost."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.phrases import CHINESE, ENGLISH, Phrases
from bot.telegram.rendering import LIMIT, Part, render, render_text, utf16_length
from bot.terminal import plain_answer
from retrieval.types import Answer, Citation, Mode, NearestArticle, Timings
from tests.e2e.bot_api import parse_telegram_html

PIECES = st.sampled_from(
    [
        "文",
        "<b>",
        "</blockquote>",
        "<br/>",
        "&",
        "&lt;",
        "&nbsp;",
        "&#xD800;",
        "[1]",
        "😀",
        "👩‍👩‍👧",
        "e\u0301",
        "\u202e",
        "\u2067",
        "\u200b",
        "\ufeff",
        "\x00",
        " ",
        "\n",
        "\n\n\n",
        "\t",
        "\u3000",
        "a.cn",
        "“",
    ]
)
SHORT = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=12).map("".join))
LONG = st.builds(lambda text, times: text * times, SHORT, st.integers(1, 900))
AT_THE_EDGE = st.builds(
    lambda lead, piece, missing: lead + piece * ((LIMIT - missing - len(lead)) // len(piece)),
    SHORT,
    PIECES,
    st.integers(-3, 40),
)
HOSTILE = st.one_of(SHORT, LONG, AT_THE_EDGE)


def make_answer(
    text: str = "",
    citations: Sequence[Citation] = (),
    *,
    refused: bool = False,
    nearest: Sequence[NearestArticle] = (),
) -> Answer:
    return Answer(
        question="？",
        text=text,
        refused=refused,
        mode="extractive",
        timings_ms=Timings(0, 0, 0, 0),
        citations=tuple(citations),
        nearest=tuple(nearest),
    )


def make_citation(
    quote: str,
    number: int = 1,
    *,
    title: str = "标题",
    byline: str = "",
    date: str = "",
    source: str = "",
) -> Citation:
    return Citation(number, "a.md", title, byline, date, source, "text", 0, len(quote), quote)


CITATIONS = st.lists(
    st.builds(make_citation, HOSTILE, title=SHORT, byline=SHORT, date=SHORT, source=SHORT),
    max_size=12,
)


def head_of(citation: Citation) -> str:
    credit = " · ".join(part for part in (citation.byline, citation.date, citation.source) if part)
    title = f"[{citation.number}] {citation.title or CHINESE.untitled}"
    return f"{title}\n{credit}" if credit else title


def span(text: str, entity: dict[str, Any]) -> str:
    units = text.encode("utf-16-le")
    start = 2 * entity["offset"]
    return units[start : start + 2 * entity["length"]].decode("utf-16-le")


def blockquotes(parts: Sequence[Part]) -> list[str]:
    found = []
    for part in parts:
        text, entities = parse_telegram_html(part.markup)
        found += [span(text, one) for one in entities if one["type"] == "expandable_blockquote"]
    return found


def visible(text: str) -> str:
    return "".join(text.split())


def assert_telegram_takes(parts: Sequence[Part]) -> None:
    for part in parts:
        text, _ = parse_telegram_html(part.markup)
        assert text == part.plain
        assert text.strip()
        assert utf16_length(text) <= LIMIT


def test_a_citation_unfolds_under_the_answer() -> None:
    citation = make_citation(
        "原话。", title="题 <目>", byline="本报记者 甲", date="2025-01-02", source="工人日报"
    )
    (part,) = render(make_answer("答案。[1]", [citation]), CHINESE)
    assert part.markup == (
        "答案。[1]\n\n<blockquote expandable><b>[1] 题 &lt;目&gt;</b>\n"
        "本报记者 甲 · 2025-01-02 · 工人日报\n原话。</blockquote>"
    )
    assert part.plain == ("答案。[1]\n\n[1] 题 <目>\n本报记者 甲 · 2025-01-02 · 工人日报\n原话。")


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [
        (CHINESE, "文章里没有说到：村长是谁 / 桥在哪里"),
        (ENGLISH, "The articles do not say: 村长是谁 / 桥在哪里"),
    ],
)
def test_parts_that_stay_open_are_named_after_the_answer(phrases: Phrases, expected: str) -> None:
    answer = dataclasses.replace(
        make_answer("甲[1]", [make_citation("甲")]), unanswered=("村长是谁？", "桥在哪里?\n")
    )
    (part,) = render(answer, phrases)
    assert part.plain == f"甲[1]\n{expected}\n\n[1] 标题\n甲"
    assert plain_answer(answer, phrases).splitlines()[:2] == ["甲[1]", expected]


def test_citations_come_in_the_order_of_their_numbers() -> None:
    citations = [make_citation("一", 1), make_citation("二", 2)]
    (part,) = render(make_answer("甲[1]\n乙[2]", citations), CHINESE)
    assert part.plain == "甲[1]\n乙[2]\n\n[1] 标题\n一\n\n[2] 标题\n二"


def test_an_article_without_a_headline_is_named_so() -> None:
    (part,) = render(make_answer("Yes.[1]", [make_citation("是。", title="")]), ENGLISH)
    assert part.plain == "Yes.[1]\n\n[1] (no headline)\n是。"


def test_a_refusal_lists_the_nearest_articles() -> None:
    nearest = [NearestArticle("a", "甲 & 乙", "2025-01-02"), NearestArticle("b", "", "")]
    (part,) = render(make_answer("没有。", refused=True, nearest=nearest), CHINESE)
    assert part.plain == "没有。\n\n最接近的文章：\n• 甲 & 乙 (2025-01-02)\n• （无标题）"
    assert "甲 &amp; 乙" in part.markup


def test_an_answer_does_not_list_nearest_articles() -> None:
    nearest = [NearestArticle("a", "甲", "")]
    assert [part.plain for part in render(make_answer("有。", nearest=nearest), CHINESE)] == [
        "有。"
    ]


def test_a_refusal_shows_what_it_cites() -> None:
    answer = make_answer("没有；只说了这个。[1]", [make_citation("这个。")], refused=True)
    assert blockquotes(render(answer, CHINESE)) == ["[1] 标题\n这个。"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000" * 5000, " \n" * 3000])
def test_nothing_visible_makes_no_message(text: str) -> None:
    assert render_text(text) == []


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("字" * 4096, [4096]),
        ("字" * 4097, [4096, 1]),
        ("😀" * 2048, [4096]),
        ("😀" * 2049, [4096, 2]),
        ("字" + "😀" * 2048, [4095, 2]),
        ("&" * 4096, [4096]),
        ("字" * 4000 + "\n" + "词" * 95, [4096]),
        ("字" * 4000 + "\n" + "词" * 96, [4000, 96]),
        (" " * 4096 + "字", [1]),
        ("字\n" + " " * 4096 + "\n词", [1, 1]),
    ],
)
def test_a_long_text_is_divided_where_telegram_counts_4096(text: str, sizes: list[int]) -> None:
    parts = render_text(text)
    assert_telegram_takes(parts)
    assert [utf16_length(part.plain) for part in parts] == sizes


@pytest.mark.parametrize("excess", [0, 1])
def test_a_citation_that_fits_one_message_is_not_divided(excess: int) -> None:
    quote = "字" * (LIMIT - utf16_length("[1] 标题\n") + excess)
    parts = render(make_answer("答。[1]", [make_citation(quote)]), CHINESE)
    assert_telegram_takes(parts)
    assert len(blockquotes(parts)) == 1 + excess


def test_every_piece_of_a_long_quote_says_where_it_is_from() -> None:
    quote = "".join(f"第{number}句。" for number in range(3000))
    blocks = blockquotes(render(make_answer("答。[1]", [make_citation(quote)]), CHINESE))
    assert len(blocks) > 2
    assert "".join(block.removeprefix("[1] 标题\n") for block in blocks) == quote


@pytest.mark.parametrize("units", [2043, 2044, 2045, 2048, 4096, 9000])
@pytest.mark.parametrize("letter", ["字", "😀", "&", "<", "\n"])
@pytest.mark.parametrize("field", ["title", "byline"])
def test_a_headline_without_end_leaves_room_for_the_quote(
    field: str, letter: str, units: int
) -> None:
    endless = letter * (units // utf16_length(letter))
    title, byline = (endless, "名") if field == "title" else ("题", endless)
    citation = make_citation("原话" * 1500, title=title, byline=byline)
    parts = render(make_answer("答。[1]", [citation]), CHINESE)
    assert_telegram_takes(parts)
    assert sum(block.count("原话") for block in blockquotes(parts)) >= 1499


@settings(deadline=None, max_examples=150)
@given(HOSTILE, CITATIONS)
def test_telegram_takes_every_part(text: str, citations: list[Citation]) -> None:
    assert_telegram_takes(render(make_answer(text, citations), CHINESE))


@settings(deadline=None, max_examples=150)
@given(HOSTILE, CITATIONS)
def test_nothing_of_answer_and_quotes_is_lost(text: str, citations: list[Citation]) -> None:
    parts = render(make_answer(text, citations), CHINESE)
    shown = visible("".join(part.plain for part in parts))
    assert shown.startswith(visible(text))
    blocks = iter(blockquotes(parts))
    for citation in citations:
        head, rest = f"{head_of(citation)}\n", citation.quote
        while True:
            block = next(blocks)
            assert block.startswith(head)
            piece = block.removeprefix(head)
            assert rest.startswith(piece)
            rest = rest.removeprefix(piece)
            if not rest:
                break
            assert utf16_length(head + citation.quote) > LIMIT, "divided without need"
    assert next(blocks, None) is None


@settings(deadline=None, max_examples=100)
@given(HOSTILE)
def test_a_text_without_markup_is_shown_as_it_is(text: str) -> None:
    parts = render_text(text)
    assert_telegram_takes(parts)
    assert visible("".join(part.plain for part in parts)) == visible(text)


@pytest.mark.parametrize(
    ("question", "mode", "introduced"),
    [
        ("How long is the bridge?", "extractive", True),
        ("How long is the bridge?", "fallback", True),
        ("How long is the bridge?", "llm", False),
        ("石桥长多少米?", "extractive", False),
    ],
)
def test_quotations_in_another_language_are_said_to_be_quoted(
    question: str, mode: Mode, introduced: bool
) -> None:
    answer = dataclasses.replace(make_answer("石桥长38米。[1]"), question=question, mode=mode)
    parts = render(answer, ENGLISH)
    assert parts[0].plain.startswith(ENGLISH.in_their_words) == introduced
