"""Where articles begin: the lines of a head, told from sub-headings by what stands around them."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from retrieval.corpus.newspaper import marks, seams
from retrieval.corpus.newspaper.cohesion import Cohesion
from retrieval.corpus.newspaper.lines import Layout, Paragraph

_MAX_HEADLINE_CELLS = 72
_MAX_LINES = 4
_MAX_COLUMN = 5
_FRAGMENT = 10
_NOT_AT_HEADLINES_END = "。，、；;,：:…"
_LISTED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}[、是]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、)）]|[①-⑳]|第[一二三四五六七八九十\d]{1,3}[章节条部]|[-•·*])"
)
_NEAR = 5
_THRESHOLD = 2.2
_CERTAIN = 2.5
_BYLINE, _WIRE, _COLUMN, _LETTER, _PHOTO = 4.0, 4.0, 3.0, 3.0, 3.0
_CLOSED, _BROKEN, _LINES, _TAIL, _GAP = 2.0, 2.0, 1.5, 1.0, 1.0
_LIST_ITEM = -3.0
_USUAL = 0.085
_SOFTENING = 0.02
_STRANGENESS = 2.0
_LEAST_STRANGE, _MOST_STRANGE = -2.5, 3.0
"""Of the weight of a section's words 13 % (median; 5 % of sections: under 5 %) stand in the same
article above, of another article's 2 % (5 %: over 12 %): 150 pages made by tests/pages.py."""

_FOREIGN = 0.04
_AROUND = 10
_MAX_BRIEF = 3
_MAX_CAPTION = 120
_ENOUGH = 150
"""Characters: of less text the words that are not shared prove little."""


class Kind(Enum):
    """What a paragraph looks like by itself."""

    BODY = auto()
    HEADING = auto()
    BYLINE = auto()
    CREDIT = auto()
    COLUMN = auto()
    BOX = auto()
    LETTER = auto()
    SIGNATURE = auto()


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an article, by numbers of paragraphs; the text begins at `body`."""

    first: int
    body: int
    column: int | None = None
    lines: tuple[int, ...] = ()
    bylines: tuple[int, ...] = ()
    is_certain: bool = False
    """Whether more speaks for it than that its words are strange to the article above."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Kinds of all paragraphs, and the heads of the articles in order."""

    kinds: tuple[Kind, ...]
    heads: tuple[Head, ...]


def is_heading(paragraph: Paragraph) -> bool:
    """Whether a paragraph is short and no sentence."""
    text = paragraph.text
    if paragraph.cells > _MAX_HEADLINE_CELLS or len(text) < 2 or "。" in text:
        return False
    if text[-1] in _NOT_AT_HEADLINES_END or (text[-1] in "”’」』" and text[-2] in "。！？!?…，"):
        return False
    return any(character.isalnum() for character in text)


def outline(layout: Layout, cohesion: Cohesion) -> Outline:
    """What each paragraph is and where articles begin."""
    return _Outliner(layout, cohesion).outline()


@dataclass(frozen=True, slots=True)
class _Run:
    """Headings from `start` up to `after`, bylines from there up to `body`."""

    column: int | None
    start: int
    after: int
    body: int

    @property
    def lines(self) -> tuple[int, ...]:
        """The headings."""
        return tuple(range(self.start, self.after))


