"""A passage as a chat model is given it."""

from dataclasses import dataclass

from retrieval.types import Article, Span, Vectors


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as the model was given it: an article's text from `start` to `end`."""

    article: Article
    start: int
    end: int
    sentences: tuple[Span, ...]
    vectors: Vectors
    """Unit vectors of the sentences, one a row."""
