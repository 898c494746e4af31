"""The figures of /metrics. Labels come from fixed lists: nothing of readers is in them."""

import datetime
import platform
import re
import time
from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

import bot
from bot.meters import Meters
from retrieval.addresses import bare
from retrieval.answering.model.faults import Fault
from retrieval.index.generations import Manifest
from retrieval.types import Purpose, Usage

OUTCOMES = ("answered", "refused", "failed", "stopped", "put_off")
MODES = ("extractive", "llm", "fallback", "none")
STAGES = ("wait", "retrieve", "write", "check", "total")
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_RELOAD_SECONDS = (1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_METHOD = re.compile(r"[a-zA-Z]{2,40}")


class Metrics(Meters):
    """Counts for Prometheus, in a registry of its own."""

    def __init__(self) -> None:
        # when each counter began: as many series again
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        build = Info("baoda_build", "Version of Baoda and of Python.", registry=registry)
        build.info({"version": bot.__version__, "python": platform.python_version()})
        self._questions = Counter(
            "baoda_questions",
            "Questions asked in chats that have their end. outcome: answered, refused (the "
            "articles do not say), failed (an apology was given), stopped (by the reader), put_off "
            "(too many in a minute or a day). mode: extractive (quotations), llm (the chat model "
            "wrote it), fallback (quotations because the chat model failed), none.",
            ("outcome", "mode"),
            registry=registry,
        )
        self._stages = Histogram(
            "baoda_question_stage_seconds",
            "How long the stages of a question take. wait: until its turn; retrieve: finding "
            "passages; write: the chat model or quoting; check: of what the model wrote; total: "
            "retrieve, write and check together. baoda_delivery_seconds comes after them.",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._inline = Counter(
            "baoda_inline_questions",
            "Words typed after the bot's name in other chats. outcome: answered, refused, failed "
            "(no index, or an error), late (not found in time).",
            ("outcome",),
            registry=registry,
        )
        self._delivery = Histogram(
            "baoda_delivery_seconds",
            "From the finished answer to its last message in the chat, pauses that Telegram asks "
            "for included.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._undelivered = Counter(
            "baoda_undelivered_answers",
            "Answers that could not be brought into their chat: blocked, removed, refused.",
            registry=registry,
        )
        self._faults = Counter(
            "baoda_chat_model_errors",
            "Calls of the chat model that failed, each try counted. fault: why; resting: not "
            "called at all, after failures in a row.",
            ("fault",),
            registry=registry,
        )
        self._tokens = Counter(
            "baoda_chat_model_tokens",
            "Tokens of the chat model. direction: prompt (read) or completion (written); purpose: "
            "answer, or condense (a follow-up made to stand alone).",
            ("direction", "purpose"),
            registry=registry,
        )
        self._floods = Counter(
            "baoda_telegram_flood_waits", "Pauses that Telegram has asked for.", registry=registry
        )
        self._flood_seconds = Counter(
            "baoda_telegram_flood_wait_seconds",
            "Length of the pauses that Telegram has asked for, added up.",
            registry=registry,
        )
        self._calls = Counter(
            "baoda_telegram_calls",
            "Calls of the Bot API by method. outcome: ok, flood_wait (429), refused (400 to 499), "
            "error (500 and more), unreachable (it never left), unknown (no answer came).",
            ("method", "outcome"),
            registry=registry,
        )
        self._queues = Gauge(
            "baoda_queue_length",
            "What waits or is worked on now. updates: taken from Telegram and not done; waiting: "
            "of these, those whose turn in their chat has not come; chats: with updates that are "
            "not done; journal: calls that wait for the store.",
            ("queue",),
            registry=registry,
        )
        self._pending = Gauge(
            "baoda_pending_updates",
            "Updates in the store that have not got their reply yet; looked at every 10 s.",
            registry=registry,
        )
        self._generation = Info(
            "baoda_generation",
            "The index that answers: its id, when it was made, its embedding model.",
            registry=registry,
        )
        self._articles = Gauge(
            "baoda_generation_articles", "Articles in the index that answers.", registry=registry
        )
        self._chunks = Gauge(
            "baoda_generation_chunks", "Chunks in the index that answers.", registry=registry
        )
        self._created = Gauge(
            "baoda_generation_created_timestamp_seconds",
            "When the index that answers was built.",
            registry=registry,
        )
        self._published = Gauge(
            "baoda_generation_published_timestamp_seconds",
            "When the index that answers became the live one, by a reload or a roll-back.",
            registry=registry,
        )
        self._changes = Counter(
            "baoda_generation_changes",
            "How often this bot has gone over to another index, whoever made it.",
            registry=registry,
        )
        self._reloads = Counter(
            "baoda_reloads",
            "Reloads that this bot has begun. by: chat (an admin, or the first index) or folder "
            "(WATCH_SECONDS). outcome: published, unchanged, asks (an admin has to agree), "
            "golden_fails, busy (another process reloads), cancelled, failed.",
            ("by", "outcome"),
            registry=registry,
        )
        self._reload_seconds = Histogram(
            "baoda_reload_seconds",
            "How long the reloads take that this bot has begun.",
            ("by",),
            buckets=_RELOAD_SECONDS,
            registry=registry,
        )
        self._ready = Gauge(
            "baoda_ready",
            "1 where the part could do its share of an answer now, as /readyz says.",
            ("part",),
            registry=registry,
        )
        self._serving = ""
        self._begin()

    def _begin(self) -> None:
        """Have the series there from the start: what was never seen cannot be seen to rise."""
        for outcome, mode in (
            *((one, mode) for one in ("answered", "refused", "stopped") for mode in MODES[:3]),
            ("failed", "none"),
            ("put_off", "none"),
        ):
            self._questions.labels(outcome, mode)
        for stage in STAGES:
            self._stages.labels(stage)
        for outcome in ("answered", "refused", "failed", "late"):
            self._inline.labels(outcome)
        for direction in ("prompt", "completion"):
            for purpose in ("answer", "condense"):
                self._tokens.labels(direction, purpose)
        for fault in Fault:
            self._faults.labels(fault.name.lower())

    def exposition(self, accepted: str) -> tuple[bytes, str]:
        """All figures and their content type, in the format that the Accept header asks for."""
        encoder, content_type = choose_encoder(accepted)
        return encoder(self._registry), content_type

    def question(self, outcome: str, mode: str, seconds: Mapping[str, float]) -> None:
        """See Meters.question."""
        self._questions.labels(outcome, mode or "none").inc()
        for stage, taken in seconds.items():
            self._stages.labels(stage).observe(taken)

    def inline(self, outcome: str) -> None:
        """See Meters.inline."""
        self._inline.labels(outcome).inc()

    def delivered(self, seconds: float, *, is_complete: bool) -> None:
        """See Meters.delivered."""
        if is_complete:
            self._delivery.observe(seconds)
        else:
            self._undelivered.inc()

    def model_failed(self, fault: Fault) -> None:
        """See Meters.model_failed."""
        self._faults.labels(fault.name.lower()).inc()

    def spent(self, usage: Usage, purpose: Purpose) -> None:
        """See Meters.spent."""
        self._tokens.labels("prompt", purpose).inc(usage.prompt_tokens)
        self._tokens.labels("completion", purpose).inc(usage.completion_tokens)

    def flooded(self, seconds: float) -> None:
        """See Meters.flooded."""
        self._floods.inc()
        self._flood_seconds.inc(max(0.0, seconds))

    def called(self, method: str, outcome: str) -> None:
        """See Meters.called."""
        self._calls.labels(method if _METHOD.fullmatch(method) else "other", outcome).inc()

    def reloaded(self, by: str, outcome: str, seconds: float) -> None:
        """See Meters.reloaded."""
        self._reloads.labels(by, outcome).inc()
        self._reload_seconds.labels(by).observe(seconds)

    def serving(self, manifest: Manifest, published: float) -> None:
        """See Meters.serving."""
        self._published.set(published)
        if manifest.id == self._serving:
            return
        if self._serving:
            self._changes.inc()
        self._serving = manifest.id
        self._articles.set(manifest.articles)
        self._chunks.set(manifest.chunks)
        self._created.set(_timestamp(manifest.created))
        self._generation.info(
            {
                "generation": manifest.id,
                "created": manifest.created,
                "embedding": bare(manifest.embedding),
                "chunker": manifest.chunker,
                "schema": manifest.schema,
            }
        )

    def pending(self, updates: int) -> None:
        """See Meters.pending."""
        self._pending.set(updates)

    def watch(self, queue: str, length: Callable[[], float]) -> None:
        """See Meters.watch."""
        self._queues.labels(queue).set_function(length)

    def watch_readiness(self, part: str, is_ready: Callable[[], bool]) -> None:
        """See Meters.watch_readiness."""
        self._ready.labels(part).set_function(lambda: float(is_ready()))


def _timestamp(moment: str) -> float:
    try:
        return datetime.datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return time.time()
