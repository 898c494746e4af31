"""LangSmith and other callbacks of LangChain: those alone that the settings name.

They are told on a thread of their own, from a queue that may overflow: no answer waits for them.
"""

import asyncio
import atexit
import importlib
import inspect
import json
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

import requests
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import get_buffer_string

from bot import logs
from bot.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

LANGSMITH = "https://api.smith.langchain.com"
_KEPT = 10_000
"""Events that wait; a long answer is some hundreds."""

_GOODBYE_SECONDS = 2.0
"""For what waits when the process ends."""

_TIMEOUT_MS = (5_000, 10_000)
"""To connect to LangSmith, and until it answers."""

_IGNORED = {
    "on_chain_start": "ignore_chain",
    "on_chain_end": "ignore_chain",
    "on_chain_error": "ignore_chain",
    "on_chat_model_start": "ignore_chat_model",
    "on_llm_start": "ignore_llm",
    "on_llm_new_token": "ignore_llm",
    "on_llm_end": "ignore_llm",
    "on_llm_error": "ignore_llm",
    "on_retry": "ignore_retry",
}
"""What chains and chat models tell, by what a handler says that it does not want."""


def make_callbacks(settings: Settings) -> list[BaseCallbackHandler]:
    """The handlers that the settings name, none by default. Raises SettingsError."""
    handlers = [_made(name) for name in settings.chat_callbacks]
    if settings.langsmith_tracing:
        handlers.append(_langsmith(settings))
    return [Aside(handler) for handler in handlers]


class Aside(BaseCallbackHandler):
    """Hands all that it is told to another handler, on a thread of that one's own."""

    run_inline = True

    def __init__(self, handler: BaseCallbackHandler) -> None:
        self._handler = handler
        self._events: queue.Queue[tuple[str, Any, Any] | None] = queue.Queue(_KEPT)
        self._is_failing = self._is_overflowing = False
        self._thread = threading.Thread(target=self._work, name="callbacks", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Tell the handler what waits, for as long as there is time."""
        try:
            self._events.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(_GOODBYE_SECONDS)

    def take(self, event: str, args: Any, kwargs: Any) -> None:
        """Have an event told, or let it go where too many wait."""
        try:
            self._events.put_nowait((event, args, kwargs))
        except queue.Full:
            if not self._is_overflowing:
                logger.warning("%s is too slow: it is not told everything", self._name)
            self._is_overflowing = True
        else:
            self._is_overflowing = False

    @property
    def _name(self) -> str:
        return type(self._handler).__name__

    def _work(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._tell(*event)
            except Exception as error:  # others wrote it
                if not self._is_failing:
                    logger.warning("%s fails: %s: %s", self._name, type(error).__name__, error)
                self._is_failing = True
            else:
                self._is_failing = False

    def _tell(self, event: str, args: Any, kwargs: Any) -> None:
        if getattr(self._handler, _IGNORED[event], False):
            return
        try:
            told = getattr(self._handler, event)(*args, **kwargs)
        except NotImplementedError:
            if event != "on_chat_model_start":
                raise
            serialized, messages = args
            texts = [get_buffer_string(one) for one in messages]
            told = self._handler.on_llm_start(serialized, texts, **kwargs)
        if inspect.iscoroutine(told):
            asyncio.run(told)


def _taking(event: str) -> Callable[..., None]:
    def take(self: Aside, *args: Any, **kwargs: Any) -> None:
        self.take(event, args, kwargs)

    return take


for _event in _IGNORED:
    setattr(Aside, _event, _taking(_event))


def _made(name: str) -> BaseCallbackHandler:
    module, _, attribute = name.partition(":")
    try:
        handler = getattr(importlib.import_module(module), attribute)()
    except Exception as error:  # others wrote it
        raise SettingsError(
            f"CHAT_CALLBACKS: {name} cannot be made: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(handler, BaseCallbackHandler):
        raise SettingsError(f"CHAT_CALLBACKS: {name} is no BaseCallbackHandler of LangChain")
    return handler


def _langsmith(settings: Settings) -> BaseCallbackHandler:
    from langchain_core.tracers.langchain import LangChainTracer
    from langsmith import Client
    from urllib3 import Retry

    if settings.langsmith_api_key is None:
        raise SettingsError(
            "LANGSMITH_TRACING: needs a key; for example LANGSMITH_API_KEY=lsv2_the-rest-of-the-key"
        )
    client = Client(
        api_url=settings.langsmith_endpoint or LANGSMITH,
        api_key=settings.langsmith_api_key.get_secret_value(),
        session=_Discreet(settings.secrets),
        auto_batch_tracing=False,  # this thread may wait, and what is sent can be looked through
        retry_config=Retry(total=0),
        timeout_ms=_TIMEOUT_MS,
        info={},
    )
    return LangChainTracer(project_name=settings.langsmith_project, client=client)


class _Discreet(requests.Session):
    """Sends no secret of ours in a body."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        escaped = (json.dumps(one, ensure_ascii=False)[1:-1] for one in secrets)
        self._secrets = [*secrets, *escaped]

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """See requests.Session.request."""
        data = kwargs.get("data")
        if isinstance(data, bytes):
            data = data.decode("utf-8", "replace")
        if isinstance(data, str):
            kwargs["data"] = logs.redact(data, self._secrets).encode()
        return super().request(*args, **kwargs)
