"""The HTTP client of the bot, which tells whether a request may have been carried out."""

import json
from typing import Any

import httpx
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from bot.meters import UNCOUNTED, Meters

_CONNECTIONS = 512
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
"""Telegram is slow at times: a reply that is not waited for makes an answer come twice."""

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
)
_GATEWAY = (502, 504)
"""What a server in between says when it has no answer of Telegram itself."""


_OUTCOMES = {429: "flood_wait"}
_CLASSES = {4: "refused", 5: "error"}


class OutcomeUnknownError(NetworkError):
    """Telegram may have carried out the request, and may not."""


class Wire(HTTPXRequest):
    """Raises OutcomeUnknownError where a request was sent and no answer of Telegram came.

    Made without a proxy, it takes that of the environment.
    """

    def __init__(self, proxy: str | None, meters: Meters = UNCOUNTED) -> None:
        self._meters = meters
        super().__init__(
            connection_pool_size=_CONNECTIONS,
            connect_timeout=_CONNECT_SECONDS,
            pool_timeout=_READ_SECONDS,
            read_timeout=_READ_SECONDS,
            proxy=proxy,
        )

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """See HTTPXRequest.do_request."""
        url, is_file = kwargs.get("url") or args[0], kwargs.get("method") == "GET"
        method = "file" if is_file else str(url).rpartition("/")[2]
        try:
            code, payload = await self._requested(*args, **kwargs)
        except OutcomeUnknownError:
            self._meters.called(method, "unknown")
            raise
        except NetworkError:
            self._meters.called(method, "unreachable")
            raise
        self._meters.called(method, _OUTCOMES.get(code) or _CLASSES.get(code // 100, "ok"))
        return code, payload

    async def _requested(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            code, payload = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            cause = error.__cause__
            if isinstance(cause, httpx.HTTPError) and not isinstance(cause, _NEVER_LEFT):
                raise OutcomeUnknownError(_told(cause)) from error
            raise
        is_file = kwargs.get("method") == "GET"  # all else is posted
        if code in _GATEWAY or not (is_file or _is_json(payload)):
            raise OutcomeUnknownError(f"no answer of Telegram's, status {code}")
        return code, payload


def _told(cause: httpx.HTTPError) -> str:
    if isinstance(cause, httpx.TimeoutException):
        return "no answer in time"
    return str(cause) or type(cause).__name__


def _is_json(payload: bytes) -> bool:
    try:
        return isinstance(json.loads(payload.decode("utf-8", "replace")), dict)
    except ValueError:
        return False
