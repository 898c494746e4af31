"""The column of the paper that a question names: 体育栏目, 《心路》栏目."""

import re
from collections.abc import Iterator

from retrieval.filters.publication import ABOUT, Filter
from retrieval.index.articles import ArticleStore
from retrieval.questions.listings import ARTICLE_WORD
from retrieval.questions.question import Asked
from retrieval.types import Span

_KIND = "(?:专栏|栏目|专版|版块|板块|栏(?![杆目位])|版(?![本权图画社面]))"
_ENDING = re.compile(f"{_KIND}$")
_NOT_WORD = re.compile(r"[\W_]+")
_OPENING = "[《“「『【〈]?"
_CLOSING = "[》”」』】〉]?"
_OF_ARTICLES = re.compile(
    rf"[里中上内]?(?:的?(?:[这那]一?[篇条则]|所有|全部)?{ARTICLE_WORD}|"
    "(?:刊登|刊发|刊载|登载|登|发表)[了过的])"
)


def column_key(folded: str) -> str:
    """One name for 心路, 《心路》 and 心路栏目."""
    return _ENDING.sub("", _NOT_WORD.sub("", folded)) or folded


def columns_of(asked: Asked, articles: ArticleStore) -> Iterator[tuple[Span, Filter]]:
    """Where a question names columns of the collection, those with the longest names first."""
    if not re.search(rf"{_KIND}|\bcolumn\b", asked.folded):
        return
    keys = {column_key(folded) for folded in articles.values("column").values()}
    for key in sorted(keys, key=len, reverse=True):
        named = f"{_OPENING}{re.escape(key)}{_CLOSING}"
        pattern = rf"{named}(?:这一?个|这)?{_KIND}|栏目{named}|{named} column\b|\bcolumn {named}"
        for match in re.finditer(pattern, asked.folded):
            yield Span(*match.span()), Filter(column=key)


def column_of(asked: Asked, articles: ArticleStore) -> Filter | None:
    """The column to whose articles a question confines itself."""
    for span, part in columns_of(asked, articles):
        after = _OF_ARTICLES.match(asked.folded, span.end)
        if after and not ABOUT.search(asked.folded, 0, span.start):
            return Filter(column=part.column, words=(Span(span.start, after.end()),))
    return None
