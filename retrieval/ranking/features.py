"""How well a sentence answers a question: the features of the pair, in one table."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from retrieval.folding import DateSpan, Folded, find_dates, fold, fold_with_origins
from retrieval.headings import heading_above
from retrieval.index.articles import StoredSentence
from retrieval.index.collection import Collection
from retrieval.questions.granted import Figured, Granted, taken_for_granted
from retrieval.questions.kinds import EXACT, MEASURED, Kind, asks, counted_missing, find_held, holds
from retrieval.questions.question import Asked
from retrieval.ranking.terms import QuestionTerms, Rows, share
from retrieval.types import Article, Evidence, Passage, Span, Vectors

_NOT_WORD = re.compile(r"\W")
_SENTENCE_ENDS = "。.!?！？”\"')）…;"
_CONTEXT_SENTENCES = 2
_CONTEXT_REACH = 400
"""Characters before a passage in which the sentences before its first are looked for."""

_MAX_WHOLE = 20_000
"""Characters up to which a whole article is looked through for words of the question."""

_RARITY = 20
_OPENING = 100
_LONGEST_RUN = 20
_SUPPORTERS = 3
_CLOSE = (0.85, 0.88)
_MOST_OF_ITS_WORDS = 0.6
_MANY = (0.05, 0.13)
_ELEVENTH = 10
_NEAR = 22
"""Characters on either side of a thing of the kind asked for."""


@dataclass(frozen=True, slots=True)
class Features:
    """Of a question and a sentence found for it; most lie between 0 and 1."""

    similarity: float
    """Cosine of question and sentence, on the scale of the bundled embedding model."""
    passage_similarity: float
    """Cosine of question and the best chunk that holds the sentence."""
    sentence_coverage: float
    """Share of the question's words in the sentence, by rarity among the sentences found."""
    pair_coverage: float
    """The same of the question's pairs of characters."""
    context_coverage: float
    """Share of the words in the sentence, its heading and the two sentences before it, by rarity
    in the collection."""
    rarity_found: float
    """Rarity of the words that the sentence and its context hold together, in twenties."""
    rarity_missing: float
    """Of those that they do not."""
    passage_coverage: float
    """The same of the chunk and its heading."""
    article_coverage: float
    """The same of the whole article."""
    longest_run: float
    """Longest run of characters shared with the question, in tens, two at most."""
    names_missing: float
    """Share of the question's names, by rarity, that stand nowhere in the article."""
    persons_missing: float
    """1 when a person of the question stands nowhere in the article."""
    places_missing: float
    """1 when a place or code that the question names does not stand in it as a whole."""
    names_missing_near: float
    """The same of the sentence with its context."""
    names_missing_here: float
    """The same of the sentence."""
    figures_missing: float
    """1 when a number of the question stands nowhere in the article."""
    figures_missing_near: float
    """The same of the sentence with its context."""
    figures_missing_here: float
    """The same of the sentence."""
    quoted_missing: float
    """Share of the question's quoted terms that are not in the sentence with its context."""
    kind_missing: float
    """Share of the kinds asked for, such as a person or a place, that are not in the sentence."""
    kind_repeated: float
    """Share of the kinds of which the sentence names nothing that the question does not say."""
    exact_missing: float
    """1 when the kind asked for is told by its form, such as a date, and the sentence names none
    that the question does not say."""
    measure_missing: float
    """1 when an amount in some unit is asked for and not in the sentence."""
    counted_missing: float
    """1 when an amount of something is asked for and no number stands before that thing."""
    support: float
    """In how many other articles found a thing of the kind asked for that the sentence names stands
    too, in thirds, one at most."""
    near_coverage: float
    """Share of the question's words within some twenty characters of a thing of the kind asked
    for, at best; of the whole sentence where no kind was recognised."""
    period_missing_here: float
    """1 when the question names a time and the sentence none within it."""
    period_missing_near: float
    """The same of the sentence with its context."""
    period_missing: float
    """The same of the article."""
    dates_missing: float
    """Share of the times that the question names in figures that are met neither in the article nor
    by its date."""
    date_unwritten: float
    """1 when a number of a date that the question names, such as a year, is not written in the
    sentence with its context."""
    asks: float
    """1 when the sentence is a question itself."""
    fragment: float
    """1 when the sentence is a heading or the like: no full stop."""
    opening: float
    """1 at the beginning of an article, a half after the first hundred characters, and so on."""
    length: float
    """Characters of the sentence, in hundreds, two at most."""
    any_kind: float
    """1 when the kind asked for was not recognised."""
    crowded: float
    """0 to 1, the same for all sentences found: where many articles speak of the very matter, even
    what does not answer looks right. How close the eleventh passage is to the question, times how
    many of the sentences stand in passages that hold most of its words."""


