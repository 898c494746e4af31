"""Fields as an editor wrote them to an Article, with a word on each that is wrong."""

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from retrieval.corpus.encoding import sanitise
from retrieval.types import Article, Loaded, Problem

MAX_ARTICLE_BYTES = 2_000_000
_MAX_ID_CHARACTERS = 500
_MAX_FIELD_CHARACTERS = 5_000
_MAX_LIST = 100
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*(?:日.*|[T ].*)?", re.DOTALL
)
_NAMES = ("title", "kicker", "byline", "column", "source", "page", "url")


def titled_id(path: str, title: str, text: str) -> str:
    """Id of one of several articles in a file: stable while its title is."""
    digest = hashlib.sha256((title or text[:50]).encode("utf-8", "replace")).hexdigest()
    return f"{path}#{digest[:8]}"


def build_article(
    fields: Mapping[Any, object],
    text: str,
    *,
    path: str,
    default_id: str,
    needs_title: bool,
    line: int | None = None,
) -> Iterator[Loaded | Problem]:
    """The article, if it can be used, after the problems found in its fields."""
    if not text.strip():
        yield Problem(path, "empty: there is no text", line)
        return
    if len(text.encode()) > MAX_ARTICLE_BYTES:
        yield Problem(path, "article over 2 MB", line)
        return
    values: dict[str, str] = {}
    for name in _NAMES:
        value = _scalar(fields.get(name))
        if value is None:
            yield Problem(path, f"{name} is not a short text; left out", line, lost=False)
        values[name] = value or ""
    date = parse_date(fields.get("date"))
    if date is None:
        reason = "date is not a day like 2025-03-05; indexed without a date"
        yield Problem(path, reason, line, lost=False)
    if needs_title and not values["title"]:
        yield Problem(path, "title is missing; indexed without one", line, lost=False)
    article_id = _scalar(fields.get("id"))
    if article_id is None or len(article_id) > _MAX_ID_CHARACTERS:
        reason = "id is not a short text; the file's name is used"
        yield Problem(path, reason, line, lost=False)
        article_id = ""
    article = Article(article_id or default_id, text=text, date=date or "", **values)
    yield Loaded(article, path, line)


def parse_date(value: object) -> str | None:
    """YYYY-MM-DD, "" for no date, None for what is no date."""
    if value is None or value == "":
        return ""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", str(value)).strip())
    if match is None:
        return None
    try:
        return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None


def _scalar(value: object) -> str | None:
    """One short line of text; a list of them is joined; None for anything else."""
    if value is None:
        return ""
    if isinstance(value, list):
        if len(value) > _MAX_LIST or any(isinstance(part, list) for part in value):
            return None
        parts = [_scalar(part) for part in value]
        value = None if None in parts else " ".join(map(str, parts))
    if value is None or isinstance(value, bool | dict):
        return None
    text = " ".join(sanitise(str(value)).split())
    return text if len(text) <= _MAX_FIELD_CHARACTERS else None
