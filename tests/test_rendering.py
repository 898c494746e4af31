"""Answers as Telegram messages: every text passes the strict parser, and nothing is lost."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Literal

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED, Phrases
from bot.telegram.buttons import Action, OpenArticle, OpenCitation, Rate, Reason, Stop, parse
from bot.telegram.links import Links
from bot.telegram.rendering import (
    LIMIT,
    Button,
    Keyboard,
    Part,
    feedback_keyboard,
    from_json,
    render,
    render_preview,
    render_text,
    to_json,
    utf16_length,
)
from bot.terminal import plain_answer
from retrieval.index.keys import short_key
from retrieval.types import Answer, Citation, Mode, NearestArticle, Partial, Timings
from tests.e2e.bot_api import parse_telegram_html
from tests.telegram_html import read_strictly

LINKS = Links("baoda_test_bot")

RATINGS: list[Literal[1, -1]] = [1, -1]


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
    url: str = "",
) -> Citation:
    end = len(quote)
    return Citation(
        number, "a.md", title, byline, date, source, "text", 0, end, quote, url, "0123abcd"
    )


def blockquotes(parts: Sequence[Part]) -> list[str]:
    return [one for part in parts for one in read_strictly(part.markup).quotations]


def labels(keyboard: Keyboard) -> list[list[str]]:
    return [[button.label for button in row] for row in keyboard]


def actions(keyboard: Keyboard) -> list[Action | None]:
    return [parse(button.data) for row in keyboard for button in row]


def assert_telegram_takes(parts: Sequence[Part]) -> None:
    for part in parts:
        assert read_strictly(part.markup).text == part.plain
        assert parse_telegram_html(part.markup)[0] == part.plain


def test_a_citation_unfolds_under_the_answer() -> None:
    citation = make_citation(
        "原话。", title="题 <目>", byline="本报记者 甲", date="2025-01-02", source="工人日报"
    )
    (part,) = render(make_answer("答案。[1]", [citation]), SIMPLIFIED, LINKS)
    assert part.markup == (
        '答案。[1]\n\n<blockquote expandable><b><a href="https://t.me/baoda_test_bot?start='
        'c_73gmzf2tert2_0123abcd_0_0_3">[1]</a> 题 &lt;目&gt;</b>\n'
        "本报记者 甲 · 2025-01-02 · 工人日报\n原话。</blockquote>"
    )
    assert part.plain == ("答案。[1]\n\n[1] 题 <目>\n本报记者 甲 · 2025-01-02 · 工人日报\n原话。")


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [
        (SIMPLIFIED, "文章里没有说到：村长是谁 / 桥在哪里"),
        (ENGLISH, "The articles do not say: 村长是谁 / 桥在哪里"),
    ],
)
def test_parts_that_stay_open_are_named_after_the_answer(phrases: Phrases, expected: str) -> None:
    answer = dataclasses.replace(
        make_answer("甲[1]", [make_citation("甲")]), unanswered=("村长是谁？", "桥在哪里?\n")
    )
    (part,) = render(answer, phrases, LINKS)
    assert part.plain == f"甲[1]\n{expected}\n\n[1] 标题\n甲"
    assert plain_answer(answer, phrases).splitlines()[:2] == ["甲[1]", expected]


def test_citations_come_in_the_order_of_their_numbers() -> None:
    citations = [make_citation("一", 1), make_citation("二", 2)]
    (part,) = render(make_answer("甲[1]\n乙[2]", citations), SIMPLIFIED, LINKS)
    assert part.plain == "甲[1]\n乙[2]\n\n[1] 标题\n一\n\n[2] 标题\n二"


def test_an_article_without_a_headline_is_named_so() -> None:
    (part,) = render(make_answer("是。[1]", [make_citation("是。", title="")]), ENGLISH, LINKS)
    assert part.plain == "是。[1]\n\n[1] (no headline)\n是。"


def test_a_refusal_lists_the_nearest_articles() -> None:
    nearest = [NearestArticle("a", "甲 & 乙", "2025-01-02"), NearestArticle("b", "", "")]
    (part,) = render(make_answer("没有。", refused=True, nearest=nearest), SIMPLIFIED, LINKS)
    assert part.plain == "没有。\n\n最接近的文章：\n1. 甲 & 乙 (2025-01-02)\n2. （无标题）"
    assert "甲 &amp; 乙" in part.markup


def test_an_answer_does_not_list_nearest_articles() -> None:
    nearest = [NearestArticle("a", "甲", "")]
    assert [
        part.plain for part in render(make_answer("有。", nearest=nearest), SIMPLIFIED, LINKS)
    ] == ["有。"]


def test_a_refusal_shows_what_it_cites() -> None:
    answer = make_answer("没有；只说了这个。[1]", [make_citation("这个。")], refused=True)
    assert blockquotes(render(answer, SIMPLIFIED, LINKS)) == ["[1] 标题\n这个。"]


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
    parts = render(make_answer("答。[1]", [make_citation(quote)]), SIMPLIFIED, LINKS)
    assert_telegram_takes(parts)
    assert len(blockquotes(parts)) == 1 + excess


def test_a_long_quote_begins_under_the_answer() -> None:
    parts = render(make_answer("答。[1]", [make_citation("字" * 5000)]), SIMPLIFIED, LINKS)
    assert [utf16_length(part.plain) for part in parts][:-1] == [LIMIT]


def test_the_rest_of_a_long_quote_says_what_it_continues() -> None:
    quote = "".join(f"第{number}句。" for number in range(3000))
    first, *others = blockquotes(
        render(make_answer("答。[1]", [make_citation(quote)]), SIMPLIFIED, LINKS)
    )
    assert len(others) > 1
    pieces = [first.removeprefix("[1] 标题\n")]
    pieces += [one.removeprefix("[1] 标题（续）\n") for one in others]
    assert "".join(pieces) == quote
    assert all(piece.endswith("句。") for piece in pieces)


@pytest.mark.parametrize("units", [2043, 2044, 2045, 2048, 4096, 9000])
@pytest.mark.parametrize("letter", ["字", "😀", "&", "<", "\n"])
@pytest.mark.parametrize("field", ["title", "byline"])
def test_a_headline_without_end_leaves_room_for_the_quote(
    field: str, letter: str, units: int
) -> None:
    endless = letter * (units // utf16_length(letter))
    title, byline = (endless, "名") if field == "title" else ("题", endless)
    citation = make_citation("原话" * 1500, title=title, byline=byline)
    parts = render(make_answer("答。[1]", [citation]), SIMPLIFIED, LINKS)
    assert_telegram_takes(parts)
    assert sum(block.count("原话") for block in blockquotes(parts)) >= 1499


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
    parts = render(answer, ENGLISH, LINKS)
    assert parts[0].plain.startswith(ENGLISH.in_their_words) == introduced


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("https://报.example.cn/a?b=1&c=%22", [("题", "https://报.example.cn/a?b=1&c=%22")]),
        ("http://paper.example/", [("题", "http://paper.example/")]),
        ("javascript:alert(1)", []),
        ("tg://user?id=1", []),
        ('https://a.cn/"><b>', []),
        ("https://a.cn/ b", []),
        ("https://localhost", []),
        ("https://a.cn/\ud800", []),
        ("https://a.cn/\u202egnp", []),
        ("https://a.cn/" + "a" * 3000, []),
        ("", []),
    ],
)
def test_a_headline_leads_to_its_article_on_the_web(url: str, links: list[tuple[str, str]]) -> None:
    (part,) = render(
        make_answer("答。[1]", [make_citation("话", title="题", url=url)]), SIMPLIFIED, LINKS
    )
    number, *headline = read_strictly(part.markup).links
    assert number[0] == "[1]"
    assert headline == links
    assert_telegram_takes([part])


def test_each_citation_has_a_button_that_opens_it() -> None:
    citations = [make_citation("一二", 1), make_citation("三", 2)]
    *_, part = render(make_answer("甲[1]\n乙[2]", citations), SIMPLIFIED, LINKS)
    assert labels(part.keyboard) == [["[1]", "[2]"]]
    key = short_key("a.md")
    assert actions(part.keyboard) == [
        OpenCitation(key, "0123abcd", "text", 0, 2),
        OpenCitation(key, "0123abcd", "text", 0, 1),
    ]


def test_buttons_stand_in_rows_of_eight_under_the_last_message_only() -> None:
    citations = [make_citation("字" * 300, number) for number in range(1, 31)]
    *others, last = render(make_answer("甲[1]", citations), SIMPLIFIED, LINKS, answer_id=5)
    assert len(others) > 1
    assert [one.keyboard for one in others] == [()] * len(others)
    assert [len(row) for row in last.keyboard] == [8, 8, 8, 6, 2]


def test_a_kept_answer_can_be_rated() -> None:
    (part,) = render(make_answer("甲"), SIMPLIFIED, LINKS, answer_id=7)
    assert actions(part.keyboard) == [Rate(7, 1), Rate(7, -1)]


def test_an_answer_that_was_not_kept_cannot_be_rated() -> None:
    (part,) = render(make_answer("甲"), SIMPLIFIED, LINKS)
    assert part.keyboard == ()


def test_an_answer_that_was_stopped_says_so_and_is_not_rated() -> None:
    answer = dataclasses.replace(make_answer("甲[1]", [make_citation("甲")]), stopped=True)
    (part,) = render(answer, SIMPLIFIED, LINKS, answer_id=7)
    assert part.plain.startswith(f"甲[1]\n{SIMPLIFIED.stopped}\n\n")
    assert labels(part.keyboard) == [["[1]"]]


def test_a_refusal_opens_what_it_offers() -> None:
    nearest = [NearestArticle("a", "甲", ""), NearestArticle("b", "乙", "")]
    (part,) = render(make_answer("没有。", refused=True, nearest=nearest), SIMPLIFIED, LINKS)
    assert labels(part.keyboard) == [["1", "2"]]
    assert actions(part.keyboard) == [
        OpenArticle(short_key("a"), "", 0),
        OpenArticle(short_key("b"), "", 0),
    ]


@pytest.mark.parametrize(
    ("value", "reason", "expected"),
    [
        (1, "", [["[1]"], ["✓ 👍", "👎"]]),
        (
            -1,
            "",
            [
                ["[1]"],
                ["👍", "✓ 👎"],
                ["答非所问", "与原文不符"],
                ["不完整", "找错文章"],
                ["✍ 写几句"],
            ],
        ),
        (
            -1,
            "wrong",
            [
                ["[1]"],
                ["👍", "✓ 👎"],
                ["答非所问", "与原文不符"],
                ["不完整", "✓ 找错文章"],
                ["✍ 写几句"],
            ],
        ),
    ],
)
def test_a_rating_shows_whatever_was_chosen_before(
    value: Literal[1, -1], reason: Literal["", "wrong"], expected: list[list[str]]
) -> None:
    (part,) = render(make_answer("甲[1]", [make_citation("甲")]), SIMPLIFIED, LINKS, answer_id=7)
    chosen = Rate(7, value, Reason(reason) if reason else "")
    keyboards = [part.keyboard]
    keyboards += [feedback_keyboard(part.keyboard, Rate(7, one), SIMPLIFIED) for one in RATINGS]
    for keyboard in keyboards:
        assert labels(feedback_keyboard(keyboard, chosen, SIMPLIFIED)) == expected


def test_a_preview_shows_what_is_written_and_a_button_that_ends_it() -> None:
    part = render_preview(Partial("甲 < 乙。[1]", ()), SIMPLIFIED, update_id=3)
    assert part.markup == "甲 &lt; 乙。[1] …"
    assert actions(part.keyboard) == [Stop(3)]


@pytest.mark.parametrize("text", ["字" * 9000, "😀" * 4000, "一句。[12]" * 900])
def test_a_preview_is_one_message(text: str) -> None:
    part = render_preview(Partial(text, ()), SIMPLIFIED, update_id=3)
    assert_telegram_takes([part])
    assert utf16_length(part.plain) > LIMIT - 10
    assert part.plain.endswith(" …")


@pytest.mark.parametrize("text", ["", "\n", "\u200b"])
def test_a_preview_without_text_says_that_it_is_thinking(text: str) -> None:
    part = render_preview(Partial(text, ()), ENGLISH, update_id=3)
    assert part.plain == ENGLISH.thinking


def test_parts_survive_as_json() -> None:
    citation = make_citation("\ud800“原话”\x00", url="https://a.cn/")
    (part,) = render(make_answer("甲[1]", [citation]), SIMPLIFIED, LINKS, answer_id=7)
    assert from_json(json.loads(json.dumps(to_json(part)))) == part
    copying = Part("a", "a", ((Button("复制", copy="话"), Button("看", url="https://a.cn/")),))
    assert from_json(json.loads(json.dumps(to_json(copying)))) == copying


@pytest.mark.parametrize("done", [{}, {"data": "x", "copy": "y"}, {"copy": "y", "url": "z"}])
def test_a_button_does_exactly_one_thing(done: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="exactly one thing"):
        Button("甲", **done)
