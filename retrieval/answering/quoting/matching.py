"""Articles for some words, each with the passage of it that fits them best."""

import datetime
import re
from collections.abc import Iterable, Sequence

from retrieval.answering.quoting.shortening import shortened
from retrieval.filters.titles import bare
from retrieval.folding import fold
from retrieval.index.articles import ArticleStore, StoredSentence, article_version
from retrieval.index.collection import Collection
from retrieval.questions.question import Asked, read_question
from retrieval.ranking.terms import QuestionTerms, found_share
from retrieval.search import embed_question, search
from retrieval.types import Article, Embedder, Evidence, Match, Passage, Span, Vectors
from retrieval.words import content_words

_MOST = 50
_LOOKED_THROUGH = 120
"""Passages; the search gives no more."""

_LONGEST = 200
_MOST_SENTENCES = 3
_SHORT = 40
"""Characters; what is shorter, such as a heading, goes on in the next paragraph."""

_LEAD = 1_000
"""Characters of an article of which only the title fits that a passage is taken from."""

_LEAST_COVERAGE = 0.6
_ALIKE = 0.89
_NEARLY_ALIKE = (0.87, 0.2)
"""An article has to do with words when it holds that share of them, by rarity, when a passage is
as similar as that, or when both are less but not little. Measured on the shipped corpus and 60
articles of cmrc2018: up to 0.888 were similar that had nothing to do with the words. English words
are further from Chinese texts that say the same than nonsense is: of them only names count."""


def look_up(
    collection: Collection, embedder: Embedder, words: str, today: datetime.date
) -> tuple[Match, ...]:
    """The articles for some words, best first, each once; those whose title holds them first.

    () where none has to do with them. Raises ModelUnavailableError when a remote embedding model
    does not answer.
    """
    asked = read_question(words, today)
    wanted = _Wanted(asked, collection)
    if not wanted.says_something:
        return ()
    vector = embed_question(collection, embedder, asked)
    passages = _first_of_each(search(collection, asked, vector, _LOOKED_THROUGH))
    by_title = _by_title(wanted, collection.articles)
    articles = collection.articles.articles([*passages, *by_title])
    places = {name: wanted.place(fold(articles[name].heading)) for name in (*passages, *by_title)}
    related = [
        name
        for name, place in places.items()
        if place < _NOT_IN_TITLE
        or name not in passages
        or wanted.has_to_do_with(articles[name], passages[name])
    ]
    best = [articles[name] for name in sorted(related, key=places.__getitem__)[:_MOST]]
    return tuple(_matches(collection, wanted, vector, best, passages))


def matches_for(
    collection: Collection,
    asked: Asked,
    vector: Vectors,
    found: Iterable[Passage],
    cited: Sequence[Evidence],
) -> list[Match]:
    """The articles of a question: those cited, then those of the passages that have to do with it.

    Of one that is cited the passage is what is quoted, unless that is too long.
    """
    wanted = _Wanted(asked, collection)
    passages = _first_of_each(found)
    quoted = {one.article.id: one.article for one in cited}
    others = [name for name in passages if name not in quoted]
    articles = collection.articles.articles(others)
    related = [
        articles[name] for name in others if wanted.has_to_do_with(articles[name], passages[name])
    ]
    fitting = {
        one.article.id: _match(one)
        for one in reversed(cited)
        if one.field == "text" and one.end - one.start <= _LONGEST
    }
    every = [*quoted.values(), *related]
    rest = _matches(
        collection, wanted, vector, [one for one in every if one.id not in fitting], passages
    )
    fitting |= {one.article_id: one for one in rest}
    return [fitting[one.id] for one in every]


_IN_TITLE = 0
_ALL_IN_TITLE = 1
_NOT_IN_TITLE = 2


