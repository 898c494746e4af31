"""An article to chunks of 150 to 250 tokens that end where sentences end."""

from collections.abc import Callable

from retrieval.headings import heading_above
from retrieval.sentences import split_clauses, split_sentences
from retrieval.types import Article, Chunk, Span

MIN_TOKENS = 150
MAX_TOKENS = 250
VERSION = "5"
"""Part of a generation's fingerprint: changed whenever chunks or sentences come out otherwise."""

_MAX_HEADING_CHARACTERS = 100


def chunk_article(article: Article, count_tokens: Callable[[str], int]) -> list[Chunk]:
    """Chunks in order; all but the last hold 150 to 250 tokens.

    A sentence is split at commas only where whole sentences would leave a chunk too small or make
    it too large. Between two chunks lies nothing but white space.
    """
    packer = _Packer(article.text, count_tokens)
    for sentence in split_sentences(article.text):
        packer.add(sentence)
    packer.close()
    return [
        Chunk(article.id, position, span.start, span.end, article.text[span.start : span.end])
        for position, span in enumerate(packer.spans)
    ]


def embedded_text(article: Article, chunk: Chunk) -> str:
    """What is embedded for a chunk of the article: title, the sub-heading it is under, its text."""
    heading = article.heading[:_MAX_HEADING_CHARACTERS]
    return "\n".join(part for part in (heading, located_text(article, chunk)) if part)


def located_text(article: Article, chunk: Chunk) -> str:
    """The chunk's text below the sub-heading it is under, unless it begins with that."""
    heading = heading_above(article.text, chunk.start)
    return f"{heading}\n{chunk.text}" if heading else chunk.text


class _Packer:
    def __init__(self, text: str, count_tokens: Callable[[str], int]) -> None:
        self.spans: list[Span] = []
        self._text = text
        self._count_tokens = count_tokens
        self._open: Span | None = None
        self._open_tokens = 0

    def add(self, sentence: Span) -> None:
        if self._fits(sentence):
            self._take(sentence)
        elif self._open_tokens >= MIN_TOKENS and self._tokens(sentence) <= MAX_TOKENS:
            self.close()
            self._take(sentence)
        else:
            for clause in split_clauses(self._text, sentence):
                self._add_clause(clause)

    def close(self) -> None:
        if self._open is not None:
            self.spans.append(self._open)
        self._open = None
        self._open_tokens = 0

    def _add_clause(self, clause: Span) -> None:
        """Cut between characters only where no comma leaves a chunk within its bounds."""
        if self._fits(clause):
            self._take(clause)
        elif self._open_tokens >= MIN_TOKENS:
            self.close()
            self._add_clause(clause)
        elif clause.end - clause.start == 1:
            self._take(clause)
        else:
            middle = (clause.start + clause.end) // 2
            self._add_clause(Span(clause.start, middle))
            self._add_clause(Span(middle, clause.end))

    def _fits(self, span: Span) -> bool:
        if self._open is None:
            return self._tokens(span) <= MAX_TOKENS
        return self._tokens(Span(self._open.start, span.end)) <= MAX_TOKENS

    def _take(self, span: Span) -> None:
        self._open = Span(self._open.start if self._open else span.start, span.end)
        self._open_tokens = self._tokens(self._open)

    def _tokens(self, span: Span) -> int:
        # eight characters of prose are at least a token; this keeps the counting bounded
        if span.end - span.start > 8 * MAX_TOKENS:
            return MAX_TOKENS + 1
        return self._count_tokens(self._text[span.start : span.end])
