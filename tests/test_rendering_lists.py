"""Lists of articles as they are shown: their lines, their links and their buttons."""

from dataclasses import replace

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED
from bot.telegram.buttons import OpenArticle, OpenCitation, TurnList, parse
from bot.telegram.links import Links
from bot.telegram.rendering import (
    LIMIT,
    Part,
    page_of,
    render_holdings,
    render_latest,
    render_matches,
    utf16_length,
)
from retrieval.index.keys import short_key
from retrieval.types import Article, Holdings, Match
from tests.telegram_html import read_strictly

LINKS = Links("some_bot")
MATCH = Match(
    "a.md", "石桥", "记者 甲", "2025-03-04", "湾报", "0123abcd", "text", 5, 12, "桥长38米。"
)


def matches(count: int) -> list[Match]:
    return [replace(MATCH, article_id=str(number)) for number in range(count)]


def labels(part: Part) -> list[list[str]]:
    return [[button.label for button in row] for row in part.keyboard]


def test_a_match_is_title_credit_and_passage() -> None:
    part = render_matches("桥", [MATCH], 0, SIMPLIFIED, LINKS)
    assert part.plain == (
        f"搜索：桥 · {SIMPLIFIED.articles(1)}\n\n1. 石桥\n2025-03-04 · 记者 甲 · 湾报\n桥长38米。"
    )
    shown = read_strictly(part.markup)
    assert shown.bold == ["桥", "石桥"]
    assert shown.quotations == ["桥长38米。"]
    assert shown.links == [("石桥", LINKS.to(OpenArticle(short_key("a.md"), "")))]
    ((button,),) = part.keyboard
    assert parse(button.data) == OpenCitation(short_key("a.md"), "0123abcd", "text", 5, 12)


def test_a_match_in_a_title_is_not_shown_twice() -> None:
    in_title = replace(MATCH, field="title", start=0, end=2, passage="石桥", date="", source="")
    part = render_matches("桥", [in_title], 0, ENGLISH, LINKS)
    assert part.plain == "Search: 桥 · 1 article\n\n1. 石桥\n记者 甲"


@pytest.mark.parametrize(
    ("count", "page", "shown"),
    [
        (5, 0, [["1", "2", "3", "4", "5"]]),
        (6, 0, [["1", "2", "3", "4", "5"], ["1/2", "▶"]]),
        (6, 1, [["6"], ["◀", "2/2"]]),
        (6, 9, [["6"], ["◀", "2/2"]]),
        (11, 1, [["6", "7", "8", "9", "10"], ["◀", "2/3", "▶"]]),
    ],
)
def test_pages_are_turned_as_far_as_there_are_any(
    count: int, page: int, shown: list[list[str]]
) -> None:
    assert labels(render_matches("桥", matches(count), page, SIMPLIFIED, LINKS)) == shown
    number = page_of(page, count)
    newest = [Article(str(one), "题", "文") for one in range(count)][number * 5 :][:5]
    assert labels(render_latest(newest, number, count, SIMPLIFIED, LINKS)) == shown


def test_the_buttons_turn_to_the_pages_beside() -> None:
    *_, turning = render_matches("桥", matches(11), 1, SIMPLIFIED, LINKS).keyboard
    assert [parse(one.data) for one in turning] == [TurnList("search", page) for page in (0, 1, 2)]
    newest = [Article(str(one), "题", "文") for one in range(5)]
    *_, turning = render_latest(newest, 1, 11, SIMPLIFIED, LINKS).keyboard
    assert [parse(one.data) for one in turning] == [TurnList("latest", page) for page in (0, 1, 2)]


def test_words_from_right_to_left_leave_the_number_of_articles_alone() -> None:
    part = render_matches("עברית", [MATCH], 0, SIMPLIFIED, LINKS)
    assert part.plain.startswith(f"搜索：\u2068עברית\u2069 · {SIMPLIFIED.articles(1)}\n")
    assert read_strictly(part.markup).bold[0] == "עברית"


def test_the_longest_of_everything_fits_one_message() -> None:
    long = replace(MATCH, title="题" * 500, byline="😀" * 500, passage="😀" * 200)
    part = render_matches("😀" * 200, [long] * 5, 0, SIMPLIFIED, LINKS)
    assert utf16_length(part.plain) <= LIMIT
    read_strictly(part.markup)


def test_a_passage_of_two_hundred_characters_is_shown_whole() -> None:
    passage = "桥" * 200
    part = render_matches("桥", [replace(MATCH, passage=passage)], 0, SIMPLIFIED, LINKS)
    assert read_strictly(part.markup).quotations == [passage]


def test_without_articles_the_list_of_the_newest_has_no_buttons() -> None:
    part = render_latest([], 0, 0, SIMPLIFIED, LINKS)
    assert part.keyboard == ()


def test_an_article_without_title_and_date_is_listed() -> None:
    part = render_latest([Article("a", "\u200b", "文")], 0, 1, ENGLISH, LINKS)
    assert part.plain == f"{ENGLISH.latest_articles}\n\n1. {ENGLISH.untitled}"


@pytest.mark.parametrize(
    ("holdings", "shown"),
    [
        (Holdings(0, "", "", 0, ()), "0 articles"),
        (Holdings(2, "", "", 2, (("", 2),)), "2 articles\nnone of them dated"),
        (
            Holdings(3, "2025-01-02", "2025-03-04", 0, (("<湾报>", 2), ("", 1))),
            "3 articles\ndated from 2025-01-02 to 2025-03-04\n\n• <湾报> 2 articles",
        ),
    ],
)
def test_holdings_say_what_there_is(holdings: Holdings, shown: str) -> None:
    (part,) = render_holdings(holdings, ENGLISH)
    assert part.plain == shown


def test_of_very_many_papers_the_largest_are_named() -> None:
    papers = tuple((f"报{number}", 50 - number) for number in range(40))
    (part,) = render_holdings(Holdings(999, "", "", 0, papers), SIMPLIFIED)
    assert part.plain.count("•") == 20
    assert part.plain.endswith("\n…")
