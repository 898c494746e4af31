"""A plain text that is no page: the one article it is."""

import re
from itertools import islice

from retrieval.corpus.fields import parse_date
from retrieval.corpus.newspaper import marks
from retrieval.corpus.newspaper.heads import arrange
from retrieval.corpus.newspaper.lines import cells
from retrieval.corpus.newspaper.page import Page, Part, PartField, make_article, make_page
from retrieval.types import Span

_LINE = re.compile(r"[^\n]*\S[^\n]*")
_MAX_TITLE_CELLS = 80
_MAX_KICKER = 2
_CLOSING = "。，、；：:,;.!?！？…"
_LIST_ITEM = re.compile(r"[-*•·>#|]|[（(]?[一二三四五六七八九十\d]{1,3}[、.．)）]|\d{4}年")
_EMPTY_LINES = re.compile(r"(?:[^\S\n]*\n)*")


def single_article(text: str) -> Page:
    """The text as one article: headline and byline where it begins with them, the rest as it is."""
    lines = [_stripped(match) for match in islice(_LINE.finditer(text), _MAX_KICKER + 4)]
    date = number = ""
    start = 0
    if lines and marks.is_folio(_cut(text, lines[0]), on_top=False):
        head = _cut(text, lines[0])
        date, number = parse_date(marks.folio_date(head)) or "", marks.folio_page(head)
        start = lines[0].end
        lines = lines[1:]
    parts = _opening(text, lines)
    start = max([start, *(part.end for part in parts)])
    empty = _EMPTY_LINES.match(text, start)
    begin = empty.end() if empty else start
    end = len(text.rstrip())
    if begin >= end:  # nothing below the headline: it is the text
        parts = []
        begin = lines[0].start if lines else end
    if begin < end:
        parts.append(Part("text", begin, end))
    return make_page(text, [make_article(text, parts, date=date, number=number)], [])


def _opening(text: str, lines: list[Span]) -> list[Part]:
    """Headline, kicker and byline with which a text begins."""
    heading = 0
    while heading < min(len(lines), _MAX_KICKER + 1) and _is_headline(_cut(text, lines[heading])):
        heading += 1
    end = heading
    while heading > 0 and end < len(lines) and marks.is_byline(_cut(text, lines[end])):
        end += 1
    if end == heading:
        heading = end = int(heading > 0 and _stands_apart(text, lines))
    headlines = [_cut(text, line) for line in lines[:heading]]
    roles = arrange(headlines, [False] * heading) if heading else []
    parts: list[Part] = []
    for line, role in zip(lines, roles, strict=False):
        field: PartField = "title" if role == "title" else "kicker"
        if role == "more":
            field = parts[-1].field
        parts.append(Part(field, line.start, line.end, "" if role == "more" else " "))
    return parts + [Part("byline", line.start, line.end, " ") for line in lines[heading:end]]


def _is_headline(line: str) -> bool:
    return (
        cells(line) <= _MAX_TITLE_CELLS
        and line[-1] not in _CLOSING
        and not (line[-1] in "”’」』" and line[-2:-1] in "。！？!?")
        and _LIST_ITEM.match(line) is None
        and not marks.is_byline(line)
        and any(character.isalnum() for character in line)
    )


def _stands_apart(text: str, lines: list[Span]) -> bool:
    """Whether the first line is set off from the text that follows it."""
    if len(lines) < 2:
        return False
    first, second = (_cut(text, line) for line in lines[:2])
    if text.count("\n", lines[0].end, lines[1].start) > 1:
        return True
    indented = text[lines[1].start - 1] in " \t\u3000"
    return indented or cells(second) > max(_MAX_TITLE_CELLS, 2 * cells(first))


def _stripped(match: re.Match[str]) -> Span:
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    return Span(start, start + len(match[0].strip()))


def _cut(text: str, span: Span) -> str:
    return text[span.start : span.end]
