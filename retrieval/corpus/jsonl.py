"""JSON Lines: one article a line, read one line at a time."""

import json
from collections.abc import Iterator
from pathlib import Path

from retrieval.corpus.encoding import detect, sanitise
from retrieval.corpus.fields import MAX_ARTICLE_BYTES, build_article, titled_id
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

_SAMPLE_BYTES = 65_536
_MAX_LINE_BYTES = 3 * MAX_ARTICLE_BYTES  # a character written as \uXXXX takes six bytes for two


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """Every line's article, in order, and the lines that are none."""
    with file.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
        try:
            codec = detect(sample, cut=len(sample) == _SAMPLE_BYTES)
        except CorpusError as error:
            if not sample.lstrip().startswith(b"{"):
                yield Problem(path, str(error))
                return
            codec = "utf-8"  # a line that is not will be reported
        if codec.startswith(("utf-16", "utf-32")):
            yield Problem(path, "JSON Lines must be UTF-8; save the file in that encoding")
            return
        stream.seek(0)
        number = 0
        while line := stream.readline(_MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > _MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = stream.readline(_MAX_LINE_BYTES)
                yield Problem(path, "article over 2 MB", number)
            elif line.strip():
                yield from _article(line, codec, path, number)


def _article(line: bytes, codec: str, path: str, number: int) -> Iterator[Loaded | Problem]:
    try:
        fields = json.loads(line.decode(codec))
    except UnicodeDecodeError:
        yield Problem(path, f"not valid {codec}", number)
        return
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too long"
        yield Problem(path, f"not valid JSON: {reason}", number)
        return
    if not isinstance(fields, dict):
        yield Problem(path, "not an object with id, title and text", number)
        return
    text = fields.get("text")
    if not isinstance(text, str):
        yield Problem(path, "the field text is missing or is not a string", number)
        return
    text = sanitise(text)
    title = fields.get("title")
    default_id = titled_id(path, title if isinstance(title, str) else "", text)
    yield from build_article(
        fields, text, path=path, default_id=default_id, needs_title=False, line=number
    )
