"""An Answer to the texts of Telegram messages, in Telegram's HTML."""

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.phrases import Phrases, introduction, left_open, notice
from retrieval.types import Answer, Citation, NearestArticle

LIMIT = 4096
"""UTF-16 units of one message, counted after the markup is taken away."""

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One message: its markup, and the same without markup should Telegram refuse it."""

    markup: str
    plain: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Something that stays together in one message."""

    markup: str
    plain: str
    gap: str = _GAP
    """What separates it from the block before."""


def render(answer: Answer, phrases: Phrases) -> list[Part]:
    """The messages of an answer: its text, then each citation as a quotation that unfolds.

    After the text stands which parts of the question it leaves open, and why no model wrote it.
    """
    remarks = (left_open(answer, phrases), notice(answer, phrases))
    lines = (introduction(answer, phrases), answer.text, *remarks)
    said = "\n".join(filter(None, lines))
    blocks = list(_text_blocks(said))
    if answer.refused and answer.nearest:
        blocks += _text_blocks(_nearest(answer.nearest, phrases))
    for citation in answer.citations:
        blocks += _citation_blocks(citation, phrases)
    return list(_pack(blocks))


def render_text(text: str) -> list[Part]:
    """The messages of a text without markup."""
    return list(_pack(_text_blocks(text)))


def utf16_length(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def _text_blocks(text: str) -> Iterator[_Block]:
    gap = _GAP
    for line in text.split("\n"):
        for piece in _cut(line, LIMIT):
            yield _Block(html.escape(piece, quote=False), piece, gap)
            gap = ""
        gap = "\n"


def _nearest(articles: Iterable[NearestArticle], phrases: Phrases) -> str:
    lines = [phrases.nearest]
    for article in articles:
        date = f" ({article.date})" if article.date else ""
        lines.append(f"• {article.title or phrases.untitled}{date}")
    return "\n".join(lines)


def _citation_blocks(citation: Citation, phrases: Phrases) -> Iterator[_Block]:
    title = f"[{citation.number}] {citation.title or phrases.untitled}"
    credit = " · ".join(part for part in (citation.byline, citation.date, citation.source) if part)
    head = _cut(f"{title}\n{credit}" if credit else title, LIMIT // 2)[0]
    first_line, newline, rest = head.partition("\n")
    below = html.escape(newline + rest, quote=False)
    for index, piece in enumerate(_cut(citation.quote, LIMIT - utf16_length(head) - 1)):
        markup = (
            f"<blockquote expandable><b>{html.escape(first_line, quote=False)}</b>{below}\n"
            f"{html.escape(piece, quote=False)}</blockquote>"
        )
        yield _Block(markup, f"{head}\n{piece}", _GAP if index == 0 else "\n")


def _pack(blocks: Iterable[_Block]) -> Iterator[Part]:
    markup = plain = ""
    for block in blocks:
        if plain and utf16_length(plain + block.gap + block.plain) > LIMIT:
            if plain.strip():  # Telegram refuses a message of nothing but spaces
                yield Part(markup, plain)
            markup = plain = ""
        gap = block.gap if plain else ""
        markup += gap + block.markup
        plain += gap + block.plain
    if plain.strip():
        yield Part(markup, plain)


def _cut(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` units that together are the text; [""] for no text."""
    pieces: list[str] = []
    start = length = 0
    for index, character in enumerate(text):
        units = 2 if character > "\uffff" else 1
        if length + units > limit:
            pieces.append(text[start:index])
            start, length = index, 0
        length += units
    return [*pieces, text[start:]]