@dataclass(frozen=True, slots=True)
class Described:
    """A sentence found for a question."""

    evidence: Evidence
    ordinal: int
    chunk_ids: tuple[str, ...]
    """The passages it was found in, best first."""
    features: Features


@dataclass(frozen=True, slots=True)
class _Article:
    """An article in reach, folded, with what of the question is missing in it."""

    article: Article
    folded: Folded
    heading: str
    found_in_heading: list[float]
    coverage: float
    names_missing: float
    persons_missing: float
    places_missing: float
    figures_missing: float
    dates_missing: float
    times: Sequence[DateSpan]
    """Within the times that the question names."""

    def times_in(self, start: int, end: int) -> list[DateSpan]:
        """Those named in the original characters `start` to `end`."""
        if not self.times:
            return []
        origins = self.folded.origins
        return [one for one in self.times if start <= origins[one.start] < end]


@dataclass(frozen=True, slots=True)
class _Sentence:
    stored: StoredSentence
    passage: Passage
    owner: _Article
    folded: str
    context: str
    """The heading, the two sentences before it, and the sentence itself."""
    figures: frozenset[Figured]
    figures_near: frozenset[Figured]
    times: Sequence[DateSpan]
    times_near: Sequence[DateSpan]
    similarity: float


@dataclass(frozen=True, slots=True)
class _Pool:
    """The sentences of all passages, and which words of the question they hold: a row for each."""

    sentences: Sequence[_Sentence]
    chunk_ids: Sequence[tuple[str, ...]]
    found: Rows
    found_near: Rows
    """In the sentence with its context."""
    found_in_passage: Rows


def describe(
    collection: Collection,
    asked: Asked,
    vector: Vectors,
    passages: Sequence[Passage],
) -> list[Described]:
    """The sentences of the passages with their features, in the order of the passages."""
    if not passages:
        return []
    terms = QuestionTerms(asked, collection.keywords)
    granted = taken_for_granted(asked)
    pool = _read_pool(collection, vector, passages, terms, granted)
    if not pool.sentences:
        return []
    features = _features(asked, terms, granted, pool, _closeness(passages))
    return [
        Described(
            Evidence(one.owner.article, "text", one.stored.start, one.stored.end),
            one.stored.ordinal,
            chunk_ids,
            row,
        )
        for one, chunk_ids, row in zip(pool.sentences, pool.chunk_ids, features, strict=True)
    ]


def _features(
    asked: Asked, terms: QuestionTerms, granted: Granted, pool: _Pool, closeness: float
) -> Iterator[Features]:
    """Those of each sentence, some relative to all that were found."""
    sentences = pool.sentences
    kinds = asked.kinds
    named = kinds != (Kind.ANY,)
    measured = MEASURED & set(kinds)
    words = _rarity(pool.found)
    pairs = np.array([[pair in one.folded for pair in terms.pairs] for one in sentences], float)
    sentence_coverage = share(pool.found, words).tolist()
    pair_coverage = share(pairs, _rarity(pairs)).tolist()
    context_coverage = terms.coverage(pool.found_near).tolist()
    passage_coverage = terms.coverage(pool.found_in_passage).tolist()
    names_missing_near = terms.names_missing(pool.found_near).tolist()
    names_missing_here = terms.names_missing(pool.found).tolist()
    alike = sum(one >= _MOST_OF_ITS_WORDS for one in passage_coverage) / len(sentences)
    crowded = closeness * _between(_MANY, alike)
    rarity = sum(terms.weights.values()) / _RARITY
    bare_question = _bare(asked.folded)
    by_article: dict[str, str] = {}
    for one in sentences:
        name = one.owner.article.id
        by_article[name] = f"{by_article.get(name, '')} {one.folded}"
    for at, one in enumerate(sentences):
        passage = one.passage
        missing = {kind for kind in kinds if not holds(one.folded, kind)}
        held = find_held(one.folded, kinds, asked.folded)
        new = {kind for kind, _, _ in held}
        yield Features(
            similarity=one.similarity,
            passage_similarity=passage.similarity,
            sentence_coverage=sentence_coverage[at],
            pair_coverage=pair_coverage[at],
            context_coverage=context_coverage[at],
            rarity_found=context_coverage[at] * rarity,
            rarity_missing=(1 - context_coverage[at]) * rarity,
            passage_coverage=passage_coverage[at],
            article_coverage=one.owner.coverage,
            longest_run=_longest_run(bare_question, _bare(one.folded)) / 10,
            names_missing=one.owner.names_missing,
            persons_missing=one.owner.persons_missing,
            places_missing=one.owner.places_missing,
            names_missing_near=names_missing_near[at],
            names_missing_here=names_missing_here[at],
            figures_missing=one.owner.figures_missing,
            figures_missing_near=granted.figures_missing(one.figures_near),
            figures_missing_here=granted.figures_missing(one.figures),
            quoted_missing=terms.quoted_missing(one.context),
            kind_missing=len(missing - MEASURED) / len(kinds),
            kind_repeated=len(set(kinds) - new) / len(kinds) if named else 0.0,
            exact_missing=float(bool(EXACT & set(kinds)) and not EXACT & new),
            measure_missing=float(bool(measured) and measured <= missing),
            counted_missing=counted_missing(one.folded, asked.counted),
            support=_support(one, held, by_article),
            near_coverage=_near(one, held, terms, words) if named else sentence_coverage[at],
            period_missing_here=granted.period_missing(one.times),
            period_missing_near=granted.period_missing(one.times_near),
            period_missing=granted.period_missing(one.owner.times),
            dates_missing=one.owner.dates_missing,
            date_unwritten=float(not granted.written <= one.figures_near),
            asks=float(asks(one.folded)),
            fragment=float(one.folded[-1:] not in _SENTENCE_ENDS),
            opening=1 / (1 + one.stored.start / _OPENING),
            length=min(len(one.folded), 200) / 100,
            any_kind=float(not named),
            crowded=crowded,
        )


