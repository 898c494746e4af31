"""Which articles a question confines itself to: by day, person, newspaper, page, column, title.

Only words about publication do so (去年7月的报道, 3月5日刊登的, 张三采写的, 《标题》这篇报道). When
something happened says nothing of when it was printed: where a question may mean either, and where
the collection knows no such person or newspaper, it is asked of all articles.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from retrieval.filters.columns import column_key, column_of
from retrieval.filters.persons import with_those_before
from retrieval.filters.publication import (
    ABOUT,
    JOINED,
    LONGEST_PERSON,
    PAGE,
    VAGUE,
    Filter,
    bounded,
    bylines_of,
    dates_of,
    page_key,
    pages_alike,
    values_of,
)
from retrieval.filters.rows import beside_listing
from retrieval.filters.titles import bare, title_of
from retrieval.folding import DateSpan
from retrieval.index.articles import ArticleStore
from retrieval.pinyin import romanised_person
from retrieval.questions.listings import ARTICLE_WORD, listing_of, topic_words, without
from retrieval.questions.question import Asked
from retrieval.types import Article, Field, Span
from retrieval.words import ASKING_WORDS, content_words, persons_of


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A question with the chunks of which it is asked."""

    asked: Asked
    """Without the words of the filter; whole where it says nothing else, where nothing matches, and
    where it asks for a field of the article so named, or for articles themselves."""
    chunks: frozenset[int] | None
    """None: all; none at all where no article is of that day or page."""


_WORD = ARTICLE_WORD
_ONE = "(?:[这那哪](?:一|几|两)?[篇条则份期天些个]?|[几一两]篇|所有|全部)?"
_PRINTED = "(?:刊登|刊发|刊载|登载|见报|登报|登出|刊出)"
_PAPER = r"(?:《[^《》]{1,10}》|[\u4e00-\u9fff]{2,6}[日晚早晨时]报(?!社|道|集团|记者))"
_CLAUSE = "[^,。;?!:]"
_NO_CLIMB = "(?![山峰顶塔楼岛船机记陆台门])"
_AFTER_DATE = re.compile(
    rf"(?P<bound>以前|之前|以后|之后)?(?:[这那]一?天|当[天日])?(?:"
    rf"的{_ONE}{_WORD}|[那这](?:一|几|两)?[篇条则份期些个]{_WORD}|报[道导纸](?![组员会])|"
    rf"的?《[^《》]{{1,10}}[报刊]》|的{_PAPER}|"
    rf"{_PAPER}?(?:{_PRINTED}的?|报[道导](?![组员会]))|登[的了]{_NO_CLIMB}(?={_CLAUSE}{{0,20}}?{_WORD})|"
    rf"登[在于](?=报上|{PAGE}|{_PAPER})|登的(?=[讲说]|是(?!.{{0,6}}[山峰岛塔楼船])|[那这][篇条则期些]|内容)|"
    rf"{_PAPER}?发表的(?!讲话|演讲|致辞|声明|谈话)(?={_CLAUSE}{{0,20}}?{_WORD})|"
    rf"发布的{_ONE}(?:报[道导]|文章|稿子|稿件)|的?{PAGE})"
)
_BEFORE_DATE = re.compile(rf"(?:{_PRINTED}|登)[于在]$")
_BEFORE_DATE_OF_ARTICLES = re.compile("(?:发表|出版)[于在]$")
_ANY_WORD = re.compile(_WORD)

