"""A clock that jumps to the next moment at which anything happens, and a Telegram without wires."""

import asyncio
import datetime
import json
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from telegram import Bot
from telegram.error import NetworkError
from telegram.request import BaseRequest

from bot.telegram.delivery.wire import OutcomeUnknownError
from tests.e2e.bot_api import TOKEN

T = TypeVar("T")


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time. Only for what waits for nothing but timers of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now

    def _run_once(self) -> None:
        if not self._ready:  # type: ignore[attr-defined]
            timers = self._scheduled  # type: ignore[attr-defined]
            moments = [timer.when() for timer in timers if not timer.cancelled()]
            self.now = max(self.now, min(moments, default=self.now))
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, work: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Done at once: this clock waits for no thread."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(work(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def simulate(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine gives, run by a simulated clock that begins at 0."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came."""

    method: str
    params: dict[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to a request; without a status no answer comes."""

    status: int = 0
    description: str = ""
    parameters: dict[str, Any] | None = None
    carried_out: bool = False
    sent: bool = True
    """Whether the request left at all."""
    seconds: float = 0.0
    """How long the answer takes."""


def flood(seconds: int) -> Trouble:
    return Trouble(429, "Too Many Requests", {"retry_after": seconds})


def refusal(description: str) -> Trouble:
    return Trouble(400, f"Bad Request: {description}")


FAILED = Trouble(500, "Internal Server Error")
NOT_CONNECTED = Trouble(sent=False)
LOST = Trouble(carried_out=True)
DROPPED = Trouble()


class SmallTelegram(BaseRequest):
    """Chats in memory. Requests meet what was ordered for their method, then none any trouble."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.chats: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
        """Our messages by chat and number, as they are now."""
        self.orders: dict[str, deque[Trouble]] = defaultdict(deque)
        self._next_id = 100

    def order(self, method: str, *troubles: Trouble) -> None:
        """Have the next requests of a method meet these."""
        self.orders[method].extend(troubles)

    def new_id(self) -> int:
        """The number of the next message in any chat."""
        self._next_id += 1
        return self._next_id

    def texts(self, chat_id: int) -> list[str]:
        """What stands in a chat."""
        return [message["text"] for message in self.chats[chat_id].values()]

    def times(self, method: str) -> list[float]:
        """When a method was called."""
        return [call.at for call in self.calls if call.method == method]

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def do_request(
        self, url: str, method: str, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        """See BaseRequest.do_request."""
        data = kwargs.get("request_data") or (args[0] if args else None)
        params = {
            name: _decoded(value) for name, value in (data.json_parameters if data else {}).items()
        }
        name = url.rpartition("/")[2]
        self.calls.append(Call(name, params, asyncio.get_running_loop().time()))
        trouble = self._trouble(name, params)
        await asyncio.sleep(trouble.seconds)
        if not trouble.sent:
            raise NetworkError("httpx.ConnectError") from httpx.ConnectError("no way")
        if trouble.status == 200 or trouble.carried_out:
            status, body = self._carry_out(name, params)
        else:
            status = trouble.status
            body = {"ok": False, "error_code": status, "description": trouble.description}
            if trouble.parameters:
                body["parameters"] = trouble.parameters
        if not trouble.status:
            raise OutcomeUnknownError("the connection was closed")
        return status, json.dumps(body).encode()

    def _trouble(self, name: str, params: dict[str, Any]) -> Trouble:
        return self.orders[name].popleft() if self.orders[name] else Trouble(200)

    def _carry_out(self, name: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        result: Any = True
        if name == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "Baoda", "username": "baoda_bot"}
        elif name in ("sendMessage", "sendPhoto", "sendDocument"):
            number = self.new_id()
            params.setdefault("text", params.get("caption"))
            self.chats[params["chat_id"]][number] = params
            result = _message(params, number)
        elif name == "deleteMessage":
            self.chats[params["chat_id"]].pop(params["message_id"], None)
        elif name.startswith("edit"):
            chat = self.chats[params["chat_id"]]
            old = chat.get(params["message_id"])
            if old is None:
                return 400, _no("message to edit not found")
            kept = old if name == "editMessageReplyMarkup" else _standing(old)
            new = kept | params
            if all(old.get(key) == new.get(key) for key in ("text", "reply_markup")):
                return 400, _no("message is not modified: the same content")
            chat[params["message_id"]] = new
            result = _message(new, params["message_id"])
        return 200, {"ok": True, "result": result}


async def forget(name: str, until: datetime.datetime) -> None:
    """A pause that is not kept."""


def make_bot(telegram: SmallTelegram) -> Bot:
    return Bot(TOKEN, request=telegram, get_updates_request=SmallTelegram())


def _standing(message: dict[str, Any]) -> dict[str, Any]:
    """What no edit changes."""
    return {name: message[name] for name in ("reply_parameters",) if name in message}


def _no(description: str) -> dict[str, Any]:
    return {"ok": False, "error_code": 400, "description": f"Bad Request: {description}"}


def _message(params: dict[str, Any], number: int) -> dict[str, Any]:
    chat = {"id": params["chat_id"], "type": "private"}
    return {"message_id": number, "date": 0, "chat": chat, "text": params["text"]}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
