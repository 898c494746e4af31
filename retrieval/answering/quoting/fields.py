"""Questions about an article rather than about what it says: byline, headline, date, page."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrieval.answering.quoting.headlines import headline_with
from retrieval.answering.statements import Statement
from retrieval.filters.publication import Filter
from retrieval.filters.understanding import newest, understood
from retrieval.folding import fold
from retrieval.index.collection import Collection
from retrieval.questions.listings import listing_of, topic_words, without
from retrieval.questions.question import Asked, without_field_words
from retrieval.ranking.terms import QuestionTerms
from retrieval.types import Article, Evidence, Field, Passage
from retrieval.words import persons_of, tagged_words

_MOST = 10

_MIN_COVERAGE = 0.6
"""Share of the nouns and names of the question, by rarity, that the article must hold."""

_MIN_SIMILARITY = 0.74
"""For questions without a word that could be looked for: the chunk's cosine. Measured on the
shipped corpus: English questions about its articles reach it, others mostly do not."""

_WORK = re.compile(r"写[了过的]|拍[了过的]|采[写访]|报道|哪[篇些]|文章|是谁|干什么|做什么")
_ASKS_ELSE = re.compile(
    "为[什何啥]|怎|如何|多少|(?<![那这好哪])几(?!乎)|什么(?:时候|时间|地方|原因)|何时|何地|"
    "哪(?:里|儿|年|天|月|一?[个家种版座]|一?[年天])|原因"
    r"|\b(?:why|when|where|how)\b"
)
"""Asks neither who somebody is nor what they wrote."""

_SUBJECT_TAGS = ("n", "m", "eng", "i", "l", "j", "x", "vn")


def answer_from_field(
    collection: Collection, asked: Asked, passages: Sequence[Passage]
) -> list[Statement]:
    """The field asked for of the article that the question names; [] where that is not clear.

    Of articles named by nothing but day, page or the like it is told of each, the newest ten.
    """
    if asked.field is None or _asks_for_articles(asked.folded, asked.chinese):
        return []
    if told := _of_each(collection, asked, asked.field):
        return told
    rest = without_field_words(asked.folded, asked.field)
    if asked.chinese:
        nouns = [word for word, tag in tagged_words(rest) if tag.startswith(_SUBJECT_TAGS)]
        rest = " ".join(nouns)
    terms = QuestionTerms(replace(asked, folded=rest), collection.keywords)
    if asked.chinese and not terms.weights:
        return []
    article, coverage = _named_article(collection, terms, passages)
    if coverage < (_MIN_COVERAGE if terms.weights else _MIN_SIMILARITY):
        return []
    return _stated(article, asked.field)


def answer_by_author(
    collection: Collection, asked: Asked, passages: Sequence[Passage]
) -> list[Statement]:
    """Headline and byline of the first article by a person whom the question asks about; or [].

    [] also where it asks for something else than the person or a work.
    """
    folded = asked.folded
    if not _WORK.search(folded) or _asks_for_articles(folded, chinese=True):
        return []
    if asked.field not in (None, "byline") or _ASKS_ELSE.search(folded):
        return []
    ids = list(dict.fromkeys(passage.chunk.article_id for passage in passages))
    articles = collection.articles.articles(ids)
    for article in (articles[article_id] for article_id in ids):
        asked_about = [name for name in persons_of(fold(article.byline)) if name in folded]
        if asked_about and not any(name in fold(article.text) for name in asked_about):
            return [*_stated(article, "title"), *_stated(article, "byline")]
    return []


def _of_each(collection: Collection, asked: Asked, field: Field) -> list[Statement]:
    """The field of each article that the question confines itself to; [] where it says more."""
    wanted = understood(asked, collection.articles)
    if wanted is None or wanted == Filter():
        return []
    if topic_words(without_field_words(without(asked.folded, wanted.words), field), ()):
        return []
    articles = newest(wanted, collection.articles, _MOST)
    if len(articles) == 1:
        return _stated(articles[0], field)
    return [line for article in articles for line in headline_with(article, field)]


def _asks_for_articles(folded: str, chinese: bool) -> bool:
    listing = listing_of(folded, chinese=chinese)
    return listing is not None and listing.plain


def _stated(article: Article, field: Field) -> list[Statement]:
    """The whole field, its own evidence; [] where it is empty."""
    value: str = getattr(article, field)
    return [Statement(value, (Evidence(article, field, 0, len(value)),))] if value else []


def _named_article(
    collection: Collection, terms: QuestionTerms, passages: Sequence[Passage]
) -> tuple[Article, float]:
    """The article that holds most of the terms, the best found among equals; and how much."""
    best_similarity: dict[str, float] = {}
    for passage in passages:
        article_id = passage.chunk.article_id
        known = best_similarity.get(article_id, 0.0)
        best_similarity[article_id] = max(known, passage.similarity)
    articles = collection.articles.articles(list(best_similarity))
    scored: list[tuple[Article, float]] = []
    for article_id, similarity in best_similarity.items():
        article = articles[article_id]
        fields = (article.heading, article.byline, article.column, article.text)
        material = terms.searchable(" ".join(fields))
        scored.append(
            (
                article,
                float(terms.coverage(np.array(terms.find(material))))
                if terms.weights
                else similarity,
            )
        )
    # a tenth more of the terms does not outweigh the search
    return max(scored, key=lambda pair: round(pair[1], 1))
