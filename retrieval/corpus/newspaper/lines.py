"""Physical lines of a page to paragraphs: folios and jump lines aside, wrapped lines joined."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.corpus.newspaper import marks, seams
from retrieval.types import Span

_LINE = re.compile(r"[^\n]+")
_INDENT = re.compile(r"(?:\u3000{1,2}|\t| {2,4})(?=\S)")
"""More than that is a line set in the middle."""
_WIDE_FROM = 0x2000
"""Code points from here on take two cells in a newspaper's column."""

_WINDOW = 6
_QUOTED_LINES = 30
_WRAP_TOLERANCE = 3
_WRAP_CELLS = range(20, 101)
_WRAPPED_SHARE = 0.25
_MIN_WRAPPED = 3
_INDENTED_SHARE = 0.6
_WRAPPED_INDENTS = 0.05
_HEADINGS_INDENTED = 0.9
_MIN_HEADINGS = 2
_HEADING_CELLS = 40
_FIRST_WORD = re.compile(
    r"[“‘（(《「『【]*(?:[A-Za-z0-9.%-]{1,30}|.)[，。！？；：、”’）)》」』】,:;!?]*"
)
_ENDED = "。！？!?…：:；;”’」』）)"


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of the page that a paragraph holds, after `before`."""

    start: int
    end: int
    before: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that were printed as one. `text` is what its pieces make up."""

    pieces: tuple[Piece, ...]
    text: str
    gap: int
    """Empty lines above."""
    indented: bool
    continues: bool = False
    """A jump line (下转第3版) stands at the end."""
    continued: bool = False
    """A jump line (上接第1版) stands at the beginning."""

    @property
    def cells(self) -> int:
        """Width in columns, a Chinese character being two."""
        return cells(self.text)

    def cut(self, start: int, end: int) -> tuple[Piece, ...]:
        """The pieces that hold characters `start` to `end` of the text, white space trimmed."""
        start += len(self.text[start:end]) - len(self.text[start:end].lstrip())
        end = start + len(self.text[start:end].rstrip())
        found: list[Piece] = []
        offset = 0
        for piece in self.pieces:
            offset += len(piece.before)
            length = piece.end - piece.start
            left, right = max(start, offset), min(end, offset + length)
            if left < right:
                before = piece.before if found else ""
                shift = piece.start - offset
                found.append(Piece(left + shift, right + shift, before))
            offset += length
        return tuple(found)

    def offset_of(self, position: int) -> int:
        """Offset in the page of a character of the text."""
        return self.cut(position, position + 1)[0].start


@dataclass(frozen=True, slots=True)
class Layout:
    """What a page's lines say about how it is printed."""

    paragraphs: tuple[Paragraph, ...]
    marks: tuple[Span, ...]
    """Folios and jump lines."""
    indents: bool
    """Whether paragraphs begin with a space of their own."""
    headings_too: bool
    """Whether headings begin with the same space, so that it tells nothing of them."""
    blank_lines: bool
    """Whether empty lines separate paragraphs."""
    date: str
    page: str


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    gap: int
    indented: bool
    continues: bool = False
    continued: bool = False


def cells(text: str) -> int:
    """Width in columns, a Chinese character being two."""
    return len(text) + sum(character >= chr(_WIDE_FROM) for character in text)


def read_layout(page: str) -> Layout:
    """The paragraphs of a page and what was set aside."""
    lines: list[_Line] = []
    aside: list[Span] = []
    date = number = ""
    end_of_last = 0
    for match in _LINE.finditer(page):
        text = match[0].strip()
        if not text:
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        end = start + len(text)
        gap = page.count("\n", end_of_last, match.start()) - 1 if lines or aside else 0
        end_of_last = end
        if marks.is_folio(text, on_top=not lines):
            aside.append(Span(start, end))
            date = date or marks.folio_date(text)
            number = number or marks.folio_page(text)
            continue
        indented = _INDENT.match(match[0]) is not None
        line = _Line(start, end, text, max(0, gap), indented)
        line, cut = _without_jumps(line)
        aside += cut
        if line.text:
            lines.append(line)
        elif line.continues and lines:
            lines[-1] = replace(lines[-1], continues=True)
    # a jump line of its own belongs to the line after it
    starts = [line.start for line in lines]
    for span in aside:
        following = bisect_right(starts, span.start)
        if following < len(lines) and marks.jump_from(page[span.start : span.end]):
            lines[following] = replace(lines[following], continued=True)
    if all(line.indented for line in lines):  # a margin: it tells nothing
        lines = [replace(line, indented=False) for line in lines]
    full = _full_lines(lines)
    wrapped = _is_wrapped(lines, full)
    body = [line for line in lines if line.text[-1] in _ENDED or cells(line.text) > 40]
    if wrapped:
        indents = sum(line.indented for line in lines) >= _WRAPPED_INDENTS * len(lines)
    else:
        indents = sum(line.indented for line in body) > _INDENTED_SHARE * len(body)
    blank = sum(line.gap > 0 for line in lines) * 2 > len(lines) * (0.3 if wrapped else 1)
    paragraphs = _paragraphs(lines, full if wrapped else [False] * len(lines), indents)
    too = _are_headings_indented(lines, full if wrapped else [False] * len(lines))
    return Layout(tuple(paragraphs), tuple(aside), indents, too, blank, date, number)