_ENGLISH_WORD = r"(?:articles?|headlines|stories|story|news ?papers?|news reports?)"
_ENGLISH_BEFORE = re.compile(
    rf"(?:\b{_ENGLISH_WORD} (?:(?:that|which) )?(?:(?:was|were|is|are) )?"
    r"(?:(?:published|printed|from|of|dated|in|on|during) ?){1,2}"
    r"|\breports? (?:(?:that|which) )?(?:(?:was|were) )?(?:published|printed) (?:(?:in|on) )?)"
    r"(?:the )?$"
)
_ENGLISH_PRINTED = re.compile(r"\b(?:published|printed) (?:(?:in|on|during) )?(?:the )?$")
_ENGLISH_AFTER = re.compile(
    rf"(?:['’]s)? (?:{_ENGLISH_WORD}|reports?|paper|issue|edition)\b(?! (?:card|book|conference))"
)
_ENGLISH_WORDS = re.compile(rf"\b(?:{_ENGLISH_WORD}|reports?)\b")
_NOT_AN_ARTICLE = re.compile(r"\b(?:books?|novels?|albums?|journals?|stud(?:y|ies)|laws?)\b")

_PAGE_NAMED = re.compile(
    rf"(?P<page>{PAGE})(?:上?都?有(?=什么|哪些|啥)|(?:头条)?的?{_ONE}(?:{_WORD}|照片|图片)|(?:上|头条)?的?{_PRINTED}|上的|"
    rf"(?<=头版)(?:头条|上|[的是有登]|讲|说))"
    rf"|(?:{_PRINTED}|登|发表)[在于]{_CLAUSE}{{0,12}}?(?P<page2>{PAGE})"
    rf"|\b(?P<page3>(?:on|from) (?:page [a-z]?\d{{1,2}}|the front page))\b"
    rf"|\b(?P<page4>front[- ]page) (?:article|story|report)"
)
_AFTER_SOURCE = re.compile(
    rf"》?(?:的{_ONE}{_WORD}|{_WORD}(?!过)|{_PRINTED}|登[了的]|发表|上[的刊登]|的?{PAGE})"
)
_BYLINE_NAMED = re.compile(
    rf"(?:采写|报[道导]|撰写|采访)的(?!人|对象)|报[道导][了中里]|写的(?={_CLAUSE}{{0,20}}?{_WORD})|"
    rf"的{_ONE}{_WORD}|拍摄?的(?={_CLAUSE}{{0,6}}?(?:照片|图片|画面))"
)
_ROLE_BEFORE = re.compile("(?:(?:本报|见习|特约|新华社)*(?:记者|通讯员|作者|摄影师?)|署名为?)$")
_LATIN_NAME = r"(?P<name{}>[a-z]+(?:[ -][a-z]+){{1,2}})"
_ENGLISH_BYLINE = re.compile(
    rf"\b(?:{_ENGLISH_WORD}|reports?|photos?) (?:(?:that|which) )?(?:(?:was|were) )?"
    r"(?:(?:written|reported|taken) )?by (?:the )?(?:reporter |journalist )?"
    rf"{_LATIN_NAME.format(1)}"
    rf"|\b{_LATIN_NAME.format(2)}['’]s (?:articles?|reports?|story|stories|pieces?)\b"
    rf"|\b(?:did|has|have) {_LATIN_NAME.format(3)} (?:write|written|report|reported|publish)"
)

_SAYS_LITTLE = ASKING_WORDS | frozenset(
    """
    报道 报导 文章 新闻 报纸 稿子 消息 内容 主要 写 登 说 讲 刊登 发表 采写 提到 谈 篇 主题 有
    article articles report reports story stories news newspaper published printed say said
    """.split()
)


def narrowed(asked: Asked, articles: ArticleStore) -> Narrowed:
    """The question without what it says of publication, and the chunks of those articles."""
    wanted = understood(asked, articles)
    if wanted is None:
        return Narrowed(asked, None)
    chunks = matching(wanted, articles)
    rest = without(asked.folded, wanted.words)
    says_little = not set(content_words(rest)) - _SAYS_LITTLE
    listing = listing_of(asked.folded, chinese=asked.chinese)
    asks_for_articles = listing is not None and (
        listing.plain or not topic_words(asked.folded, (*listing.words, *wanted.words))
    )
    if not chunks or says_little or asked.field is not None or asks_for_articles:
        return Narrowed(asked, chunks)
    return Narrowed(replace(asked, text=rest, folded=rest), chunks)


