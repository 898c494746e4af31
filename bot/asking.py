"""`baoda ask`: one question, or one JSON object a line."""

import datetime
import json
import sys
from typing import Any, BinaryIO

from bot import request_ids
from bot.indexing import verify_index
from bot.phrases import terminal_phrases
from bot.results import answer_object, to_line
from bot.settings import Settings
from bot.terminal import plain_answer
from bot.wiring import lone_answerer
from retrieval.answering.answerer import Answerer
from retrieval.errors import BaodaError, CollectionError
from retrieval.index.generations import Generations

_MAX_LINE_BYTES = 1_000_000


class _LineError(Exception):
    """A line that is no question; says why."""


async def answer_one(settings: Settings, question: str, *, as_json: bool) -> None:
    """Print the answer to one question. Raises BaodaError."""
    verify_index(settings)
    Generations(settings.data_dir).require_live()
    with lone_answerer(settings) as answerer:
        answer = await answerer.answer(question)
    phrases = terminal_phrases(settings.bot_language)
    print(to_line(answer_object(answer)) if as_json else plain_answer(answer, phrases), flush=True)


async def answer_lines(settings: Settings, stream: BinaryIO) -> None:
    """Print an object for every line that is not blank, in order.

    A line that cannot be answered yields {"id", "error"}. Raises CollectionError.
    """
    verify_index(settings)
    Generations(settings.data_dir).require_live()
    with lone_answerer(settings) as answerer:
        while line := stream.readline(_MAX_LINE_BYTES + 1):
            if len(line) > _MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = stream.readline(_MAX_LINE_BYTES)
                result = {"id": None, "error": "the line is longer than 1 MB"}
            elif not line.strip():
                continue
            else:
                with request_ids.request():
                    result = await _answer_line(answerer, line)
            sys.stdout.write(to_line(result) + "\n")
            sys.stdout.flush()


async def _answer_line(answerer: Answerer, line: bytes) -> dict[str, Any]:
    question_id: object = None
    try:
        fields = _parse(line)
        question_id = fields.get("id")
        asked_at = _date(fields.get("asked_at"))
        question = fields.get("question")
        if not isinstance(question, str):
            raise _LineError("the field question is missing or is not a string")
        answer = await answerer.answer(question, asked_at=asked_at)
    except CollectionError:
        raise  # no line would be answered
    except (_LineError, BaodaError) as error:
        return {"id": question_id, "error": str(error)}
    return answer_object(answer, question_id)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _LineError("the line is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _LineError("the line is not valid JSON") from error
    if not isinstance(fields, dict):
        raise _LineError("the line is not a JSON object")
    return fields


def _date(value: object) -> datetime.date | None:
    if value is None:
        return None
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError as error:
        raise _LineError("asked_at is not a date like 2025-03-05") from error
