"""Passages as a chat model is given them: each text once, neighbours in one piece."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.answering.checking import Source
from retrieval.index.collection import Collection
from retrieval.ranking.duplicates import without_duplicates
from retrieval.types import Article, Passage, Span


@dataclass(frozen=True, slots=True)
class _Piece:
    article: Article
    span: Span


def sources_of(collection: Collection, passages: Sequence[Passage]) -> tuple[Source, ...]:
    """The passages' texts with their sentences, in the order of the best passage of each.

    Left out is what repeats a better passage of another article; chunks of one article with
    nothing between them are one source.
    """
    kept = without_duplicates(passages, lambda passage: passage.chunk.text)
    articles = collection.articles.articles([passage.chunk.article_id for passage in kept])
    pieces: list[_Piece] = []
    for passage in kept:
        chunk = passage.chunk
        own = _Piece(articles[chunk.article_id], Span(chunk.start, chunk.end))
        pieces = _with(pieces, own)
    return tuple(_source(collection, piece) for piece in pieces)


def _with(pieces: Sequence[_Piece], new: _Piece) -> list[_Piece]:
    """The pieces and another one, which is joined to the first of its neighbours."""
    neighbours = [piece for piece in pieces if _adjoin(piece, new)]
    if not neighbours:
        return [*pieces, new]
    spans = [new.span, *(piece.span for piece in neighbours)]
    joined = _Piece(
        new.article, Span(min(span.start for span in spans), max(span.end for span in spans))
    )
    return [
        joined if piece is neighbours[0] else piece
        for piece in pieces
        if piece is neighbours[0] or piece not in neighbours
    ]


def _adjoin(one: _Piece, other: _Piece) -> bool:
    if one.article.id != other.article.id:
        return False
    first, second = sorted((one.span, other.span), key=lambda span: span.start)
    return not one.article.text[first.end : second.start].strip()


def _source(collection: Collection, piece: _Piece) -> Source:
    span = piece.span
    inside = collection.articles.sentences_in([(piece.article.id, span)])[piece.article.id]
    return Source(
        piece.article,
        min(span.start, inside[0].start),
        max(span.end, inside[-1].end),
        tuple(Span(sentence.start, sentence.end) for sentence in inside),
        collection.sentence_vectors(inside[0].ordinal, len(inside)),
    )
