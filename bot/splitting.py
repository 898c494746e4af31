"""`baoda split`: a newspaper page's text layer to its articles, for an editor to check."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import logs
from bot.article_files import write_article
from bot.results import to_line
from bot.settings import Settings, SettingsError
from bot.wiring import make_join_chooser
from retrieval.corpus import text as plain
from retrieval.corpus.files import read_whole
from retrieval.corpus.newspaper import Choices, Join, Page, split_page
from retrieval.errors import CorpusError, ModelUnavailableError
from retrieval.types import Article, Loaded, Problem

if TYPE_CHECKING:
    from retrieval.answering.model.joins import JoinChooser

_BEFORE = 400
_AFTER = 150
_SHOWN = 12
"""Characters of the page shown to the chat model, and to a person."""


def split_file(
    settings: Settings, file: Path, *, folder: Path | None, with_model: bool, as_json: bool
) -> None:
    """Print the articles of a page, and with a `folder` write them there.

    Raises CorpusError, and SettingsError for `with_model` without a chat model.
    """
    chooser = _chooser(settings) if with_model else None
    text = _read(file)
    page = split_page(text)
    if chooser is not None:
        page = split_page(text, asyncio.run(_choices(text, page.joins, chooser)))
    path = _path_in_corpus(file, settings.corpus_dir)
    read = list(plain.articles(page, path))
    problems = [item for item in read if isinstance(item, Problem)]
    if as_json:
        print(to_line(_page_object(file, path, page, problems)))
    else:
        _show(text, page, problems)
    if folder is not None:
        _write(folder, [item.article for item in read if isinstance(item, Loaded)])


def _chooser(settings: Settings) -> "JoinChooser":
    chooser = make_join_chooser(settings)
    if chooser is None:
        raise SettingsError(
            "--split-with-model needs a chat model: set OPENAI_API_KEY or OPENAI_BASE_URL"
        )
    return chooser


def _read(file: Path) -> str:
    if not file.exists():
        raise CorpusError(f"no file at {file}")
    try:
        return plain.page_text(read_whole(file, plain.MAX_PAGE_BYTES))
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read: {error.strerror}") from error
    except CorpusError as error:
        raise CorpusError(f"{file}: {error}") from error


def _path_in_corpus(file: Path, corpus: Path) -> str:
    """What the articles' ids begin with once the file lies in the folder of articles."""
    resolved = Path(os.path.realpath(file))
    root = os.path.realpath(corpus)
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else file.name


async def _choices(text: str, joins: Sequence[Join], chooser: "JoinChooser") -> Choices:
    """What the chat model decides of the doubtful joins; the rules keep the rest."""
    choices: dict[int, int | None] = {}
    for join in joins:
        if not join.doubtful:
            continue
        starts = sorted(candidate.start for candidate in join.candidates)
        before = text[max(0, join.at - _BEFORE) : join.at]
        try:
            chosen = await chooser.choose(before, [text[at : at + _AFTER] for at in starts])
        except ModelUnavailableError as error:
            place = text[max(0, join.at - _SHOWN) : join.at]
            logs.say(f"the rules decide where “{_on_one_line(place)}” goes on: {error}")
            continue
        choices[join.at] = None if chosen is None else starts[chosen]
    return choices


def _page_object(file: Path, path: str, page: Page, problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "file": str(file),
        "articles": [
            {
                "id": article_id,
                "title": article.title,
                "kicker": article.kicker,
                "byline": article.byline,
                "column": article.column,
                "date": article.date,
                "page": article.page,
                "text": article.text,
                "parts": [
                    {
                        "field": part.field,
                        "start": part.start,
                        "end": part.end,
                        "before": part.before,
                    }
                    for part in article.parts
                ],
            }
            for article_id, article in zip(
                plain.article_ids(page, path), page.articles, strict=True
            )
        ],
        "layout": [{"start": span.start, "end": span.end} for span in page.layout],
        "joins": [
            {
                "article": join.article,
                "at": join.at,
                "to": join.to,
                "score": join.score,
                "doubtful": join.doubtful,
            }
            for join in page.joins
        ],
        "problems": [{"line": problem.line, "reason": problem.reason} for problem in problems],
    }


def _show(text: str, page: Page, problems: Sequence[Problem]) -> None:
    for number, article in enumerate(page.articles, start=1):
        print(f"{number}. {article.title or '(no title)'}")
        for name in ("kicker", "byline", "column", "date", "page"):
            if value := getattr(article, name):
                print(f"   {name:<8}{value}")
        pieces = sum(part.field == "text" for part in article.parts)
        print(f"   {'text':<8}{len(article.text)} characters in {pieces} pieces")
        for join in page.joins:
            if join.article == number - 1:
                print(f"   {'doubt' if join.doubtful else 'join':<8}{_join_line(text, join)}")
    for problem in problems:
        print(f"problem: {problem.reason}")


def _join_line(text: str, join: Join) -> str:
    left = _on_one_line(text[max(0, join.at - _SHOWN) : join.at])
    if join.to is None:
        return f"…{left} | goes on nowhere on this page"
    right = _on_one_line(text[join.to : join.to + _SHOWN])
    return f"…{left} | {right}…  (score {join.score:g})"


def _write(folder: Path, articles: Sequence[Article]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for article in articles:
        logs.say(f"written: {write_article(folder, article)}")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
