"""The HTTP server of the emulated Bot API: its life, the faults, the list of calls."""

import asyncio
import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator  # type: ignore[import-untyped]
from lo_bot_api_emulator.updates import (  # type: ignore[import-untyped]
    ALLOWED_UPDATE_TYPES,
    UpdateError,
)

from tests import planted
from tests.e2e.bot_api import observers
from tests.e2e.bot_api.messages import Call
from tests.e2e.bot_api.updates import Updates
from tests.e2e.faults import Fault, FaultPlan, Kind, Met

T = TypeVar("T")
TOKEN = planted.TOKEN
# Parameters that are texts even when they look like JSON.
_TEXTS = {"text", "caption", "name", "description", "short_description", "url", "parse_mode"}
_TEXTS |= {"callback_query_id", "inline_query_id", "next_offset"}
DOWNLOAD = "download"
_BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class BotApiServer(LoBotApiEmulator):  # type: ignore[misc]
    """A server of the Bot API; a context manager, plain or asynchronous, that serves while open."""

    def __init__(self, token: str = TOKEN, fault_plan: FaultPlan | None = None) -> None:
        super().__init__()
        self.token = token
        self.port = 0
        """What it is to listen at; 0: any that is free."""
        self.base_url = ""
        self.calls: list[Call] = []
        self.fault_plan = fault_plan
        """Faults at random; may be set and taken away at any time."""
        self.faults: list[Met] = []
        """All faults that requests met, ordered ones too."""
        self._ordered: dict[str, deque[Fault]] = defaultdict(deque)
        self._update_queues = Updates()
        self._poll: asyncio.Task[Any] | None = None
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], object]] = []

    # Starting and ending

    def __enter__(self) -> Self:
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{started.result(30)}"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.__exit__)

    def _run(self, started: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: "Future[int]") -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            started.set_result(runner.addresses[0][1])
            await self._stop.wait()
            if self._poll is not None:
                self._poll.cancel()
            await self._update_queues.stop()
        finally:
            await runner.cleanup()

    # What a test does

    def send_update(self, update: dict[str, Any]) -> int:
        """Queue any update; returns its update_id."""
        queued = self.enqueue_update(update, token=self.token)
        return int(asyncio.run_coroutine_threadsafe(queued, self._loop).result(10))

    def fail_next(
        self,
        method: str,
        status: int,
        description: str,
        parameters: dict[str, Any] | None = None,
        times: int = 1,
    ) -> None:
        """Refuse the next `times` requests of `method` that arrive, without doing them."""
        kind: Kind = "flood" if status == 429 else "error"
        self._ordered[method].extend([Fault(kind, status, description, parameters)] * times)

    def drop_next(self, method: str, carried_out: bool) -> None:
        """Close the connection of the next request of `method`, done (`carried_out`) or not."""
        self._ordered[method].append(Fault("lost" if carried_out else "dropped"))

    async def wait_for(self, predicate: Callable[[list[Call]], T], timeout: float = 10) -> T:
        """What `predicate` gives for the calls so far, once that is true; else TimeoutError."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        with self._lock:
            self._watchers.append(wake)
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate(list(self.calls))):
                    await changed.wait()
                    changed.clear()
                return found
        except TimeoutError:
            last = "\n".join(str(call) for call in self.calls[-10:])
            raise TimeoutError(f"Not seen in {timeout} s; the last calls:\n{last}") from None
        finally:
            with self._lock:
                self._watchers.remove(wake)

    @property
    def pending_updates(self) -> int:
        """How many updates the bot has not taken."""
        return int(self._update_queues.info(self.token)["pending_update_count"])

    @property
    def flood_violations(self) -> list[Call]:
        """The calls that came during a flood wait of their chat; without a chat, of their method.

        Those under way when the wait began are not counted.
        """
        return observers.flood_violations(list(self.calls))

    def rate_violations(
        self,
        *,
        private_seconds: float = 0.95,
        group_per_minute: int = 20,
        all_per_second: int = 30,
    ) -> list[Call]:
        """The sends and edits that came too soon: in a private chat, in a group, or in all."""
        return observers.rate_violations(
            list(self.calls),
            private_seconds=private_seconds,
            group_per_minute=group_per_minute,
            all_per_second=all_per_second,
        )

    # The server's side, on its own thread

    def _changed(self) -> None:
        with self._lock:
            for wake in self._watchers:
                wake()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request as Telegram would."""
        method, token = request.match_info["method"], request.match_info["token"]
        fields, uploads = await self.read_request(request)
        call = Call(method, {k: decoded(k, v) for k, v in fields.items()}, time.monotonic())
        self.calls.append(call)
        self._changed()
        fault = self._fault(call) if token == self.token else None
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay_seconds)
        body: dict[str, Any]
        try:
            self._check_token(token)
            if fault is not None and fault.status:
                raise ApiRefusal(fault.description, fault.status, fault.parameters)
            if fault is not None and fault.kind not in ("slow", "lost"):
                raise ApiRefusal(fault.kind, 500)
            body = {"ok": True, "result": await self._carry_out(method, fields, uploads)}
            call.ok, status = True, 200
        except (ApiRefusal, UpdateError, ValueError, TypeError, KeyError) as error:
            status = getattr(error, "status", 400)
            call.ok, call.error = False, getattr(error, "description", repr(error))
            if isinstance(error, UpdateError):
                call.error = str(error)
            body = {"ok": False, "error_code": status, "description": call.error}
            if parameters := getattr(error, "parameters", None):
                body["parameters"] = parameters
                call.retry_after = parameters.get("retry_after", 0)
        call.answered_at = time.monotonic()
        self._changed()
        match fault.kind if fault is not None else "":
            case "dropped" | "lost":
                if request.transport is not None:
                    request.transport.abort()
            case "gateway":
                return web.Response(text=_BAD_GATEWAY, status=502, content_type="text/html")
            case "garbage":
                return web.Response(text='{"ok":tr', content_type="application/json")
        return web.json_response(body, status=status)

    async def download(self, request: web.Request) -> web.Response:
        """A file that a reader sent; DOWNLOAD is its name as a method, for faults."""
        call = Call(DOWNLOAD, {"path": request.match_info["path"]}, time.monotonic())
        self.calls.append(call)
        self._changed()
        self._check_token(request.match_info["token"])
        fault = self._fault(call)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay_seconds)
        elif fault is not None:
            return web.Response(status=fault.status or 502)
        response: web.Response = await super().download(request)
        return response

    def _check_token(self, token: str) -> None:
        if token != self.token:
            well_formed = re.fullmatch(r"[0-9]+:[\w-]+", token)
            raise ApiRefusal(*(("Unauthorized", 401) if well_formed else ("Not Found", 404)))

    def _fault(self, call: Call) -> Fault | None:
        fault: Fault | None = None
        if ordered := self._ordered[call.method]:
            fault = ordered.popleft()
        elif self.fault_plan is not None:
            fault = self.fault_plan.next(call.method, call.chat_id)
        if fault is not None:
            self.faults.append(Met(call.method, fault.kind, call.chat_id, call.at))
        return fault

    async def _carry_out(
        self, method: str, fields: dict[str, Any], uploads: dict[str, Any]
    ) -> object:
        match method:
            case "getUpdates":
                return await self._get_updates(fields)
            case "setWebhook" | "deleteWebhook":
                url = fields.get("url", "") if method == "setWebhook" else ""
                return await self._update_queues.set_webhook(self.token, {**fields, "url": url})
            case "getWebhookInfo":
                return self._update_queues.info(self.token)
        with self._lock:
            return self.validate(method, fields, uploads)

    async def _get_updates(self, fields: dict[str, Any]) -> object:
        """A long poll; as at Telegram, a newer one ends it with a conflict."""
        if self._update_queues.has_webhook(self.token):
            raise ApiRefusal(
                "Conflict: can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first",
                409,
            )
        fields = fields | {"timeout": min(int(fields.get("timeout", 0)), 50)}
        if "allowed_updates" in fields:
            kinds = set(decoded("allowed_updates", fields["allowed_updates"]))
            fields["allowed_updates"] = sorted(kinds & ALLOWED_UPDATE_TYPES)
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait([self._poll])
        poll = self._poll = asyncio.create_task(self._update_queues.poll(self.token, fields))
        await asyncio.wait([poll])
        if poll.cancelled():
            raise ApiRefusal(
                "Conflict: terminated by other getUpdates request;"
                " make sure that only one bot instance is running",
                409,
            )
        return poll.result()


def decoded(name: str, value: Any) -> Any:
    """A form value as the object it stands for; texts stay texts."""
    if name in _TEXTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
