"""An OpenAI-compatible model server on loopback that says what a test tells it to."""

import base64
import hashlib
import json
import math
import random
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any, Self

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
RERANK = "/v1/rerank"
TEI_RERANK = "/rerank"
"""As Text Embeddings Inference has it: `texts`, at most 32, a bare list in return."""
_TEI_MOST_TEXTS = 32


@dataclass
class Reply:
    """What to answer one request with."""

    text: str = ""
    status: int = 200
    body: Iterable[bytes] | None = None
    """The pieces sent as they are, in place of what an answer usually looks like."""
    error: dict[str, Any] | None = None
    """The JSON body of an answer that is not 200; else one with `text` as its message."""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0
    """How long to wait before the answer begins."""
    chunks: Iterable[str] | None = None
    """The pieces streamed in place of `text`; a generator may wait between two of them."""
    reasoning: Iterable[str] = ()
    """Pieces of `reasoning_content`, before the text."""
    cut_after: int | None = None
    """Break the connection off after so many pieces of text, in the middle of the body."""
    cut_cleanly: bool = False
    """End the body properly at the cut, so that only the finish_reason is missing."""
    finish_reason: str = "stop"
    usage: tuple[int, int] = (11, 7)
    """The tokens of the prompt and of the answer."""


@dataclass(frozen=True)
class Request:
    """A request as it came; header names in lower case, the body None for GET."""

    path: str
    headers: dict[str, str]
    json: Any
    at: float


def unit_vector(text: object, dimension: int) -> "array[float]":
    """The vector of `text`: always the same, of length one, in single precision."""
    seed = hashlib.sha256(json.dumps(text, ensure_ascii=False).encode()).hexdigest()
    numbers = random.Random(seed)
    values = [numbers.gauss(0, 1) for _ in range(dimension)]
    length = math.hypot(*values)
    return array("f", [value / length for value in values])


def overlap(question: str, text: str) -> float:
    """The share of the question's characters that stand in the text."""
    return len(set(question) & set(text)) / max(1, len(set(question)))


class StubModelServer:
    """The server; it serves on its own thread while used as a context manager."""

    def __init__(
        self,
        dimension: int = 64,
        models: tuple[str, ...] = ("stub-model",),
        vector: Callable[[object, int], Sequence[float]] = unit_vector,
        score: Callable[[str, str], float] = overlap,
    ) -> None:
        self.dimension, self.models, self.vector, self.score = dimension, models, vector, score
        self.requests: list[Request] = []
        self.client_left = threading.Event()
        """Set when a client closed the connection before its answer was complete."""
        self.closing = threading.Event()
        self._replies: dict[str, deque[Reply]] = {
            path: deque() for path in (CHAT, EMBEDDINGS, RERANK, TEI_RERANK)
        }
        self._responder: Callable[[Any], Reply | str] | None = None

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stub = self
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def queue(self, reply: str | Reply, path: str = CHAT) -> None:
        """Answer the next request no reply is queued for yet; but for CHAT, by an error or body."""
        self._replies[path].append(Reply(reply) if isinstance(reply, str) else reply)

    def respond_with(self, responder: Callable[[Any], Reply | str]) -> None:
        """Answer chat requests with what `responder` makes of their JSON, once none is queued."""
        self._responder = responder

    def next_reply(self, path: str, body: Any) -> Reply:
        """The answer that is due; but for CHAT without one an empty 200: vectors or scores."""
        try:
            if self._replies[path]:
                return self._replies[path].popleft()
            if path != CHAT:
                return Reply()
            if self._responder is None:
                return Reply("StubModelServer: no reply is queued for this request", status=500)
            reply = self._responder(body)
        except Exception as error:
            return Reply(f"StubModelServer: respond_with raised {error!r}", status=500)
        return Reply(reply) if isinstance(reply, str) else reply


