"""The composition root: settings in, a working Answerer or Reloader out."""

import datetime
import gc
import importlib.util
import os
import sys
import zoneinfo
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot import env_file
from bot.meters import UNCOUNTED, Meters
from bot.settings import Settings, SettingsError, ignore_environment
from retrieval.addresses import bare
from retrieval.child import ChildBuilder
from retrieval.embedding import Embedders, LocalEmbedder, RemoteEmbedder
from retrieval.index.generations import Generations
from retrieval.index.layout import mark_layout
from retrieval.reload import Reloader
from retrieval.reranking import RemoteReranker
from retrieval.types import Embedder, Reranker

if TYPE_CHECKING:
    import openai
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.language_models import BaseChatModel
    from sqlalchemy import URL

    from bot.conversations import Conversations
    from bot.ledger import Ledger
    from bot.store import Store
    from retrieval.answering.answerer import Answerer, Budget
    from retrieval.answering.model.chain import ChatWriter
    from retrieval.answering.model.condensing import Condenser
    from retrieval.answering.model.joins import JoinChooser
    from retrieval.building import Builder

BAODA = (sys.executable, "-m", "bot")
"""The command line, for processes of its own."""

DEFAULT_CHAT_MODEL = "gpt-5-mini"
OPENAI_BASE_URL = "https://api.openai.com/v1"
_CONNECT_SECONDS = 10
_RERANK_SECONDS = 10
"""Longest time for reranking, which comes before the first word of an answer: a reader who waits
longer is better served in the order of the search."""
_NO_KEY = "none"
"""Sent to servers that want no key: the client insists on one."""


def make_answerer(
    settings: Settings, budget: "Budget | None" = None, meters: Meters = UNCOUNTED
) -> "Answerer":
    """The one answerer of a process, without `budget` no tokens are counted.

    Raises SettingsError.
    """
    from retrieval.answering.answerer import Answerer
    from retrieval.index.collection import LiveCollection

    embedders = make_embedders(settings)
    writer, condenser = _make_chat(settings, meters)
    live = LiveCollection(
        Generations(settings.data_dir),
        embedding=embedders.current.fingerprint,
        has_model=embedders.has,
    )
    live.follow()
    return Answerer(
        live=live,
        embedder=embedders.current,
        embedders=embedders,
        writer=writer,
        condenser=condenser,
        today=partial(today, settings),
        strictness=settings.strictness,
        reranker=make_reranker(settings),
        budget=budget,
        cached_answers=settings.answer_cache,
    )


@contextmanager
def lone_answerer(settings: Settings) -> Iterator["Answerer"]:
    """Answers questions that stand alone; only what a chat model costs is kept of them.

    Raises SettingsError, StoreError.
    """
    with ExitStack() as opened:
        budget = None
        if chat_model_name(settings) is not None:
            store = opened.enter_context(closing(make_store(settings)))
            budget = make_ledger(settings, store)
        yield opened.enter_context(closing(make_answerer(settings, budget)))


def today(settings: Settings) -> datetime.date:
    """The day it is in TIMEZONE."""
    return datetime.datetime.now(zoneinfo.ZoneInfo(settings.timezone)).date()


def make_conversations(settings: Settings, meters: Meters = UNCOUNTED) -> "Conversations":
    """The conversations of a process, with answerer and store. Raises SettingsError, StoreError."""
    from bot.conversations import Conversations
    from bot.journal import Journal

    store = make_store(settings)
    answerer = make_answerer(settings, make_ledger(settings, store, meters), meters)
    conversations = Conversations(answerer, Journal(store))
    gc.freeze()  # looking through all that stays took some answers 60 ms
    return conversations


def make_ledger(settings: Settings, store: "Store", meters: Meters = UNCOUNTED) -> "Ledger":
    """What the chat model may cost, and has cost."""
    from bot.ledger import Ledger

    return Ledger(
        store,
        today=partial(today, settings),
        of_all=settings.daily_token_budget,
        of_each=settings.user_daily_token_budget,
        meters=meters,
    )


def make_store(settings: Settings) -> "Store":
    """The store of DATABASE_URL or of the data folder. Raises StoreError."""
    from bot.store import Store

    retention = datetime.timedelta(days=settings.retention_days)
    store = Store.open(database_url(settings), data_dir=settings.data_dir, retention=retention)
    if settings.database_url is None:
        with suppress(OSError):  # the store tells by itself what is wrong with a disk
            mark_layout(settings.data_dir)
    return store


def database_url(settings: Settings) -> "URL":
    """The address of DATABASE_URL, or of the database in the data folder."""
    from bot.store.address import checked_url, in_folder

    secret = settings.database_url
    return checked_url(secret.get_secret_value()) if secret else in_folder(settings.data_dir)