def _closeness(passages: Sequence[Passage]) -> float:
    similar = sorted((one.similarity for one in passages), reverse=True)
    return _between(_CLOSE, similar[min(_ELEVENTH, len(similar) - 1)])


def _between(bounds: tuple[float, float], value: float) -> float:
    """0 up to the lower bound, 1 from the upper one on."""
    least, most = bounds
    return min(max(0.0, (value - least) / (most - least)), 1.0)


def _support(
    one: _Sentence, held: Sequence[tuple[Kind, int, int]], by_article: Mapping[str, str]
) -> float:
    things = {one.folded[start:end] for _, start, end in held if end - start > 1}
    if not things:
        return 0.0
    own = one.owner.article.id
    others = (
        any(thing in text for thing in things) for name, text in by_article.items() if name != own
    )
    return min(sum(others), _SUPPORTERS) / _SUPPORTERS


def _near(
    one: _Sentence, held: Sequence[tuple[Kind, int, int]], terms: QuestionTerms, words: Rows
) -> float:
    windows = sorted({(max(0, start - _NEAR), end + _NEAR) for _, start, end in held})
    if not windows:
        return 0.0
    found = np.array([terms.find(one.folded[start:end]) for start, end in windows])
    return float(share(found, words).max())


def _read_pool(
    collection: Collection,
    vector: Vectors,
    passages: Sequence[Passage],
    terms: QuestionTerms,
    granted: Granted,
) -> _Pool:
    owners = _owners(collection, passages, terms, granted)
    stored = collection.articles.sentences_in(
        [
            (one.chunk.article_id, Span(one.chunk.start - _CONTEXT_REACH, one.chunk.end))
            for one in passages
        ]
    )
    sentences: dict[int, _Sentence] = {}
    chunk_ids: dict[int, list[str]] = {}
    found: dict[int, list[float]] = {}
    found_near: list[list[float]] = []
    found_in_chunk: dict[str, Rows] = {}
    for passage in passages:
        owner = owners[passage.chunk.article_id]
        near, first = _reach(passage, stored.get(owner.article.id, ()))
        if first == len(near):
            continue
        texts = [owner.folded.slice(one.start, one.end) for one in near]
        figures = [granted.figures_in(text) for text in texts]
        for one, text in zip(near, texts, strict=True):
            if one.ordinal not in found:
                original = owner.article.text[one.start : one.end]
                found[one.ordinal] = terms.find(
                    text if terms.chinese else terms.searchable(original)
                )
        similarities = (collection.sentence_vectors(near[0].ordinal, len(near)) @ vector).tolist()
        inside = near[first:]
        above = fold(heading_above(owner.article.text, passage.chunk.start))
        found_above = _most([owner.found_in_heading, terms.find(above)])
        figures_above = granted.figures_in(f"{owner.heading} {above}")
        found_in_chunk[passage.chunk.id] = np.max(
            [found_above, *(found[one.ordinal] for one in inside)], axis=0
        )
        for index, one in enumerate(inside, start=first):
            chunk_ids.setdefault(one.ordinal, []).append(passage.chunk.id)
            if one.ordinal not in sentences:
                context = range(max(0, index - _CONTEXT_SENTENCES), index + 1)
                found_near.append(
                    _most([found_above, *(found[near[at].ordinal] for at in context)])
                )
                sentences[one.ordinal] = _Sentence(
                    stored=one,
                    passage=passage,
                    owner=owner,
                    folded=texts[index],
                    context=" ".join([owner.heading, above, *(texts[at] for at in context)]),
                    figures=figures[index],
                    figures_near=figures_above.union(*(figures[at] for at in context)),
                    times=owner.times_in(one.start, one.end),
                    times_near=owner.times_in(near[context[0]].start, one.end),
                    similarity=collection.scaled(similarities[index]),
                )
    return _Pool(
        sentences=list(sentences.values()),
        chunk_ids=[tuple(chunk_ids[ordinal]) for ordinal in sentences],
        found=np.array([found[ordinal] for ordinal in sentences]),
        found_near=np.array(found_near),
        found_in_passage=np.array(
            [found_in_chunk[one.passage.chunk.id] for one in sentences.values()]
        ),
    )


