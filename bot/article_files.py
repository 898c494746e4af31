"""Articles to Markdown files that read back the same."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from retrieval.corpus.markdown import plain_text
from retrieval.durable import flush
from retrieval.types import Article

_FIELDS = ("title", "kicker", "byline", "column", "date", "source", "page", "url")
PARTIAL = ".part"
"""How the name ends of a file that is not complete; it begins with a full stop."""

_MAX_NAME_BYTES = 120
_MAX_SAME_NAME = 1_000
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028\u2029\ufeff\ufffd]+')
_NO_ARTICLE = re.compile(r"readme", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\`*_\[\]<>&!|~]")
_LINE_START = re.compile(r"^(#|[-+=](?=[\s\-+=]|$)|\d{1,9}(?=[.)]))", re.MULTILINE)


def write_article(folder: Path, article: Article) -> Path:
    """The Markdown file of an article, named after its title; no file is ever replaced.

    One of that name that holds the same is left as it is.

    Raises OSError.
    """
    with _complete(folder, article) as (partial, content):
        for name in possible_names(article):
            file = folder / name
            if _publish(partial, file) or _holds(file, content):
                flush(folder)
                return file
    raise FileExistsError(f"{folder}: too many files named {file_stem(article)}")


def write_article_as(folder: Path, name: str, article: Article) -> bool:
    """Write the Markdown file of an article under that name; False where another file has it.

    One that holds the same is left as it is. Raises OSError.
    """
    with _complete(folder, article) as (partial, content):
        is_there = _publish(partial, folder / name) or _holds(folder / name, content)
    if is_there:
        flush(folder)
    return is_there


def is_free_for(folder: Path, name: str, article: Article) -> bool:
    """Whether the article may be written under that name. Raises OSError."""
    file = folder / name
    return not os.path.lexists(file) or _holds(file, to_markdown(article).encode())


@contextmanager
def _complete(folder: Path, article: Article) -> Iterator[tuple[Path, bytes]]:
    """The article on disk under a name that no reader takes, and its bytes."""
    content = to_markdown(article).encode()
    partial = folder / f".{secrets.token_hex(8)}{PARTIAL}"
    try:
        with partial.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield partial, content
    finally:
        partial.unlink(missing_ok=True)


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _publish(partial: Path, file: Path) -> bool:
    """Give a complete file its name; False when there is another of that name."""
    try:
        os.link(partial, file)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            file.touch(exist_ok=False)
        except FileExistsError:
            return False
        partial.replace(file)
    return True


def to_markdown(article: Article) -> str:
    """Front matter and text; `markdown.read` makes the same fields and text of it.

    A text that Markdown would not keep, such as one with runs of spaces, stands in a fence.
    """
    fields = {name: value for name in _FIELDS if (value := getattr(article, name))}
    front = (
        yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=2**31) if fields else ""
    )
    body = _escaped(article.text)
    if plain_text(body)[1] != article.text:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", article.text)), default=0))
        body = f"{fence}\n{article.text}\n{fence}"
    return f"---\n{front}---\n\n{body}\n"


def file_stem(article: Article) -> str:
    """A file name without its ending: from the title, safe on every system."""
    name = _UNSAFE.sub(" ", article.title or article.text[:30])
    name = " ".join(name.split()).strip("._ ")
    if _NO_ARTICLE.match(name):
        name = f"article {name}"
    return name.encode()[:_MAX_NAME_BYTES].decode("utf-8", "ignore").rstrip("._ ") or "article"


def possible_names(article: Article) -> Iterator[str]:
    """What its file may be called, best first."""
    stem = file_stem(article)
    yield f"{stem}.md"
    for number in range(2, _MAX_SAME_NAME):
        yield f"{stem}-{number}.md"


def _escaped(text: str) -> str:
    """The text as Markdown paragraphs, every mark of Markdown's escaped."""
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    return _LINE_START.sub(lambda match: _escape_start(match[1]), escaped)


def _escape_start(mark: str) -> str:
    """The mark unable to begin a heading or a list; of a number its full stop or bracket."""
    return f"{mark}\\" if mark.isdigit() else f"\\{mark}"
