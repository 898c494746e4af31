"""10,000 answers made of what breaks messages: Telegram takes all of them, and nothing is lost."""

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import regex

from bot.phrases import SIMPLIFIED, introduction, left_open, notice
from bot.telegram.links import Links
from bot.telegram.rendering import (
    A_PAGE,
    LIMIT,
    Choice,
    Part,
    answer_choice,
    article_choice,
    clean_line,
    match_choice,
    nearest_choice,
    render,
    render_holdings,
    render_latest,
    render_matches,
    render_text,
    utf16_length,
)
from retrieval.types import (
    Answer,
    Article,
    Citation,
    Holdings,
    Match,
    NearestArticle,
    Notice,
    Timings,
)
from tests.e2e.bot_api import parse_telegram_html
from tests.telegram_html import Shown, read_strictly

PIECES = (
    *(
        "文",
        "字",
        "标题",
        "a",
        "Word ",
        "。",
        "？！",
        "，",
        " ",
        "  ",
        "\n",
        "\n\n\n",
        "\t",
        "\u3000",
    ),
    *("<b>", "</b>", "</blockquote>", "<blockquote expandable>", "<br/>", "<!--", "<", ">", "</"),
    *('<a href="tg://user?id=1">', "</a>", '"', "'", "<script>", "<tg-spoiler>", "<b"),
    *("&", "&lt;", "&nbsp;", "&amp;amp;", "&#60;", "&#xD800;", "&#0;", "&quot"),
    *("[1]", "[12]", "[999]", "[", "]", "［3］", "[1][2]"),
    *("😀", "👩‍👩‍👧", "🏳️‍🌈", "🇨🇳", "👍🏽", "1️⃣", "🏴\U000e0067\U000e0062\U000e007f", "𠮷", "🜲"),
    *("e\u0301", "\u0301", "क्षि", "각", "ก็", "\u0333", "\u033f"),
    *("\u202e", "\u202d", "\u202a", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069"),
    *("\u200e", "\u200f", "\u061c", "עברית", "عربي", "١٢"),
    *("\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u115f", "\u2800", "\ufffc"),
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x0b", "\x0c", "\r", "\r\n", "\u2028", "\u2029"),
    *("\ud800", "\udc00", "\udfff", "\ufffd", "\uffff", "\U0010ffff"),
    *("“‘", "’”", "「『", "』」", "《", "》", "(", ")", "/new", "@somebody", "#tag", "a.cn"),
    *("https://a.cn/?a=1&b=2", "_", "*", "`", "```", "||", "\\"),
)
HIDDEN = regex.compile(r"[\s\p{Z}\p{Cc}\p{DI}\u2800\ufffc]+")
AS_SHOWN = {0x0333: "\u0332", 0x033F: "\u0305"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
CLUSTER = regex.compile(r"\X")
MARK = regex.compile(r"\[[0-9]{1,5}\]")
LINKS = Links("baoda_test_bot")
CONTINUED = f"{SIMPLIFIED.continued}\n"


def visible(text: str) -> str:
    """What can be seen of it in Telegram."""
    shown: str = HIDDEN.sub("", text.translate(AS_SHOWN))
    return shown


def short(chance: random.Random) -> str:
    return "".join(chance.choices(PIECES, k=int(chance.expovariate(0.2))))


def hostile(chance: random.Random) -> str:
    """Mostly short; now and then very long, or filling a message to the last few units."""
    kind = chance.random()
    if kind < 0.97:
        return short(chance)
    if kind < 0.98:
        return (short(chance) + chance.choice(PIECES)) * chance.randrange(1, 300)
    piece = chance.choice(PIECES)
    room = LIMIT - chance.randrange(-3, 45)
    lead = short(chance)
    return lead + piece * ((room - utf16_length(lead)) // utf16_length(piece)) + short(chance)


def citations(chance: random.Random) -> Iterator[Citation]:
    count = chance.choice((0, 1, 1, 2, 3, 5)) if chance.random() < 0.99 else 50
    for number in range(1, count + 1):
        title, quote = (hostile if chance.random() < 0.1 else short)(chance), hostile(chance)
        byline, date, source = (short(chance) for _ in range(3))
        place: dict[str, Any] = {"field": "text", "start": 0, "end": len(quote), "quote": quote}
        url = chance.choice(("", "https://a.cn/?a=1&b=%22", "http://报.cn", short(chance)))
        yield Citation(number, "a.md", title, byline, date, source, **place, url=url)


def answers(seed: int, count: int) -> Iterator[Answer]:
    chance = random.Random(seed)
    for _ in range(count):
        refused = chance.random() < 0.2
        nearest = [NearestArticle("b.md", short(chance), short(chance)) for _ in range(3)]
        yield Answer(
            question=chance.choice(("？", "When?")),
            text=hostile(chance),
            refused=refused,
            mode=chance.choice(("extractive", "llm")),
            timings_ms=Timings(0, 0, 0, 0),
            citations=tuple(citations(chance)),
            nearest=tuple(nearest) if refused else (),
            unanswered=(short(chance),) if chance.random() < 0.1 else (),
            notice=chance.choice((None, *Notice)),
        )


def assert_telegram_takes(parts: Sequence[Part]) -> list[Shown]:
    """The messages as they are shown."""
    shown = [read_strictly(part.markup) for part in parts]
    for part, message in zip(parts, shown, strict=True):
        assert part.plain == message.text == parse_telegram_html(part.markup)[0]
    return shown


def assert_nothing_is_lost(answer: Answer, parts: Sequence[Part], shown: Sequence[Shown]) -> None:
    """Text, then heads and quotes, whole and in order; what is divided is continued at once."""
    said, quotations = [], []
    for part, message in zip(parts, shown, strict=True):
        position = 0
        for quotation in message.quotations:
            start = part.plain.index(quotation, position)
            said.append(part.plain[position:start])
            quotations.append(quotation)
            position = start + len(quotation)
        said.append(part.plain[position:])
    remarks = (left_open(answer, SIMPLIFIED), notice(answer, SIMPLIFIED))
    lead = [introduction(answer, SIMPLIFIED), answer.text, *remarks]
    if answer.nearest:
        lead.append(SIMPLIFIED.nearest)
    for number, one in enumerate(answer.nearest, start=1):
        date = f"({one.date})" if visible(one.date) else ""
        lead.append(f"{number}.{one.title if visible(one.title) else SIMPLIFIED.untitled}{date}")
    assert visible("".join(said)) == visible("".join(lead))
    blocks = iter(quotations)
    for citation in answer.citations:
        left = visible(head_of(citation) + citation.quote)
        divided = False
        while left:
            block = next(blocks)
            if divided:
                reminder, _, block = block.partition(CONTINUED)
                assert reminder.startswith(f"[{citation.number}] ")
            assert left.startswith(visible(block))
            left = left.removeprefix(visible(block))
            divided = True
    assert next(blocks, None) is None


def head_of(citation: Citation) -> str:
    title = citation.title if visible(citation.title) else SIMPLIFIED.untitled
    credit = (citation.byline, citation.date, citation.source)
    return f"[{citation.number}]{title}" + "·".join(
        one for one in credit if visible(one) and one != citation.quote
    )


def articles(chance: random.Random, count: int) -> list[Article]:
    """As the corpus gives them: without lone surrogates."""

    def field(make: Callable[[random.Random], str]) -> str:
        return make(chance).encode("utf-16", "replace").decode("utf-16")

    return [
        Article(
            str(number),
            field(hostile if chance.random() < 0.2 else short),
            field(hostile),
            byline=field(short),
            date=field(short),
            source=field(hostile if chance.random() < 0.1 else short),
        )
        for number in range(count)
    ]


def matches(chance: random.Random, count: int) -> list[Match]:
    """Every passage as long as one may be."""
    found = []
    for one in articles(chance, count):
        field: Any = chance.choice(("text", "text", "title"))
        passage = getattr(one, field)[:200]
        place: dict[str, Any] = {"field": field, "start": 0, "end": len(passage)}
        about = (one.id, one.title, one.byline, one.date, one.source, "0123abcd")
        found.append(Match(*about, **place, passage=passage))
    return found


def assert_telegram_offers(choice: Choice) -> None:
    (shown,) = assert_telegram_takes([choice.part])
    assert visible(shown.text)
    assert visible(choice.title)
    assert 0 < utf16_length(choice.title) <= 120
    assert utf16_length(choice.description) <= 160
    assert shown.links
    assert utf16_length(choice.part.plain) <= LIMIT


def test_telegram_takes_every_list() -> None:
    chance = random.Random(7)
    for _ in range(150):
        words = clean_line(clean_line(hostile(chance))[:200]) or "词"
        found = matches(chance, chance.randrange(1, 12))
        page = chance.randrange(4)
        parts = [render_matches(words, found, page, SIMPLIFIED, LINKS)]
        newest = articles(chance, chance.randrange(A_PAGE + 1))
        parts.append(render_latest(newest, page, 20, SIMPLIFIED, LINKS))
        sources = tuple((short(chance), number) for number in range(chance.randrange(30)))
        parts += render_holdings(Holdings(9, short(chance), "", 3, sources), SIMPLIFIED)
        shown = assert_telegram_takes(parts)
        assert all(utf16_length(part.plain) <= LIMIT for part in parts)
        assert all(
            button.label.strip() for part in parts for row in part.keyboard for button in row
        )
        assert "".join(shown[0].bold[:1]) == words


def test_telegram_takes_every_inline_choice() -> None:
    chance = random.Random(8)
    for _, answer in zip(range(150), answers(8, 150), strict=True):
        if answer.citations:
            choice = answer_choice(answer, SIMPLIFIED.inline_answer, SIMPLIFIED, LINKS)
            assert_telegram_takes([choice.part])
            assert utf16_length(choice.description) <= 160
        for match in matches(chance, 2):
            assert_telegram_offers(match_choice(match, SIMPLIFIED, LINKS))
        for article in articles(chance, 2):
            assert_telegram_offers(article_choice(article, SIMPLIFIED, LINKS))
        nearest = NearestArticle("b.md", short(chance), short(chance), "0123abcd")
        assert_telegram_offers(nearest_choice(nearest, SIMPLIFIED, LINKS))


@pytest.mark.parametrize("seed", range(10))
def test_telegram_takes_every_answer_and_nothing_of_it_is_lost(seed: int) -> None:
    for answer in answers(seed, 1000):
        parts = render(answer, SIMPLIFIED, LINKS, answer_id=1)
        assert_nothing_is_lost(answer, parts, assert_telegram_takes(parts))


def test_a_quotation_that_fits_one_message_stays_whole() -> None:
    for answer in answers(99, 300):
        for citation in answer.citations:
            parts = render(dataclasses.replace(answer, citations=(citation,)), SIMPLIFIED, LINKS)
            blocks = [one for part in parts for one in read_strictly(part.markup).quotations]
            if len(blocks) > 1:
                whole = "".join(blocks).replace(CONTINUED, "")
                assert utf16_length(whole) > LIMIT


@pytest.mark.parametrize("lead", range(6))
@pytest.mark.parametrize(
    "piece",
    ["👩‍👩‍👧", "🇨🇳", "e\u0301", "👍🏽", "क्षि", "𠮷", "1️⃣", "\r\n", "[12]", "[1][2]", "词[345]"],
)
def test_no_character_and_no_mark_is_cut_in_two(piece: str, lead: int) -> None:
    text = "字" * lead + piece * 2100
    parts = render_text(text)
    assert_telegram_takes(parts)
    shown = [one for part in parts for one in CLUSTER.findall(part.plain)]
    assert [one for one in shown if one.strip()] == [
        one for one in CLUSTER.findall(text) if one.strip()
    ]
    assert [one for part in parts for one in MARK.findall(part.plain)] == MARK.findall(text)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("第一段。\n" + "字" * 3000 + "\n" + "词" * 4097, "字\n"),
        ("甲" * 2500 + "。”[3]" + "乙" * 4000, "。”[3]"),
        ("word " * 1000, "word "),
        ("字" * 3000 + "，" + "词" * 3000, "，"),
        ("Price 3.5 " + "a" * 3000 + ". " + "b" * 3000, ". "),
    ],
)
def test_a_text_is_cut_where_a_reader_pauses(text: str, end: str) -> None:
    first, *_ = render_text(text)
    assert first.plain.endswith(end.rstrip("\n"))


def test_what_runs_from_right_to_left_in_a_head_leaves_the_rest_of_it_alone() -> None:
    (answer,) = answers(1, 1)
    citation = Citation(
        1, "a", "甲\u2067乙", "عربي", "2025-01-02", "", "text", 0, 1, "\u2067话\n末"
    )
    answer = dataclasses.replace(answer, text="说\u2067了[1]", citations=(citation,), refused=False)
    plain = "".join(part.plain for part in render(answer, SIMPLIFIED, LINKS))
    assert "说\u2067了\u2069[1]" in plain
    assert "甲\u2067乙\u2069\n" in plain
    assert "\u2068عربي\u2069 · 2025-01-02" in plain
    assert "\u2067话\u2069\n末" in plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb\u202cc", "abc"),
        ("甲\x00乙\t丙", "甲 乙 丙"),
        ("甲\r\n乙\r丙\u2028丁\u2029戊", "甲\n乙\n丙\n丁\n戊"),
        ("\ud83d甲\ude00", "\ufffd甲\ufffd"),
        ("A\u030angstro\u0333m q\u030a", "Ångstro\u0332m q˚"),
        ("甲\u2069乙", "甲乙"),
        ("😀\u200d甲\u200e\u200f乙", "😀\u200d甲\u200e\u200f乙"),
    ],
)
def test_what_telegram_takes_away_is_put_in_another_way(text: str, shown: str) -> None:
    (part,) = render_text(text)
    assert part.plain == shown


def test_a_message_holds_no_more_entities_than_telegram_keeps() -> None:
    (answer,) = answers(1, 1)
    cited = [
        Citation(number, "a", "题", "", "", "", "text", 0, 1, "话", "https://a.cn/")
        for number in range(1, 200)
    ]
    parts = render(
        dataclasses.replace(answer, text="答", citations=tuple(cited)), SIMPLIFIED, LINKS
    )
    assert_telegram_takes(parts)
    for part in parts:
        assert len(parse_telegram_html(part.markup)[1]) <= 90
