"""Paragraphs of one article to its fields, as parts of the page."""

from collections.abc import Sequence

from retrieval.corpus.newspaper import marks
from retrieval.corpus.newspaper.heads import Head, Kind, Outline, arrange
from retrieval.corpus.newspaper.lines import Layout, Paragraph, Piece
from retrieval.corpus.newspaper.page import Part, PartField
from retrieval.types import Span

_MAX_PHOTO_PARAGRAPHS = 3


class Assembler:
    """Makes the parts of articles; `marks` collects brackets and the like that are in none."""

    def __init__(self, layout: Layout, outline: Outline, joined: dict[int, int]) -> None:
        self._paragraphs = layout.paragraphs
        self._blank_lines = layout.blank_lines
        self._kinds = outline.kinds
        self._joined = joined
        self._own_blocks = layout.blank_lines and any(
            layout.paragraphs[line].gap for head in outline.heads for line in head.lines[1:]
        )
        """Whether kickers stand in blocks of their own."""
        self.marks: list[Span] = []

    def parts(self, head: Head, numbers: Sequence[int]) -> list[Part]:
        """Title, kicker, column, byline and text, each in reading order."""
        parts: list[Part] = []
        if not numbers and head.lines and self._are_credits(head.bylines):
            return self._picture(head)
        if not numbers:
            return self._text([*_head_numbers(head)], {})
        if head.column is not None:
            parts += self._column(head.column)
        parts += self._headline(head)
        bylines: list[tuple[int, Sequence[Span]]] = [
            (number, self._whole(number)) for number in head.bylines
        ]
        cuts: dict[int, marks.Who] = {}
        rest = list(numbers)
        if not bylines:
            bylines, cuts, rest = self._find_byline(rest)
        elif self._has_lead_below_credit(head, numbers[0]):
            bylines, cuts, rest = self._find_byline(rest)
            rest = [*head.bylines, *rest]
        texts = self._text(rest, cuts)
        if not texts:  # nothing but a byline is left: better in the text than nowhere
            return parts + self._text([*head.bylines, *numbers], {})
        for number, spans in bylines:
            for span in spans:
                before = " " if any(part.field == "byline" for part in parts) else ""
                parts += _parts(
                    "byline", self._paragraphs[number].cut(span.start, span.end), before
                )
        for number, who in cuts.items():
            self._set_aside(self._paragraphs[number], who)
        return parts + texts

    def _has_lead_below_credit(self, head: Head, first: int) -> bool:
        """Whether only a photographer stands below the headline, and the text names its author."""
        lead = marks.lead_of(self._paragraphs[first].text)
        return lead is not None and self._are_credits(head.bylines)

    def _are_credits(self, numbers: Sequence[int]) -> bool:
        return bool(numbers) and all(self._kinds[number] is Kind.CREDIT for number in numbers)

    def _picture(self, head: Head) -> list[Part]:
        """Of a picture with a line and its credit alone the line is the text."""
        parts = [] if head.column is None else self._column(head.column)
        for index, number in enumerate(head.bylines):
            parts += _parts("byline", self._paragraphs[number].pieces, " " if index else "")
        return parts + self._text(head.lines, {})

    def _column(self, number: int) -> list[Part]:
        paragraph = self._paragraphs[number]
        name = marks.column_of(paragraph.text)
        if name is None:
            return _parts("column", paragraph.pieces, "")
        self._set_aside(paragraph, marks.Who(Span(0, len(paragraph.text)), (name,)))
        return _parts("column", paragraph.cut(name.start, name.end), "")

    def _headline(self, head: Head) -> list[Part]:
        paragraphs = [self._paragraphs[number] for number in head.lines]
        glued = [self._own_blocks and paragraph.gap == 0 for paragraph in paragraphs]
        roles = arrange([paragraph.text for paragraph in paragraphs], glued)
        parts: list[Part] = []
        seen: set[str] = set()
        field: PartField = "title"
        for index, (paragraph, role) in enumerate(zip(paragraphs, roles, strict=True)):
            if role == "more":
                before = _seam(paragraphs[index - 1].text, paragraph.text)
            else:
                field = "title" if role == "title" else "kicker"
                before = " " if field in seen else ""
                seen.add(field)
            parts += _parts(field, paragraph.pieces, before)
        return parts

    def _find_byline(
        self, numbers: list[int]
    ) -> tuple[list[tuple[int, Sequence[Span]]], dict[int, marks.Who], list[int]]:
        """The byline in or between the paragraphs, what to cut for it, and what text remains."""
        first, last = numbers[0], numbers[-1]
        lead = marks.lead_of(self._paragraphs[first].text)
        if lead:
            return [(first, lead.parts)], {first: lead}, numbers
        if len(numbers) > 1:
            for number in (last, *numbers[:-1]):
                if self._kinds[number] is Kind.BYLINE:
                    rest = [other for other in numbers if other != number]
                    return [(number, self._whole(number))], {}, rest
        is_photo = len(numbers) <= _MAX_PHOTO_PARAGRAPHS and not marks.has_wire(
            self._paragraphs[first].text
        )
        signs = self._kinds[last] is Kind.SIGNATURE or (
            self._kinds[last] is Kind.CREDIT and is_photo
        )
        if len(numbers) > 1 and signs:
            return [(last, self._whole(last))], {}, numbers[:-1]
        tail = marks.tail_of(self._paragraphs[last].text)
        if tail:
            return [(last, tail.parts)], {last: tail}, numbers
        if len(numbers) <= _MAX_PHOTO_PARAGRAPHS:
            credit = marks.credit_of(self._paragraphs[last].text)
            if credit and credit.whole.start > 0:
                return [(last, credit.parts)], {last: credit}, numbers
        return [], {}, numbers

    def _whole(self, number: int) -> tuple[Span, ...]:
        return (Span(0, len(self._paragraphs[number].text)),)

    def _text(self, numbers: Sequence[int], cuts: dict[int, marks.Who]) -> list[Part]:
        parts: list[Part] = []
        previous = -1
        for number in numbers:
            paragraph = self._paragraphs[number]
            pieces = paragraph.pieces
            if number in cuts:
                whole = cuts[number].whole
                pieces = paragraph.cut(0, whole.start) + paragraph.cut(
                    whole.end, len(paragraph.text)
                )
            if not pieces:
                continue
            before = ""
            if parts:
                before = self._between(previous, number)
            parts += _parts("text", pieces, before)
            previous = number
        return parts

    def _between(self, previous: int, number: int) -> str:
        paragraph = self._paragraphs[number]
        if self._joined.get(number) == previous:
            return _seam(self._paragraphs[previous].text, paragraph.text)
        same_block = self._blank_lines and paragraph.gap == 0 and previous == number - 1
        return "\n" if same_block else "\n\n"

    def _set_aside(self, paragraph: Paragraph, who: marks.Who) -> None:
        """What of a byline or a label is in none of its parts becomes layout."""
        position = who.whole.start
        for span in (*who.parts, Span(who.whole.end, who.whole.end)):
            for piece in paragraph.cut(position, span.start):
                self.marks.append(Span(piece.start, piece.end))
            position = span.end


def _head_numbers(head: Head) -> tuple[int, ...]:
    column = () if head.column is None else (head.column,)
    return (*column, *head.lines, *head.bylines)


def _seam(text: str, rest: str) -> str:
    """What stands between two pieces of one sentence: a space between Latin words."""
    latin = (text[-1] + rest[0]).isascii() and text[-1].isalpha() and rest[0].isalpha()
    return " " if latin else ""


def _parts(field: PartField, pieces: Sequence[Piece], before: str) -> list[Part]:
    return [
        Part(field, piece.start, piece.end, before if index == 0 else piece.before)
        for index, piece in enumerate(pieces)
    ]
