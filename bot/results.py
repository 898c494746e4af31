"""What the commands print for programs: the JSON objects other programs are written against."""

import dataclasses
import json
from typing import Any

from retrieval.index.generations import Golden
from retrieval.reload import ReloadResult
from retrieval.types import Answer, Article

_NEAREST_FIELDS = ("article_id", "title", "date")
_FOR_FRONTS = ("held", "names", "outdated")
_CITATION_FIELDS = (
    *("number", "article_id", "title", "byline", "date", "source"),
    *("field", "start", "end", "quote"),
)


def answer_object(answer: Answer, question_id: object = None) -> dict[str, Any]:
    """The object of `baoda ask --json`."""
    return {
        "id": question_id,
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "mode": answer.mode,
        "citations": [
            {name: getattr(citation, name) for name in _CITATION_FIELDS}
            for citation in answer.citations
        ],
        "passages": [
            {
                "article_id": passage.chunk.article_id,
                "chunk_id": passage.chunk.id,
                "start": passage.chunk.start,
                "end": passage.chunk.end,
                "score": passage.score,
            }
            for passage in answer.passages
        ],
        "nearest": [
            {name: getattr(article, name) for name in _NEAREST_FIELDS} for article in answer.nearest
        ],
        "timings_ms": dataclasses.asdict(answer.timings_ms),
    }


def article_object(article: Article) -> dict[str, Any]:
    """The object of `baoda show --json`: all fields."""
    return dataclasses.asdict(article)


def reload_object(result: ReloadResult) -> dict[str, Any]:
    """The object of `baoda reload --json`."""
    fields = dataclasses.asdict(result)
    for name in _FOR_FRONTS:
        del fields[name]
    fields["failed"] = [
        {"file": problem.file, "line": problem.line, "reason": problem.reason}
        for problem in result.failed
    ]
    return fields | {"golden": golden_object(result.golden)}


def attended_object(result: ReloadResult) -> dict[str, Any]:
    """The same with what a front needs besides."""
    return reload_object(result) | {
        name: value for name, value in dataclasses.asdict(result).items() if name in _FOR_FRONTS
    }


def golden_object(golden: Golden | None) -> dict[str, int] | None:
    """How many golden questions were answered as they should be, None where there are none."""
    return {"passed": len(golden.passed), "total": golden.total} if golden else None


def to_line(value: object) -> str:
    """One line of JSON that any terminal and any pipe can carry."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return text.encode("utf-8", "backslashreplace").decode()
