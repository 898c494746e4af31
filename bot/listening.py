"""The pages for operators: /healthz, /readyz and /metrics."""

import http.client
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from bot import logs
from bot.health import Health
from bot.metrics import Metrics
from bot.results import to_line
from bot.settings import Settings

logger = logging.getLogger(__name__)

_ANSWER_SECONDS = 5
_IDLE_SECONDS = 75
_LARGEST_REQUEST = 16_384


class CannotListenError(Exception):
    """Nobody can listen at METRICS_HOST and METRICS_PORT; says on one line why."""


@asynccontextmanager
async def listening(settings: Settings, health: Health, metrics: Metrics) -> AsyncIterator[None]:
    """Give the pages to whoever asks, for the length of the block. Raises CannotListenError.

    They come from the event loop that the bot works on: where that hangs, no page comes, which a
    health check takes for what it is.
    """
    receiving = open_socket(settings)
    started = time.monotonic()

    def alive(_: str) -> tuple[int, bytes, str]:
        return _json(200, {"alive": True, "seconds": round(time.monotonic() - started, 1)})

    def ready(_: str) -> tuple[int, bytes, str]:
        report = health.report()
        for part in report["parts"].values():
            if "reason" in part:
                part["reason"] = logs.redact(part["reason"], settings.secrets)
        return _json(200 if report["ready"] else 503, report)

    def figures(accepted: str) -> tuple[int, bytes, str]:
        return 200, *metrics.exposition(accepted)

    pages = {"/healthz": alive, "/readyz": ready, "/metrics": figures}
    server = HTTPServer(
        _Quiet(
            [(path, _Page, {"page": page}) for path, page in pages.items()],
            default_handler_class=_NoPage,
            default_handler_args={"page": alive},
        ),
        idle_connection_timeout=_IDLE_SECONDS,
        max_body_size=_LARGEST_REQUEST,
        max_header_size=_LARGEST_REQUEST,
    )
    server.add_socket(receiving)
    host, port = receiving.getsockname()[:2]
    logger.info("/healthz, /readyz and /metrics are at %s port %d", host, port)
    try:
        yield
    finally:
        server.stop()
        await server.close_all_connections()


def open_socket(settings: Settings) -> socket.socket:
    """What listens at METRICS_HOST and METRICS_PORT. Raises CannotListenError."""
    host, port = settings.metrics_host, settings.metrics_port or 0
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        receiving = socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise CannotListenError(
            f"METRICS_HOST and METRICS_PORT: {host} port {port} cannot be listened at: {reason}"
        ) from error
    receiving.setblocking(False)
    return receiving


def is_ours(settings: Settings) -> bool:
    """Whether a bot of ours gives its pages there already."""
    connection = http.client.HTTPConnection(
        settings.metrics_host, settings.metrics_port, timeout=_ANSWER_SECONDS
    )
    try:
        connection.request("GET", "/healthz")
        return b'"alive"' in connection.getresponse().read(_LARGEST_REQUEST)
    except (OSError, UnicodeError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _json(status: int, body: dict[str, Any]) -> tuple[int, bytes, str]:
    return status, (to_line(body) + "\n").encode(), "application/json; charset=utf-8"


class _Quiet(Application):
    def log_request(self, handler: RequestHandler) -> None:
        """Nothing: they are asked for every few seconds."""


class _Page(RequestHandler):
    SUPPORTED_METHODS: tuple[str, ...] = ("GET", "HEAD")

    def initialize(self, page: Callable[[str], tuple[int, bytes, str]]) -> None:
        self._give = page

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")

    def get(self) -> None:
        """The page."""
        status, body, content_type = self._give(self.request.headers.get("Accept", ""))
        self.set_status(status)
        self.set_header("Content-Type", content_type)
        self.finish(body)

    head = get

    def write_error(self, status_code: int, **_: Any) -> None:
        """The same for all errors: one object."""
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.SUPPORTED_METHODS))
        content, content_type = _json(status_code, {"error": self._reason})[1:]
        self.set_header("Content-Type", content_type)
        self.finish(content)


class _NoPage(_Page):
    SUPPORTED_METHODS = RequestHandler.SUPPORTED_METHODS

    def prepare(self) -> None:
        """404, whatever the method."""
        self.send_error(404)
