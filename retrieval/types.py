"""What crosses the boundaries between modules: plain frozen data, and three Protocols."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Purpose = Literal["answer", "condense"]
"""What a chat model was called for: an answer, or a question made to stand alone."""

Vectors = npt.NDArray[np.float32]
Mode = Literal["extractive", "llm", "fallback"]
Field = Literal["text", "title", "kicker", "byline", "column", "date", "source", "page"]
"""What a citation may be cut out of."""


class Strictness(StrEnum):
    """When to say no: `strict` refuses more, `generous` answers more."""

    STRICT = "strict"
    BALANCED = "balanced"
    GENEROUS = "generous"


_NAME = 40
"""Characters that an article without a title is named by."""


@dataclass(frozen=True, slots=True)
class Article:
    """One news item. Missing strings are ""; `date` is YYYY-MM-DD or ""."""

    id: str
    title: str
    text: str
    kicker: str = ""
    byline: str = ""
    column: str = ""
    date: str = ""
    source: str = ""
    page: str = ""
    url: str = ""

    @property
    def heading(self) -> str:
        """Kicker and title on one line; what a reader sees first."""
        return " ".join(part for part in (self.kicker, self.title) if part)

    @property
    def name(self) -> str:
        """What it is called where it is one of many: its title, else how it begins, on one line."""
        return " ".join((self.title or self.text[:_NAME]).split())

    @property
    def day(self) -> datetime.date | None:
        """The date, None where it is missing."""
        try:
            return datetime.date.fromisoformat(self.date)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Span:
    """Code points `start` to `end` (exclusive) of an article's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """An indexed slice of one article: `text == article.text[start:end]`."""

    article_id: str
    position: int
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """The same for the same article and position, whenever it is built."""
        return f"{self.article_id}:{self.position}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question. Higher scores are better; `rank` starts at 1."""

    chunk: Chunk
    rank: int
    score: float
    similarity: float
    """Cosine of question and chunk; where only the keywords found it, the least of those found."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of an article that a statement rests on: `article[field][start:end]`."""

    article: Article
    field: Field
    start: int
    end: int

    @property
    def quote(self) -> str:
        """The exact words."""
        text: str = getattr(self.article, self.field)
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered quote: `article[field][start:end] == quote`."""

    number: int
    article_id: str
    title: str
    byline: str
    date: str
    source: str
    field: Field
    start: int
    end: int
    quote: str
    url: str = ""
    version: str = ""
    """That of the article it was cut out of; see article_version."""


@dataclass(frozen=True, slots=True)
class NearestArticle:
    """An article offered in place of an answer."""

    article_id: str
    title: str
    date: str
    version: str = ""
    """See article_version."""


@dataclass(frozen=True, slots=True)
class Match:
    """An article found for some words, with the passage of it that fits them best.

    `passage == article[field][start:end]`, at most 200 characters: whole sentences where they are
    no longer; of an article without text the title.
    """

    article_id: str
    title: str
    byline: str
    date: str
    source: str
    version: str
    """See article_version."""
    field: Field
    start: int
    end: int
    passage: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a collection holds."""

    articles: int
    first: str
    """The oldest date, "" where no article has one; `last` is the newest."""
    last: str
    undated: int
    sources: tuple[tuple[str, int], ...]
    """Papers with how many articles each has, most first; "" for those that name none."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds."""

    retrieve: float
    write: float
    check: float
    total: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation with its answer.

    `standalone` is the question as it was looked up.
    """

    question: str
    standalone: str
    answer: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a chat model read and wrote."""

    prompt_tokens: int
    completion_tokens: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class Condensed:
    """A question that is understood alone, and what the chat model took for it."""

    question: str
    usage: Usage = Usage(0, 0)


class Notice(StrEnum):
    """Why the chat model did not write an answer, where the reader should know."""

    MODEL_RESTS = "model_rests"
    BUDGET_SPENT = "budget_spent"
    OWN_BUDGET_SPENT = "own_budget_spent"


@dataclass(frozen=True, slots=True)
class Partial:
    """An answer that is still being written: only sentences that have passed the check."""

    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader gets. When `refused`, `text` says so and `nearest` holds what is closest."""

    question: str
    text: str
    refused: bool
    mode: Mode
    timings_ms: Timings
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    nearest: tuple[NearestArticle, ...] = ()
    unanswered: tuple[str, ...] = ()
    """Of a question with several parts, quoted from the articles: the parts they do not answer."""
    confidence: float | None = None
    """How likely the best sentence answers, 0 to 1; None where that was not asked."""
    standalone: str = ""
    """The question as it was looked up: in a conversation made to stand alone."""
    generation: str = ""
    model: str = ""
    """The chat model that was asked, "" where none was."""
    usage: Usage = Usage(0, 0)
    """Of all its calls."""
    sentences: int = 0
    """Of the chat model, those included that were withheld."""
    withheld: int = 0
    """Sentences of the chat model that the passages do not support."""
    fault: str = ""
    """Why the chat model's answer did not take its place, where it was asked."""
    notice: Notice | None = None
    stopped: bool = False
    """Whether the chat model was stopped: `text` is what had passed, else quoted."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The extractive answer to a question, and the articles found for it, those cited first."""

    answer: Answer
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the folder of articles that an editor should look at."""

    file: str
    reason: str
    line: int | None = None
    lost: bool = True
    """Whether an article could not be read for it; False: a remark on one that was read."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An article as read, with the file it came from, relative to the folder."""

    article: Article
    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """How far a reload has come: `done` of `total` in a phase, 0 of 0 where that is not known."""

    phase: Literal["verify", "read", "copy", "chunk", "embed", "check", "golden", "ask"]
    done: int = 0
    total: int = 0
    articles: int = 0
    """Read so far that are new or changed."""
    chunks: int = 0
    embedded: int = 0
    """Texts that were not in the cache."""
    rate: float = 0.0
    """Texts embedded a second."""
    seconds_left: float | None = None
    """Of the phase, where it can be told."""
    failed: tuple[str, ...] = ()
    """Ids of the golden questions that were not answered as they should be."""


Progress = Callable[[Step], None]


class Embedder(Protocol):
    """Texts to unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Names model and prefixes; vectors of different fingerprints are never mixed."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, same order."""

    def embed_query(self, text: str) -> Vectors:
        """One unit vector for a question, shape (dimensions,)."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as this model counts them, specials left out."""


class Reranker(Protocol):
    """A question with each of several texts to scores."""

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """One finite score per text, same order, higher is better. Raises ModelUnavailableError.

        The scale is the model's own, logits with some: compare scores of one call only.
        """
