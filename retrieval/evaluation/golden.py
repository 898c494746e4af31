"""Golden questions: those that an index must answer before it is published."""

import datetime
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from retrieval.errors import CorpusError
from retrieval.types import Answer, Citation, Problem

GOLDEN = "golden.jsonl"
"""In the folder of articles."""

_MAX_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question with the article that answers it; None: the right answer is to refuse."""

    id: str
    question: str
    article_id: str | None
    require: tuple[tuple[str, ...], ...]
    """The answer must hold one string of every group."""
    asked_at: datetime.date | None = None


class Answered(Protocol):
    """What is looked at of an answer."""

    @property
    def text(self) -> str:
        """With its marks."""

    @property
    def refused(self) -> bool:
        """Whether it says that the articles do not answer."""

    @property
    def citations(self) -> Sequence[Citation]:
        """What it rests on."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares from 0 to 1; 1 where nothing of the kind was asked."""

    answerable: int
    unanswerable: int
    right_article_first: float
    right_answer: float
    wrongly_refused: float
    rightly_refused: float


def load_golden(path: Path) -> list[GoldenQuestion]:
    """The questions of a golden.jsonl. Raises CorpusError with the line that is wrong."""
    questions = []
    for item in _read(path):
        if isinstance(item, Problem):
            raise CorpusError(f"{path}:{item.line}: {item.reason}")
        questions.append(item)
    return questions


def read_golden(
    corpus_dir: Path,
) -> tuple[tuple[GoldenQuestion, ...], tuple[Problem, ...]]:
    """The golden questions of a folder of articles, and what is wrong with others; may be none."""
    path = corpus_dir / GOLDEN
    if not path.is_file():
        return (), ()
    items = list(_read(path))
    questions = tuple(item for item in items if isinstance(item, GoldenQuestion))
    return questions, tuple(item for item in items if isinstance(item, Problem))


def parse_golden(data: bytes) -> Iterator[GoldenQuestion | Problem]:
    """The questions in the bytes of a golden.jsonl, and what is wrong with other lines."""
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        yield Problem(GOLDEN, "not UTF-8; save it in that encoding", lost=False)
        return
    ids: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
            if question.id in ids:
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            reason = "not a golden question: id, question, article_id or null, require"
            yield Problem(GOLDEN, reason, number, lost=False)
        else:
            ids.add(question.id)
            yield question


def is_passed(golden: GoldenQuestion, answer: Answered) -> bool:
    """Whether the answer is right and cites the article, or refuses where none answers."""
    if golden.article_id is None:
        return answer.refused
    cites = any(one.article_id == golden.article_id for one in answer.citations)
    return cites and not answer.refused and is_right(answer.text, golden.require)


def _read(path: Path) -> Iterator[GoldenQuestion | Problem]:
    try:
        data = path.read_bytes()
    except OSError as error:
        yield Problem(GOLDEN, f"cannot be read: {error.strerror}", lost=False)
    else:
        yield from parse_golden(data)


def _question(fields: dict[str, Any]) -> GoldenQuestion:
    article_id = fields["article_id"]
    question = fields["question"]
    if not isinstance(question, str) or not isinstance(article_id, str | None):
        raise TypeError
    if not 0 < len(question.strip()) <= _MAX_CHARACTERS:
        raise ValueError
    asked_at = fields.get("asked_at")
    return GoldenQuestion(
        id=str(fields["id"]),
        question=question.strip(),
        article_id=article_id,
        require=tuple(tuple(map(str, group)) for group in fields["require"]),
        asked_at=datetime.date.fromisoformat(asked_at) if asked_at else None,
    )


def is_right(text: str, require: Iterable[Iterable[str]]) -> bool:
    """Whether the text holds a string of every group, after NFKC, without spaces and commas."""
    bare = _bare(text)
    return all(any(_bare(string) in bare for string in group) for group in require)


def measure(answers: Iterable[tuple[GoldenQuestion, Answer]]) -> Figures:
    """How well the questions were answered."""
    answerable: list[tuple[GoldenQuestion, Answer]] = []
    refusals: list[bool] = []
    for golden, answer in answers:
        if golden.article_id is None:
            refusals.append(answer.refused)
        else:
            answerable.append((golden, answer))
    return Figures(
        answerable=len(answerable),
        unanswerable=len(refusals),
        right_article_first=_share([_cites_first(*pair) for pair in answerable]),
        right_answer=_share([is_right(answer.text, one.require) for one, answer in answerable]),
        wrongly_refused=_share([answer.refused for _, answer in answerable], empty=0.0),
        rightly_refused=_share(refusals),
    )


def _cites_first(golden: GoldenQuestion, answer: Answer) -> bool:
    return bool(answer.citations) and answer.citations[0].article_id == golden.article_id


def _share(results: list[bool], *, empty: float = 1.0) -> float:
    return sum(results) / len(results) if results else empty


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(folded.split()).replace(",", "").replace("，", "")
