"""The article that a question names by its title: 《标题》这篇报道."""

import re
from collections.abc import Iterator
from typing import Literal

from retrieval.filters.publication import Filter
from retrieval.index.articles import ArticleStore
from retrieval.questions.listings import ARTICLE_WORD
from retrieval.questions.question import Asked
from retrieval.types import Span

_TITLE_MARKS = "《〈"
_QUOTED = [
    re.compile(f"[{opening}](?P<title>[^{opening}{closing}]{{2,80}})[{closing}]")
    for opening, closing in ("《》", "〈〉", "“”", "「」", "『』", '""')
]
_AFTER = re.compile(
    rf"[这那此该本]一?[篇条则个]?(?:新闻报道|{ARTICLE_WORD})|一文|"
    r"[这那此该]一?[篇条则](?=$|[\s?,。]|主要|都|里|中|[讲说写登是在有]|的?作者)|"
    "(?:报[道导]|文章|通讯|消息)(?=[中里说]|提到)"
)
_BEFORE = re.compile(
    r"(?:题为|标题[为是叫]|题目[为是叫])$"
    r"|\b(?:article|story|report) (?:(?:titled|entitled|called|headlined) )?$"
)
_HAVING_TITLE = re.compile(rf"的?一?[篇条则]?{ARTICLE_WORD}")
_THIS_ARTICLE = re.compile(rf"(?:[这那此该本]一?[篇条则]|^(?:请问)?)(?:新闻报道|{ARTICLE_WORD})$")
_THAT = re.compile("那")
_WRITING = re.compile("文章|一文")
_SOMEBODY_IN = re.compile(r"[\u4e00-\u9fff]{2,}(?<!记者)(?<!报)(?:在|发表[的了]?)$")
"""Stands before a writing of somebody whom an article speaks of: 鲁迅在《药》一文中."""

_LEAST_PART = 4
_LEAST_HEADLINE = 7
"""Characters of what is a headline even where 那篇 or quotation marks could speak of its topic."""

_NOT_WORD = re.compile(r"[\W_]+")


def title_of(asked: Asked, articles: ArticleStore) -> Filter | None:
    """The title that a question names: one of the collection, or one that no article has."""
    unknown: Filter | None = None
    for match in _quotes(asked.folded):
        after = _AFTER.match(asked.folded, match.end())
        before = _BEFORE.search(asked.folded, 0, match.start())
        this = _THIS_ARTICLE.search(asked.folded, 0, match.start())
        if after is None and before is None and this is None:
            continue
        first = before or this
        words = Span(
            first.start() if first else match.start(), after.end() if after else match.end()
        )
        named = bare(match["title"])
        title = _one_title(named, articles)
        if title is not None:
            return Filter(title=title, words=(words,))
        if _is_headline(asked.folded, match, after) and _is_in_no_title(named, articles):
            unknown = unknown or Filter(title=named, words=(words,))
    return unknown


def bare(folded: str) -> str:
    """A title without its punctuation."""
    return _NOT_WORD.sub("", folded)


def _quotes(folded: str) -> Iterator[re.Match[str]]:
    for pattern in _QUOTED:
        yield from pattern.finditer(folded)


def _is_headline(folded: str, quoted: re.Match[str], after: re.Match[str] | None) -> bool:
    """Whether what is quoted can be nothing but the title of an article of the collection."""
    if after is None:
        has_title = _HAVING_TITLE.match(folded, quoted.end())
        this = _THIS_ARTICLE.search(folded, 0, quoted.start())
        plain = quoted[0][0] in _TITLE_MARKS and (has_title or this) is not None
    elif _WRITING.search(after[0]) and _SOMEBODY_IN.search(folded, 0, quoted.start()):
        return False
    else:
        plain = quoted[0][0] in _TITLE_MARKS and not _THAT.match(after[0])
    return plain or (after is not None and len(bare(quoted["title"])) >= _LEAST_HEADLINE)


def _is_in_no_title(named: str, articles: ArticleStore) -> bool:
    """Whether there are titles, and neither they nor kickers hold what is named."""
    titles = _all(articles, "title")
    known = titles | _all(articles, "kicker")
    return bool(titles and named) and not any(
        named in one or _is_shortened(named, one) for one in known
    )


def _one_title(named: str, articles: ArticleStore) -> str | None:
    """The title of the collection that is meant: whole, with its kicker, or a part no other has."""
    titles = _all(articles, "title")
    if named in titles:
        return named
    holding = [title for title in titles if named in title] if len(named) >= _LEAST_PART else []
    if not holding and (after := [title for title in titles if named.endswith(title)]):
        kickers = _all(articles, "kicker")
        holding = [title for title in after if named.removesuffix(title) in kickers]
    holding = holding or [title for title in titles if _is_shortened(named, title)]
    return holding[0] if len(holding) == 1 else None


def _is_shortened(named: str, title: str) -> bool:
    """Whether it is the title with words left out, at least half of it: 朋友圈变共赢圈."""
    rest = iter(title)
    return (
        len(named) >= max(_LEAST_PART, len(title) / 2)
        and len(named) < len(title)
        and all(character in rest for character in named)
    )


def _all(articles: ArticleStore, name: Literal["title", "kicker"]) -> set[str]:
    return {bare(folded) for folded in articles.values(name).values()} - {""}
