"""The cache of embeddings: what was embedded once is not embedded again, by any generation."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, bindparam, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, OperationalError

from retrieval.batches import batched
from retrieval.embedding import BATCH
from retrieval.sqlite import open_shared
from retrieval.types import Embedder, Vectors

logger = logging.getLogger(__name__)

CACHE_FILE = "embeddings.sqlite3"
"""In DATA_DIR."""

_METADATA = MetaData()
_VECTORS = Table(
    "vectors",
    _METADATA,
    Column("model", String, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)
_LOOK_UP = 500


class EmbeddingCache:
    """Vectors by model fingerprint and sha256 of the text, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._engine = open_shared(path)
        try:
            _METADATA.create_all(self._engine)
        except OperationalError:
            raise  # locked or unreadable, not damaged
        except DatabaseError:
            logger.warning("%s is damaged and is made anew", path)
            self._engine.dispose()
            path.unlink()
            self._engine = open_shared(path)
            _METADATA.create_all(self._engine)

    def embed(
        self, embedder: Embedder, texts: Sequence[str], embedded: Callable[[int], None]
    ) -> Vectors:
        """One unit vector per text, same order; `embedded` is told how many of a batch were new.

        What was embedded is kept at once, so a build that is stopped goes on from there.
        """
        keys = [text_hash(text) for text in texts]
        known: dict[bytes, Vectors] = {}
        for block in batched(keys, _LOOK_UP):
            known.update(self._known(embedder.fingerprint, block))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for batch in batched(missing.items(), BATCH):
            vectors = embedder.embed_passages([text for _, text in batch])
            new = {key: row for (key, _), row in zip(batch, vectors, strict=True)}
            self._keep(embedder.fingerprint, new)
            known.update(new)
            embedded(len(new))
        return np.stack([known[key] for key in keys])

    def lacks(self, fingerprint: str, texts: Sequence[str]) -> bool:
        """Whether any of the texts has no vector of this model yet."""
        keys = [text_hash(text) for text in texts]
        return any(
            len(self._known(fingerprint, block)) < len(set(block))
            for block in batched(keys, _LOOK_UP)
        )

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def _known(self, fingerprint: str, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        query = select(_VECTORS.c.sha256, _VECTORS.c.vector).where(
            _VECTORS.c.model == fingerprint,
            _VECTORS.c.sha256.in_(bindparam("keys", expanding=True)),
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query, {"keys": list(keys)})
            return {row.sha256: np.frombuffer(row.vector, dtype=np.float32) for row in rows}

    def _keep(self, fingerprint: str, vectors: dict[bytes, Vectors]) -> None:
        rows = [
            {"model": fingerprint, "sha256": key, "vector": vector.astype(np.float32).tobytes()}
            for key, vector in vectors.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(insert(_VECTORS).on_conflict_do_nothing(), rows)


def text_hash(text: str) -> bytes:
    """The sha256 that the vector of a text is kept under."""
    return hashlib.sha256(text.encode()).digest()
