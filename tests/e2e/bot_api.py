"""Telegram's Bot API on loopback, for a bot in this process or in another one.

The requests, update queues and limits come from lo-bot-api-emulator; this module adds what a
conversation needs beyond it: a token that is checked, texts parsed as Telegram parses them,
messages that are kept and edited, faults on demand, and waiting for what the bot does. The
server runs on its own thread and loop, so waiting works from any loop.
"""

import asyncio
import json
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator  # type: ignore[import-untyped]
from lo_bot_api_emulator.updates import (  # type: ignore[import-untyped]
    ALLOWED_UPDATE_TYPES,
    UpdateError,
)

T = TypeVar("T")
TOKEN = "700000001:TEST-TOKEN-of-the-emulated-Bot-API"
_TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("tg-spoiler", "span"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_TAG_NAME, _TAG_END = re.compile(r"<(/?)([^\s>]*)"), re.compile(r"\s*>")
_ATTRIBUTE = r"\s+([^\s=>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.-]+)))?"
_ATTRIBUTES = re.compile(rf"((?:{_ATTRIBUTE})*)\s*>")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LINK = re.compile(r"(?:tg|ton)://\S+|(?:https?://)?[^\s/?#@]+\.[^\s/?#]+(?:[/?#]\S*)?", re.I)
# Parameters that are texts even when they look like JSON.
_TEXTS = {"text", "caption", "name", "description", "short_description", "url", "parse_mode"}
_TEXTS |= {"callback_query_id", "inline_query_id"}
_SEND_EXTRAS = {"link_preview_options", "protect_content", "message_thread_id"}
# What a bot says of itself by setMy… and getMy…: its parameter and the most it may hold.
_OWN = {
    "Commands": ("commands", 100),
    "Name": ("name", 64),
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
}


def utf16_length(text: str) -> int:
    """The length of `text` as Telegram counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _unescape(text: str) -> str:
    """`text` with the references Telegram knows replaced; it leaves others as they are."""

    def decoded(found: re.Match[str]) -> str:
        if found[3]:
            return _NAMED.get(found[3], found[0])
        code = int(found[1], 16) if found[1] else int(found[2])
        if 0xD800 <= code <= 0xDFFF:
            raise ValueError(
                "Text contains invalid Unicode characters after decoding HTML entities,"
                " check for unmatched surrogate code units"
            )
        known = 0 < code < 0x10FFFF and len(found[0].removesuffix(";")) < 10
        return chr(code) if known else found[0]

    return _REFERENCE.sub(decoded, text)


def parse_telegram_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The plain text and the entities (as MessageEntity objects) of HTML-style `text`.

    Raises ValueError with Telegram's words where Telegram refuses. As there, an unknown named
    reference or a lone "&" stays in the text, and a link to no valid address loses its entity.
    Telegram's later tidying of overlapping entities is left out.
    """
    plain, position = "", 0
    entities: list[dict[str, Any]] = []
    opened: list[tuple[str, dict[str, str], int]] = []
    while (begin := text.find("<", position)) >= 0:
        plain += _unescape(text[position:begin])
        at = f"at byte offset {len(text[:begin].encode())}"
        name = _TAG_NAME.match(text, begin)
        assert name is not None
        tag, position = name[2].lower(), name.end()
        if name[1]:
            if not opened:
                raise ValueError(f"Unexpected end tag {at}")
            end = _TAG_END.match(text, position)
            if end is None:
                raise ValueError(f"Unclosed end tag {at}")
            position = end.end()
            start_tag, attributes, start = opened.pop()
            if tag not in ("", start_tag):
                raise ValueError(
                    f'Unmatched end tag {at}, expected "</{start_tag}>", found "</{tag}>"'
                )
            if plain[start:]:
                _add_entity(entities, start_tag, attributes, plain[:start], plain[start:])
            continue
        if position == len(text):
            raise ValueError(f"Unclosed start tag {at}")
        if tag not in _TAGS:
            raise ValueError(f'Unsupported start tag "{tag}" {at}')
        rest = _ATTRIBUTES.match(text, position)
        if rest is None:
            raise ValueError(f'Unclosed start tag "{tag}" {at}')
        found = re.findall(_ATTRIBUTE, rest[1])
        attributes = {key: _unescape(a or b or c.lower()) for key, a, b, c in found}
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise ValueError(f'Tag "span" must have class "tg-spoiler" {at}')
        opened.append((tag, attributes, len(plain)))
        position = rest.end()
    if opened:
        raise ValueError(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return plain + _unescape(text[position:]), entities


def _add_entity(
    entities: list[dict[str, Any]], tag: str, attributes: dict[str, str], before: str, inner: str
) -> None:
    """Add to `entities` what `tag` around `inner` makes."""
    span = {"offset": utf16_length(before), "length": utf16_length(inner)}
    entity: dict[str, Any] = {"type": _TAGS[tag], **span}
    if tag == "a":
        entity["url"] = attributes.get("href") or inner
        if not _LINK.fullmatch(entity["url"]):
            return
    elif tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    elif tag == "pre" and entities and entities[-1].items() >= span.items():
        if "language" in entities[-1]:
            entity = entities.pop() | entity
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
        if not re.fullmatch(r"[1-9][0-9]{0,18}", entity["custom_emoji_id"]):
            raise ValueError("Invalid custom emoji identifier specified")
    entities.append(entity)


@dataclass
class Call:
    """One request of the bot, listed when it arrives."""

    method: str
    params: dict[str, Any]
    at: float
    """When it arrived, in `time.monotonic()` seconds."""
    ok: bool | None = None
    """Whether it was carried out; None while it is under way, as a long poll is."""
    error: str = ""


@dataclass(frozen=True)
class SentMessage:
    """A message of the bot as its readers see it now."""

    message_id: int
    text: str
    """The plain text, after parsing."""
    source: str
    """The text as the bot gave it."""
    parse_mode: str | None
    entities: list[dict[str, Any]]
    reply_markup: dict[str, Any] | None = None
    reply_to: int | None = None
    link_preview_options: dict[str, Any] | None = None
    edits: int = 0


@dataclass
class _Fault:
    status: int = 0  # 0 closes the connection
    description: str = ""
    parameters: dict[str, Any] | None = None
    carried_out: bool = False


@dataclass
class _Chat:
    chat: dict[str, Any]
    incoming: set[int] = field(default_factory=set)
    sent: dict[int, SentMessage] = field(default_factory=dict)


class EmulatedBotApi(LoBotApiEmulator):  # type: ignore[misc]
    """The emulated API; a context manager, plain or asynchronous, that serves while open."""

    def __init__(self, token: str = TOKEN, username: str = "baoda_test_bot") -> None:
        super().__init__()
        self.token = token
        self.base_url = ""
        self.calls: list[Call] = []
        self.next_id: int = 1
        self._me = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Baoda"}
        self._me["username"] = username
        self._chats: dict[int, _Chat] = {}
        self._profile: dict[tuple[str, str, str], Any] = {}
        self._faults: dict[str, deque[_Fault]] = defaultdict(deque)
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
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            started.set_result(runner.addresses[0][1])
            await self._stop.wait()
            if self._poll is not None:
                self._poll.cancel()
        finally:
            await runner.cleanup()

    # What a test does

    def send_update(self, update: dict[str, Any]) -> int:
        """Queue any update (message, callback_query or inline_query); returns its update_id."""
        queued = self.enqueue_update(update, token=self.token)
        return int(asyncio.run_coroutine_threadsafe(queued, self._loop).result(10))

    def send_text(
        self,
        text: str,
        user_id: int = 1001,
        chat_id: int | None = None,
        language_code: str | None = "zh-hans",
        chat_type: str = "private",
        first_name: str = "Reader",
    ) -> int:
        """Let a reader write `text`; returns the message_id of the message."""
        user = {"id": user_id, "is_bot": False, "first_name": first_name}
        if language_code is not None:
            user["language_code"] = language_code
        chat: dict[str, Any] = {"id": user_id if chat_id is None else chat_id, "type": chat_type}
        chat["first_name" if chat_type == "private" else "title"] = first_name
        with self._lock:
            message_id = self._new_id()
            self._chats.setdefault(chat["id"], _Chat(chat)).incoming.add(message_id)
        message = {"message_id": message_id, "date": int(time.time()), "chat": chat}
        message |= {"from": user, "text": text}
        if command := re.match(r"/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?", text):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        self.send_update({"message": message})
        return message_id

    def sent(self, chat_id: int) -> list[SentMessage]:
        """The bot's messages in a chat, oldest first, edits applied, deleted ones gone."""
        with self._lock:
            chat = self._chats.get(chat_id)
            return list(chat.sent.values()) if chat else []

    def fail_next(
        self,
        method: str,
        status: int,
        description: str,
        parameters: dict[str, Any] | None = None,
        times: int = 1,
    ) -> None:
        """Refuse the next `times` requests of `method` that arrive, without doing them."""
        self._faults[method].extend([_Fault(status, description, parameters)] * times)

    def drop_next(self, method: str, carried_out: bool) -> None:
        """Close the connection of the next request of `method`, done (`carried_out`) or not."""
        self._faults[method].append(_Fault(carried_out=carried_out))

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

    async def wait_for_message(
        self,
        chat_id: int,
        count: int = 1,
        timeout: float = 10,
        matching: Callable[[SentMessage], bool] = lambda _: True,
    ) -> list[SentMessage]:
        """The bot's messages in a chat that are `matching`, once there are `count` of them."""

        def enough(_: list[Call]) -> list[SentMessage]:
            found = [message for message in self.sent(chat_id) if matching(message)]
            return found if len(found) >= count else []

        return await self.wait_for(enough, timeout)

    # The server's side, on its own thread

    def _new_id(self) -> int:
        self.next_id += 1
        return int(self.next_id) - 1

    def _changed(self) -> None:
        with self._lock:
            for wake in self._watchers:
                wake()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request as Telegram would."""
        method, token = request.match_info["method"], request.match_info["token"]
        fields, uploads = await self.read_request(request)
        call = Call(method, {k: _decoded(k, v) for k, v in fields.items()}, time.monotonic())
        self.calls.append(call)
        self._changed()
        faults = self._faults[method]
        fault = faults.popleft() if faults and token == self.token else None
        try:
            if token != self.token:
                well_formed = re.fullmatch(r"[0-9]+:[\w-]+", token)
                raise ApiRefusal(*(("Unauthorized", 401) if well_formed else ("Not Found", 404)))
            if fault is not None and fault.status:
                raise ApiRefusal(fault.description, fault.status, fault.parameters)
            if fault is not None and not fault.carried_out:
                raise ApiRefusal("dropped", 500)
            body: dict[str, Any] = {
                "ok": True,
                "result": await self._carry_out(method, fields, uploads),
            }
            call.ok, status = True, 200
        except (ApiRefusal, UpdateError, ValueError, TypeError, KeyError) as error:
            status = getattr(error, "status", 400)
            call.ok, call.error = False, getattr(error, "description", repr(error))
            if isinstance(error, UpdateError):
                call.error = str(error)
            body = {"ok": False, "error_code": status, "description": call.error}
            if parameters := getattr(error, "parameters", None):
                body["parameters"] = parameters
        self._changed()
        if fault is not None and not fault.status and request.transport is not None:
            request.transport.abort()
        return web.json_response(body, status=status)

    async def _carry_out(
        self, method: str, fields: dict[str, Any], uploads: dict[str, Any]
    ) -> object:
        if method == "getUpdates":
            return await self._get_updates(fields)
        if method == "deleteWebhook":
            return await self._update_queues.set_webhook(self.token, {**fields, "url": ""})
        if method == "setWebhook":
            return await self._update_queues.set_webhook(self.token, fields)
        if method == "getWebhookInfo":
            return self._update_queues.info(self.token)
        with self._lock:
            return self.validate(method, fields, uploads)

    async def _get_updates(self, fields: dict[str, Any]) -> object:
        """A long poll; as at Telegram, a newer one ends it with a conflict."""
        fields = fields | {"timeout": min(int(fields.get("timeout", 0)), 50)}
        if "allowed_updates" in fields:
            kinds = set(_decoded("allowed_updates", fields["allowed_updates"]))
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

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> object:
        """Check a request and carry it out; returns its result."""
        params = {name: _decoded(name, value) for name, value in fields.items()}
        if mine := re.fullmatch(rf"(set|get|delete)My({'|'.join(_OWN)})", method):
            return self._own(mine[1], *_OWN[mine[2]], params)
        if method in ("sendMessage", "editMessageText"):
            return self._text(method, fields, params)
        result = super().validate(method, fields, uploads)
        if method == "getMe":
            return result | self._me
        if "chat_id" in params:
            chat = self._chat(params)
            if method == "deleteMessage":
                if params["message_id"] not in chat.incoming | set(chat.sent):
                    raise ApiRefusal("Bad Request: message to delete not found")
                chat.sent.pop(params["message_id"], None)
            elif method == "editMessageReplyMarkup":
                old = self._editable(chat, params)
                return self._edited(chat, replace(old, reply_markup=params.get("reply_markup")))
        return result

    def _own(self, verb: str, name: str, longest: int, params: dict[str, Any]) -> object:
        key = (name, json.dumps(params.get("scope")), params.get("language_code", ""))
        empty: object = [] if name == "commands" else ""
        if verb == "get":
            value = self._profile.get(key, empty)
            return value if name == "commands" else {name: value}
        value = params.get(name, empty)
        if len(value) > longest:
            raise ApiRefusal(f"Bad Request: {name} is too long")
        for command in value if name == "commands" else ():
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise ApiRefusal("Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise ApiRefusal("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self._profile[key] = value
        return True

    def _chat(self, params: dict[str, Any]) -> _Chat:
        if params["chat_id"] not in self._chats:
            raise ApiRefusal("Bad Request: chat not found")
        return self._chats[params["chat_id"]]

    def _editable(self, chat: _Chat, params: dict[str, Any]) -> SentMessage:
        if params["message_id"] in chat.incoming:
            raise ApiRefusal("Bad Request: message can't be edited")
        if params["message_id"] not in chat.sent:
            raise ApiRefusal("Bad Request: message to edit not found")
        return chat.sent[params["message_id"]]

    def _edited(self, chat: _Chat, new: SentMessage) -> dict[str, Any]:
        old = chat.sent[new.message_id]
        if _content(old) == _content(new):
            raise ApiRefusal(
                "Bad Request: message is not modified: specified new message content and reply"
                " markup are exactly the same as a current content and reply markup of the message"
            )
        return self._shown(chat, replace(new, reply_to=old.reply_to, edits=old.edits + 1))

    def _shown(self, chat: _Chat, sent: SentMessage) -> dict[str, Any]:
        """Keep a message of the bot; returns its Message object."""
        chat.sent[sent.message_id] = sent
        message = {"message_id": sent.message_id, "date": int(time.time()), "chat": chat.chat}
        message |= {"from": self._me, "text": sent.text, "entities": sent.entities}
        if "inline_keyboard" in (sent.reply_markup or {}):
            message["reply_markup"] = sent.reply_markup
        return message

    def _text(self, method: str, fields: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        """Send a text, or put it in place of another."""
        source, mode = params.get("text", ""), params.get("parse_mode")
        plain, entities = source, params.get("entities", [])
        if mode:
            if mode.lower() != "html":
                raise ApiRefusal("Bad Request: unsupported parse_mode")
            try:
                plain, entities = parse_telegram_html(source)
            except ValueError as error:
                raise ApiRefusal(f"Bad Request: can't parse entities: {error}") from None
        next_id = int(self.next_id)
        checked = {key: value for key, value in fields.items() if key not in _SEND_EXTRAS}
        super().validate(method, checked | {"text": plain.strip()}, {})
        self.next_id = next_id  # The package counted one on; the message may yet be refused.
        chat = self._chat(params)
        new = SentMessage(0, plain, source, mode, entities, params.get("reply_markup"))
        new = replace(new, link_preview_options=params.get("link_preview_options"))
        if method == "editMessageText":
            return self._edited(
                chat, replace(new, message_id=self._editable(chat, params).message_id)
            )
        reply = params.get("reply_parameters", {})
        target = reply.get("message_id")
        if target is not None and target not in chat.incoming | set(chat.sent):
            if not reply.get("allow_sending_without_reply"):
                raise ApiRefusal("Bad Request: message to be replied not found")
            target = None
        return self._shown(chat, replace(new, message_id=self._new_id(), reply_to=target))


def _content(message: SentMessage) -> tuple[object, ...]:
    return message.text.strip(), message.entities, message.reply_markup


def _decoded(name: str, value: Any) -> Any:
    """A form value as the object it stands for; texts stay texts."""
    if name in _TEXTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
