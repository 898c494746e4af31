"""What a chat model is asked to write from."""

import datetime
from dataclasses import dataclass

from retrieval.answering.checking import Source
from retrieval.answering.language import Language
from retrieval.types import Turn


@dataclass(frozen=True, slots=True)
class Brief:
    """A question with the passages that answer it, and what was said before it."""

    question: str
    sources: tuple[Source, ...]
    turns: tuple[Turn, ...]
    language: Language
    today: datetime.date
