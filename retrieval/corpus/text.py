"""Plain text: one article, or a raw newspaper page that holds several."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.corpus.encoding import decode
from retrieval.corpus.fields import MAX_ARTICLE_BYTES, build_article, titled_id
from retrieval.corpus.files import read_file
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

if TYPE_CHECKING:
    from retrieval.corpus.newspaper import Page

MAX_PAGE_BYTES = 2 * MAX_ARTICLE_BYTES
"""Of a file; it may hold a whole issue."""


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """The articles of one file and what is wrong with them."""
    return read_file(read_bytes, file, path, MAX_PAGE_BYTES)


def read_bytes(data: bytes, path: str) -> Iterator[Loaded | Problem]:
    """The same of a file's bytes."""
    try:
        text = page_text(data)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    from retrieval.corpus.newspaper import split_page  # loads a segmenter: for pages only

    yield from articles(split_page(text), path)


def articles(page: "Page", path: str) -> Iterator[Loaded | Problem]:
    """The articles of a page that was read from `path`, and what is wrong with them."""
    for article_id, article in zip(article_ids(page, path), page.articles, strict=True):
        fields = {
            "title": article.title,
            "kicker": article.kicker,
            "byline": article.byline,
            "column": article.column,
            "date": article.date,
            "page": article.page,
        }
        yield from build_article(
            fields, article.text, path=path, default_id=article_id, needs_title=False
        )


def page_text(data: bytes) -> str:
    """The text that offsets count in: decoded, every line end a LF. Raises CorpusError."""
    return decode(data).replace("\r\n", "\n").replace("\r", "\n")


def article_ids(page: "Page", path: str) -> list[str]:
    """Ids in the order of the articles.

    The path for a single one; else from the title, or where an article above has the same, from
    the beginning of the text, or from all of it.
    """
    if len(page.articles) == 1:
        return [path]
    ids: list[str] = []
    for article in page.articles:
        title = " ".join(article.title.split())
        wanted = [titled_id(path, *key) for key in ((title, article.text), ("", article.text))]
        wanted.append(titled_id(path, article.text, ""))
        ids.append(next((each for each in wanted if each not in ids), wanted[-1]))
    return ids
