"""Lists of articles in pages, and what the collection holds."""

from collections.abc import Iterator, Sequence
from typing import Literal

from bot.phrases import Phrases
from bot.telegram.buttons import OpenArticle, OpenCitation, TurnList, pack
from bot.telegram.links import Links
from bot.telegram.rendering.blocks import Block, Run, lines_of, part_of
from bot.telegram.rendering.blocks import pack as pack_blocks
from bot.telegram.rendering.characters import clean, clean_line, credit_line, isolated, shorten
from bot.telegram.rendering.keyboards import turning_rows
from bot.telegram.rendering.parts import Button, Keyboard, Part
from retrieval.index.keys import short_key
from retrieval.types import Article, Holdings, Match

A_PAGE = 5
"""Articles on one page of a list."""

_GAP = "\n\n"
_LONGEST_TITLE, _LONGEST_CREDIT, _LONGEST_PASSAGE = 120, 120, 200
_MOST_SOURCES = 20


def render_matches(
    words: str, matches: Sequence[Match], page: int, phrases: Phrases, links: Links
) -> Part:
    """A page of the articles found for some words, which stand in bold in the first line.

    The last page where there is none of that number.
    """
    number = min(page, _pages(len(matches)) - 1)
    before, _, after = isolated(words).partition(words)
    head = Block(
        (
            Run(phrases.search_results + before),
            Run(words, bold=True),
            Run(f"{after} · {phrases.articles(len(matches))}"),
        )
    )
    entries = list(enumerate(matches, start=1))[number * A_PAGE :][:A_PAGE]
    blocks = [head]
    buttons = []
    for position, match in entries:
        key = short_key(match.article_id)
        opened = OpenCitation(key, match.version, match.field, match.start, match.end)
        blocks += _entry(position, match, links.to(OpenArticle(key, "")), phrases)
        if match.field == "text":
            passage = shorten(clean_line(match.passage), _LONGEST_PASSAGE)
            blocks.append(Block((Run(passage),), quoted=True))
        buttons.append(Button(str(position), pack(opened)))
    return part_of(blocks, (tuple(buttons), *_turning("search", number, len(matches))))


def render_latest(
    articles: Sequence[Article], page: int, many: int, phrases: Phrases, links: Links
) -> Part:
    """A page of the newest articles of that many."""
    blocks = [Block((Run(phrases.latest_articles),))]
    buttons = []
    for position, article in enumerate(articles, start=page * A_PAGE + 1):
        key = short_key(article.id)
        blocks += _entry(position, article, links.to(OpenArticle(key, "")), phrases)
        buttons.append(Button(str(position), pack(OpenArticle(key, ""))))
    rows = (tuple(buttons),) if buttons else ()
    return part_of(blocks, (*rows, *_turning("latest", page, many)))


def page_of(page: int, many: int) -> int:
    """The page of that number of so many articles, the last one where there is none."""
    return min(page, _pages(many) - 1)


def render_holdings(holdings: Holdings, phrases: Phrases) -> list[Part]:
    """How many articles there are, of what time, from which papers."""
    lines = [phrases.articles(holdings.articles)]
    if holdings.first:
        lines.append(phrases.span_held.format(first=holdings.first, last=holdings.last))
    if holdings.undated and not holdings.first:
        lines.append(phrases.none_dated)
    elif holdings.undated:
        lines.append(phrases.undated_held(holdings.undated))
    shown = holdings.sources[:_MOST_SOURCES]
    named = [one for one in shown if one[0]]
    if named:
        lines.append("")
        lines += (
            f"• {isolated(shorten(clean_line(name), _LONGEST_TITLE))} {phrases.articles(count)}"
            for name, count in named
        )
    if len(holdings.sources) > _MOST_SOURCES:
        lines.append("…")
    return pack_blocks(lines_of(clean("\n".join(lines))))


def _entry(
    position: int, article: Match | Article, address: str, phrases: Phrases
) -> Iterator[Block]:
    title = shorten(clean_line(article.title), _LONGEST_TITLE) or phrases.untitled
    yield Block((Run(f"{position}. "), Run(isolated(title), bold=True, url=address)), _GAP)
    credit = (article.date, article.byline, article.source)
    if line := credit_line(credit):
        yield Block((Run(shorten(line, _LONGEST_CREDIT)),))


def _turning(kind: Literal["search", "latest"], number: int, many: int) -> Keyboard:
    return turning_rows(number, _pages(many), lambda page: TurnList(kind, page))


def _pages(many: int) -> int:
    return max(1, -(-many // A_PAGE))
