"""Articles as they are opened: quoted words in their paragraph, and all of the text in pages."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.phrases import ENGLISH, SIMPLIFIED
from bot.telegram.buttons import Action, Close, OpenArticle, OpenCitation, parse
from bot.telegram.rendering import (
    LIMIT,
    Keyboard,
    Part,
    article_pages,
    render_changed,
    render_citation,
    render_page,
    utf16_length,
)
from retrieval.index.keys import short_key
from retrieval.types import Article, Field
from tests.e2e.bot_api import parse_telegram_html
from tests.telegram_html import Shown, read_strictly
from tests.test_rendering_hostile import LINKS, PIECES, hostile, visible

KEY, VERSION = short_key("bridge.md"), "0123abcd"
ARTICLE = Article(
    id="bridge.md",
    title="石桥<修>好了",
    text="第一段：河上有桥。\n\n桥长38米。桥宽5米，村民走了三十年。\n\n末段。",
    byline="本报记者 甲",
    date="2025-01-02",
    source="乡报",
    page="3",
    url="https://paper.example/1?a=1&b=2",
)
LONG = Article("long.md", "长文", "\n\n".join(f"第{n}段。" + "一句话。" * 60 for n in range(20)))


def citing(words: str, article: Article = ARTICLE, field: Field = "text") -> OpenCitation:
    start = getattr(article, field).index(words)
    return OpenCitation(KEY, VERSION, field, start, start + len(words))


def read(part: Part) -> Shown:
    shown = read_strictly(part.markup)
    assert part.plain == shown.text == parse_telegram_html(part.markup)[0]
    return shown


def actions(keyboard: Keyboard) -> list[Action | None]:
    return [parse(button.data) for row in keyboard for button in row if button.data]


def copied(part: Part) -> str:
    (text,) = [button.copy for row in part.keyboard for button in row if button.copy]
    return text


def pages_of(article: Article) -> list[Part]:
    count = article_pages(article)
    return [render_page(article, OpenArticle(KEY, VERSION, n), SIMPLIFIED) for n in range(count)]


def test_quoted_words_stand_bold_in_their_paragraph() -> None:
    part = render_citation(ARTICLE, citing("桥宽5米"), SIMPLIFIED, LINKS)
    shown = read(part)
    assert part.plain == (
        "石桥<修>好了\n本报记者 甲 · 2025-01-02 · 乡报 · 第 3 版\n\n"
        "桥长38米。桥宽5米，村民走了三十年。"
    )
    assert shown.bold == ["石桥<修>好了", "桥宽5米"]
    assert shown.links == [("石桥<修>好了", "https://paper.example/1?a=1&b=2")]


def test_words_of_two_paragraphs_are_shown_with_both() -> None:
    part = render_citation(ARTICLE, citing("河上有桥。\n\n桥长38米。"), SIMPLIFIED, LINKS)
    assert part.plain.endswith("第一段：河上有桥。\n\n桥长38米。桥宽5米，村民走了三十年。")


def test_words_of_another_field_are_shown_with_its_name_and_the_first_paragraph() -> None:
    part = render_citation(ARTICLE, citing("记者", field="byline"), SIMPLIFIED, LINKS)
    assert part.plain.endswith("\n\n署名：本报记者 甲\n\n第一段：河上有桥。")
    assert read(part).bold == ["石桥<修>好了", "记者"]


def test_a_former_version_is_said_to_be_one() -> None:
    part = render_citation(ARTICLE, citing("桥宽5米"), ENGLISH, LINKS, former=True)
    assert f"\n\n{ENGLISH.former_version}\n\n" in part.plain
    page = render_page(ARTICLE, OpenArticle(KEY, VERSION), ENGLISH, former=True)
    assert f"\n\n{ENGLISH.former_version}\n\n" in page.plain


def test_a_version_that_is_kept_no_more_leads_to_the_live_one() -> None:
    part = render_changed(ARTICLE, citing("桥宽5米"), SIMPLIFIED)
    assert part.plain.endswith(SIMPLIFIED.changed_since)
    assert read(part).bold == ["石桥<修>好了"]
    assert actions(part.keyboard) == [OpenArticle(KEY, "", 0), Close()]


def test_the_whole_article_opens_at_the_page_of_the_words() -> None:
    opened = citing("第12段。", LONG)
    part = render_citation(LONG, opened, SIMPLIFIED, LINKS)
    whole, close = actions(part.keyboard)
    assert isinstance(whole, OpenArticle)
    assert close == Close()
    assert whole.version == VERSION
    page = render_page(LONG, whole, SIMPLIFIED)
    assert read(page).bold[1:] == ["第12段。"]
    (before,) = (
        one for one in actions(page.keyboard) if getattr(one, "page", -1) == whole.page - 1
    )
    assert isinstance(before, OpenArticle)
    assert read(render_page(LONG, before, SIMPLIFIED)).bold[1:] == []


def test_words_on_two_pages_are_bold_on_both() -> None:
    pages = pages_of(LONG)
    body = pages[0].plain.partition("\n\n")[2]
    first = body[-9:]
    at = LONG.text.index(body) + len(body) - 9
    for number, part in ((0, first), (1, "")):
        opened = OpenArticle(KEY, VERSION, number, at, at + len(first) + 5)
        bold = read(render_page(LONG, opened, SIMPLIFIED)).bold[1:]
        assert len(bold) == 1
        assert bold[0].endswith(part)


def test_a_quotation_is_copied_with_its_source_and_its_link() -> None:
    opened = citing("桥宽5米")
    part = render_citation(ARTICLE, opened, ENGLISH, LINKS)
    source = "《石桥<修>好了》，本报记者 甲，乡报，2025-01-02"
    assert copied(part) == f"桥宽5米\n{source}\n{LINKS.to(opened)}"
    english = Article("e.md", "A bridge", "It is 38 metres long.", date="2025-01-02")
    opened = citing("38 metres", english)
    part = render_citation(english, opened, SIMPLIFIED, LINKS)
    assert copied(part) == f"38 metres\n“A bridge”, 2025-01-02\n{LINKS.to(opened)}"


def test_a_quotation_with_link_may_fill_the_button_to_the_last_unit() -> None:
    room = 256 - utf16_length("\n《题》\n" + LINKS.to(OpenCitation(KEY, VERSION, "text", 0, 100)))
    for length in (room, room + 1):
        article = Article("a.md", "题", "字" * length + "末")
        opened = OpenCitation(KEY, VERSION, "text", 0, length)
        address = f"\n{LINKS.to(opened)}" if length == room else ""
        part = render_citation(article, opened, SIMPLIFIED, LINKS)
        assert copied(part) == "字" * length + "\n《题》" + address


def test_a_long_quotation_is_copied_in_part_and_its_source_whole() -> None:
    text = "字😀" * 400
    article = Article("a.md", "《大桥》修好了", text)
    opened = OpenCitation(KEY, VERSION, "text", 0, len(text))
    part = render_citation(article, opened, SIMPLIFIED, LINKS)
    assert copied(part).endswith("…\n《〈大桥〉修好了》")
    assert 254 <= utf16_length(copied(part)) <= 256


@pytest.mark.parametrize("before", [0, 10, 5000])
@pytest.mark.parametrize("words", [1, 300, 4000, 9000])
@pytest.mark.parametrize("after", [0, 10, 5000])
def test_a_paragraph_without_end_is_shortened_around_the_words(
    before: int, words: int, after: int
) -> None:
    article = Article("a.md", "题", "前" * before + "话" * words + "后" * after)
    opened = OpenCitation(KEY, VERSION, "text", before, before + words)
    shown = read(render_citation(article, opened, SIMPLIFIED, LINKS))
    assert shown.text.count("话") >= min(words, LIMIT - 10)
    if before + words + after > min(LIMIT, max(1200, 2 * words + 600)):
        assert len(shown.text) >= min(LIMIT, max(1200, words)) - 2
        assert len(shown.text) <= max(1300, 2 * words + 700)
        assert "…" in shown.text
    else:
        assert shown.text.endswith(article.text)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 2), (9999, 10_000), (3, 999_999_999)])
def test_offsets_that_do_not_fit_the_article_do_no_harm(start: int, end: int) -> None:
    opened = OpenCitation(KEY, VERSION, "text", start, end)
    read(render_citation(ARTICLE, opened, SIMPLIFIED, LINKS))
    read(render_citation(Article("a", "", ""), opened, SIMPLIFIED, LINKS))


def test_the_first_page_says_what_the_article_is() -> None:
    article = Article("a.md", "题", "文。", kicker="引题", byline="甲", column="民生", page="A03版")
    (page,) = pages_of(article)
    assert page.plain == "引题\n题\n甲 · A03版 · 民生\n\n文。"
    assert actions(page.keyboard) == [Close()]


def test_pages_are_turned_by_their_buttons() -> None:
    labels = [[button.label for button in page.keyboard[0]] for page in pages_of(LONG)]
    last = len(labels)
    assert last > 2
    assert labels[0] == [f"1/{last}", "▶"]
    assert labels[1] == ["◀", f"2/{last}", "▶"]
    assert labels[-1] == ["◀", f"{last}/{last}"]
    turned = actions(pages_of(LONG)[1].keyboard)
    numbers = [one.page for one in turned if isinstance(one, OpenArticle)]
    assert numbers == [0, 1, 2]


def test_a_page_beyond_the_last_is_the_last() -> None:
    beyond = render_page(LONG, OpenArticle(KEY, VERSION, 999), SIMPLIFIED)
    assert beyond == pages_of(LONG)[-1]


def test_pages_end_with_a_paragraph_and_are_of_a_size() -> None:
    pages = pages_of(LONG)
    sizes = [utf16_length(page.plain) for page in pages]
    assert max(sizes) < 1300
    assert min(sizes) > 600
    assert all(page.plain.split("\n\n")[1].startswith("第") for page in pages)


def test_a_subheading_stands_over_what_it_heads() -> None:
    article = Article("a.md", "题", "一句话。" * 280 + "\n\n小标题\n\n" + "又一句。" * 280)
    assert ["小标题" in page.plain for page in pages_of(article)] == [False, True]


def test_an_empty_article_has_one_page() -> None:
    (page,) = pages_of(Article("a.md", "", ""))
    assert page.plain == SIMPLIFIED.untitled


TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.integers(1, 60), TEXTS)
def test_every_character_of_an_article_is_on_exactly_one_page(
    piece: str, times: int, title: str
) -> None:
    article = Article("a.md", title, piece * times)
    whole = ""
    for number, page in enumerate(pages_of(article)):
        read(page)
        assert utf16_length(page.plain) < 2800
        head, _, text = page.plain.partition("\n\n")
        assert number or visible(head)
        whole += text
    assert visible(whole) == visible(article.text)


def test_hostile_articles_open_all_the_same() -> None:
    chance = random.Random(6)
    for _ in range(500):
        fields = {name: hostile(chance) for name in ("title", "kicker", "byline", "date", "source")}
        article = Article("a.md", text=hostile(chance), url=hostile(chance), **fields)
        field: Field = chance.choice(("text", "title", "byline", "source"))
        start, end = sorted(chance.choices(range(len(getattr(article, field)) + 2), k=2))
        opened = OpenCitation(KEY, VERSION, field, start, end)
        part = render_citation(article, opened, SIMPLIFIED, LINKS, former=True)
        parts = [part, render_changed(article, opened, SIMPLIFIED), *pages_of(article)]
        for one in parts:
            read(one)
            for button in (button for row in one.keyboard for button in row):
                assert not button.copy or 1 <= utf16_length(button.copy) <= 256
