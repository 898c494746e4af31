"""Headlines in answer to a question which articles there are."""

from collections.abc import Sequence
from itertools import islice

from retrieval.answering.statements import Statement
from retrieval.filters.publication import VAGUE, Filter
from retrieval.filters.understanding import newest, understood
from retrieval.folding import find_dates, fold
from retrieval.index.collection import Collection
from retrieval.pinyin import romanised_names
from retrieval.questions.listings import Kind, listing_of, topic_words, without
from retrieval.questions.question import Asked
from retrieval.ranking.duplicates import without_duplicates
from retrieval.sentences import split_sentences
from retrieval.types import Article, Evidence, Field, Passage, Span
from retrieval.words import content_words

_MOST = 10
_MOST_OF = 50
"""Articles among which as many are looked for that are no copies of each other."""

_LEAD = 1_000
"""Characters of an article that tell whether it is a copy."""


def headlines(collection: Collection, asked: Asked, passages: Sequence[Passage]) -> list[Statement]:
    """The headlines of the articles that a question asks for, the newest first; at most ten.

    Where it asks for articles about something, those of the passages found that hold the words for
    it. Of several authors each headline has its byline beside it. [] where it asks something else
    or there are none.
    """
    listing = listing_of(asked.folded, chinese=asked.chinese)
    if listing is None or (listing.kind == "contents" and asked.field not in (None, "title")):
        return []
    wanted = understood(asked, collection.articles)
    said = (*listing.words, *(wanted.words if wanted else ()))
    topic = topic_words(asked.folded, said)
    if not _means_articles(listing.kind, wanted, topic) or _names_a_time(asked, said):
        return []
    articles = newest(wanted or Filter(), collection.articles, _MOST_OF)
    if topic:
        articles = _about(topic, asked, collection, passages)
    different = without_duplicates(articles, lambda one: one.text[:_LEAD])
    several = wanted is not None and wanted.byline is not None and "、" in wanted.byline
    most = 1 if listing.newest_alone else _MOST
    return [
        line
        for article in different[:most]
        for line in (headline_with(article, "byline") if several else _headline(article))
    ]


def headline_with(article: Article, field: Field) -> list[Statement]:
    """A line of the headline and a field; [] where one of them is empty."""
    headline = headline_of(article)
    value: str = getattr(article, field)
    if headline is None or not value.strip():
        return []
    evidence = Evidence(article, field, 0, len(value))
    return [Statement(f"{headline.quote}：{value}", (headline, evidence))]


def headline_of(article: Article) -> Evidence | None:
    """The title, or of an article without one the first sentence; None where it has no text."""
    if article.title.strip():
        return Evidence(article, "title", 0, len(article.title))
    sentences = split_sentences(article.text)
    return Evidence(article, "text", sentences[0].start, sentences[0].end) if sentences else None


def _means_articles(kind: Kind, wanted: Filter | None, topic: Sequence[str]) -> bool:
    """Whether articles are asked for, and not what is in them or what somebody else wrote."""
    if wanted is None or wanted == Filter():
        return kind == "articles"
    if wanted.title is not None:
        return False
    return kind == "articles" or not topic or (kind == "works" and wanted.byline is not None)


def _names_a_time(asked: Asked, said: tuple[Span, ...]) -> bool:
    """Whether a day is named that is not understood as one of publication."""
    rest = without(asked.folded, said)
    dates = find_dates(rest, asked.at)
    return any(not VAGUE.fullmatch(rest, date.start, date.end) for date in dates)


def _about(
    topic: Sequence[str], asked: Asked, collection: Collection, passages: Sequence[Passage]
) -> list[Article]:
    """The first articles of the passages that hold the words, the newest first."""
    ids = list(dict.fromkeys(passage.chunk.article_id for passage in passages))
    articles = collection.articles.articles(ids)
    holding = (
        articles[article_id] for article_id in ids if _holds(articles[article_id], topic, asked)
    )
    return sorted(islice(holding, _MOST), key=lambda one: one.date, reverse=True)


def _holds(article: Article, words: Sequence[str], asked: Asked) -> bool:
    """Whether an article holds all the words; a single character, where one of its words begins."""
    text = f"{article.heading}\n{article.text}"
    folded = fold(text) if asked.chinese else " ".join((fold(text), *romanised_names(text)))
    alone = any(len(word) == 1 for word in words)
    beginnings = {word[0] for word in content_words(folded)} if alone else set()
    return all(word in (folded if len(word) > 1 else beginnings) for word in words)


def _headline(article: Article) -> list[Statement]:
    """The headline, its own evidence."""
    evidence = headline_of(article)
    return [Statement(evidence.quote, (evidence,))] if evidence else []