def _reach(
    passage: Passage, stored: Sequence[StoredSentence]
) -> tuple[Sequence[StoredSentence], int]:
    """The sentences of a passage with those just before it, and where its own begin."""
    first = bisect_right(stored, passage.chunk.start, key=lambda one: one.end)
    last = bisect_left(stored, passage.chunk.end, key=lambda one: one.start)
    before = max(0, first - _CONTEXT_SENTENCES)
    return stored[before:last], first - before


def _most(rows: Sequence[Sequence[float]]) -> list[float]:
    return [max(column) for column in zip(*rows, strict=True)]


def _owners(
    collection: Collection,
    passages: Sequence[Passage],
    terms: QuestionTerms,
    granted: Granted,
) -> dict[str, _Article]:
    texts: dict[str, list[str]] = {}
    for passage in passages:
        texts.setdefault(passage.chunk.article_id, []).append(passage.chunk.text)
    articles = collection.articles.articles(list(texts))
    return {name: _read(articles[name], found, terms, granted) for name, found in texts.items()}


@lru_cache(maxsize=256)
def _folded(text: str) -> Folded:
    return fold_with_origins(text)


def _read(
    article: Article, found: Sequence[str], terms: QuestionTerms, granted: Granted
) -> _Article:
    """The article; of a very long one its words are looked for only in what was found.

    One of an unknown day is read as if it were of the time that the question names.
    """
    fields = (article.heading, article.byline, article.column, article.date, article.source)
    text = article.text if len(article.text) <= _MAX_WHOLE else "\n".join(found)
    folded = _folded(article.text)
    whole = (
        " ".join((fold("\n".join(fields)), folded.text))
        if terms.chinese and text is article.text
        else terms.searchable("\n".join((*fields, text)))
    )
    found_in_whole = np.array(terms.find(whole))
    today = article.day or (granted.periods[-1].last if granted.periods else None)
    times = find_dates(folded.text, today) if granted.periods else []
    return _Article(
        article=article,
        folded=folded,
        heading=fold(article.heading),
        found_in_heading=terms.find(terms.searchable(article.heading)),
        coverage=float(terms.coverage(found_in_whole)),
        names_missing=float(terms.names_missing(found_in_whole)),
        persons_missing=float(granted.persons_missing(whole)),
        places_missing=float(granted.names_missing(whole)),
        figures_missing=granted.figures_missing(granted.figures_in(whole)),
        times=granted.times(times),
        dates_missing=granted.dates_missing(granted.times([*times, *_published(article)])),
    )


def _published(article: Article) -> list[DateSpan]:
    """The day of the article as if its text named it."""
    return [DateSpan(article.day, article.day, 0, 0, explicit=True)] if article.day else []


def _rarity(found: Rows) -> Rows:
    """How rare each word is among the sentences found, one a row."""
    rarity: Rows = np.log((len(found) + 1) / ((found >= 1).sum(axis=0) + 0.5))
    return rarity


def _bare(folded: str) -> str:
    return _NOT_WORD.sub("", folded)


def _longest_run(one: str, other: str) -> int:
    """Length of the longest run of characters that both texts hold, up to a bound."""
    longest = 0
    for start in range(len(one)):
        while start + longest < len(one) and one[start : start + longest + 1] in other:
            longest += 1
            if longest == _LONGEST_RUN:
                return longest
    return longest