class _Outliner:
    def __init__(self, layout: Layout, cohesion: Cohesion) -> None:
        self._paragraphs = layout.paragraphs
        self._layout = layout
        self._cohesion = cohesion
        self._kinds = [self._kind(index) for index in range(len(layout.paragraphs))]
        self._refine()
        gaps = sorted(paragraph.gap for paragraph in layout.paragraphs)
        self._usual_gap = gaps[len(gaps) // 2] if gaps else 0
        # of the article being read
        self._start = 0
        self._has_byline = False
        self._is_letter = False
        # of those above that break off
        self._has_open_article = False
        self._has_open_letter = False

    def outline(self) -> Outline:
        heads: list[Head] = []
        index = 0
        while index < len(self._kinds):
            head, after = self._head_at(index, is_first=not heads)
            if head is not None:
                heads.append(head)
                self._start = after = head.body
                self._has_byline = bool(head.bylines)
                self._is_letter = False
            if head is None or after == index:
                after = max(after, index + 1)
            for number in range(index if head is None else head.body, after):
                self._read_on(number)
            index = after
        return Outline(tuple(self._kinds), tuple(self._with_pictures(heads)))

    def _with_pictures(self, heads: Sequence[Head]) -> Iterator[Head]:
        """The heads, and the captions that stand last below an article they say nothing of."""
        ends = [head.first for head in heads[1:]] + [len(self._kinds)]
        spans = [
            [*head.lines, *range(head.body, end)] for head, end in zip(heads, ends, strict=True)
        ]
        for index, (head, end) in enumerate(zip(heads, ends, strict=True)):
            yield head
            if not (head.bylines or self._has_wire(head.body)):
                continue  # it may be a picture's article itself
            pictures: list[Head] = []
            around = spans[max(0, index - _AROUND) : index + _AROUND + 1]
            while (caption := self._caption_above(end)) is not None and caption > head.body:
                own = range(caption, end)
                others = [[n for n in span if n not in own] for span in around]
                if max(self._cohesion.shared(own, other) for other in others) > _FOREIGN:
                    break
                pictures.append(Head(first=caption, body=caption))
                end = caption
            yield from reversed(pictures)

    def _caption_above(self, end: int) -> int | None:
        """The caption with its credit that ends before paragraph `end`, by its number."""
        has_line = self._kinds[end - 1] is Kind.CREDIT
        number = end - 1 - has_line
        if number < 1 or self._kinds[number] is not Kind.BODY:
            return None
        text = self._paragraphs[number].text
        credit = marks.credit_of(text)
        if len(text) > _MAX_CAPTION or not (has_line or (credit and credit.whole.start > 0)):
            return None
        return None if self._is_broken(number - 1) and not marks.is_caption(text) else number

    def _kind(self, index: int) -> Kind:
        paragraph = self._paragraphs[index]
        text = paragraph.text
        if paragraph.continues or paragraph.continued:
            return Kind.BODY
        if marks.is_box_label(text):
            return Kind.BOX
        if marks.is_letter_label(text):
            return Kind.LETTER
        if marks.is_credit(text):
            return Kind.CREDIT
        if marks.is_byline(text):
            return Kind.BYLINE
        if marks.column_of(text):
            return Kind.COLUMN
        told = self._layout.indents and not self._layout.headings_too
        indented = told and paragraph.indented
        if is_heading(paragraph) and not indented and marks.lead_of(text) is None:
            return Kind.HEADING
        return Kind.BODY

    def _refine(self) -> None:
        kinds = self._kinds
        for index, kind in enumerate(kinds):
            following = kinds[index + 1] if index + 1 < len(kinds) else None
            section = marks.is_section(self._paragraphs[index].text)
            if kind is Kind.COLUMN and following is not Kind.HEADING and not section:
                kinds[index] = Kind.HEADING
            elif kind is Kind.BOX and following is Kind.HEADING:
                after = index + 1
                while after < len(kinds) and kinds[after] is Kind.HEADING:
                    after += 1
                if after < len(kinds) and kinds[after] is Kind.BYLINE:
                    kinds[index] = Kind.COLUMN

    def _read_on(self, index: int) -> None:
        """Note what the paragraph says about the article it stands in."""
        if index >= len(self._kinds):
            return
        kind, text = self._kinds[index], self._paragraphs[index].text
        if kind is Kind.BYLINE or (kind is Kind.BODY and marks.lead_of(text)):
            self._has_byline = True
        if kind is Kind.LETTER or (kind is Kind.BODY and marks.is_letter(text)):
            self._is_letter = True

    def _head_at(self, index: int, *, is_first: bool) -> tuple[Head | None, int]:
        """The head that begins with this paragraph, if one does, and where to look on."""
        if self._kinds[index] not in (Kind.COLUMN, Kind.HEADING):
            return self._head_without_lines(index, is_first=is_first), index + 1
        run = self._run(index)
        if is_first:
            return self._first_head(run)
        own = self._own_line(run)
        if own is not None:
            self._kinds[run.start] = own
            return None, run.start + 1
        return self._next_head(run), run.after

    def _run(self, index: int) -> _Run:
        """The headings that begin here, with the section above and the bylines below them."""
        kinds = self._kinds
        column = index if kinds[index] is Kind.COLUMN else None
        start = index if column is None else index + 1
        after = start
        while after < len(kinds) and kinds[after] is Kind.HEADING:
            after += 1
        if after - start > 1 and self._is_author(after - 1):
            after -= 1
            kinds[after] = Kind.BYLINE
        body = after
        while body < len(kinds) and kinds[body] in (Kind.BYLINE, Kind.CREDIT):
            body += 1
        return _Run(column, start, after, body)

    def _first_head(self, run: _Run) -> tuple[Head, int]:
        """The head of the page's first article, which begins with the page."""
        if run.body == len(self._kinds):
            return Head(first=0, body=0), run.after
        if run.column is None and len(run.lines) > _MAX_LINES:
            return Head(first=0, body=1, lines=(0,)), 1
        return self._head(run, run.lines, is_certain=True), run.body

    def _next_head(self, run: _Run) -> Head | None:
        """The head of another article, unless these are sub-headings."""
        if run.body == len(self._kinds):
            credits = {Kind.CREDIT} == {*self._kinds[run.after : run.body]}
            return self._head(run, run.lines, is_certain=False) if credits and run.lines else None
        if run.start == self._start and run.column is None and not self._is_below_photo(run):
            return None
        lines = run.lines
        if len(lines) > _MAX_LINES and run.column is None:
            if run.body == run.after and not self._has_wire(run.body):
                return None  # a list, or a poem
            lines = lines[-2:]
        begin = lines[0] if lines else run.start
        signs = self._signs(begin, run)
        if signs + self._strangeness(begin, run.body) < _THRESHOLD:
            return None
        return self._head(run, lines, is_certain=signs >= _CERTAIN)

    def _head(self, run: _Run, lines: tuple[int, ...], *, is_certain: bool) -> Head:
        column = run.column
        first = lines[0] if column is None else column
        if column is None and len(lines) > 1 and self._is_column(lines[0]):
            column, lines = lines[0], lines[1:]
        return Head(first, run.body, column, lines, tuple(range(run.after, run.body)), is_certain)

    def _own_line(self, run: _Run) -> Kind | None:
        """What the first line is if it belongs to the article above."""
        if run.column is not None:
            return None
        if self._is_signed(run.start, run.after):
            return Kind.SIGNATURE
        several = run.after - run.start > 1
        if self._is_below_photo(run):
            return None
        if run.start == self._start and (several or "，" in self._paragraphs[run.start].text):
            return Kind.BODY  # what stands below a byline and above a head is text
        if 1 < len(run.lines) <= _MAX_LINES and self._is_fragment(run.start, run.body):
            return Kind.BODY
        return None

    def _is_below_photo(self, run: _Run) -> bool:
        """Whether a report's head follows a picture that has a line and its credit, no more."""
        if run.start == 0 or self._kinds[run.start - 1] is not Kind.CREDIT:
            return False
        return run.body > run.after or self._has_wire(run.body)

    def _head_without_lines(self, index: int, *, is_first: bool) -> Head | None:
        """An article whose headline the page does not have."""
        if is_first:
            return Head(first=index, body=index)
        if index == self._start or self._kinds[index - 1] in (Kind.BOX, Kind.LETTER):
            return None
        if self._kinds[index] is not Kind.BODY:
            return None
        if self._has_wire(index) or (
            self._is_signed_brief(index - 1) and self._leads_to_signature(index)
        ):
            return Head(first=index, body=index, is_certain=True)
        return None

    def _leads_to_signature(self, index: int) -> bool:
        """Whether this paragraph or one right below it ends with a signature."""
        for number in range(index, min(len(self._kinds), index + _MAX_BRIEF)):
            if self._kinds[number] is not Kind.BODY or self._has_wire(number):
                return False
            if self._is_signed_brief(number):
                return True
        return False

    def _is_signed_brief(self, index: int) -> bool:
        """Whether a paragraph ends with its author's name in brackets."""
        if self._kinds[index] is not Kind.BODY:
            return False
        text = self._paragraphs[index].text
        tail = marks.tail_of(text)
        if tail is None:
            return False
        who = text[tail.parts[0].start : tail.parts[0].end]
        return marks.is_byline(who) or marks.are_names(who)

    def _is_signed(self, start: int, after: int) -> bool:
        """Whether the first of some short lines is the name that ends the article above."""
        if start == 0 or self._kinds[start - 1] is not Kind.BODY:
            return False
        in_letter = self._is_letter or self._has_open_letter
        answered = after < len(self._kinds) and self._kinds[after] is Kind.LETTER
        if self._has_byline and not in_letter and not answered:
            return False
        above = self._paragraphs[start - 1].text
        if seams.is_broken(above):
            return False
        last = after == len(self._kinds)
        if after - start == 1 and not last and not answered:
            return False
        return marks.is_signature(self._paragraphs[start].text, in_letter=in_letter)

    def _is_author(self, line: int) -> bool:
        """Whether names stand between a headline and a text that does not speak of them."""
        text, body = self._paragraphs[line].text, line + 1
        if not marks.are_names(text) or body >= len(self._kinds):
            return False
        return self._kinds[body] is Kind.BODY and text not in self._paragraphs[body].text

    def _is_fragment(self, line: int, body: int) -> bool:
        """Whether a short line is not the kicker but the beginning of a sentence broken off."""
        text = self._paragraphs[line].text
        if len(text) < _FRAGMENT or not re.search(r"[，,](?!\d)", text) or body == len(self._kinds):
            return False
        above = range(max(self._start, line - _NEAR), line)
        below = range(line + 1, min(len(self._kinds), body + 2))
        shared = self._cohesion.shared([line], above)
        return shared > 0 and shared > self._cohesion.shared([line], below)

    def _has_wire(self, index: int) -> bool:
        if index >= len(self._kinds) or self._kinds[index] is not Kind.BODY:
            return False
        return marks.has_wire(self._paragraphs[index].text)

    def _is_column(self, index: int) -> bool:
        text = self._paragraphs[index].text
        return len(text) <= _MAX_COLUMN and text.isalpha() and not text.isascii()

    def _signs(self, begin: int, run: _Run) -> float:
        """What speaks for the beginning of an article, apart from its words."""
        after, body = run.after, run.body
        above = (begin if run.column is None else run.column) - 1
        text, kind = self._paragraphs[above].text, self._kinds[above]
        score = 0.0
        if body > after or self._has_byline_below(body):
            score += _BYLINE
        elif self._has_wire(body):
            score += _WIRE
        elif self._kinds[body] is Kind.LETTER and not self._is_letter:
            score += _LETTER
        elif self._is_photo(body):
            score += _PHOTO
        if run.column is not None:
            score += _COLUMN
        if kind in (Kind.BYLINE, Kind.CREDIT, Kind.SIGNATURE) or self._is_closed(text):
            score += _CLOSED
        elif self._is_broken(above):
            score += _BROKEN
        if after - begin > 1:
            score += _LINES
        if self._paragraphs[begin].gap > self._usual_gap and self._layout.blank_lines:
            score += _GAP
        lines = [self._paragraphs[line].text for line in range(begin, after)]
        if lines and all(map(_LISTED.match, lines)):
            score += _LIST_ITEM
        return score

    def _strangeness(self, begin: int, body: int) -> float:
        """Positive where the text below has little of the words of the article above."""
        before = [
            number
            for number in range(max(self._start, begin - 3 * _NEAR), begin)
            if self._kinds[number] is Kind.BODY
        ]
        after: list[int] = []
        for number in range(body, min(len(self._kinds), body + _NEAR)):
            if self._kinds[number] in (Kind.HEADING, Kind.BOX, Kind.COLUMN) and after:
                break
            if self._kinds[number] is Kind.BODY:
                after.append(number)
                if self._is_closed(self._paragraphs[number].text):
                    break
        shared = self._cohesion.shared(after, before)
        strange = _STRANGENESS * math.log((_USUAL + _SOFTENING) / (shared + _SOFTENING))
        strange = max(_LEAST_STRANGE, min(_MOST_STRANGE, strange))
        return strange * min(1.0, min(map(self._length, (before, after))) / _ENOUGH)

    def _length(self, numbers: Sequence[int]) -> int:
        return sum(len(self._paragraphs[number].text) for number in numbers)

    def _is_photo(self, body: int) -> bool:
        """Whether a caption with its photographer follows, and no more text."""
        for number in range(body, min(len(self._kinds), body + 3)):
            kind, text = self._kinds[number], self._paragraphs[number].text
            if kind is Kind.CREDIT or (kind is Kind.BODY and marks.credit_of(text)):
                below = self._kinds[number + 1 : number + 2]
                return below != [Kind.BODY] or self._has_open_article
            if kind is not Kind.BODY:
                return False
        return False

    def _has_byline_below(self, box: int) -> bool:
        """Whether a byline stands under a box that follows the headline."""
        if self._kinds[box] is not Kind.BOX:
            return False
        below = range(box + 1, min(len(self._kinds), box + 4))
        return any(self._kinds[number] is Kind.BYLINE or self._has_wire(number) for number in below)

    def _is_broken(self, index: int) -> bool:
        """Whether an article above breaks off in its text."""
        if self._kinds[index] is not Kind.BODY:
            return False
        return self._paragraphs[index].continues or seams.is_broken(self._paragraphs[index].text)

    def _is_closed(self, text: str) -> bool:
        return marks.tail_of(text) is not None or marks.credit_of(text) is not None


def arrange(lines: Sequence[str], glued: Sequence[bool]) -> list[str]:
    """For each line of a head: `title`, `kicker`, or `more` where it goes on with the line above.

    The line above the headline is the kicker; a dash or a much longer line marks a sub-title.
    `glued`: printed in one block with the line above, where kickers have blocks of their own.
    """
    roles: list[str] = []
    units: list[str] = []
    for index, line in enumerate(lines):
        if index and (glued[index] or _is_split(lines[index - 1], line)) and not _has_dash(line):
            roles.append("more")
            units[-1] += line
        else:
            roles.append("")
            units.append(line)
    chosen = 0 if len(units) < 2 or _is_subtitle(units[0], units[1]) else 1
    unit = -1
    for index, role in enumerate(roles):
        if role == "more":
            continue
        unit += 1
        roles[index] = "title" if unit == chosen else "kicker"
    return roles


def _is_subtitle(headline: str, line: str) -> bool:
    much_longer = len(line) >= 1.4 * len(headline) and len(line) >= len(headline) + 6
    return _has_dash(line) or much_longer


def _has_dash(line: str) -> bool:
    return line.startswith(("—", "－", "--"))


def _is_split(line: str, following: str) -> bool:
    """Whether a headline goes on in the next line."""
    if seams.open_marks(line) and seams.unopened_marks(following):
        return True
    if re.search(r"[，、,的和与與及]\Z", line) or re.match(r"[，、,的”》」]", following):
        return True
    return seams.shares_word(line, following)