class _Wanted:
    """The words that articles are looked up for."""

    def __init__(self, asked: Asked, collection: Collection) -> None:
        self.asked = asked
        terms = QuestionTerms(asked, collection.keywords)
        self.searchable = terms.searchable
        self._rarities = {word: collection.keywords.rarity(word) for word in terms.weights}
        self._words = content_words(asked.folded)
        self._phrase = bare(asked.folded)
        if self._phrase.isascii() or (len(self._phrase) == 1 and not self._words):
            self._phrase = ""

    @property
    def says_something(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._words or self._phrase)

    def place(self, folded_title: str) -> int:
        """Whether the title holds the words as they stand, or all of them, or not."""
        if self._phrase and self._phrase in bare(folded_title):
            return _IN_TITLE
        if self._words and all(_share(word, folded_title) == 1 for word in self._words):
            return _ALL_IN_TITLE
        return _NOT_IN_TITLE

    def has_to_do_with(self, article: Article, passage: Passage) -> bool:
        """Whether the article, of which this passage was found, has to do with the words."""
        if passage.similarity >= _ALIKE:
            return True
        about = (article.heading, article.byline, article.column, article.source, article.date)
        text = self.searchable("\n".join((*about, passage.chunk.text)))
        coverage = self.coverage(text)
        similarity, share = _NEARLY_ALIKE
        return coverage >= _LEAST_COVERAGE or (
            passage.similarity >= similarity and coverage >= share
        )

    def coverage(self, searchable: str) -> float:
        """Share of the words, by rarity, that stand in the text."""
        total = sum(self._rarities.values())
        held = sum(rarity * _share(word, searchable) for word, rarity in self._rarities.items())
        return held / total if total else 0.0


def _share(word: str, folded: str) -> float:
    """How much of a word stands in the text: a word in Latin letters or a number as a whole."""
    if not word.isascii():
        return found_share(word, folded)
    return float(re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", folded) is not None)


def _first_of_each(passages: Iterable[Passage]) -> dict[str, Passage]:
    """The best passage of each article, by its id, in order."""
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.chunk.article_id, passage)
    return first


def _by_title(wanted: _Wanted, articles: ArticleStore) -> list[str]:
    """Ids of the articles whose title holds the words, of too many those with the best titles."""
    titles = {
        title: place
        for title, folded in articles.values("title").items()
        if (place := wanted.place(folded)) < _NOT_IN_TITLE
    }
    best = sorted(titles, key=lambda title: (titles[title], len(title)))[:_MOST]
    return articles.newest_where(first=None, last=None, values={"title": best}, most=_MOST)


def _matches(
    collection: Collection,
    wanted: _Wanted,
    vector: Vectors,
    articles: Sequence[Article],
    passages: dict[str, Passage],
) -> list[Match]:
    """The articles, each with the best sentences of the passage found, or of its beginning."""
    spans = [(one.id, _span(passages.get(one.id))) for one in articles]
    sentences = collection.articles.sentences_in(spans) if spans else {}
    return [
        _match(_best(collection, wanted, vector, one, sentences.get(one.id, [])))
        for one in articles
    ]


def _span(passage: Passage | None) -> Span:
    return Span(passage.chunk.start, passage.chunk.end) if passage else Span(0, _LEAD)


def _best(
    collection: Collection,
    wanted: _Wanted,
    vector: Vectors,
    article: Article,
    sentences: Sequence[StoredSentence],
) -> Evidence:
    """The sentence that fits the words best, with those after it as far as they are in place."""
    if not sentences:
        return Evidence(article, "title", 0, min(len(article.title), _LONGEST))
    first = sentences[0].ordinal
    rows = collection.sentence_vectors(first, sentences[-1].ordinal - first + 1)
    cosines = (rows @ vector).tolist()
    scores = [
        wanted.coverage(wanted.searchable(article.text[one.start : one.end]))
        + collection.scaled(cosines[one.ordinal - first])
        for one in sentences
    ]
    at = scores.index(max(scores))
    start, end = sentences[at].start, sentences[at].end
    for one in sentences[at + 1 : at + _MOST_SENTENCES]:
        new_paragraph = "\n" in article.text[end : one.start]
        if one.end - start > _LONGEST or (new_paragraph and end - start >= _SHORT):
            break
        end = one.end
    return shortened(Evidence(article, "text", start, end), wanted.asked, _LONGEST)


def _match(evidence: Evidence) -> Match:
    article = evidence.article
    return Match(
        article_id=article.id,
        title=article.title,
        byline=article.byline,
        date=article.date,
        source=article.source,
        version=article_version(article),
        field=evidence.field,
        start=evidence.start,
        end=evidence.end,
        passage=evidence.quote,
    )
