"""Files of questions with known answers, one JSON object a line, in three formats.

- A set: `id`, `question`, `answers` (accepted strings), `positive` (ids of the articles that
  answer), `kind` (`unanswerable`: the right answer is a refusal), and more where it applies.
- A page's questions: `article` (the headline of the article that answers, or null), `require`.
- Golden questions: `article_id` or null, `require`, `asked_at`.
"""

import datetime
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.corpus import jsonl
from retrieval.errors import EvaluationError
from retrieval.questions.question import MAX_CHARACTERS
from retrieval.types import Loaded

_UNANSWERABLE = "unanswerable"
_MAX_LINE_BYTES = 1_000_000

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer. Ids are unique within one `set` of a run."""

    set: str
    id: str
    question: str
    kind: str
    answers: Groups = ()
    """An answer is right when it holds one string of every group."""
    positive: tuple[str, ...] = ()
    """Ids of the articles that answer."""
    headline: str | None = None
    """Of the article that answers, where its id is not known."""
    asked_at: datetime.date | None = None
    positive_groups: Groups = ()
    """Ids of articles: an answer needs one of every group."""
    positive_wrong: tuple[str, ...] = ()
    """Ids of articles that say something false."""
    fake_answers: tuple[str, ...] = ()
    """What they say."""
    reference: tuple[str, ...] = ()
    """Where unanswerable: what the answer would be if the articles were there."""
    by_text: bool = False
    """Whether other articles whose text holds the answer count as positive too.

    So with links that were made by overlap of words, which the field `link_score` tells."""
    needs_context: bool = False
    """Whether it cannot be understood without its article: no question for a search."""

    @property
    def is_answerable(self) -> bool:
        """Whether an answer is right, not a refusal."""
        return self.kind != _UNANSWERABLE


def read_sets(paths: Sequence[Path], limit: int | None = None) -> list[Question]:
    """The questions of all files in order, of each at most `limit`.

    A set is named by its file, without its endings. Raises EvaluationError: `file:line: reason`.
    """
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise EvaluationError("the same file of questions is given twice")
    questions: list[Question] = []
    taken: set[str] = set()
    for path in paths:
        name = _unused(path.name.split(".")[0] or path.name, taken)
        taken.add(name)
        questions += read_set(path, name)[:limit]
    return questions


def read_set(path: Path, name: str) -> list[Question]:
    """The questions of one file. Raises EvaluationError: `file:line: reason`."""
    questions: list[Question] = []
    first: dict[str, int] = {}
    for number, line in _lines(path):
        try:
            question = _question(_object(line), name)
            if question.id in first:
                raise ValueError(
                    f"the id {question.id!r} is already that of line {first[question.id]}"
                )
        except ValueError as error:
            raise EvaluationError(f"{path}:{number}: {error}") from error
        first[question.id] = number
        questions.append(question)
    if not questions:
        raise EvaluationError(f"{path}: empty: there is no question in it")
    return questions


def read_passages(path: Path) -> list[Loaded]:
    """The articles of a JSON Lines file, read as a reload would read them, but none may be wrong.

    Raises EvaluationError: `file:line: reason`.
    """
    if not path.is_file():
        raise EvaluationError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    articles: list[Loaded] = []
    lines: dict[str, int | None] = {}
    for item in jsonl.read(path, str(path)):
        if not isinstance(item, Loaded):
            if item.lost:
                raise EvaluationError(f"{_place(path, item.line)}: {item.reason}")
            continue
        if item.article.id in lines:
            raise EvaluationError(
                f"{_place(path, item.line)}: the id {item.article.id!r} is already that of line "
                f"{lines[item.article.id]}"
            )
        lines[item.article.id] = item.line
        articles.append(item)
    return articles


def _place(path: Path, line: int | None) -> str:
    return f"{path}:{line}" if line else str(path)


def _unused(name: str, taken: set[str]) -> str:
    names = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read: {error.strerror}") from error


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > _MAX_LINE_BYTES:
        raise ValueError("the line is longer than 1 MB")
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("not valid JSON") from error
    if not isinstance(fields, dict):
        raise ValueError("not an object with id and question")
    return fields


def _question(fields: dict[str, Any], name: str) -> Question:
    """Raises ValueError with what is wrong."""
    if isinstance(fields.get("id"), str | int) and str(fields["id"]):
        question_id = str(fields["id"])
    else:
        raise ValueError("the field id is missing or is not a string")
    question = fields.get("question")
    question = question.replace("\x00", " ").strip() if isinstance(question, str) else ""
    if not question:
        raise ValueError("the field question is missing, empty or not a string")
    if len(question) > MAX_CHARACTERS:
        raise ValueError(
            f"the question has {len(question):,} characters; at most {MAX_CHARACTERS:,} are read"
        )
    known = _known(fields)
    return Question(set=name, id=question_id, question=question, **known)


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    if "article_id" in fields:
        article_id = _string_or_null(fields, "article_id")
        return {
            "kind": "golden" if article_id is not None else _UNANSWERABLE,
            "answers": _groups(fields, "require"),
            "positive": () if article_id is None else (article_id,),
            "asked_at": _date(fields.get("asked_at")),
        }
    if "article" in fields:
        headline = _string_or_null(fields, "article")
        return {
            "kind": "headline" if headline is not None else _UNANSWERABLE,
            "answers": _groups(fields, "require"),
            "headline": headline,
            "asked_at": _date(fields.get("asked_at")),
        }
    if "positive" in fields:
        return _of_set(fields)
    raise ValueError("none of the fields positive, article and article_id is there")


def _of_set(fields: Mapping[str, Any]) -> dict[str, Any]:
    answers = _strings(fields, "answers")
    kind = fields.get("kind") or ("single" if answers else _UNANSWERABLE)
    if not isinstance(kind, str):
        raise ValueError("the field kind is not a string")
    if kind != _UNANSWERABLE and not answers:
        raise ValueError(f"the field answers is empty, but the kind is {kind}")
    fake = fields.get("fake_answer") or []
    return {
        "kind": kind,
        "answers": _groups(fields, "answer_all") or ((answers,) if answers else ()),
        "positive": _strings(fields, "positive"),
        "asked_at": _date(fields.get("asked_at")),
        "positive_groups": _groups(fields, "positive_groups"),
        "positive_wrong": _strings(fields, "positive_wrong"),
        "fake_answers": _all_strings([fake] if isinstance(fake, str) else fake, "fake_answer"),
        "reference": _strings(fields, "reference"),
        "by_text": "link_score" in fields,
        "needs_context": fields.get("needs_context") is True,
    }


def _string_or_null(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields[name]
    if value is not None and not isinstance(value, str):
        raise ValueError(f"the field {name} is neither a string nor null")
    return value


def _strings(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return _all_strings(fields.get(name) or [], name)


def _groups(fields: Mapping[str, Any], name: str) -> Groups:
    groups = fields.get(name) or []
    if not isinstance(groups, list):
        raise ValueError(f"the field {name} is not a list")
    return tuple(_all_strings(group, name) for group in groups)


def _all_strings(values: object, name: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(
        isinstance(one, str | int) and str(one).strip() for one in values
    ):
        raise ValueError(f"the field {name} does not hold lists of strings")
    return tuple(map(str, values))


def _date(value: object) -> datetime.date | None:
    if value is None or value == "":
        return None
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("asked_at is not a date like 2025-03-05") from error
