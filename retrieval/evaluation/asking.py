"""A collection of passages in a temporary place, and questions asked of it."""

import asyncio
import datetime
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from retrieval.answering.answerer import Answerer
from retrieval.answering.model.brief import Writer
from retrieval.batches import batched
from retrieval.cache import EmbeddingCache
from retrieval.chunking import chunk_article, embedded_text
from retrieval.evaluation.measures import Outcome, bare, holds
from retrieval.evaluation.sets import Question
from retrieval.index.articles import ArticleStore
from retrieval.index.collection import Collections, OneCollection, check_complete
from retrieval.index.writing import Embedding, GenerationWriter
from retrieval.sentences import split_sentences
from retrieval.types import Answer, Article, Citation, Embedder, Loaded, Progress, Step, Strictness

_GENERATION = "evaluation"
_LOOK_UP = 500


def embedded_texts(articles: Iterable[Loaded], embedder: Embedder) -> list[str]:
    """What a collection of these articles has vectors of: their chunks and sentences."""
    texts = []
    for article in (loaded.article for loaded in articles):
        chunks = chunk_article(article, embedder.count_tokens)
        texts += [embedded_text(article, chunk) for chunk in chunks]
        texts += [article.text[one.start : one.end] for one in split_sentences(article.text)]
    return texts


def fill_cache(
    texts: Sequence[str], embedder: Embedder, cache: EmbeddingCache, progress: Progress
) -> None:
    """Embed what the cache lacks of these texts. Raises ModelUnavailableError."""
    embedding = Embedding(cache, embedder, progress)
    embedding.start(len(texts))
    for batch in batched(texts, _LOOK_UP):
        embedding.embed(batch)


@contextmanager
def collection_of(
    articles: Iterable[Loaded], embedder: Embedder, cache: EmbeddingCache, progress: Progress
) -> Iterator[OneCollection]:
    """A collection of these articles alone, which is gone afterwards. The user closes it.

    Raises ModelUnavailableError.
    """
    with tempfile.TemporaryDirectory(prefix="baoda-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        with closing(GenerationWriter(folder, source=None, progress=progress)) as writer:
            for loaded in articles:
                writer.add(loaded, embedder.count_tokens)
            manifest = writer.finish(_GENERATION, (), Embedding(cache, embedder, progress))
        check_complete(folder, manifest, just_written=True)
        yield OneCollection(folder, manifest)


def ask(
    questions: Sequence[Question],
    collections: Collections,
    embedder: Embedder,
    progress: Progress,
    asked: Callable[[Outcome], None],
    strictness: Strictness = Strictness.BALANCED,
    writer: Writer | None = None,
) -> list[Outcome]:
    """Every question's outcome, one after another in order; `asked` is told of each at once.

    Without a `writer` answers are quotations. Closes the collections. Raises CollectionError and
    ModelUnavailableError.
    """
    outcomes: list[Outcome] = []
    started = time.monotonic()
    answerer = Answerer(
        live=collections,
        embedder=embedder,
        writer=writer,
        strictness=strictness,
        today=lambda: datetime.datetime.now(datetime.UTC).date(),
    )
    with closing(answerer), asyncio.Runner() as runner:
        with collections.use() as collection:
            relevant = find_relevant(questions, collection.articles)
        for number, question in enumerate(questions, start=1):
            answer = runner.run(answerer.answer(question.question, asked_at=question.asked_at))
            with collections.use() as collection:
                outcomes.append(
                    outcome_of(question, answer, relevant[number - 1], collection.articles)
                )
            asked(outcomes[-1])
            left = (time.monotonic() - started) / number * (len(questions) - number)
            progress(Step("ask", number, len(questions), seconds_left=round(left, 1)))
    return outcomes


def find_relevant(questions: Sequence[Question], store: ArticleStore) -> list[frozenset[str]]:
    """For each question the ids of the articles that answer, as far as the store holds them."""
    ids = sorted({one for question in questions for one in question.positive})
    stored: set[str] = set()
    for batch in batched(ids, _LOOK_UP):
        stored |= store.articles(batch).keys()
    by_headline: dict[str, str] = {}
    if any(question.headline is not None for question in questions):
        by_headline = {bare(article.title): article.id for _, article in store.everything()}
    return [
        frozenset(stored & set(question.positive))
        if question.headline is None
        else frozenset(filter(None, [by_headline.get(bare(question.headline))]))
        for question in questions
    ]


def outcome_of(
    question: Question, answer: Answer, relevant: frozenset[str], store: ArticleStore
) -> Outcome:
    """What came back, with what the articles found for it say."""
    cited = [citation.article_id for citation in answer.citations]
    found = store.articles([*cited, *(passage.chunk.article_id for passage in answer.passages)])
    if question.by_text:
        also = (one.id for one in found.values() if holds(one.text, question.answers))
        relevant = relevant.union(also)
    is_missed = relevant.isdisjoint(passage.chunk.article_id for passage in answer.passages)
    return Outcome(
        question=question,
        answer=answer,
        relevant=relevant,
        titles={article.id: article.heading for article in found.values()},
        missed=store.article(min(relevant)) if relevant and is_missed else None,
        verbatim=sum(_is_verbatim(one, found) for one in answer.citations),
    )


def _is_verbatim(citation: Citation, found: Mapping[str, Article]) -> bool:
    article = found.get(citation.article_id)
    if article is None:
        return False
    text: str = getattr(article, citation.field)
    return bool(citation.quote) and text[citation.start : citation.end] == citation.quote
