"""What the collection holds for a question, and the answer that can be quoted from it."""

import datetime
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from retrieval.answering.checking import Source
from retrieval.answering.quoting import extractive
from retrieval.answering.quoting.fields import answer_by_author, answer_from_field
from retrieval.answering.quoting.headlines import headlines
from retrieval.answering.quoting.matching import matches_for
from retrieval.answering.quoting.premises import said_instead
from retrieval.answering.quoting.sources import sources_of
from retrieval.answering.statements import Statement
from retrieval.embedding import Embedders
from retrieval.errors import ModelUnavailableError
from retrieval.filters.understanding import narrowed
from retrieval.folding import fold
from retrieval.index.articles import article_version
from retrieval.index.collection import Collection, Collections
from retrieval.questions.granted import is_named
from retrieval.questions.parts import own_names, parts, untold
from retrieval.questions.question import Asked, read_question
from retrieval.ranking.duplicates import without_duplicates
from retrieval.ranking.features import describe
from retrieval.ranking.ranking import (
    Candidate,
    confidence,
    in_this_order,
    least_confidence,
    rank_passages,
    rank_sentences,
    rerank,
)
from retrieval.search import embed_question, search
from retrieval.types import (
    Article,
    Match,
    NearestArticle,
    Passage,
    Reranker,
    Strictness,
    Vectors,
)

logger = logging.getLogger(__name__)

_CANDIDATES = 20
"""Passages whose sentences are weighed; the right one is nearly always among them."""

_PASSAGES = 10
_REST_SECONDS = 30
"""After a reranking model failed: readers need not wait for its next failure."""

_NEAREST = 3
_NEAREST_OF = 12
"""Articles among which as many are looked for that are no copies of each other."""

_LEAD = 1_000
"""Characters of an article that tell whether it is a copy."""

_LOOKED_THROUGH = 100
"""Passages among which three different articles are looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the collection holds for a question."""

    passages: tuple[Passage, ...]
    statements: tuple[Statement, ...]
    """The extractive answer; empty when the articles do not answer."""
    from_field: bool
    sources: tuple[Source, ...]
    nearest: tuple[NearestArticle, ...]
    unanswered: tuple[str, ...]
    """Parts of the question that the statements leave open."""
    said_instead: tuple[Statement, ...]
    """When the articles do not answer: what they do say, where that can be told."""
    confidence: float | None
    generation: str
    embedding: str
    """Fingerprint of the model that made the generation."""
    disagreeing: tuple[Statement, ...]
    """Where reports contradict each other: what each of them says."""


