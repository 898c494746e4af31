"""A reranking model behind the common interface: how well each of several texts answers a question.

POST …/rerank with `model`, `query`, `documents` and `top_n`, answered by `results` of `index` and
`relevance_score`: Jina, Cohere, vLLM, llama.cpp, SiliconFlow, DashScope. Text Embeddings Inference
wants `texts` in place of `documents`, and answers with a bare list of `index` and `score`.
"""

import json
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from retrieval.errors import ModelUnavailableError

if TYPE_CHECKING:
    import httpx2  # openai brings it along; typed, and one client serves all threads

MAX_TEXT_CHARACTERS = 2_000
"""More of a text is not sent. Chunks are far shorter; but hosted models take some 100,000 tokens a
request, which fifty longer texts would pass, and the reader waits for every one of them."""

_MAX_QUESTION_CHARACTERS = 500
"""Hosted models count the question once for every text."""
_MAX_REPLY_BYTES = 10_000_000
"""Ample for servers that send the texts back."""
_CONNECT_SECONDS = 10
_PAUSES_SECONDS = (0.2, 0.5)
"""Before the second and the third try."""
_SERVER_SAID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Form:
    """Where a server is asked, and what it calls the texts."""

    address: str
    field: Literal["documents", "texts"] = "documents"


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes


class RemoteReranker:
    """A reranking model behind an address; connected to on first use, safe to share by threads.

    `timeout_seconds` is for a whole call, tries and pauses included. `base_url` may have /v1 or
    not: where /rerank is not found the other is tried. One that ends in /rerank or /reranks (as
    DashScope's does) is taken as it is.
    """

    def __init__(
        self, *, model: str, base_url: str, api_key: str | None, timeout_seconds: float
    ) -> None:
        self._model = model
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._addresses = _addresses(base_url)
        self._form = _Form(self._addresses[0])
        self._client: httpx2.Client | None = None
        self._connecting = threading.Lock()

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """One finite score per text, same order, higher is better. Raises ModelUnavailableError."""
        deadline = time.monotonic() + self._timeout_seconds
        documents = [text[:MAX_TEXT_CHARACTERS] for text in texts]
        return self._scores(question[:_MAX_QUESTION_CHARACTERS], documents, deadline)

    def _scores(self, question: str, documents: list[str], deadline: float) -> list[float]:
        if not documents:
            return []
        reply = self._ask(question, documents, deadline)
        if reply.status == 413 and len(documents) > 1:  # Text Embeddings Inference takes 32
            half = len(documents) // 2
            return [
                *self._scores(question, documents[:half], deadline),
                *self._scores(question, documents[half:], deadline),
            ]
        if reply.status != 200:
            said = _server_said(reply.body, unsaid=(question, self._api_key))
            raise self._unavailable(f"the server answered {reply.status}{said}", reply.status)
        try:
            return _read_scores(reply.body, len(documents))
        except ValueError as error:
            raise self._unavailable(str(error)) from error

    def _ask(self, question: str, documents: list[str], deadline: float) -> _Reply:
        """The reply to the form that this server understands, which is kept for the next call."""
        form = self._form
        reply = self._try(form, question, documents, deadline)
        for address in self._addresses:
            if reply.status in (404, 405) and address != form.address:
                other = replace(form, address=address)
                second = self._try(other, question, documents, deadline)
                if second.status not in (404, 405):
                    form, reply = other, second
        if reply.status == 422 and form.field == "documents":
            other = replace(form, field="texts")
            second = self._try(other, question, documents, deadline)
            if second.status != 422:
                form, reply = other, second
        if reply.status in (200, 413):
            self._form = form
        return reply

    def _try(self, form: _Form, question: str, documents: list[str], deadline: float) -> _Reply:
        """The reply, after two more tries where the trouble may pass."""
        import httpx2

        body = self._body(form, question, documents)
        for pause in (*_PAUSES_SECONDS, None):
            try:
                reply = self._post(form.address, body, deadline)
                if pause is None or not (reply.status == 429 or reply.status >= 500):
                    return reply
            except httpx2.TimeoutException as error:
                reason = f"no answer within {self._timeout_seconds:g} s"
                raise self._unavailable(reason) from error
            except httpx2.TransportError as error:
                if pause is None:
                    raise self._unavailable(
                        f"the connection failed ({type(error).__name__})"
                    ) from error
            except (httpx2.RequestError, httpx2.InvalidURL) as error:
                raise self._unavailable(f"no answer ({type(error).__name__})") from error
            time.sleep(max(0, min(pause, deadline - time.monotonic())))
        raise AssertionError("the last try returns or raises")

    def _body(self, form: _Form, question: str, documents: list[str]) -> bytes:
        body: dict[str, Any] = {"model": self._model, "query": question, form.field: documents}
        body |= {"top_n": len(documents)} if form.field == "documents" else {"truncate": True}
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    def _post(self, address: str, body: bytes, deadline: float) -> _Reply:
        import httpx2

        left = max(deadline - time.monotonic(), 0.001)
        timeout = httpx2.Timeout(left, connect=min(left, _CONNECT_SECONDS))
        received = bytearray()
        with self._connected().stream("POST", address, content=body, timeout=timeout) as response:
            for piece in response.iter_bytes():
                received += piece
                if len(received) > _MAX_REPLY_BYTES:
                    raise self._unavailable("the reply is too long")
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the reply comes too slowly")
        return _Reply(response.status_code, bytes(received))

    def _connected(self) -> "httpx2.Client":
        import httpx2

        with self._connecting:
            if self._client is None:
                headers = {b"Content-Type": b"application/json"}
                if self._api_key:
                    headers[b"Authorization"] = f"Bearer {self._api_key}".encode()
                self._client = httpx2.Client(headers=headers)
            return self._client

    def _unavailable(self, reason: str, status: int = 0) -> ModelUnavailableError:
        return ModelUnavailableError(f"RERANK_MODEL {self._model}: {reason}; {_advice(status)}")


