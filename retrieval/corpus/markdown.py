"""Markdown with YAML front matter: one article a file."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from retrieval.corpus.encoding import decode
from retrieval.corpus.fields import MAX_ARTICLE_BYTES, build_article
from retrieval.corpus.files import read_file
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_PARSER = MarkdownIt("commonmark", {"html": False})
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every scalar is the text as written: 007 is no number, 2025-02-30 no broken day."""

_NULLS = ("", "~", "null")
_MAX_FRONT_MATTER = 10_000
"""Longer ones are mistakes, or made to keep the parser busy."""

_NO_PUNCTUATION = "\ufdd0"
_STRONG_EDGE = re.compile(r"(?<=\*\*)(?=[“‘《「『【])|(?<=[”’》」』】。！？，：；])(?=\*\*)")
"""Of `**注意：**不要` CommonMark leaves the marks, unless no punctuation stands inside them."""


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """The article of one file and what is wrong with it."""
    return read_file(read_bytes, file, path, MAX_ARTICLE_BYTES)


def read_bytes(data: bytes, path: str) -> Iterator[Loaded | Problem]:
    """The same of a file's bytes."""
    try:
        source = decode(data).replace("\r\n", "\n").replace("\r", "\n")
        fields, body = _split_front_matter(source)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 2 if mark else None  # counted from the line after the first ---
        yield Problem(path, f"front matter is not valid YAML: {error.problem}", line)
        return
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield Problem(path, f"front matter is not valid YAML: {str(error).splitlines()[0]}")
        return
    title, text = plain_text(body, take_title=not fields.get("title"))
    if title:
        fields["title"] = title
    yield from build_article(fields, text, path=path, default_id=path, needs_title=True)


def _split_front_matter(source: str) -> tuple[dict[object, object], str]:
    if not re.match(r"---[ \t]*\n", source):
        return {}, source
    match = _FRONT_MATTER.match(source)
    if match is None:
        raise CorpusError("front matter is not closed: a line --- is missing")
    if len(match[1]) > _MAX_FRONT_MATTER:
        raise CorpusError(f"front matter over {_MAX_FRONT_MATTER:,} characters")
    fields = yaml.load(match[1], Loader=_LOADER)  # noqa: S506 (makes only texts, lists, mappings)
    if fields is None:
        return {}, source[match.end() :]
    if not isinstance(fields, dict):
        raise CorpusError("front matter must be lines of the form `name: value`")
    given = {name: value for name, value in fields.items() if value not in _NULLS}
    return given, source[match.end() :]


def plain_text(markdown: str, *, take_title: bool = False) -> tuple[str, str]:
    """Title and text without Markdown's marks; blocks are separated by a blank line.

    The title is that of a leading first-level heading, taken out of the text, when `take_title`.
    """
    tokens = _PARSER.parse(_STRONG_EDGE.sub(_NO_PUNCTUATION, markdown))
    title = ""
    if take_title and tokens and (tokens[0].type, tokens[0].tag) == ("heading_open", "h1"):
        title = _inline(tokens[1]).strip()
        tokens = tokens[3:]
    blocks: list[str] = []
    markers: list[str] = []
    ordinals: list[int | None] = []
    for token in tokens:
        if token.type == "ordered_list_open":
            ordinals.append(int(token.attrs.get("start", 1)))
        elif token.type == "bullet_list_open":
            ordinals.append(None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            ordinals.pop()
        elif token.type == "list_item_open":
            ordinal = ordinals[-1]
            if ordinal is not None:
                markers.append(f"{ordinal}{token.markup} ")
                ordinals[-1] = ordinal + 1
        elif token.type == "list_item_close":
            markers.clear()
        elif token.type == "inline":
            blocks.append("".join(markers) + _inline(token))
            markers.clear()
        elif token.type in ("code_block", "fence"):
            blocks.append("".join(markers) + token.content.strip("\n").replace(_NO_PUNCTUATION, ""))
            markers.clear()
    return title, "\n\n".join(block for block in blocks if block.strip())


def _inline(token: Token) -> str:
    parts: list[str] = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        else:
            parts.append(child.content)  # an image's content is its description
    return "".join(parts).replace(_NO_PUNCTUATION, "")
