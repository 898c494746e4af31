"""An article as readers open it: quoted words in their paragraph, and all of it in pages."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.phrases import Phrases
from bot.telegram.buttons import OpenArticle, OpenCitation, pack
from bot.telegram.links import Links
from bot.telegram.rendering.blocks import LIMIT, Block, Run, link, part_of
from bot.telegram.rendering.characters import (
    clean,
    clean_line,
    credit_line,
    cut,
    is_blank,
    shorten,
    shorten_front,
    utf16_length,
)
from bot.telegram.rendering.keyboards import close_button, turning_rows
from bot.telegram.rendering.parts import Button, Keyboard, Part
from retrieval.questions.question import is_chinese
from retrieval.types import Article, Field, Span

_GAP = "\n\n"
_PAGE = 1200
"""Units of an article's text on one page: about two screens of a phone."""

_LONGEST_HEADLINE, _LONGEST_CREDIT = 300, 300
_SUBHEADING = re.compile(r"(?<=\n)[^\n]{0,30}[^\n。！？!?….：:；;]\n+\Z")
"""The last line of a page that belongs on the next one."""

_LONGEST_COPY, _LONGEST_SOURCE = 256, 200


def render_citation(
    article: Article, opened: OpenCitation, phrases: Phrases, links: Links, *, former: bool = False
) -> Part:
    """The paragraph with the quoted words in bold; `former`: a later version is live, or none.

    What its button copies ends with the link to the words where there is room for that.
    """
    blocks = [*_top(article, phrases)]
    if former:
        blocks.append(Block((Run(phrases.former_version),), _GAP))
    value: str = getattr(article, opened.field)
    end = min(opened.end, len(value))
    words = Span(min(opened.start, end), end)
    room = LIMIT - sum(utf16_length(block.gap + block.text) for block in blocks)
    if opened.field == "text":
        blocks.append(Block(_surrounded(value, words, _room_beside(words, room)), _GAP))
    else:
        name = Run(_name_of(opened.field, phrases))
        runs = _surrounded(value, words, room // 2)
        blocks.append(Block((name, *runs), _GAP))
        blocks.append(Block(_first_paragraph(article, room // 3), _GAP))
    shown = [block for block in blocks if block.text]
    return part_of(shown, _citation_keyboard(article, opened, words, phrases, links))


def _room_beside(words: Span, room: int) -> int:
    """Units for the words and what surrounds them: a page, and more only for the words."""
    return min(room - len(_GAP), max(_PAGE, 2 * (words.end - words.start) + _PAGE // 2))


def render_changed(article: Article, opened: OpenCitation, phrases: Phrases) -> Part:
    """That the version the words were quoted from is kept no more, and the way to the live one."""
    blocks = [*_top(article, phrases), Block((Run(phrases.changed_since),), _GAP)]
    whole = Button(phrases.full_text, pack(OpenArticle(opened.key, "")))
    return part_of(blocks, ((whole, close_button(phrases)),))


def render_page(
    article: Article, opened: OpenArticle, phrases: Phrases, *, former: bool = False
) -> Part:
    """One page, the first or last where there is none of that number; ◀ ▶ lead to the others.

    Of the words in bold the page shows what is on it.
    """
    pages = _pages(article.text)
    number = min(opened.page, len(pages) - 1)
    blocks = [*_top(article, phrases)]
    if number:
        blocks = blocks[:1]
    elif kicker := shorten(clean_line(article.kicker), _LONGEST_HEADLINE):
        blocks.insert(0, Block((Run(kicker),)))
    if former:
        blocks.append(Block((Run(phrases.former_version),), _GAP))
    runs = _with_words(article.text, pages[number], Span(opened.start, opened.end))
    if not is_blank("".join(run.text for run in runs)):
        blocks.append(Block(runs, _GAP))
    return part_of(blocks, _page_keyboard(opened, number, len(pages), phrases))


def article_pages(article: Article) -> int:
    """How many pages its text has, at least one."""
    return len(_pages(article.text))


def _top(article: Article, phrases: Phrases) -> Iterator[Block]:
    title = shorten(clean_line(article.title), _LONGEST_HEADLINE) or phrases.untitled
    yield Block((Run(title, bold=True, url=link(article.url)),))
    page = clean_line(article.page)
    page = phrases.page.format(page=page) if page.isalnum() and page.isascii() else page
    parts = (article.byline, article.date, article.source, page, article.column)
    if line := credit_line(parts):
        yield Block((Run(shorten(line, _LONGEST_CREDIT)),))


def _with_words(text: str, page: Span, words: Span) -> tuple[Run, ...]:
    """The text of a page without the empty lines at its ends, the words in bold."""
    start, end = page.start, page.end
    while start < end and text[start] == "\n":
        start += 1
    while start < end and text[end - 1] == "\n":
        end -= 1
    begin = min(max(words.start, start), end)
    stop = min(max(words.end, begin), end)
    return (
        Run(clean(text[start:begin])),
        Run(clean(text[begin:stop]), bold=True),
        Run(clean(text[stop:end])),
    )


def _surrounded(text: str, words: Span, room: int) -> tuple[Run, ...]:
    """The words in bold in their paragraph, which is shortened at both ends to fit."""
    begin = text.rfind("\n", 0, words.start) + 1
    end = text.find("\n", words.end)
    before = clean(text[begin : words.start])
    after = clean(text[words.end : end if end >= 0 else len(text)])
    quoted = shorten(clean(text[words.start : words.end]), room)
    left = room - utf16_length(quoted)
    after = shorten(after, max(left // 2, left - utf16_length(before))) if left > 1 else ""
    left -= utf16_length(after)
    before = shorten_front(before, left) if left > 0 else ""
    return Run(before), Run(quoted, bold=True), Run(after)


def _first_paragraph(article: Article, room: int) -> tuple[Run, ...]:
    paragraph = clean(article.text).strip().partition("\n")[0]
    return (Run(shorten(paragraph, room)),)


def _name_of(field: Field, phrases: Phrases) -> str:
    name: str = getattr(phrases, f"field_{field}")
    return name


def _citation_keyboard(
    article: Article, opened: OpenCitation, words: Span, phrases: Phrases, links: Links
) -> Keyboard:
    value: str = getattr(article, opened.field)
    way = OpenArticle(opened.key, opened.version)
    if opened.field == "text":
        page = _page_of(article, words.start)
        way = replace(way, page=page, start=words.start, end=words.end)
    whole = Button(phrases.full_text, pack(way))
    quote = clean(value[words.start : words.end]).strip()
    copied = () if is_blank(quote) else (_copy_button(quote, article, links.to(opened), phrases),)
    return (whole, *copied), (close_button(phrases),)


def _copy_button(quote: str, article: Article, address: str, phrases: Phrases) -> Button:
    whole = "\n".join(filter(None, (quote, _source_line(article), address)))
    if utf16_length(whole) <= _LONGEST_COPY:
        return Button(phrases.copy_quote, copy=whole)
    source = shorten(_source_line(article), _LONGEST_SOURCE)
    below = f"\n{source}" if source else ""
    copied = shorten(quote, _LONGEST_COPY - utf16_length(below)) + below
    return Button(phrases.copy_quote, copy=copied)


def _source_line(article: Article) -> str:
    """Where a quotation is from, as one writes it in the language of the article."""
    title = clean_line(article.title)
    chinese = is_chinese(title + article.text)
    if chinese:
        title = title.replace("《", "〈").replace("》", "〉")
    headline = (f"《{title}》" if chinese else f"“{title}”") if title else ""
    credit = map(clean_line, (article.byline, article.source, article.date))
    return ("，" if chinese else ", ").join(filter(None, (headline, *credit)))


def _page_keyboard(opened: OpenArticle, number: int, pages: int, phrases: Phrases) -> Keyboard:
    turning = turning_rows(number, pages, lambda page: replace(opened, page=page))
    return *turning, (close_button(phrases),)


def _page_of(article: Article, position: int) -> int:
    pages = _pages(article.text)
    return next((number for number, page in enumerate(pages) if position < page.end), 0)


def _pages(text: str) -> list[Span]:
    """Pages of about the same size that together are the text."""
    pages: list[Span] = []
    start, left = 0, utf16_length(text)
    while left > _PAGE:
        size = -(-left // -(-left // _PAGE))
        end = start + cut(text[start:], min(_PAGE, size + size // 5))
        if heading := _SUBHEADING.search(text, start + (end - start) // 2, end):
            end = heading.start()
        left -= utf16_length(text[start:end])
        pages.append(Span(start, end))
        start = end
    return [*pages, Span(start, len(text))]
