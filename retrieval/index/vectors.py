"""chroma/ of a generation: the chunks with their vectors. The only module that knows Chroma.

One process writes a folder, before it is published; afterwards it is only read.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.config import Settings
from chromadb.errors import ChromaError

from retrieval.errors import CollectionError
from retrieval.types import Chunk, Vectors

_NAME = "articles"
_CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 300}
}
"""Measured: the defaults lose recall on large collections; these keep it at little cost."""

_MAX_BATCH = 2_000
_EQUAL = 0.9999
"""Cosine from which on two vectors are taken for the same."""

logging.getLogger("chromadb").setLevel(logging.WARNING)


class VectorIndex:
    """Nearest chunks by cosine. Chroma ids are the chunks' ordinals."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        try:
            self._client = chromadb.PersistentClient(
                str(folder), settings=Settings(anonymized_telemetry=False)
            )
            if create:
                self._collection = self._client.create_collection(
                    _NAME, embedding_function=None, configuration=_CONFIGURATION
                )
            else:
                self._collection = self._client.get_collection(_NAME, embedding_function=None)
        except (ChromaError, ValueError, OSError) as error:
            raise CollectionError(
                f"the vector index cannot be opened ({error}); run `baoda reload`"
            ) from error

    def add(self, first: int, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add chunks with the ordinals from `first` on."""
        for start in range(0, len(chunks), _MAX_BATCH):
            batch = chunks[start : start + _MAX_BATCH]
            self._collection.add(
                ids=[str(first + start + index) for index in range(len(batch))],
                embeddings=vectors[start : start + len(batch)],
                documents=[chunk.text for chunk in batch],
                metadatas=[
                    {
                        "article_id": chunk.article_id,
                        "position": chunk.position,
                        "start": chunk.start,
                        "end": chunk.end,
                    }
                    for chunk in batch
                ],
            )

    def nearest(self, vector: Vectors, limit: int) -> dict[int, float]:
        """Ordinals of the `limit` nearest chunks with their cosine, best first."""
        try:
            found = self._collection.query(
                query_embeddings=vector[np.newaxis, :], n_results=limit, include=["distances"]
            )
        except (ChromaError, ValueError) as error:
            raise CollectionError(
                f"the vector index cannot be searched ({error}); run `baoda reload`"
            ) from error
        distances = (found["distances"] or [[]])[0]
        pairs = zip(found["ids"][0], distances, strict=True)
        return {int(ordinal): 1.0 - distance for ordinal, distance in pairs}

    def unreachable(self, dimensions: int, count: int) -> list[int]:
        """Ordinals below `count` that no search finds; Chroma's own `count()` proves nothing.

        One query should return all. Of many equal vectors it may leave out some: those count as
        found when a look-up by their own vector finds an equal one.
        """
        if count == 0:
            return []
        direction = np.full(dimensions, dimensions**-0.5, dtype=np.float32)
        found = self.nearest(direction, count)
        return [one for one in range(count) if one not in found and not self._finds_its_like(one)]

    def _finds_its_like(self, ordinal: int) -> bool:
        try:
            stored = self._collection.get([str(ordinal)], include=["embeddings"])["embeddings"]
        except (ChromaError, ValueError):
            return False
        if stored is None or len(stored) == 0:
            return False
        nearest = self.nearest(np.asarray(stored[0], dtype=np.float32), 1)
        return max(nearest.values(), default=0.0) > _EQUAL

    def close(self) -> None:
        """Let go of the folder."""
        assert isinstance(self._client, Client)
        self._client.close()
