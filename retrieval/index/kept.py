"""Articles as a link names them, by short key and version, and the live ones by their days.

A link outlives the generation that it was made in: then a kept one has its article.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum

from retrieval.errors import CollectionError
from retrieval.index.articles import ArticleStore, Placed, article_version
from retrieval.index.generations import ARTICLES, Generations
from retrieval.types import Article, Holdings


class Standing(StrEnum):
    """What has become of the version of an article that was looked up."""

    CURRENT = "current"
    """It is live."""
    FORMER = "former"
    """Another version is live, or none; this one is in a kept generation."""
    CHANGED = "changed"
    """It is kept nowhere any more; another version is live."""
    GONE = "gone"
    """Neither it nor another version is there."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """An article in the version asked for; the live one where that CHANGED, None when GONE."""

    article: Article | None
    standing: Standing


class KeptArticles:
    """Looks articles up. The live generation stays open between two calls, the others do not.

    What is open is not deleted by a reload. May be used by several threads.
    """

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._lock = threading.Lock()
        self._live: _Opened | None = None
        self._holdings: tuple[str, Holdings] | None = None

    def find(self, key: str, version: str) -> LookedUp:
        """The article with that short key, in that version.

        "" is the live one, whichever it is; where there is none, the last one that is kept.

        Raises NoCollectionError before the first reload, CollectionError when the live generation
        cannot be read.
        """
        with self._lock:
            live = self._opened_live()
            current = live.articles.by_key(key)
            if current is not None and version in ("", article_version(current)):
                return LookedUp(current, Standing.CURRENT)
            if version or current is None:
                former = self._former(key, version, live.generation)
                if former is not None:
                    return LookedUp(former, Standing.FORMER)
        return LookedUp(current, Standing.CHANGED if current else Standing.GONE)

    def placed(self, key: str) -> Placed | None:
        """The live article with that short key and its file, or None. Raises as `find` does."""
        with self._lock:
            return self._opened_live().articles.placed(key)

    def titled(self, title: str, most: int) -> list[Article]:
        """The first live articles with exactly that title. Raises as `find` does."""
        with self._lock:
            return self._opened_live().articles.titled(title, most)

    def latest(self, offset: int, limit: int) -> list[Article]:
        """The live articles, the newest first, at most `limit` from the one at `offset` on.

        Of one day in the order of the collection; without a date at the end. Raises as `find` does.
        """
        with self._lock:
            return self._opened_live().articles.newest(offset, limit)

    def holdings(self) -> Holdings:
        """What the live generation holds. Raises as `find` does."""
        with self._lock:
            live = self._opened_live()
            if self._holdings is None or self._holdings[0] != live.generation:
                self._holdings = live.generation, live.articles.holdings()
            return self._holdings[1]

    def count(self) -> int:
        """How many live articles there are. Raises as `find` does."""
        return self.holdings().articles

    def close(self) -> None:
        """Let go of the live generation."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.kept.close()

    def _opened_live(self) -> "_Opened":
        """Between looking up its name and opening it, it may be deleted: then another one is."""
        while True:
            generation = self._generations.require_live()
            if self._live is not None and self._live.generation == generation:
                return self._live
            self._let_go()
            try:
                self._live = self._open(generation)
            except CollectionError:
                if self._generations.live() == generation:
                    raise

    def _former(self, key: str, version: str, live: str) -> Article | None:
        for generation in self._generations.kept():
            if generation == live:
                continue
            try:
                with self._reading(generation) as articles:
                    article = articles.by_key(key)
            except CollectionError:  # deleted just now, damaged, or of a version without keys
                continue
            if article is not None and version in ("", article_version(article)):
                return article
        return None

    def _open(self, generation: str) -> "_Opened":
        with ExitStack() as stack:
            articles = stack.enter_context(self._reading(generation))
            return _Opened(generation, articles, stack.pop_all())

    @contextmanager
    def _reading(self, generation: str) -> Iterator[ArticleStore]:
        path = self._generations.folder(generation) / ARTICLES
        with self._generations.reading(generation), closing(ArticleStore(path)) as articles:
            yield articles


@dataclass(frozen=True, slots=True)
class _Opened:
    generation: str
    articles: ArticleStore
    kept: ExitStack
    """Closes it and lets it be deleted."""
