"""Articles as buttons, links and lists open them, read on a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from telegram import Bot

from bot.phrases import Phrases
from bot.telegram.buttons import OpenArticle, OpenCitation
from bot.telegram.links import Links
from bot.telegram.rendering import Part, render_changed, render_citation, render_page
from retrieval.errors import CollectionError
from retrieval.index.articles import Placed
from retrieval.index.kept import KeptArticles, Standing
from retrieval.types import Article, Holdings

T = TypeVar("T")


class Unopenable(Exception):
    """There is nothing to open; says why, in the reader's language."""


class Shelf:
    """The articles of the live generation and of those that are kept."""

    def __init__(self, articles: KeptArticles, *, bot: Bot) -> None:
        self._articles = articles
        self._bot = bot
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="articles")

    def close(self) -> None:
        """Finish what is looked up and let go of the articles."""
        self._thread.shutdown()
        self._articles.close()

    async def citation(self, opened: OpenCitation, phrases: Phrases) -> Part:
        """The quoted words in their surroundings. Raises Unopenable."""
        article, standing = await self._find(opened.key, opened.version, phrases)
        if standing is Standing.CHANGED:
            return render_changed(article, opened, phrases)
        former = standing is Standing.FORMER
        links = Links(self._bot.username)
        return render_citation(article, opened, phrases, links, former=former)

    async def page(self, opened: OpenArticle, phrases: Phrases) -> tuple[Part, bool]:
        """A page of an article; whether it is of another version than was asked for.

        Raises Unopenable.
        """
        article, standing = await self._find(opened.key, opened.version, phrases)
        changed = standing is Standing.CHANGED
        if changed:
            opened = OpenArticle(opened.key, "", opened.page)
        former = standing is Standing.FORMER
        return render_page(article, opened, phrases, former=former), changed

    async def latest(self, offset: int, limit: int, phrases: Phrases) -> list[Article]:
        """The newest articles from the one of that number on. Raises Unopenable."""
        return await self._read(lambda: self._articles.latest(offset, limit), phrases)

    async def placed(self, key: str, phrases: Phrases) -> Placed | None:
        """The live article with that short key and its file, None for none. Raises Unopenable."""
        return await self._read(lambda: self._articles.placed(key), phrases)

    async def titled(self, title: str, most: int, phrases: Phrases) -> list[Article]:
        """The first live articles with exactly that title. Raises Unopenable."""
        return await self._read(lambda: self._articles.titled(title, most), phrases)

    async def holdings(self, phrases: Phrases) -> Holdings:
        """What the collection holds. Raises Unopenable."""
        return await self._read(self._articles.holdings, phrases)

    async def count(self, phrases: Phrases) -> int:
        """How many articles there are. Raises Unopenable."""
        return await self._read(self._articles.count, phrases)

    async def _find(self, key: str, version: str, phrases: Phrases) -> tuple[Article, Standing]:
        found = await self._read(lambda: self._articles.find(key, version), phrases)
        if found.article is None:
            raise Unopenable(phrases.article_gone)
        return found.article, found.standing

    async def _read(self, read: Callable[[], T], phrases: Phrases) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, read)
        except CollectionError as error:
            raise Unopenable(phrases.indexing) from error
