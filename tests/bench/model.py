"""`make bench-model`: what Baoda adds to a chat model's own time, on the shipped corpus.

A stub of a model server, in a process of its own, streams faithful answers in tokens over HTTP.
After each question the bare client sends the stub the same messages, so that the share of HTTP and
LangChain is told. Ratios travel, absolute times do not.
"""

import asyncio
import datetime
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx2
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from bot.settings import Settings
from bot.wiring import make_answerer
from retrieval.answering.answerer import Answerer
from retrieval.evaluation import load_golden
from retrieval.threads import limit_threads
from retrieval.types import Partial
from tests.bench.keeping import keep
from tests.model_server import Reply, StubModelServer
from tests.personas import faithful, question_of

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT / "corpus"
DAY = datetime.date(2026, 3, 5)
MODEL = "stub-model"
PAUSE_SECONDS = 0.005
"""Between two tokens."""

CROWD = 50
"""Conversations at once."""

WARM_UP = 10
"""Every tenth question is asked before: what is loaded for the first of its kind counts not."""

_SENTENCE = re.compile(r"(.*?)\[\d+\][。！？!?.]?")


@dataclass(frozen=True)
class Call:
    """One request at the stub; monotonic seconds, which all processes of a machine share."""

    question: str
    messages: list[dict[str, Any]]
    sentence: str
    """The first of the answer, with its mark; all of an answer without marks."""
    arrived: float
    sentence_sent: float
    sent: float
    """All of the text; the end of the stream follows at once."""


@dataclass(frozen=True)
class Seen:
    """The same answer as a client saw it."""

    question: str
    text: str
    began: float
    sentence: float | None
    """When the first sentence was there; None where a sentence was withheld, or none was said."""
    ended: float
    withheld: int = 0
    retrieve: float | None = None
    """Milliseconds of it that passed before anything was said to the model."""


@dataclass(frozen=True)
class Delays:
    """Milliseconds of one answer that are not the model's."""

    before: float
    """From the question to the request at the stub."""
    retrieve: float | None
    """So much of it until the passages were found."""
    sentence: float | None
    """From the last character of the first sentence at the stub to the sentence."""
    end: float
    """From the last character at the stub to the answer."""


def main() -> None:
    """Print the figures and write them to bench/model.json."""
    limit_threads(1)
    context = multiprocessing.get_context("spawn")
    calls: Queue[Call] = context.Queue()
    address: Queue[str] = context.Queue()
    closing_time = context.Event()
    stub = context.Process(target=_serve, args=(calls, address, closing_time))
    stub.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            variables = dict(os.environ) | {"CORPUS_DIR": str(CORPUS), "DATA_DIR": folder}
            command = [sys.executable, "-m", "bot", "reload"]
            subprocess.run(command, env=variables, capture_output=True, check=True)
            figures = asyncio.run(_measure(Path(folder), address.get(timeout=60), calls))
    finally:
        closing_time.set()
        stub.join()
    for name, value in figures.items():
        print(f"{name:26} {value:10.1f}")
    keep("model", figures)


def _serve(calls: "Queue[Call]", address: "Queue[str]", closing_time: Event) -> None:
    with StubModelServer() as server:
        server.respond_with(partial(_reply, calls))
        address.put(server.base_url)
        closing_time.wait()


def _reply(calls: "Queue[Call]", body: dict[str, Any]) -> Reply:
    arrived = time.monotonic()
    text = faithful(body)
    found = _SENTENCE.match(text)
    sentence = found[0] if found else text

    def tokens() -> Iterator[str]:
        told, sentence_sent = 0, 0.0
        for token in _tokens(text):
            yield token
            told += len(token)
            if not sentence_sent and told >= len(sentence):
                sentence_sent = time.monotonic()
            time.sleep(PAUSE_SECONDS)
        question, messages = question_of(body), body["messages"]
        calls.put(Call(question, messages, sentence, arrived, sentence_sent, time.monotonic()))

    return Reply(chunks=tokens())


def _tokens(text: str) -> Iterator[str]:
    """The text in pieces of two and three characters in turn."""
    at, length = 0, 2
    while at < len(text):
        yield text[at : at + length]
        at, length = at + length, 5 - length


