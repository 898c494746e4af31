"""`make bench-search`: how long finding and weighing take at 10,000 chunks, without the model.

The vectors are made of pairs of characters, as those of the stand-in in `make bench-reload`.
"""

import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from retrieval.answering.quoting import extractive
from retrieval.cache import EmbeddingCache
from retrieval.corpus import read_corpus
from retrieval.index.collection import Collection
from retrieval.index.writing import Embedding, GenerationWriter
from retrieval.questions.question import read_question
from retrieval.ranking.features import describe
from retrieval.ranking.ranking import confidence, rank_passages, rank_sentences
from retrieval.search import search
from retrieval.tokens import estimate_tokens
from retrieval.types import Loaded, Vectors
from tests.bench.keeping import keep
from tests.bench.reload import pairs_of_characters, write_articles

ROOT = Path(__file__).parent.parent.parent
CHUNKS = 10_000
QUESTIONS = 300
_CANDIDATES = 20
_DIMENSIONS = 384
_ASKS = ("在哪里?", "有多少人?", "是谁说的?", "是什么时候?", "为什么?", "花了多少钱?", "有哪些?")


class StandIn:
    """Vectors from pairs of characters."""

    fingerprint = "pairs of characters"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        return np.asarray(pairs_of_characters(text, _DIMENSIONS), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)


def main() -> None:
    """Print the figures and write them to bench/search.json."""
    embedder = StandIn()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        corpus = write_articles(root, CHUNKS)
        folder = root / "generation"
        folder.mkdir()
        titles: list[str] = []
        with closing(GenerationWriter(folder, source=None, progress=lambda _: None)) as writer:
            chunks = 0
            for one in read_corpus(corpus):
                if isinstance(one, Loaded) and chunks < CHUNKS:
                    chunks += writer.add(one, embedder.count_tokens)
                    titles.append(one.article.title)
            cache = EmbeddingCache(root / "cache.sqlite3")
            embedding = Embedding(cache, embedder, lambda _: None)
            manifest = writer.finish("bench", (), embedding)
            cache.close()
        collection = Collection(folder, manifest)
        times = _times(collection, embedder, titles)
        collection.close()
    print(f"{manifest.articles} articles, {manifest.chunks} chunks, {manifest.sentences} sentences")
    figures: dict[str, float] = {"chunks": manifest.chunks}
    for stage, values in times.items():
        p50, p95 = np.percentile(values, [50, 95]).tolist()
        figures |= {f"{stage}_p50_ms": round(p50, 1), f"{stage}_p95_ms": round(p95, 1)}
        print(f"{stage:10} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms")
    keep("search", figures)


def _times(
    collection: Collection, embedder: StandIn, titles: Sequence[str]
) -> dict[str, list[float]]:
    """Milliseconds by stage: `search` (Chroma and BM25), `weigh` (sentences), `write`, `all`."""
    chance = random.Random(5)
    times: dict[str, list[float]] = {"search": [], "weigh": [], "write": [], "all": []}
    for number in range(QUESTIONS + 10):
        asked = read_question(chance.choice(titles) + chance.choice(_ASKS))
        vector = embedder.embed_query(asked.text)
        started = time.perf_counter()
        passages = search(collection, asked, vector, _CANDIDATES)
        searched = time.perf_counter()
        candidates = rank_sentences(asked, describe(collection, asked, vector, passages))
        weighed = time.perf_counter()
        rank_passages(passages, candidates)
        if confidence(asked, candidates):
            extractive.write(candidates, asked)
        written = time.perf_counter()
        if number < 10:
            continue  # the first ones read the files
        times["search"].append((searched - started) * 1_000)
        times["weigh"].append((weighed - searched) * 1_000)
        times["write"].append((written - weighed) * 1_000)
        times["all"].append((written - started) * 1_000)
    return times


if __name__ == "__main__":
    main()
