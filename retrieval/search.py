"""A question to passages: nearest vectors and keywords, their scores joined."""

from collections.abc import Collection as Ordinals
from collections.abc import Mapping

from retrieval.folding import is_traditional
from retrieval.index.collection import Collection
from retrieval.questions.question import Asked
from retrieval.types import Embedder, Passage, Vectors

_CANDIDATES = 60
_KEYWORD_SHARE = 0.4
_LEAST_WIDTH = 0.15
"""Of the cosines: where they differ by less, little is made of their differences. Measured on 450
questions over the 450 articles of cmrc2018, drcd and terror_news together, right article first:
1.00, 0.99, 0.75; vectors alone 0.98, 0.93, 0.55; with plain min-max scores 0.99, 0.97, 0.69."""

_NAME_SHARE = 0.5
"""The share for questions in Latin letters: what they share with a Chinese text are names."""


def embed_question(collection: Collection, embedder: Embedder, asked: Asked) -> Vectors:
    """The question's vector; of one in traditional characters, in those of the articles.

    The bundled model puts the two spellings of a question some way apart. Where the articles are in
    traditional characters themselves, the one that finds more counts.
    """
    if not is_traditional(asked.text):
        return embedder.embed_query(asked.text)
    simplified = embedder.embed_query(asked.folded)
    if not collection.is_traditional:
        return simplified
    return max(
        (embedder.embed_query(asked.text), simplified),
        key=lambda one: max(collection.vectors.nearest(one, 1).values(), default=0.0),
    )


def search(
    collection: Collection,
    asked: Asked,
    vector: Vectors,
    limit: int,
    *,
    among: Ordinals[int] | None = None,
) -> list[Passage]:
    """The best passages for a question with its vector, best first, scores from 0 to 1.

    `among` these chunks only, where given.
    """
    similarities = collection.vectors.nearest(
        vector, min(_CANDIDATES, collection.manifest.chunks), among=among
    )
    keyword_scores = collection.keywords.best(asked.text, _CANDIDATES, asked.at, among=among)
    keyword_share = _KEYWORD_SHARE if asked.chinese else _NAME_SHARE
    scores = _join(similarities, keyword_scores, keyword_share if keyword_scores else 0.0)
    best = sorted(scores, key=lambda ordinal: (-scores[ordinal], ordinal))[:limit]
    chunks = collection.articles.chunks(best)
    least = min(similarities.values(), default=0.0)
    return [
        Passage(
            chunks[ordinal],
            rank,
            round(scores[ordinal], 6),
            collection.scaled(similarities.get(ordinal, least)),
        )
        for rank, ordinal in enumerate(best, start=1)
    ]


def _join(
    dense: Mapping[int, float], keyword: Mapping[int, float], keyword_share: float
) -> dict[int, float]:
    """Convex sum of scaled scores; a chunk that one side did not find has that side's least."""
    dense, keyword = _scaled(dense, _LEAST_WIDTH), _scaled(keyword, 0.0)
    least = min(dense.values(), default=0.0)
    return {
        ordinal: (1 - keyword_share) * dense.get(ordinal, least)
        + keyword_share * keyword.get(ordinal, 0.0)
        for ordinal in dense.keys() | keyword.keys()
    }


def _scaled(scores: Mapping[int, float], least_width: float) -> dict[int, float]:
    """Scores with 1 for the best and 0 for one worse by their range, or by the least width."""
    if not scores:
        return {}
    most = max(scores.values())
    width = max(most - min(scores.values()), least_width)
    return {key: 1 - (most - value) / width if width else 1.0 for key, value in scores.items()}
