"""What can go wrong with a chat model, told by one name each whatever the provider."""

import enum
import re

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
)

from retrieval.errors import ModelUnavailableError


class Fault(enum.StrEnum):
    """Why there is no answer of the chat model."""

    UNREACHABLE = "the chat model's server cannot be reached"
    SLOW_START = "the chat model did not begin its answer in time"
    SLOW = "the chat model did not finish in time"
    KEY = "the chat model's server refuses the key"
    MODEL = "the chat model's server does not know the model"
    RATE = "the chat model's server asks to slow down"
    QUOTA = "the account at the chat model's server is used up"
    SERVER = "the chat model's server has an error"
    CONTEXT = "the passages are too long for the chat model"
    FILTER = "the chat model's content filter refused"
    REQUEST = "the chat model's server refuses the request"
    BROKE_OFF = "the chat model's answer broke off"
    EMPTY = "the chat model's answer was empty"
    GARBAGE = "the chat model's server sent what cannot be read"
    RESTING = "the chat model is left alone after repeated failures"


PASSING = frozenset({Fault.UNREACHABLE, Fault.RATE, Fault.SERVER, Fault.GARBAGE})
"""A second try may succeed at once."""

OF_THE_SERVER = frozenset(Fault) - {Fault.CONTEXT, Fault.FILTER, Fault.EMPTY, Fault.RESTING}
"""The next question would meet the same."""

_MAX_DETAIL = 200
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum context|too many tokens|prompt is too long"
    r"|exceeds? .{0,40}(?:context|tokens|input length)|n_ctx|(?:input|range of input) length"
    r"|超[过過出].{0,12}(?:长度|上下文|token)",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[ _-]?(?:filter|policy|management)|data_inspection|inappropriate content|敏感",
    re.IGNORECASE,
)
_USED_UP = re.compile(
    r"insufficient[ _](?:quota|balance|funds)|billing|arrearage|欠费|余额不足", re.I
)
_NOT_PAID = 402
_TOO_LARGE = 413
_NO_STREAM = "No generation chunks were returned"
_OF_KEYS = (ModelAuthenticationError, ModelPermissionDeniedError)


class ChatModelError(ModelUnavailableError):
    """No answer of the chat model, and why; `retry_after` are seconds its server asks to wait."""

    def __init__(self, fault: Fault, detail: str = "", retry_after: float | None = None) -> None:
        detail = " ".join(detail.split())[:_MAX_DETAIL]
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.retry_after = retry_after


def chat_model_error(error: Exception) -> ChatModelError:
    """An exception of LangChain, a provider's client or the network, in our words."""
    if isinstance(error, ChatModelError):
        return error
    detail = str(getattr(error, "message", "") or error or type(error).__name__)
    said = f"{detail} {getattr(error, 'code', '') or ''} {getattr(error, 'body', '') or ''}"
    fault = _fault(error, said)
    if _NO_STREAM in detail:
        detail = "no stream of events; does the server stream, and is its address right?"
    return ChatModelError(fault, detail, _retry_after(error) if fault is Fault.RATE else None)


def _fault(error: Exception, said: str) -> Fault:
    status = getattr(error, "status_code", None)
    refused = isinstance(status, int) and 400 <= status < 500
    if isinstance(error, ContextOverflowError) or status == _TOO_LARGE:
        return Fault.CONTEXT
    if isinstance(error, TimeoutError) or _is_called(error, "Timeout"):
        return Fault.UNREACHABLE if _is_of_connecting(error) else Fault.SLOW_START
    if status == _NOT_PAID or (refused and _USED_UP.search(said)):
        return Fault.QUOTA
    if isinstance(error, _OF_KEYS) or status in (401, 403):
        return Fault.KEY
    if isinstance(error, ModelNotFoundError) or status == 404:
        return Fault.MODEL
    if isinstance(error, ModelRateLimitError) or status == 429:
        return Fault.RATE
    unconnected = isinstance(error, OSError) or _is_called(error, "Connection")
    if refused or (status is None and not unconnected):
        if _TOO_LONG.search(said):
            return Fault.CONTEXT
        if _FILTERED.search(said):
            return Fault.FILTER
    if refused:
        return Fault.REQUEST
    if isinstance(error, ModelAPIError) or isinstance(status, int):
        return Fault.SERVER
    return Fault.UNREACHABLE if unconnected else Fault.GARBAGE


def _is_called(error: Exception, word: str) -> bool:
    """Whether the name of its class, or of one it is made from, holds the word."""
    return any(word in kind.__name__ for kind in type(error).__mro__)


def _is_of_connecting(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__.startswith("Connect"):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None  # a date, or none
    return max(0.0, seconds) if seconds < float("inf") else None