def _addresses(base_url: str) -> tuple[str, ...]:
    base = base_url.rstrip("/")
    if base.endswith(("/rerank", "/reranks")):
        return (base,)
    if base.endswith("/v1"):
        return (f"{base}/rerank", f"{base.removesuffix('/v1')}/rerank")
    return (f"{base}/rerank", f"{base}/v1/rerank")


def _read_scores(body: bytes, count: int) -> list[float]:
    """One score per text, by index. Raises ValueError saying what is wrong with the reply."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the reply is not JSON") from None
    results = reply.get("results") if isinstance(reply, dict) else reply
    if not isinstance(results, list):
        raise ValueError("the reply holds no results")
    if len(results) != count:
        raise ValueError(f"{len(results)} scores came for {count} texts")
    scores = dict(map(_read_score, results))
    if scores.keys() != set(range(count)):
        raise ValueError("the indexes of the reply are not those of the texts")
    return [scores[index] for index in range(count)]


def _read_score(result: object) -> tuple[int, float]:
    if not isinstance(result, dict):
        raise ValueError("the results hold no scores")
    index = result.get("index")
    score = result.get("relevance_score", result.get("score"))
    if type(index) is not int:
        raise ValueError("the results hold no index")
    if not isinstance(score, int | float) or isinstance(score, bool):
        raise ValueError("the scores are not numbers")
    try:
        number = float(score)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("a score is not finite")
    return index, number


def _server_said(body: bytes, *, unsaid: Sequence[str | None]) -> str:
    """The server's own words in one line; nothing where they repeat what must not be logged."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = reply.get("error", reply) if isinstance(reply, dict) else reply
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail")
    if not isinstance(error, str) or any(words and words in error for words in unsaid):
        return ""
    line = " ".join(error.split())[:_SERVER_SAID_CHARACTERS]
    return f": {line}"


def _advice(status: int) -> str:
    if status in (401, 403):
        return "look at RERANK_API_KEY"
    if status in (402, 429):
        return "try later, or raise the server's limit"
    if status >= 500:
        return "try later, or look at the server"
    if 400 <= status < 500 and status not in (404, 405):
        return "is it a reranking model? Look at RERANK_MODEL"
    return "look at RERANK_MODEL and RERANK_BASE_URL"
