"""`baoda doctor`: is everything as it must be, and if not, what to do."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module

from bot import logs
from bot.backup.errors import BackupError
from bot.backup.unfinished import refuse_unfinished
from bot.findings import Finding, folders, surroundings
from bot.findings.database import SERVER_ADVICE, conversations
from bot.findings.embeddings import embeddings
from bot.findings.index import index, reloads
from bot.findings.limits import SETTINGS_ADVICE, Check, findings
from bot.results import to_line
from bot.settings import (
    Settings,
    SettingsError,
    ignore_environment,
    open_secret_files,
    read_settings,
)
from bot.wiring import (
    OPENAI_BASE_URL,
    chat_model_name,
    make_embedder,
    make_reranker,
    make_writer,
)
from retrieval.addresses import bare
from retrieval.answering.model.faults import ChatModelError, Fault
from retrieval.corpus import read_corpus
from retrieval.errors import BaodaError
from retrieval.types import Loaded, Problem

_SECONDS = 15
_LARGE_SECONDS = 120
"""For what has to be read as a whole."""

_MARKS = {"ok": "✓", "note": "–", "problem": "✗"}


def examine(*, as_json: bool) -> bool:
    """Print what was found; whether nothing is wrong."""
    found: list[Finding] = []
    for finding in _findings():
        found.append(finding)
        if not as_json:
            print(f"{_MARKS[finding.state]} {finding.check}: {finding.detail}", flush=True)
            if finding.advice:
                print(f"    → {finding.advice}", flush=True)
    healthy = all(finding.state != "problem" for finding in found)
    if as_json:
        print(to_line({"healthy": healthy, "findings": [asdict(one) for one in found]}))
    return healthy


def _findings() -> Iterator[Finding]:
    try:
        settings = read_settings()
    except SettingsError as error:
        yield Finding("settings", "problem", str(error), SETTINGS_ADVICE)
        return
    ignore_environment(os.environ)
    logs.configure(settings.log_level, settings.secrets, settings.log_format)
    import_module("httpx")  # before there are threads: half imported, it confuses OpenAI's client
    with suppress(Exception):  # what is wrong there is told by the check of the chat model
        make_writer(settings)  # imports for seconds, which count for no check
    yield Finding("settings", "ok", "read from the environment and .env")
    try:
        refuse_unfinished(settings.data_dir)
    except BackupError as error:
        yield Finding("restore", "problem", str(error), "finish it before anything else")
        return
    for finding in findings(_checks(settings), settings):
        yield Finding(
            finding.check,
            finding.state,
            logs.redact(finding.detail, settings.secrets),
            logs.redact(finding.advice, settings.secrets),
        )


def _checks(settings: Settings) -> tuple[Check, ...]:
    is_local = settings.embedding_model == "local"
    in_file = settings.database_url is None
    return (
        Check("secrets", _secrets, _SECONDS, "look at the files that NAME_FILE names"),
        Check("disk", folders.disk, _SECONDS, "look at the disk that DATA_DIR lies on"),
        Check("data folder", folders.data_folder, _SECONDS, "look at the disk of DATA_DIR"),
        Check("privacy", folders.privacy, _SECONDS, "look at the disk of DATA_DIR"),
        Check("clock", surroundings.clock, _SECONDS, "look at the disk of DATA_DIR"),
        Check("packages", surroundings.packages, _SECONDS, "install again: make setup"),
        Check("articles", _articles, _LARGE_SECONDS, "look at CORPUS_DIR and its disk"),
        Check("inbox", folders.inbox, _SECONDS, "look at CORPUS_DIR and its disk"),
        Check(
            "embedding model",
            _embedding,
            _LARGE_SECONDS if is_local else _SECONDS,
            _embedding_advice(settings),
        ),
        Check("index", index, _LARGE_SECONDS, "look at the disk of DATA_DIR"),
        Check("embeddings", embeddings, _LARGE_SECONDS, "look at the disk of DATA_DIR"),
        Check("reloads", reloads, _SECONDS, "look at the disk of DATA_DIR"),
        Check(
            "conversations",
            conversations,
            _LARGE_SECONDS if in_file else _SECONDS,
            "look at the disk of DATA_DIR" if in_file else SERVER_ADVICE,
        ),
        Check("reranking model", _reranking_model, _SECONDS, _RERANKING_ADVICE),
        Check("chat model", _chat_model, _SECONDS, "is the address in OPENAI_BASE_URL right?"),
        Check("telegram", _telegram, _SECONDS, "look at TELEGRAM_API_BASE_URL and the network"),
        Check("watching", _watching, _SECONDS, "look at METRICS_HOST and METRICS_PORT"),
    )


def _secrets(_: Settings) -> Finding:
    try:
        files = open_secret_files()
    except OSError as error:
        return Finding("secrets", "problem", str(error), "look at the files that NAME_FILE names")
    if files:
        detail = f"everybody on this machine may read {', '.join(map(str, files))}"
        return Finding("secrets", "note", detail, f"chmod 600 {' '.join(map(str, files))}")
    return Finding("secrets", "ok", "in no file that others may read")


def _articles(settings: Settings) -> Finding:
    try:
        found = list(read_corpus(settings.corpus_dir))
    except BaodaError as error:
        advice = "create the folder or set CORPUS_DIR"
        return Finding("articles", "problem", str(error), advice)
    problems = [item for item in found if isinstance(item, Problem)]
    readable = sum(isinstance(item, Loaded) for item in found)
    detail = f"{readable} readable in {settings.corpus_dir}"
    if not readable:
        advice = "put .md or .jsonl files there; corpus/README.md shows the format"
        return Finding("articles", "problem", detail, advice)
    if problems:
        first = f"{problems[0].file}: {problems[0].reason}"
        detail += f", {len(problems)} to look at, the first: {first}"
        return Finding("articles", "note", detail, "`baoda reload` lists them all")
    return Finding("articles", "ok", detail)


def _embedding(settings: Settings) -> Finding:
    embedder = make_embedder(settings)
    try:
        vector = embedder.embed_query("报答")
    except (BaodaError, OSError, ImportError, RuntimeError) as error:
        return Finding("embedding model", "problem", str(error), _embedding_advice(settings))
    detail = f"{embedder.fingerprint}, {vector.shape[0]} dimensions"
    return Finding("embedding model", "ok", detail)


def _embedding_advice(settings: Settings) -> str:
    if settings.embedding_model == "local":
        return "install again: make setup"
    return "look at EMBEDDING_MODEL, EMBEDDING_BASE_URL and EMBEDDING_API_KEY"


_RERANKING_ADVICE = "look at RERANK_MODEL, RERANK_BASE_URL and RERANK_API_KEY"


def _reranking_model(settings: Settings) -> Finding:
    reranker = make_reranker(settings)
    if reranker is None:
        return Finding("reranking model", "note", "none: passages stay as the search orders them")
    try:
        reranker.rerank("报答是什么意思?", ["报答是回报恩惠。", "今天天气晴。"])
    except BaodaError as error:
        return Finding("reranking model", "problem", str(error), _RERANKING_ADVICE)
    return Finding("reranking model", "ok", f"{settings.rerank_model} answers")


def _chat_model(settings: Settings) -> Finding:
    name = chat_model_name(settings)
    if name is None:
        advice = (
            "set OPENAI_API_KEY, or OPENAI_BASE_URL for another server, to have answers written"
        )
        return Finding("chat model", "note", "none: answers are quotations", advice)
    writer = make_writer(settings)
    assert writer is not None
    try:
        asyncio.run(writer.ping())
    except ChatModelError as error:
        address = bare(settings.openai_base_url or OPENAI_BASE_URL)
        advice = _ADVICE.get(error.fault, "try again later; until then answers are quotations")
        return Finding("chat model", "problem", str(error), advice.format(address=address))
    return Finding("chat model", "ok", f"{name} answers")


_ADVICE = {
    Fault.UNREACHABLE: "does a server listen at {address}? OPENAI_BASE_URL sets the address",
    Fault.SLOW_START: "is the model loaded? CHAT_FIRST_TOKEN_SECONDS says how long to wait for it",
    Fault.SLOW: "CHAT_TIMEOUT_SECONDS says how long to wait; thinking can be switched off by "
    "CHAT_EXTRA_BODY",
    Fault.KEY: "set OPENAI_API_KEY to a key that {address} accepts",
    Fault.MODEL: "set CHAT_MODEL to a model that {address} has, and end OPENAI_BASE_URL in /v1 "
    "where the server wants that",
    Fault.RATE: "wait, or ask the provider for a higher limit",
    Fault.QUOTA: "pay in at the provider of {address}, or set another OPENAI_API_KEY",
    Fault.CONTEXT: "choose a model, or start its server, with a context of 8,000 tokens or more",
    Fault.FILTER: "the provider filters; choose another model if it happens to your readers",
    Fault.REQUEST: "is there something in CHAT_EXTRA_BODY that this model does not take?",
    Fault.BROKE_OFF: "look at the server's own log, and at a proxy that cuts streams short",
    Fault.EMPTY: "a model that only thinks gives no answer: switch thinking off by CHAT_EXTRA_BODY",
    Fault.GARBAGE: "does {address} speak OpenAI's /chat/completions? Many end in /v1",
}


def _telegram(settings: Settings) -> Finding:
    if settings.telegram_bot_token is None:
        advice = "set TELEGRAM_BOT_TOKEN to the token from @BotFather to speak in Telegram"
        return Finding("telegram", "note", "no token: `baoda run` chats in the terminal", advice)
    from bot.telegram.application import who_am_i

    found = asyncio.run(who_am_i(settings, timeout_seconds=_SECONDS - 1))
    if found.problem:
        return Finding("telegram", "problem", *found.problem)
    notes = []
    if not settings.telegram_admin_ids:
        notes.append(("nobody may reload", "set TELEGRAM_ADMIN_IDS; /id tells you your number"))
    if not found.hears_mentions:
        advice = (
            "for mentions send /setprivacy to @BotFather, or make the bot an admin of the group"
        )
        notes.append(("groups hand on commands and replies only", advice))
    if not found.is_inline:
        advice = "for questions in any chat send /setinline to @BotFather"
        notes.append(("inline mode is off", advice))
    details = "; ".join([f"@{found.name}", *(detail for detail, _ in notes)])
    advice = "; ".join(advice for _, advice in notes)
    return Finding("telegram", "note" if notes else "ok", details, advice)


def _watching(settings: Settings) -> Finding:
    """Where operators can look, and what leaves the machine for others to look at."""
    sent = []
    if settings.langsmith_tracing:
        from bot.tracing import LANGSMITH

        address = bare(settings.langsmith_endpoint or LANGSMITH)
        sent.append(f"questions and answers are sent to {address}")
    if settings.chat_callbacks:
        sent.append(f"questions and answers are handed to {', '.join(settings.chat_callbacks)}")
    if settings.metrics_port is None:
        details = "; ".join(["/metrics is off", *sent])
        return Finding("watching", "note", details, "set METRICS_PORT to watch the bot")
    from bot.listening import CannotListenError, is_ours, open_socket

    place = f"{settings.metrics_host} port {settings.metrics_port}"
    try:
        open_socket(settings).close()
        listens = f"{place} is free for /metrics"
    except CannotListenError as error:
        if not is_ours(settings):
            advice = (
                "set METRICS_HOST to an address of this machine and METRICS_PORT to a free port"
            )
            return Finding("watching", "problem", str(error), advice)
        listens = f"a bot gives /metrics at {place}"
    return Finding("watching", "note" if sent else "ok", "; ".join([listens, *sent]))
