"""What is offered while somebody types after the bot's name."""

from dataclasses import replace

from bot.phrases import ENGLISH, SIMPLIFIED
from bot.telegram.buttons import OpenArticle, OpenCitation
from bot.telegram.links import Links
from bot.telegram.rendering import (
    LIMIT,
    answer_choice,
    article_choice,
    match_choice,
    nearest_choice,
    utf16_length,
)
from bot.telegram.rendering.keyboards import opening
from retrieval.index.articles import article_version
from retrieval.index.keys import short_key
from retrieval.types import Answer, Article, Citation, Match, NearestArticle, Timings
from tests.telegram_html import read_strictly

LINKS = Links("some_bot")
KEY = short_key("a.md")


def citation(number: int, quote: str = "桥长38米。") -> Citation:
    about = ("a.md", "石桥", "甲", "2025-03-04", "湾报")
    return Citation(number, *about, "text", 5, 5 + len(quote), quote, version="0123abcd")


def answer(text: str, *citations: Citation) -> Answer:
    timings = Timings(0, 0, 0, 0)
    return Answer("桥有多长？", text, False, "extractive", timings, citations=citations)


def test_an_answer_is_sent_with_its_question_and_every_mark_is_a_link() -> None:
    given = answer("桥长38米。[1]\n桥宽5米。[2][1]", citation(1), citation(2, "桥宽5米。"))
    choice = answer_choice(given, "Answer", SIMPLIFIED, LINKS)
    shown = read_strictly(choice.part.markup)
    assert shown.text.startswith("桥有多长？\n\n桥长38米。[1]\n桥宽5米。[2][1]\n\n[1] 石桥\n")
    first, second = (LINKS.to(opening(one)) for one in given.citations)
    assert shown.links == [
        ("[1]", first),
        ("[2]", second),
        ("[1]", first),
        ("[1]", first),
        ("[2]", second),
    ]
    assert [one.url for one in choice.part.keyboard[0]] == [first, second]
    assert (choice.title, choice.description) == ("Answer", "桥长38米。 桥宽5米。")


def test_what_the_articles_leave_open_is_said_in_what_is_sent() -> None:
    given = replace(answer("桥长38米。[1]", citation(1)), unanswered=("谁修的？",))
    choice = answer_choice(given, "Answer", SIMPLIFIED, LINKS)
    assert SIMPLIFIED.unanswered.format(parts="谁修的") in choice.part.plain


def test_of_a_long_answer_the_marks_lead_to_what_has_no_room() -> None:
    quotes = [citation(number, "桥" * 1000) for number in range(1, 13)]
    given = answer("".join(f"第{one.number}句。[{one.number}]\n" for one in quotes), *quotes)
    choice = answer_choice(given, "Answer", SIMPLIFIED, LINKS)
    shown = read_strictly(choice.part.markup)
    assert utf16_length(shown.text) <= LIMIT
    assert {words for words, _ in shown.links} == {f"[{number}]" for number in range(1, 13)}
    assert 1 <= len(shown.quotations) < 12
    assert len(choice.part.keyboard[0]) == 8


def test_a_number_in_brackets_that_cites_nothing_is_no_link() -> None:
    choice = answer_choice(answer("第[7]页。[1]", citation(1)), "Answer", SIMPLIFIED, LINKS)
    assert "[7]" not in {words for words, _ in read_strictly(choice.part.markup).links}


def test_an_article_that_was_found_leads_to_its_passage_and_to_the_whole() -> None:
    match = Match("a.md", "石桥", "", "2025-03-04", "湾报", "0123abcd", "text", 5, 11, "桥长38米。")
    choice = match_choice(match, ENGLISH, LINKS)
    shown = read_strictly(choice.part.markup)
    passage = OpenCitation(KEY, "0123abcd", "text", 5, 11)
    assert shown.links == [("石桥", LINKS.to(passage))]
    assert shown.quotations == ["桥长38米。"]
    ((button,),) = choice.part.keyboard
    assert (button.label, button.url) == (
        ENGLISH.full_text,
        LINKS.to(OpenArticle(KEY, "0123abcd")),
    )
    assert choice.description == "2025-03-04 · 湾报 — 桥长38米。"


def test_an_article_is_offered_with_its_first_lines() -> None:
    article = Article("a.md", "", "\n桥" + "长" * 400 + "\n第二段。")
    choice = article_choice(article, ENGLISH, LINKS)
    shown = read_strictly(choice.part.markup)
    assert choice.title == ENGLISH.untitled
    assert utf16_length(shown.quotations[0]) == 300
    address = LINKS.to(OpenArticle(KEY, article_version(article)))
    assert shown.links == [(ENGLISH.untitled, address)]


def test_the_nearest_article_is_offered_by_title_and_date() -> None:
    choice = nearest_choice(
        NearestArticle("a.md", "<石桥>", "2025-03-04", "0123abcd"), ENGLISH, LINKS
    )
    assert choice.part.plain == "<石桥>\n2025-03-04"
    assert choice.description == "2025-03-04"