def _are_headings_indented(lines: Sequence[_Line], full: Sequence[bool]) -> bool:
    """Whether short lines that end no sentence begin with a space as paragraphs do."""
    goes_on = [
        is_full and not below.indented for is_full, below in zip(full, lines[1:], strict=False)
    ]
    short = [
        line.indented
        for line, is_broken in zip(lines, [*goes_on, False], strict=False)
        if not is_broken
        and line.text[-1] not in _ENDED
        and cells(line.text) <= _HEADING_CELLS
        and not marks.is_byline(line.text)
    ]
    return len(short) >= _MIN_HEADINGS and sum(short) >= _HEADINGS_INDENTED * len(short)


def _without_jumps(line: _Line) -> tuple[_Line, list[Span]]:
    """The line without the jump lines in it, and where these are."""
    cut: list[Span] = []
    found = marks.jump_from(line.text)
    if found:
        cut.append(Span(line.start, line.start + len(line.text[: found.end].rstrip())))
        rest = line.text[found.end :]
        line = replace(line, text=rest, start=line.start + found.end, continued=True)
    found = marks.jump_to(line.text)
    if found:
        cut.append(
            Span(line.start + found.start, line.start + len(line.text[: found.end].rstrip()))
        )
        rest = line.text[: found.start].rstrip()
        line = replace(line, text=rest, end=line.start + len(rest), continues=True)
    return line, cut


def _full_lines(lines: Sequence[_Line]) -> list[bool]:
    """Whether each line ends where the column does: the next line's first word had no room."""
    widths = [cells(line.text) + (4 if line.indented else 0) for line in lines]
    full = []
    for index, width in enumerate(widths):
        around = sorted(widths[max(0, index - _WINDOW) : index + _WINDOW + 1], reverse=True)
        # the widest that has company; a headline may run wider
        column = next(
            (wide for wide, other in zip(around, around[2:], strict=False) if wide - other <= 3), 0
        )
        room = 0
        if index + 1 < len(lines):
            word = _FIRST_WORD.match(lines[index + 1].text)
            room = cells(word[0]) if word else 0
        reaches = width + max(_WRAP_TOLERANCE, room) >= column
        full.append(reaches and column in _WRAP_CELLS and width <= column + _WRAP_TOLERANCE)
    return full


def _is_wrapped(lines: Sequence[_Line], full: Sequence[bool]) -> bool:
    """Whether lines break where the column ends, not where the paragraph does."""
    broken = sum(
        is_full and line.text[-1] not in _ENDED for line, is_full in zip(lines, full, strict=True)
    )
    return broken >= max(_MIN_WRAPPED, _WRAPPED_SHARE * len(lines))


def _paragraphs(lines: Sequence[_Line], full: Sequence[bool], indents: bool) -> list[Paragraph]:
    paragraphs: list[Paragraph] = []
    group: list[_Line] = []
    for index, line in enumerate(lines):
        if group and not (_goes_on(lines, full, index, indents) and _fits(group, line)):
            paragraphs.append(_paragraph(group))
            group = []
        group.append(line)
    if group:
        paragraphs.append(_paragraph(group))
    return paragraphs


def _goes_on(lines: Sequence[_Line], full: Sequence[bool], index: int, indents: bool) -> bool:
    """Whether line `index` was printed in one paragraph with the line above it."""
    above, line = lines[index - 1], lines[index]
    if not full[index - 1] or line.gap or line.indented or above.continues or line.continued:
        return False
    if marks.is_byline(above.text):
        return False
    if marks.credit_of(above.text + line.text):
        return True
    if marks.is_byline(line.text) or marks.is_box_label(line.text):
        return False
    if marks.has_wire(line.text) or marks.column_of(line.text):
        return False
    below = lines[index + 1] if index + 1 < len(lines) else None
    if not full[index] and not _ends_clause(line.text) and not _is_tail(above.text, line.text):
        # the last line of a paragraph ends a sentence; a heading does not
        if below is None or below.gap or below.indented or not full[index + 1]:
            return False
        if marks.is_byline(below.text) or marks.has_wire(below.text):
            return False
    return indents or above.text[-1] not in "。！？!?"


def _fits(group: Sequence[_Line], line: _Line) -> bool:
    """Whether no quotation ends in a line that none of the paragraph's lines began."""
    above = group[-1].text
    if above[-1] not in "。！？!?" or not seams.unopened_marks(line.text):
        return True
    return bool(seams.open_marks("".join(each.text for each in group[-_QUOTED_LINES:])))


def _ends_clause(line: str) -> bool:
    bare = line.rstrip("”’」』")
    return bare[-1:] in "。！？!?…：:；;，、,.）)"


def _is_tail(above: str, line: str) -> bool:
    """Whether a short line is the end of a paragraph that was broken off, not a heading."""
    if _ends_clause(above):
        return False
    if above[-1] in "“‘（(《「『【":
        return True
    waiting = seams.open_marks(above)
    if waiting and seams.unopened_marks(line)[:1] == waiting[-1]:
        return True
    return bool(seams.open_marks(line)) or seams.shares_word(above, line)


def _paragraph(lines: Sequence[_Line]) -> Paragraph:
    pieces: list[Piece] = []
    text = ""
    for line in lines:
        before = ""
        if text and text[-1].isascii() and text[-1].isalnum() and line.text[0].isascii():
            before = "" if text[-1].isdigit() and line.text[0].isdigit() else " "
        pieces.append(Piece(line.start, line.end, before))
        text += before + line.text
    return Paragraph(
        tuple(pieces),
        text,
        gap=lines[0].gap,
        indented=lines[0].indented,
        continues=lines[-1].continues,
        continued=lines[0].continued,
    )
