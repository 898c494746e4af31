"""What a chat model is asked to write from, and who writes."""

import datetime
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from retrieval.answering.checking import Source
from retrieval.answering.language import Language
from retrieval.answering.model.thinking import Piece
from retrieval.types import Turn, Usage


@dataclass(frozen=True, slots=True)
class Brief:
    """A question with the passages that answer it, and what was said before it."""

    question: str
    sources: tuple[Source, ...]
    turns: tuple[Turn, ...]
    language: Language
    today: datetime.date


class Draft(Protocol):
    """One answer of a chat model, while it is written."""

    @property
    def usage(self) -> Usage:
        """Tokens so far."""

    def pieces(self) -> AsyncGenerator[Piece, None]:
        """The text as it comes. Raises ChatModelError."""


class Writer(Protocol):
    """A chat model that writes from passages."""

    @property
    def name(self) -> str:
        """Of the model."""

    def fit(self, sources: Sequence[Source]) -> tuple[Source, ...]:
        """The first of the sources, as many as the model is given."""

    def draft(self, brief: Brief) -> Draft:
        """Text with [n] marks, about to be written."""
