"""A page's text layer to its articles."""

import logging
from collections.abc import Sequence

from retrieval.corpus.fields import parse_date
from retrieval.corpus.newspaper import marks
from retrieval.corpus.newspaper.assembly import Assembler
from retrieval.corpus.newspaper.cohesion import Cohesion
from retrieval.corpus.newspaper.heads import Outline, outline
from retrieval.corpus.newspaper.lines import Layout, Paragraph, read_layout
from retrieval.corpus.newspaper.page import (
    Choices,
    Join,
    Page,
    is_intact,
    make_article,
    make_page,
)
from retrieval.corpus.newspaper.runs import follow
from retrieval.corpus.newspaper.single import single_article
from retrieval.types import Span

logger = logging.getLogger(__name__)

_MIN_SIGNS = 2


def split_page(text: str, choices: Choices | None = None) -> Page:
    """The articles of a page; of a text that is no page, the one article it is.

    `choices` says for doubtful joins, by the offset where a sentence breaks off, where it goes on;
    only the candidates that a join names count.
    """
    layout = read_layout(text)
    if not _is_printed(layout.paragraphs):
        return single_article(text)
    cohesion = Cohesion([paragraph.text for paragraph in layout.paragraphs])
    found = outline(layout, cohesion)
    if not any(head.is_certain for head in found.heads[1:]):
        return single_article(text)
    page, aside = _assemble(text, layout, found, cohesion, choices or {})
    if not is_intact(text, page, aside):
        logger.error("splitting a page would have lost characters; it is kept in one piece")
        return single_article(text)
    return page


def _is_printed(paragraphs: Sequence[Paragraph]) -> bool:
    """Whether the text has a newspaper's bylines, datelines or credits."""
    tails = 0
    for paragraph in paragraphs:
        text = paragraph.text
        if marks.is_byline(text) or marks.has_wire(text) or marks.credit_of(text):
            return True
        tails += marks.tail_of(text) is not None
    return tails >= _MIN_SIGNS


def _assemble(
    text: str, layout: Layout, found: Outline, cohesion: Cohesion, choices: Choices
) -> tuple[Page, list[Span]]:
    flow = follow(layout, found, cohesion, choices)
    joined = {seam.start: seam.end for seam in flow.seams if seam.start is not None}
    assembler = Assembler(layout, found, joined)
    date = parse_date(layout.date) or ""
    articles = [
        make_article(text, assembler.parts(head, numbers), date=date, number=layout.page)
        for head, numbers in zip(found.heads, flow.articles, strict=True)
    ]
    owner = {number: index for index, numbers in enumerate(flow.articles) for number in numbers}
    joins = [
        Join(
            article=owner[seam.end],
            at=layout.paragraphs[seam.end].pieces[-1].end,
            to=None if seam.start is None else layout.paragraphs[seam.start].pieces[0].start,
            score=seam.score,
            doubtful=seam.doubtful,
            candidates=seam.candidates,
        )
        for seam in flow.seams
        if seam.start is not None or seam.doubtful
    ]
    return make_page(text, articles, joins), [*layout.marks, *assembler.marks]
