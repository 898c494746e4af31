"""Text to sentences and clauses, by offsets. Nothing but white space lies between them."""

import re
from collections.abc import Iterator
from itertools import pairwise

from retrieval.types import Span

_MAX_PROTECTED = 150
"""A quotation or bracket longer than this is split at the sentences inside it."""

_MAX_SENTENCE = 400
"""Characters; what has no full stop for longer than this is no sentence of a newspaper."""

_MAX_ATTRIBUTION = 30
_PAIRS = {"“": "”", "‘": "’", "（": "）", "(": ")", "《": "》", "「": "」", "『": "』", "【": "】"}
_CLOSERS = "”’）)》」』】\"'"
_ENDING = "。！？!?….”’）)」』】"
_END = re.compile(
    rf"(?:[。！？!?]+|(?<!…)…++(?=[{_CLOSERS}\s]|$)|(?<!\.)\.++(?=[\s{_CLOSERS}]|$))[{_CLOSERS}]*"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|No|Inc|Ltd|Co|vs|etc)|^\s*\d{1,3})\.$"
)
_ATTRIBUTION = re.compile(
    rf"[^。！？!?\n]{{0,{_MAX_ATTRIBUTION}}}(?:[说說道称稱]|表示|介[绍紹]|告[诉訴]|坦言|感慨|回[忆憶]|[认認][为為])"
)
_LINE = re.compile(r"[^\n]+")
_CONTINUES = re.compile(r"[，、,：:；;—-]$|[a-z0-9]$", re.IGNORECASE)
_CLAUSE_END = re.compile(r"(?:[；;，、：]|[,:](?!\d))+[”’）)》」』】]*")


def split_sentences(text: str) -> list[Span]:
    """Sentences in order, without the white space around them."""
    sentences = (span for line in _lines(text) for span in _split_line(text, line))
    return [piece for span in sentences for piece in _quotable(text, span)]


def _quotable(text: str, sentence: Span) -> Iterator[Span]:
    """The sentence, or where it is too long to be quoted its pieces, cut at clauses if possible."""
    if sentence.end - sentence.start <= _MAX_SENTENCE:
        yield sentence
        return
    start = end = sentence.start
    for clause in split_clauses(text, sentence):
        while clause.end - start > _MAX_SENTENCE:
            cut = end if end > start else start + _MAX_SENTENCE
            yield from _stripped(text, start, cut, 0)
            start = end = cut
        end = clause.end
    yield from _stripped(text, start, sentence.end, 0)


def split_clauses(text: str, sentence: Span) -> list[Span]:
    """A sentence's pieces, each ending at a comma or the like; adjacent, in order."""
    ends = (match.end() for match in _CLAUSE_END.finditer(text, sentence.start, sentence.end))
    cuts = pairwise((sentence.start, *ends, sentence.end))
    return [Span(start, end) for start, end in cuts if start < end]


def _lines(text: str) -> Iterator[Span]:
    """Lines, joined where the first plainly goes on in the next."""
    start = -1
    end = -1
    for match in _LINE.finditer(text):
        goes_on = (
            start >= 0
            and match.start() == end + 1
            and _CONTINUES.search(text[max(start, end - 1) : end])
            and (text[end - 1] in "，、," or match[0][:1].islower())
        )
        if goes_on:
            end = match.end()
            continue
        if start >= 0:
            yield Span(start, end)
        start, end = match.span()
    if start >= 0:
        yield Span(start, end)


def _split_line(text: str, line: Span) -> Iterator[Span]:
    content = text[line.start : line.end]
    protected = _protected(content)
    start = 0
    for match in _END.finditer(content):
        if protected[match.start()] or match.start() < start:
            continue
        if content[match.start()] == "." and _ABBREVIATION.search(
            content[max(0, match.start() - 6) : match.start() + 1]
        ):
            continue
        end = match.end()
        if content[end - 1] in "”」』" and _ATTRIBUTION.match(content, end):
            continue
        yield from _stripped(content, start, end, line.start)
        start = end
    yield from _stripped(content, start, len(content), line.start)


def _protected(content: str) -> list[bool]:
    """Whether each character stands inside a short quotation or bracket."""
    inside = [False] * len(content)
    open_marks: list[tuple[str, int]] = []
    awaited = dict.fromkeys(_PAIRS.values(), 0)
    for index, character in enumerate(content):
        if character in _PAIRS:
            open_marks.append((_PAIRS[character], index))
            awaited[_PAIRS[character]] += 1
        elif awaited.get(character):
            closer = ""
            while closer != character:
                closer, start = open_marks.pop()
                awaited[closer] -= 1
            if index - start > _MAX_PROTECTED:
                continue
            # the mark before the closing ones ends the sentence together with them, save in a title
            end = index
            while character != "》" and end > start and content[end - 1] in _ENDING:
                end -= 1
            inside[start:end] = [True] * (end - start)
            inside[end:index] = [bool(open_marks)] * (index - end)
    return inside


def _stripped(content: str, start: int, end: int, offset: int) -> Iterator[Span]:
    piece = content[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if right > left:
        yield Span(offset + start + left, offset + start + right)