def understood(asked: Asked, articles: ArticleStore) -> Filter | None:
    """What the question plainly says of the articles it is about; None where it says nothing.

    A person, a newspaper or a column is only one that the collection has. A day or a page may match
    nothing, provided that some article of the collection bears a date or a page at all, and so may
    a title that can be nothing else: 《标题》这篇报道.
    """
    readers = (title_of, _days, _page, _source, _byline, column_of, beside_listing)
    parts = [part for read in readers if (part := read(asked, articles)) is not None]
    if not parts:
        return None
    values = {name: value for part in parts for name, value in values_of(part).items()}
    return Filter(**values, words=tuple(word for part in parts for word in part.words))


def matching(wanted: Filter, articles: ArticleStore) -> frozenset[int]:
    """Ordinals of the chunks of the articles that match.

    An article without a date matches no days, one without a page no page.
    """
    values = _stored_values(wanted, articles)
    return articles.chunks_where(first=wanted.first, last=wanted.last, values=values)


def newest(wanted: Filter, articles: ArticleStore, most: int) -> list[Article]:
    """Those of the articles that match, the newest first, then in the order of the collection."""
    ids = articles.newest_where(
        first=wanted.first, last=wanted.last, values=_stored_values(wanted, articles), most=most
    )
    found = articles.articles(ids)
    return [found[article_id] for article_id in ids]


def _stored_values(wanted: Filter, articles: ArticleStore) -> dict[Field, list[str]]:
    """What the fields of an article that matches may hold, as stored."""
    values: dict[Field, list[str]] = {}
    if wanted.byline is not None:
        values["byline"] = list(bylines_of(wanted.byline, articles))
    if wanted.source is not None:
        values["source"] = _stored(articles, "source", lambda folded: folded == wanted.source)
    if wanted.title is not None:
        values["title"] = _stored(articles, "title", lambda folded: bare(folded) == wanted.title)
    if wanted.column is not None:
        values["column"] = _stored(articles, "column", lambda one: column_key(one) == wanted.column)
    if wanted.page is not None:
        values["page"] = _stored_pages(wanted.page, wanted, values, articles)
    return values


def _stored_pages(
    page: str, wanted: Filter, others: dict[Field, list[str]], articles: ArticleStore
) -> list[str]:
    """The pages most like the one named on which there is an article that matches the rest."""
    for pages in pages_alike(page, articles):
        values = others | {"page": pages}
        if articles.newest_where(first=wanted.first, last=wanted.last, values=values, most=1):
            return pages
    return []


def _stored(articles: ArticleStore, name: Field, fits: Callable[[str], bool]) -> list[str]:
    return [stored for stored, folded in articles.values(name).items() if fits(folded)]


def _days(asked: Asked, articles: ArticleStore) -> Filter | None:
    folded = asked.folded
    parts = [(date, part) for date in dates_of(asked) if (part := _day(asked, date)) is not None]
    if (
        len(parts) != 1
        or JOINED.search(folded, 0, parts[0][0].start)
        or not articles.values("date")
    ):
        return None
    return parts[0][1]


def _day(asked: Asked, date: DateSpan) -> Filter | None:
    folded = asked.folded
    before = folded[: date.start]
    if VAGUE.fullmatch(folded, date.start, date.end) or ABOUT.search(before):
        return None
    words = _chinese_words(folded, before, date) if asked.chinese else None
    if words is None:
        return _english_day(folded, before, date)
    bound = _AFTER_DATE.match(folded, date.end)
    return bounded(date, bound["bound"] if bound else None, words)


def _chinese_words(folded: str, before: str, date: DateSpan) -> Span | None:
    """The date together with what makes it one of publication."""
    if after := _AFTER_DATE.match(folded, date.end):
        return Span(date.start, after.end())
    cue = _BEFORE_DATE.search(before)
    if cue is None and _ANY_WORD.search(folded):
        cue = _BEFORE_DATE_OF_ARTICLES.search(before)
    return Span(cue.start(), date.end) if cue else None


