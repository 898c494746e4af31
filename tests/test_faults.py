"""Failures of any provider's client by the names that Baoda has for them."""

import json

import httpx2
import openai
import pytest
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from retrieval.answering.model.faults import ChatModelError, Fault, chat_model_error

REQUEST = httpx2.Request("POST", "http://127.0.0.1:9/v1/chat/completions")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def refused(status: int, message: str, **headers: str) -> openai.APIStatusError:
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    return openai.APIStatusError(message, response=response, body={"message": message})


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (
            caused(openai.APITimeoutError(REQUEST), httpx2.ConnectTimeout("slow")),
            Fault.UNREACHABLE,
        ),
        (caused(openai.APITimeoutError(REQUEST), httpx2.ReadTimeout("slow")), Fault.SLOW_START),
        (openai.APIConnectionError(request=REQUEST), Fault.UNREACHABLE),
        (ModelConnectionError("x"), Fault.UNREACHABLE),
        (ConnectionRefusedError(111, "refused"), Fault.UNREACHABLE),
        (ModelTimeoutError("x"), Fault.SLOW_START),
        (ModelAuthenticationError("x"), Fault.KEY),
        (ModelNotFoundError("x"), Fault.MODEL),
        (ModelRateLimitError("x"), Fault.RATE),
        (ModelAPIError("x"), Fault.SERVER),
        (ContextOverflowError("x"), Fault.CONTEXT),
        (refused(400, "Range of input length should be [1, 6000]"), Fault.CONTEXT),
        (refused(400, "the request exceeds the available context size"), Fault.CONTEXT),
        (refused(400, "输入超出模型上下文长度"), Fault.CONTEXT),
        (refused(400, "Input data may contain inappropriate content."), Fault.FILTER),
        (refused(403, "Access denied: account in arrearage"), Fault.QUOTA),
        (refused(422, "unknown field"), Fault.REQUEST),
        (refused(529, "overloaded"), Fault.SERVER),
        (json.JSONDecodeError("x", "{", 0), Fault.GARBAGE),
        (AttributeError("'NoneType' object has no attribute 'get'"), Fault.GARBAGE),
        (KeyError("choices"), Fault.GARBAGE),
    ],
    ids=repr,
)
def test_a_failure_has_one_name_whoever_raises_it(error: Exception, fault: Fault) -> None:
    assert chat_model_error(error).fault is fault


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("-1", 0.0), ("inf", None), ("nan", None), ("tomorrow", None)],
)
def test_how_long_a_server_asks_to_wait(value: str, seconds: float | None) -> None:
    told = chat_model_error(refused(429, "slow down", **{"Retry-After": value}))
    assert (told.fault, told.retry_after) == (Fault.RATE, seconds)


def test_what_is_told_is_one_short_line() -> None:
    told = chat_model_error(refused(500, "line\nline " + "x" * 5_000))
    assert "\n" not in str(told)
    assert len(str(told)) < 300


def test_what_has_a_name_keeps_it() -> None:
    error = ChatModelError(Fault.FILTER)
    assert chat_model_error(error) is error
