"""Questions with known answers, and figures on how they were answered."""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import CorpusError
from retrieval.types import Answer


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question with the article that answers it; None: the right answer is to refuse."""

    id: str
    question: str
    article_id: str | None
    require: tuple[tuple[str, ...], ...]
    """The answer must hold one string of every group."""


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
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            try:
                fields = json.loads(line)
                require = tuple(tuple(map(str, group)) for group in fields["require"])
                article_id = fields["article_id"]
                question = GoldenQuestion(fields["id"], fields["question"], article_id, require)
            except (ValueError, KeyError, TypeError) as error:
                raise CorpusError(f"{path}:{number}: not a golden question") from error
            questions.append(question)
    return questions


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
