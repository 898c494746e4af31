"""Articles into the inbox, the folder for those that came by chat."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bot.article_files import PARTIAL, is_free_for, possible_names, write_article_as
from bot.desk.places import PlaceError, own_folder
from retrieval.types import Article

INBOX = "inbox"
_OLD_SECONDS = 3600


class Inbox:
    """CORPUS_DIR/inbox. Nothing is written outside of it, nor over another file."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus

    def names_for(self, articles: Sequence[tuple[Article, str]]) -> list[str]:
        """A free file name for each article, the same for the same contents.

        With each comes the name that it was given before, "" for none: that is kept while no
        other file has it. Raises PlaceError.
        """
        folder = own_folder(self._corpus, INBOX)
        taken: dict[str, Article] = {}
        names = []
        try:
            for article, former in articles:
                wanted = (former, *possible_names(article)) if former else possible_names(article)
                name = next(
                    name
                    for name in wanted
                    if _same(taken.get(name, article), article)
                    and is_free_for(folder, name, article)
                )
                taken[name] = article
                names.append(name)
        except OSError as error:
            raise PlaceError.of(error, INBOX) from error
        return names

    def write(self, name: str, article: Article) -> bool:
        """Write the article under that name; False where another file has it by now.

        Where the same stands there already nothing is done. Raises PlaceError.
        """
        folder = own_folder(self._corpus, INBOX)
        try:
            return write_article_as(folder, name, article)
        except OSError as error:
            raise PlaceError.of(error, INBOX) from error

    def sweep(self) -> None:
        """Delete what was left of files when a bot was killed while it wrote them."""
        with suppress(OSError, PlaceError):
            for file in (self._corpus / INBOX).glob(f".*{PARTIAL}"):
                if time.time() - file.lstat().st_mtime > _OLD_SECONDS:
                    file.unlink()


def path_of(name: str) -> str:
    """The path of a file in the inbox relative to the folder of articles; its article's id."""
    return f"{INBOX}/{name}"


def _same(one: Article, other: Article) -> bool:
    """Whether their files hold the same: an id is not kept in them."""
    return replace(one, id=other.id) == other
