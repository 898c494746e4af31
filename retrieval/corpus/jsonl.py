"""JSON Lines: one article a line, read one line at a time."""

import json
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO

from retrieval.corpus.encoding import detect, sanitise
from retrieval.corpus.fields import MAX_ARTICLE_BYTES, build_article, titled_id
from retrieval.corpus.files import CHANGED, Version, open_regular, version
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

_SAMPLE_BYTES = 65_536
_MAX_LINE_BYTES = 3 * MAX_ARTICLE_BYTES  # a character written as \uXXXX takes six bytes for two
_TOO_LONG = "article over 2 MB"
_EMPTY = "empty: there is no article in it"


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """Every line's article, in order, and the lines that are none.

    Of a file that grows meanwhile the lines it had at first; of one written anew, those before.
    """
    with open_regular(file) as stream:
        opened = version(stream)
        try:
            codec = _codec(stream)
        except CorpusError as error:
            yield Problem(path, str(error))
            return
        stream.seek(0)
        is_empty = True
        for number, line in enumerate(_lines(stream, opened), 1):
            is_empty = is_empty and not line.strip()
            if len(line) > _MAX_LINE_BYTES:
                yield Problem(path, _TOO_LONG, number)
            elif line.strip():
                yield from _article(line, codec, path, number)
        if version(stream) != opened:
            yield Problem(path, CHANGED)
        elif is_empty:
            yield Problem(path, _EMPTY)


def read_bytes(data: bytes, path: str) -> Iterator[Loaded | Problem]:
    """The same of lines that are in memory."""
    stream = BytesIO(data)
    try:
        codec = _codec(stream)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    stream.seek(0)
    for number, line in enumerate(stream, 1):
        if len(line) > _MAX_LINE_BYTES:
            yield Problem(path, _TOO_LONG, number)
        elif line.strip():
            yield from _article(line, codec, path, number)
    if not data.strip():
        yield Problem(path, _EMPTY)


def _codec(stream: BinaryIO) -> str:
    sample = stream.read(_SAMPLE_BYTES)
    try:
        codec = detect(sample, cut=len(sample) == _SAMPLE_BYTES)
    except CorpusError:
        if not sample.lstrip().startswith(b"{"):
            raise
        return "utf-8"  # a line that is not will be reported
    if codec.startswith(("utf-16", "utf-32")):
        raise CorpusError("JSON Lines must be UTF-8; save the file in that encoding")
    return codec


def _lines(stream: BufferedReader, opened: Version) -> Iterator[bytes]:
    """Lines within the size at opening, as long as nothing of that was overwritten.

    Of a line over the limit only so much that this can be seen.
    """
    left = opened.size
    while line := stream.readline(min(left, _MAX_LINE_BYTES + 1)):
        left -= len(line)
        now = version(stream)
        if now != opened and now.size <= opened.size:
            return
        yield line
        while len(line) > _MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(min(left, _MAX_LINE_BYTES + 1))
            left -= len(line)


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