def make_reloader(settings: Settings) -> Reloader:
    """Publishes generations, built in a child process."""
    return Reloader(
        corpus_dir=settings.corpus_dir.absolute(),
        data_dir=settings.data_dir,
        builder=child_builder(),
        embedding=make_embedder(settings).fingerprint,
    )


def child_builder(*, is_silent: bool = False) -> ChildBuilder:
    """Builds and checks generations in processes of their own, which log unless `is_silent`."""
    return ChildBuilder([*BAODA, "builder"], is_silent=is_silent)


def make_builder(settings: Settings) -> "Builder":
    """Builds generations in this process."""
    from retrieval.building import Builder

    return Builder(
        data_dir=settings.data_dir,
        embedder=make_embedder(settings),
        golden_min_share=settings.golden_min_share,
        golden_max_drop=settings.golden_max_drop,
    )


def make_embedder(settings: Settings) -> Embedder:
    """The bundled model, or the one the settings name."""
    if settings.embedding_model == "local":
        return LocalEmbedder()
    base_url, key = _embedding_server(settings)
    return _remote_embedder(settings, settings.embedding_model, base_url, key)


def make_embedders(settings: Settings) -> Embedders:
    """The embedding model of the settings, and those that may have made an index before."""
    return Embedders(make_embedder(settings), partial(_former_embedder, settings))


def _former_embedder(settings: Settings, fingerprint: str) -> Embedder | None:
    """The model that made an index, for questions to it; None where it cannot be had.

    A remote one only on a server that the settings name still, with the key they give for it.
    """
    local = LocalEmbedder()
    if fingerprint == local.fingerprint:
        return local
    for base_url, key in _named_servers(settings):
        model = fingerprint.removesuffix(f" at {bare(base_url)}")
        if model not in (fingerprint, ""):
            return _remote_embedder(settings, model, base_url, key)
    return None


def _embedding_server(settings: Settings) -> tuple[str, SecretStr | None]:
    """Address and key of the embedding models."""
    base_url = settings.embedding_base_url or settings.openai_base_url or OPENAI_BASE_URL
    return base_url, settings.embedding_api_key or settings.openai_api_key


def _named_servers(settings: Settings) -> Iterator[tuple[str, SecretStr | None]]:
    """The servers that readers' questions may go to anyway: of embedding and of chat models."""
    if settings.embedding_model != "local" or settings.embedding_base_url:
        yield _embedding_server(settings)
    if settings.openai_base_url or settings.openai_api_key:
        yield settings.openai_base_url or OPENAI_BASE_URL, settings.openai_api_key


def _remote_embedder(
    settings: Settings, model: str, base_url: str, key: SecretStr | None
) -> RemoteEmbedder:
    def connect() -> "openai.OpenAI":
        import openai

        return openai.OpenAI(
            api_key=key.get_secret_value() if key else _NO_KEY,
            base_url=base_url,
            timeout=openai.Timeout(settings.chat_timeout_seconds, connect=_CONNECT_SECONDS),
            max_retries=2,
        )

    return RemoteEmbedder(connect, model=model, base_url=base_url)


def make_reranker(settings: Settings) -> Reranker | None:
    """The reranking model the settings name, None when they name none. Raises SettingsError."""
    if settings.rerank_model is None:
        return None
    base_url = settings.rerank_base_url or settings.openai_base_url
    if base_url is None:
        raise SettingsError(
            "RERANK_MODEL: needs the address of its server, for OpenAI has no reranking models; "
            "for example RERANK_BASE_URL=http://127.0.0.1:8000/v1"
        )
    key = settings.rerank_api_key or settings.openai_api_key
    return RemoteReranker(
        model=settings.rerank_model,
        base_url=base_url,
        api_key=key.get_secret_value() if key else None,
        timeout_seconds=min(settings.chat_timeout_seconds, _RERANK_SECONDS),
    )


def chat_model_name(settings: Settings) -> str | None:
    """The chat model that answers, None when answers are quotations."""
    name = settings.chat_model or DEFAULT_CHAT_MODEL
    provider, _ = _split_provider(name, settings)
    if provider or settings.openai_api_key or settings.openai_base_url:
        return name
    return None


def make_writer(settings: Settings) -> "ChatWriter | None":
    """The chat model's writer, None when there is none. Raises SettingsError."""
    return _make_chat(settings, UNCOUNTED)[0]