@dataclass(frozen=True, slots=True)
class _Quoted:
    """An extractive answer; without statements there is none."""

    statements: Sequence[Statement]
    unanswered: Sequence[str] = ()
    from_field: bool = False
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found for one question, or for a part of one."""

    asked: Asked
    vector: Vectors
    ranked: list[Passage]
    candidates: list[Candidate]
    sure: float
    """How likely the best candidate answers."""
    nothing_matches: bool
    """No article is of the day, page or the like that the question confines itself to."""


class Finder:
    """Looks questions up in the live collection. May be used by several threads."""

    def __init__(
        self,
        *,
        live: Collections,
        embedders: Embedders,
        strictness: Strictness,
        reranker: Reranker | None,
    ) -> None:
        self._live = live
        self._embedders = embedders
        self._strictness = strictness
        self._reranker = reranker
        self._rerank_again = 0.0

    def find(self, question: str, today: datetime.date, *, for_model: bool) -> Found:
        """What there is for a question of that day; with sources where a chat model will write.

        Raises CollectionError when there is no usable index, ModelUnavailableError when a remote
        embedding model does not answer.
        """
        with self._live.use() as collection:
            whole, each = self._looks(collection, question, today)
            return self._found(collection, whole, each, for_model=for_model)

    def quote(
        self, question: str, today: datetime.date, *, most: int
    ) -> tuple[Found, tuple[Match, ...]]:
        """What `find` gives without a chat model, and at `most` that many articles, cited first.

        Besides those cited only such as have to do with the question. Raises as `find` does.
        """
        with self._live.use() as collection:
            whole, each = self._looks(collection, question, today)
            found = self._found(collection, whole, each, for_model=False)
            passages = [*found.passages, *whole.ranked[_PASSAGES:]]
            cited = [one for statement in found.statements for one in statement.evidence]
            matches = matches_for(collection, whole.asked, whole.vector, passages, cited)
            return found, tuple(matches[:most])

    def _looks(
        self, collection: Collection, question: str, today: datetime.date
    ) -> tuple[_Look, list[_Look]]:
        """The question looked up as a whole, and each of its parts where it has several."""
        whole = self._look(collection, read_question(question, today))
        return whole, [
            self._look(collection, read_question(part, today)) for part in parts(question)
        ]

    def _found(
        self, collection: Collection, whole: _Look, each: Sequence[_Look], *, for_model: bool
    ) -> Found:
        passages = _in_turn([*each, whole])[:_PASSAGES] if each else whole.ranked[:_PASSAGES]
        quoted = self._quoted(collection, whole, each)
        model_writes = for_model and quoted.statements and not quoted.from_field
        may_refuse = model_writes or not quoted.statements
        return Found(
            passages=tuple(passages),
            statements=tuple(quoted.statements),
            from_field=quoted.from_field,
            sources=sources_of(collection, passages) if model_writes else (),
            nearest=_nearest(collection, whole) if may_refuse else (),
            unanswered=tuple(quoted.unanswered),
            said_instead=() if quoted.statements else tuple(self._said_instead(whole)),
            confidence=quoted.sure,
            generation=collection.manifest.id,
            embedding=collection.manifest.embedding,
            disagreeing=tuple(self._disagreeing(whole)) if model_writes and not each else (),
        )

    def _look(self, collection: Collection, asked: Asked) -> _Look:
        """What is found for one question."""
        filtered = narrowed(asked, collection.articles)
        asked, among = filtered.asked, filtered.chunks
        nothing_matches = among is not None and not among
        embedder = self._embedders.of(collection.manifest.embedding)
        vector = embed_question(collection, embedder, asked)
        found = search(collection, asked, vector, _CANDIDATES, among=among or None)
        candidates = rank_sentences(asked, describe(collection, asked, vector, found))
        ranked = self._reranked(asked, rank_passages(found, candidates))
        candidates = _found_in(ranked[:_PASSAGES], candidates)
        return _Look(
            asked=asked,
            vector=vector,
            ranked=ranked,
            candidates=candidates,
            sure=0.0 if nothing_matches or asked.bare else confidence(asked, candidates),
            nothing_matches=nothing_matches,
        )

    def _from_fields(self, collection: Collection, look: _Look) -> list[Statement]:
        if look.nothing_matches:
            return []
        listed = headlines(collection, look.asked, look.ranked)
        if listed:
            return listed
        passages = look.ranked[:_PASSAGES]
        return answer_by_author(collection, look.asked, passages) or answer_from_field(
            collection, look.asked, passages
        )

    def _quoted(self, collection: Collection, whole: _Look, each: Sequence[_Look]) -> _Quoted:
        """What answers: fields of an article, or sentences, of a question with parts for each."""
        fields = self._from_fields(collection, whole)
        asks_text = whole.asked.field is None
        if asks_text and not fields:
            sure = max(look.sure for look in (whole, *each))
            return replace(self._quote_sentences(collection, whole, each), sure=sure)
        if each and not asks_text:
            of_parts = self._quote_parts(collection, each)
            if of_parts.statements:
                return replace(of_parts, from_field=bool(fields))
        return _Quoted(fields, from_field=bool(fields))

    def _quote_sentences(
        self, collection: Collection, whole: _Look, each: Sequence[_Look]
    ) -> _Quoted:
        of_parts = self._quote_parts(collection, each)
        if of_parts.statements or not self._answers(whole):
            return of_parts
        return _Quoted(extractive.write(whole.candidates, whole.asked))

    def _quote_parts(self, collection: Collection, each: Sequence[_Look]) -> _Quoted:
        """The best sentences for each part, in the order of the parts, and those left open."""
        texts = [look.asked.text for look in each]
        found = [
            (look.asked.text, self._quote_part(collection, look, own_names(look.asked.text, texts)))
            for look in each
        ]
        statements = list(dict.fromkeys(chain.from_iterable(one for _, one in found)))
        told = [text for text, one in found if one]
        others = [text for text, one in found if not one]
        return _Quoted(statements, untold(told, others, [one.text for one in statements]))

    def _quote_part(
        self, collection: Collection, look: _Look, names: Sequence[str]
    ) -> list[Statement]:
        """The sentences that answer a part, of articles that speak of what it alone names."""
        if look.asked.field is not None:
            return self._from_fields(collection, look)
        if not self._answers(look):
            return []
        about = [one for one in look.candidates if _speaks_of(one.evidence.article, names)]
        able = any(one.can_answer for one in about)
        return extractive.write(about, look.asked, most=2) if able else []

    def _said_instead(self, look: _Look) -> list[Statement]:
        least = least_confidence(look.asked, self._strictness)
        return said_instead(look.asked, look.candidates, least) if look.asked.field is None else []

    def _disagreeing(self, look: _Look) -> list[Statement]:
        return extractive.disagreeing(look.candidates, look.asked) if self._answers(look) else []

    def _answers(self, look: _Look) -> bool:
        return look.sure >= least_confidence(look.asked, self._strictness)

    def _reranked(self, asked: Asked, passages: list[Passage]) -> list[Passage]:
        """The passages in the order of the reranking model, where there is one and it answers."""
        if self._reranker is None or not passages or time.monotonic() < self._rerank_again:
            return passages
        try:
            return rerank(self._reranker, asked.text, passages)
        except ModelUnavailableError as error:
            logger.warning("%s; for %d s passages are ordered without it", error, _REST_SECONDS)
            self._rerank_again = time.monotonic() + _REST_SECONDS
            return passages


def _found_in(passages: Sequence[Passage], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that stand in one of the passages."""
    ids = {passage.chunk.id for passage in passages}
    return [one for one in candidates if not ids.isdisjoint(one.chunk_ids)]


def _speaks_of(article: Article, names: Sequence[str]) -> bool:
    """Whether one of the folded names, if there are any, stands in the article."""
    if not names:
        return True
    text = fold(f"{article.heading}\n{article.byline}\n{article.text}")
    return any(is_named(name, text) for name in names)


def _in_turn(looks: Sequence[_Look]) -> list[Passage]:
    """The passages of several questions, the best of each, then the second of each, and so on."""
    in_turn = chain.from_iterable(zip_longest(*(look.ranked for look in looks)))
    kept: dict[str, Passage] = {}
    for passage in in_turn:
        if passage is not None:
            kept.setdefault(passage.chunk.id, passage)
    return in_this_order(kept.values())


def _nearest(collection: Collection, look: _Look) -> tuple[NearestArticle, ...]:
    passages = [*look.ranked, *search(collection, look.asked, look.vector, _LOOKED_THROUGH)]
    ids = list(dict.fromkeys(passage.chunk.article_id for passage in passages))[:_NEAREST_OF]
    articles = collection.articles.articles(ids)
    different = without_duplicates((articles[name] for name in ids), lambda one: one.text[:_LEAD])
    return tuple(
        NearestArticle(one.id, one.title, one.date, article_version(one))
        for one in different[:_NEAREST]
    )