class _Server(ThreadingHTTPServer):
    stub: StubModelServer
    daemon_threads = False  # so that closing waits for every connection
    request_queue_size = 64


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Nothing: a test says what it wants to know."""

    def do_GET(self) -> None:
        self._record(None)
        models = [{"id": name, "object": "model"} for name in self.server.stub.models]
        if self.path == "/v1/models":
            self._send(200, {"object": "list", "data": models})
        else:
            self._send(404, {"error": {"message": f"Unknown path {self.path}"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._record(body)
        if self.path not in (CHAT, EMBEDDINGS, RERANK, TEI_RERANK):
            self._send(404, {"error": {"message": f"Unknown path {self.path}"}})
            return
        stub = self.server.stub
        reply = stub.next_reply(self.path, body)
        if stub.closing.wait(reply.delay_seconds):
            return
        try:
            if reply.body is not None:
                self._start(reply.status, {"Content-Type": "application/json"} | reply.headers)
                for piece in reply.body:
                    self.wfile.write(piece)
            elif reply.status != 200:
                error = {"message": reply.text, "type": "stub", "param": None, "code": None}
                self._send(reply.status, reply.error or {"error": error}, reply.headers)
            elif self.path == EMBEDDINGS:
                self._send(200, self._embeddings(body), reply.headers)
            elif self.path == RERANK:
                self._rerank(body)
            elif self.path == TEI_RERANK:
                self._tei_rerank(body)
            elif body.get("stream"):
                self._stream(body, reply)
            else:
                self._complete(body, reply)
        except ConnectionError:
            stub.client_left.set()

    def _record(self, body: Any) -> None:
        self.close_connection = True
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.stub.requests.append(Request(self.path, headers, body, time.monotonic()))

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Connection": "close"} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _send(
        self, status: int, body: Any, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        described = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        self._start(status, described | (headers or {}))
        self.wfile.write(data[: len(data) // 2] if cut else data)

    def _embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        texts = body["input"]
        if isinstance(texts, str) or (texts and isinstance(texts[0], int)):
            texts = [texts]
        data = []
        for index, text in enumerate(texts):
            stub = self.server.stub
            vector = array("f", stub.vector(text, body.get("dimensions") or stub.dimension))
            packed = base64.b64encode(vector.tobytes()).decode()
            value = packed if body.get("encoding_format") == "base64" else vector.tolist()
            data.append({"object": "embedding", "index": index, "embedding": value})
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return {"object": "list", "model": body["model"], "data": data, "usage": usage}

    def _rerank(self, body: dict[str, Any]) -> None:
        """The best `top_n` with their texts, best first, as hosted servers answer."""
        texts = body["documents"]
        scores = [self.server.stub.score(body["query"], text) for text in texts]
        best = sorted(range(len(texts)), key=lambda index: -scores[index])
        results = [
            {"index": index, "relevance_score": scores[index], "document": {"text": texts[index]}}
            for index in best[: body["top_n"]]
        ]
        usage = {"total_tokens": len(texts)}
        self._send(200, {"id": "stub", "model": body["model"], "results": results, "usage": usage})

    def _tei_rerank(self, body: dict[str, Any]) -> None:
        texts = body.get("texts")
        if texts is None:
            self._send(422, {"error": "missing field `texts`", "error_type": "Validation"})
        elif len(texts) > _TEI_MOST_TEXTS:
            error = f"batch size {len(texts)} > maximum allowed batch size {_TEI_MOST_TEXTS}"
            self._send(413, {"error": error, "error_type": "Validation"})
        else:
            scores = [self.server.stub.score(body["query"], text) for text in texts]
            results = [{"index": index, "score": score} for index, score in enumerate(scores)]
            self._send(200, sorted(results, key=lambda result: -result["score"]))

    def _frame(self, body: dict[str, Any], kind: str, **rest: Any) -> dict[str, Any]:
        head = {"id": "chatcmpl-stub", "object": kind, "created": int(time.time())}
        return head | {"model": body["model"]} | rest

    def _usage(self, reply: Reply) -> dict[str, int]:
        prompt, answer = reply.usage
        total = prompt + answer
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": total}

    def _complete(self, body: dict[str, Any], reply: Reply) -> None:
        text = reply.text if reply.chunks is None else "".join(reply.chunks)
        message = {"role": "assistant", "content": text}
        if reasoning := "".join(reply.reasoning):
            message["reasoning_content"] = reasoning
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
        whole = self._frame(body, "chat.completion", choices=[choice], usage=self._usage(reply))
        self._send(200, whole, reply.headers, cut=reply.cut_after is not None)

    def _stream(self, body: dict[str, Any], reply: Reply) -> None:
        def event(data: str) -> None:
            line = f"data: {data}\n\n".encode()
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")

        def chunk(delta: dict[str, str], finish_reason: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
            frame = self._frame(body, "chat.completion.chunk", choices=[choice])
            event(json.dumps(frame, ensure_ascii=False))

        kind = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
        self._start(200, kind | reply.headers)
        chunk({"role": "assistant", "content": ""})
        for piece in reply.reasoning:
            chunk({"reasoning_content": piece})
        text = reply.text
        pieces = reply.chunks
        if pieces is None:
            pieces = (text[start : start + 8] for start in range(0, len(text), 8))
        for piece in islice(pieces, reply.cut_after):
            chunk({"content": piece})
        if reply.cut_after is None:
            chunk({}, reply.finish_reason)
            if (body.get("stream_options") or {}).get("include_usage"):
                usage = self._usage(reply)
                frame = self._frame(body, "chat.completion.chunk", choices=[], usage=usage)
                event(json.dumps(frame))
            event("[DONE]")
        if reply.cut_after is None or reply.cut_cleanly:
            self.wfile.write(b"0\r\n\r\n")