def _make_chat(
    settings: Settings, meters: Meters
) -> "tuple[ChatWriter, Condenser] | tuple[None, None]":
    name, callbacks = chat_model_name(settings), _make_callbacks(settings)
    if name is None:
        return None, None
    from retrieval.answering.model.breaker import Breaker
    from retrieval.answering.model.chain import ChatWriter, Limits
    from retrieval.answering.model.condensing import Condenser
    from retrieval.tokens import token_counter

    model = _make_chat_model(settings, name)
    breaker = Breaker()
    writer = ChatWriter(
        model,
        name=name,
        count_tokens=token_counter(name),
        limits=Limits(settings.chat_first_token_seconds, settings.chat_timeout_seconds),
        breaker=breaker,
        failed=meters.model_failed,
        callbacks=callbacks,
    )
    seconds = min(settings.chat_first_token_seconds, settings.chat_timeout_seconds)
    condenser = Condenser(
        model,
        timeout_seconds=seconds,
        breaker=breaker,
        failed=meters.model_failed,
        callbacks=callbacks,
    )
    return writer, condenser


def make_join_chooser(settings: Settings) -> "JoinChooser | None":
    """The chat model's word on a newspaper page, None when there is none. Raises SettingsError."""
    name = chat_model_name(settings)
    if name is None:
        return None
    from retrieval.answering.model.joins import JoinChooser

    return JoinChooser(
        _make_chat_model(settings, name),
        timeout_seconds=settings.chat_timeout_seconds,
        callbacks=_make_callbacks(settings),
    )


def _make_callbacks(settings: Settings) -> "list[BaseCallbackHandler]":
    if not settings.chat_callbacks and not settings.langsmith_tracing:
        return []
    from bot.tracing import make_callbacks

    return make_callbacks(settings)


def _make_chat_model(settings: Settings, name: str) -> "BaseChatModel":
    provider, model_name = _split_provider(name, settings)
    if provider and provider != "openai":
        from langchain.chat_models import init_chat_model

        for name_of_its_own, value in env_file.read().values.items():  # such as its key
            os.environ.setdefault(name_of_its_own, value)
        ignore_environment(os.environ)
        model: BaseChatModel = init_chat_model(
            model_name,
            model_provider=provider,
            **(_no_retries(provider) | settings.chat_extra_body),
        )
        return model
    import httpx2
    from langchain_openai import ChatOpenAI

    from retrieval.answering.model import hanging_up

    key = settings.openai_api_key
    return ChatOpenAI(
        model=model_name,
        base_url=settings.openai_base_url or OPENAI_BASE_URL,
        api_key=SecretStr(key.get_secret_value() if key else _NO_KEY),
        use_responses_api=False,
        stream_usage=True,
        max_retries=0,  # the writer tries again itself, before the first token only
        timeout=settings.chat_timeout_seconds,
        stream_chunk_timeout=None,  # the writer bounds a stream itself, without a task a chunk
        extra_body=settings.chat_extra_body or None,
        http_socket_options=(),  # others come with a transport that leaves out proxies
        # a client of its own: the shared one is bound to the first event loop that uses it
        http_async_client=httpx2.AsyncClient(
            timeout=httpx2.Timeout(
                settings.chat_timeout_seconds, connect=settings.chat_connect_seconds
            ),
            event_hooks={"response": [hanging_up.note]},
        ),
    )


def _no_retries(provider: str) -> dict[str, Any]:
    """The writer tries again itself; Ollama's client never does, and knows no such setting."""
    return {} if provider == "ollama" else {"max_retries": 0}


def _split_provider(name: str, settings: Settings) -> tuple[str | None, str]:
    """Provider and model of `provider:model`; None for a plain name of an OpenAI-compatible server.

    Raises SettingsError for an unknown provider and when its package is not installed.
    """
    prefix, colon, rest = name.partition(":")
    if not colon or settings.openai_base_url:
        return None, name
    if prefix not in _PROVIDERS:
        if settings.openai_api_key:
            return None, name
        raise SettingsError(
            f"CHAT_MODEL: {prefix} is no provider that is known here ({', '.join(_PROVIDERS)}); a "
            "model of another server needs its address: OPENAI_BASE_URL=http://127.0.0.1:11434/v1"
        )
    if importlib.util.find_spec(_PROVIDERS[prefix].replace("-", "_")) is None:
        raise SettingsError(
            f"CHAT_MODEL: {prefix} needs a package: pip install {_PROVIDERS[prefix]}"
        )
    return prefix, rest


_PROVIDERS = {
    "anthropic": "langchain-anthropic",
    "deepseek": "langchain-deepseek",
    "google_genai": "langchain-google-genai",
    "google_vertexai": "langchain-google-vertexai",
    "groq": "langchain-groq",
    "mistralai": "langchain-mistralai",
    "ollama": "langchain-ollama",
    "openai": "langchain-openai",
    "xai": "langchain-xai",
}
"""LangChain's providers that are known to work here, with their packages."""
