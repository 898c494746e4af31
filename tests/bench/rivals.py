"""Three plain ways to search, with the same embedding model: what retrieval is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import chromadb
import numpy as np
import rjieba
from langchain_text_splitters import RecursiveCharacterTextSplitter

from retrieval.cache import EmbeddingCache
from retrieval.types import Article, Embedder, Vectors

RIVALS = ("dense", "BM25", "fusion")
CHUNK_CHARACTERS, OVERLAP = 1000, 200
RANKED = 10
"""Chunks that a ranking of articles is made of."""

GIVEN = 4
"""Chunks that a model would be given to answer from: LangChain's own default."""

_BATCH = 500
_RRF = 60
"""Cormack, Clarke and Büttcher, Reciprocal rank fusion outperforms Condorcet, SIGIR 2009."""

Search = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a rival found: ids of articles, each once, and the text it would give to a model."""

    ranking: tuple[str, ...]
    given: str


class Rivals:
    """The searches over chunks as LangChain's tutorial "Build a RAG agent" cuts them.

    docs.langchain.com/oss/python/langchain/rag: recursive character splitter, 1,000 characters
    with 200 of overlap; Chroma with its own settings; four chunks to the model. A page is headline
    and text, as the tutorial's loader reads it.
    """

    def __init__(
        self, articles: Sequence[Article], embedder: Embedder, cache: EmbeddingCache, folder: Path
    ) -> None:
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_CHARACTERS, chunk_overlap=OVERLAP
        )
        pages = [(one.id, f"{one.heading}\n{one.text}".strip()) for one in articles]
        pairs = [(owner, chunk) for owner, page in pages for chunk in splitter.split_text(page)]
        self._owners = [owner for owner, _ in pairs]
        self._chunks = [chunk for _, chunk in pairs]
        self._embedder = embedder
        vectors = cache.embed(embedder, self._chunks, lambda _: None)
        client = chromadb.PersistentClient(str(folder))
        self._collection = client.create_collection("rival", embedding_function=None)
        for first in range(0, len(self._chunks), _BATCH):
            rows: Vectors = vectors[first : first + _BATCH]
            ids = [str(number) for number in range(first, first + len(rows))]
            self._collection.add(ids=ids, embeddings=np.asarray(rows))
        self._keywords = bm25s.BM25()
        self._keywords.index([_words(chunk) for chunk in self._chunks], show_progress=False)
        searches: tuple[Search, ...] = (self._dense, self._bm25, self._fused)
        self._searches = dict(zip(RIVALS, searches, strict=True))

    def find(self, name: str, question: str) -> Found:
        """What one of `RIVALS` finds."""
        numbers = self._searches[name](question)
        ranking = tuple(dict.fromkeys(self._owners[number] for number in numbers))
        return Found(ranking, "\n".join(self._chunks[number] for number in numbers[:GIVEN]))

    def _dense(self, question: str) -> list[int]:
        vector = self._embedder.embed_query(question)
        found = self._collection.query(
            query_embeddings=vector[np.newaxis],
            n_results=min(RANKED, len(self._chunks)),
            include=[],
        )
        return [int(one) for one in found["ids"][0]]

    def _bm25(self, question: str) -> list[int]:
        known = [word for word in _words(question) if word in self._keywords.vocab_dict]
        if not known:
            return []
        scores = self._keywords.get_scores(known)
        order = np.argsort(-scores, kind="stable")[:RANKED]
        return [int(one) for one in order if scores[one] > 0]

    def _fused(self, question: str) -> list[int]:
        scores: dict[int, float] = {}
        for ranked in (self._dense(question), self._bm25(question)):
            for rank, number in enumerate(ranked, start=1):
                scores[number] = scores.get(number, 0.0) + 1 / (_RRF + rank)
        return sorted(scores, key=lambda number: -scores[number])[:RANKED]


def _words(text: str) -> list[str]:
    return [word for word in rjieba.cut(text) if word.strip()]
