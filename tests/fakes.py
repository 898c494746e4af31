"""Stand-ins that share the real thing's interface."""

import hashlib
from collections.abc import Sequence

import numpy as np

from retrieval.folding import fold
from retrieval.tokens import estimate_tokens
from retrieval.types import Vectors

DIMENSIONS = 64


class FakeEmbedder:
    """Vectors from pairs of characters: texts that share words are near. Counts what it embeds."""

    def __init__(self, name: str = "fake") -> None:
        self._name = name
        self.embedded: list[str] = []

    @property
    def fingerprint(self) -> str:
        return self._name

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        vector = np.full(DIMENSIONS, 1e-3, dtype=np.float32)
        folded = fold(text)
        for index in range(len(folded) - 1):
            digest = hashlib.sha256(folded[index : index + 2].encode("utf-8", "replace")).digest()
            vector[digest[0] % DIMENSIONS] += 1
        unit: Vectors = vector / np.linalg.norm(vector)
        return unit

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)