def _english_day(folded: str, before: str, date: DateSpan) -> Filter | None:
    cue = _ENGLISH_BEFORE.search(before)
    if cue is None and _ENGLISH_WORDS.search(folded) and not _NOT_AN_ARTICLE.search(folded):
        cue = _ENGLISH_PRINTED.search(before)
    after = _ENGLISH_AFTER.match(folded, date.end)
    if cue is None and after is None:
        return None
    start = cue.start() if cue else date.start
    end = after.end() if after else date.end
    return Filter(first=date.first, last=date.last, words=(Span(start, end),))


def _page(asked: Asked, articles: ArticleStore) -> Filter | None:
    match = _PAGE_NAMED.search(asked.folded)
    if match is None:
        return None
    named = match["page"] or match["page2"] or match["page3"] or match["page4"]
    in_english = match["page3"] is not None
    if in_english and not _ENGLISH_WORDS.search(asked.folded):
        return None
    key = page_key(named)
    if key is None or not articles.values("page"):
        return None
    return Filter(page=key, words=(Span(*match.span()),))


def _source(asked: Asked, articles: ArticleStore) -> Filter | None:
    folded = asked.folded
    if not (_AFTER_SOURCE.search(folded) or _ENGLISH_WORDS.search(folded)):
        return None
    sources = set(articles.values("source").values())
    names = {name for name in sources if len(name) > 1 and name in folded}
    for name in sorted(names, key=len, reverse=True):
        for match in re.finditer(re.escape(name), folded):
            words = _source_words(folded, match)
            if words is not None:
                return Filter(source=name, words=(words,))
    return None


def _source_words(folded: str, name: re.Match[str]) -> Span | None:
    start = name.start() - folded.endswith("《", 0, name.start())
    if ABOUT.search(folded, 0, start):
        return None
    if name[0].isascii():
        cue = re.search(r"\b(?:in|from|by)(?: the)? $", folded[:start])
        return Span(cue.start(), name.end()) if cue else None
    after = _AFTER_SOURCE.match(folded, name.end())
    return Span(start, after.end()) if after else None


def _byline(asked: Asked, articles: ArticleStore) -> Filter | None:
    for cue in _BYLINE_NAMED.finditer(asked.folded):
        if found := _person_before(asked.folded, cue, articles):
            return found
    latin = _ENGLISH_BYLINE.search(asked.folded)
    if latin is None:
        return None
    bylines = articles.values("byline").values()
    return _latin_byline(latin, {one for byline in bylines for one in persons_of(byline)})


def _person_before(folded: str, cue: re.Match[str], articles: ArticleStore) -> Filter | None:
    """The longest person of a byline who stands before the cue, with those joined."""
    for length in range(LONGEST_PERSON, 1, -1):
        start = cue.start() - length
        person = folded[max(start, 0) : cue.start()]
        if start < 0 or not any(bylines_of(person, articles)):
            continue
        named, joined = with_those_before(folded, Span(start, cue.start()), person, articles)
        person, start = joined.byline or person, named.start
        if role := _ROLE_BEFORE.search(folded[:start]):
            start = role.start()
        return None if ABOUT.search(folded[:start]) else _filter_of(person, start, cue.end())
    return None


def _filter_of(person: str, start: int, end: int) -> Filter:
    return Filter(byline=person, words=(Span(start, end),))


def _latin_byline(match: re.Match[str], persons: set[str]) -> Filter | None:
    """The person whose name in pinyin is written, family name first or last."""
    parts = re.split("[ -]", match["name1"] or match["name2"] or match["name3"])
    for count in range(len(parts), 0, -1):
        written = parts[:count] if match["name1"] else parts[-count:]
        turned = [*written[-1:], *written[:-1]]
        spellings = {"".join(written), "".join(turned)}
        meant = [person for person in persons if romanised_person(person) in spellings]
        if len(meant) == 1:
            return _filter_of(meant[0], *match.span())
    return None