async def _measure(data_dir: Path, base_url: str, calls: "Queue[Call]") -> dict[str, float]:
    settings = Settings(
        data_dir=data_dir, openai_base_url=base_url, chat_model=MODEL, answer_cache=0
    )
    questions = [one.question for one in load_golden(CORPUS / "golden.jsonl")]
    client = _client(base_url)
    asked: list[Call] = []
    ours: list[Seen] = []
    bare: list[Seen] = []
    bare_calls: list[Call] = []
    with closing(make_answerer(settings)) as answerer:
        for question in questions[::WARM_UP]:
            if await _ask(answerer, question):
                await _ask_bare(client, calls.get())
                calls.get()
        for question in questions:
            if seen := await _ask(answerer, question):
                asked.append(calls.get())
                ours.append(seen)
                bare.append(await _ask_bare(client, asked[-1]))
                bare_calls.append(calls.get())
        crowd = asked[:CROWD]
        ours_at_once = await asyncio.gather(*(_ask(answerer, call.question) for call in crowd))
        calls_at_once = [calls.get() for _ in crowd]
        bare_at_once = await asyncio.gather(*(_ask_bare(client, call) for call in crowd))
        bare_calls_at_once = [calls.get() for _ in crowd]
    texts = {call.question: seen.text for call, seen in zip(asked, ours, strict=True)}
    together = [seen for seen in ours_at_once if seen]
    return {
        "questions": len(ours),
        "sentences_withheld": sum(seen.withheld for seen in ours),
        **_figures("alone_", _delays(asked, ours), _delays(bare_calls, bare)),
        "at_once": len(together),
        "at_once_mixed": sum(seen.text != texts[seen.question] for seen in together),
        **_figures(
            "at_once_",
            _delays(calls_at_once, together),
            _delays(bare_calls_at_once, bare_at_once),
        ),
    }


def _client(base_url: str) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL,
        base_url=base_url,
        api_key=SecretStr("none"),
        use_responses_api=False,
        stream_usage=True,
        max_retries=0,
        http_async_client=httpx2.AsyncClient(),
    )


async def _ask(answerer: Answerer, question: str) -> Seen | None:
    """None where the model is not asked."""
    began = time.monotonic()
    first: float | None = None
    async for step in answerer.stream(question, asked_at=DAY):
        if isinstance(step, Partial):
            first = first or time.monotonic()
        elif step.model:
            ended = time.monotonic()
            sentence = None if step.withheld else first
            retrieve = step.timings_ms.retrieve
            return Seen(question, step.text, began, sentence, ended, step.withheld, retrieve)
    return None


async def _ask_bare(client: ChatOpenAI, call: Call) -> Seen:
    began = time.monotonic()
    text = ""
    first: float | None = None
    async for chunk in client.astream(call.messages):
        text += str(chunk.text)
        if first is None and len(text) >= len(call.sentence):
            first = time.monotonic()
    return Seen(call.question, text, began, first, time.monotonic())


def _delays(calls: Sequence[Call], all_seen: Sequence[Seen]) -> list[Delays]:
    """In the order of what was seen."""
    of = {call.question: call for call in calls}
    return [_delay(of[seen.question], seen) for seen in all_seen]


def _delay(call: Call, seen: Seen) -> Delays:
    shown = None if seen.sentence is None else 1000 * (seen.sentence - call.sentence_sent)
    before, end = 1000 * (call.arrived - seen.began), 1000 * (seen.ended - call.sent)
    return Delays(before, seen.retrieve, shown, end)


def _figures(prefix: str, ours: Sequence[Delays], bare: Sequence[Delays]) -> dict[str, float]:
    figures: dict[str, float] = {}
    stages: dict[str, Callable[[Delays], float | None]] = {
        "before": lambda one: one.before,
        "retrieve": lambda one: one.retrieve,
        "sentence": lambda one: one.sentence,
        "end": lambda one: one.end,
    }
    for stage, delay in stages.items():
        for name, delays in (("", ours), ("_bare", bare)):
            values = [value for one in delays if (value := delay(one)) is not None]
            if values:
                figures[f"{prefix}{stage}{name}_p50_ms"] = statistics.median(values)
                figures[f"{prefix}{stage}{name}_p95_ms"] = statistics.quantiles(values, n=20)[-1]
    return figures


if __name__ == "__main__":
    main()
