"""The emulated Bot API: what readers do, and what the methods of the bot do."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from tests.e2e.bot_api.html import is_blank, kept, parse_telegram_html, utf16_length
from tests.e2e.bot_api.keyboards import check_markup
from tests.e2e.bot_api.messages import Call, Chat, SentMessage
from tests.e2e.bot_api.server import TOKEN, BotApiServer, decoded
from tests.e2e.faults import FaultPlan

_COMMAND = re.compile(r"/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?")
_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{3,32}")
# What lo-bot-api-emulator does not know, or is checked here.
_NOT_FOR_THE_PACKAGE = {"link_preview_options", "protect_content", "message_thread_id"}
_NOT_FOR_THE_PACKAGE |= {"reply_markup", "reply_parameters", "reply_to_message_id"}
_NOT_FOR_THE_PACKAGE |= {"allow_sending_without_reply"}
# What a bot says of itself by setMy… and getMy…: its parameter and the most it may hold.
_OWN = {
    "Commands": ("commands", 100),
    "Name": ("name", 64),
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
}


class EmulatedBotApi(BotApiServer):
    """The emulated API; a context manager, plain or asynchronous, that serves while open."""

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "baoda_test_bot",
        fault_plan: FaultPlan | None = None,
    ) -> None:
        super().__init__(token, fault_plan)
        self.next_id: int = 1
        self.query_seconds = 15.0
        """How long a pressed button waits for answerCallbackQuery."""
        self.toasts: dict[str, str] = {}
        """What the bot answered to pressed buttons, by callback_query id."""
        self._me = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Baoda"}
        self._me["username"] = username
        self._chats: dict[int, Chat] = {}
        self._profile: dict[tuple[str, str, str], Any] = {}
        self._pressed: dict[str, float] = {}
        self._users: dict[int, dict[str, Any]] = {}

    # What readers do

    def send_text(
        self,
        text: str,
        user_id: int = 1001,
        chat_id: int | None = None,
        language_code: str | None = "zh-hans",
        chat_type: str = "private",
        first_name: str = "Reader",
        reply_to: int | None = None,
        topic_id: int | None = None,
    ) -> int:
        """Let a reader write `text`; returns the message_id of the message."""
        user = {"id": user_id, "is_bot": False, "first_name": first_name}
        if language_code is not None:
            user["language_code"] = language_code
        with self._lock:
            self._users[user_id] = user
            chat = self._known(user_id if chat_id is None else chat_id, chat_type, first_name)
            message_id = self._new_id()
            message = {"message_id": message_id, "date": int(time.time()), "chat": chat.chat}
            message |= {"from": user, "text": text, **_entities_of(text)}
            if topic_id is not None:
                chat.chat["is_forum"] = True
                chat.topics.add(topic_id)
                message |= {"message_thread_id": topic_id, "is_topic_message": True}
            if reply_to is not None:
                message["reply_to_message"] = self._shown(chat, reply_to)
            chat.incoming[message_id] = message
        self.send_update({"message": message})
        return message_id

    def edit_text(self, chat_id: int, message_id: int, text: str) -> None:
        """Let the reader who wrote a message put `text` in its place."""
        with self._lock:
            chat = self._chats[chat_id]
            message = chat.incoming[message_id] | {"text": text, "edit_date": int(time.time())}
            message.pop("entities", None)
            message |= _entities_of(text)
            chat.incoming[message_id] = message
        self.send_update({"edited_message": message})

    def delete_text(self, chat_id: int, message_id: int) -> None:
        """Let a reader delete a message, of a reader or of the bot; bots are not told."""
        with self._lock:
            chat = self._chats[chat_id]
            if chat.incoming.pop(message_id, None) is None:
                del chat.sent[message_id]

    def press(
        self,
        chat_id: int,
        message_id: int,
        data_or_label: str,
        user_id: int | None = None,
        *,
        forged: bool = False,
    ) -> str:
        """Let a reader press a button that stands on the message now; the callback_query id.

        Raises LookupError when there is no such button, or it is not one that the bot is told of,
        unless it is `forged`: then its data are those given.
        """
        with self._lock:
            chat = self._chats[chat_id]
            buttons = chat.sent[message_id].buttons
            wanted = [
                one["callback_data"]
                for one in buttons
                if "callback_data" in one and data_or_label in (one["callback_data"], one["text"])
            ]
            if forged:
                wanted = [data_or_label]
            if not wanted:
                raise LookupError(f"no button {data_or_label!r} to press among {buttons}")
            reader = chat_id if user_id is None else user_id
            stranger = {"id": reader, "is_bot": False, "first_name": "Reader"}
            user = self._users.get(reader, stranger)
            identity = str(self._new_id() + 10**15)
            self._pressed[identity] = time.monotonic()
            query = {"id": identity, "from": user, "chat_instance": str(chat_id)}
            query |= {"data": wanted[0], "message": self._shown(chat, message_id)}
        self.send_update({"callback_query": query})
        return identity

    def block(self, chat_id: int, blocked: bool = True) -> None:
        """Let the bot be blocked in a private chat, or thrown out of a group; or let in again."""
        with self._lock:
            self._chats[chat_id].blocked = blocked

    def close_topic(self, chat_id: int, topic_id: int) -> None:
        """Close a topic for the bot."""
        with self._lock:
            self._chats[chat_id].closed_topics.add(topic_id)

    def delete_topic(self, chat_id: int, topic_id: int) -> None:
        """Delete a topic: its thread is not found."""
        with self._lock:
            self._chats[chat_id].topics.discard(topic_id)

    def migrate(self, chat_id: int, new_id: int) -> None:
        """Make a supergroup of a group; its old number is refused from now on."""
        with self._lock:
            old = self._chats[chat_id]
            old.migrated_to = new_id
            new = self._known(new_id, "supergroup", old.chat.get("title", ""))
            messages = [
                {"message_id": self._new_id(), "date": int(time.time()), "chat": there.chat, **said}
                for there, said in (
                    (old, {"migrate_to_chat_id": new_id}),
                    (new, {"migrate_from_chat_id": chat_id}),
                )
            ]
        for message in messages:
            self.send_update({"message": message})

    def delete_chat(self, chat_id: int) -> None:
        """Let a chat be gone: it is not found."""
        with self._lock:
            del self._chats[chat_id]

    def sent(self, chat_id: int) -> list[SentMessage]:
        """The bot's messages in a chat, oldest first, edits applied, deleted ones gone."""
        with self._lock:
            chat = self._chats.get(chat_id)
            return list(chat.sent.values()) if chat else []

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

    # What the methods do, on the server's thread

    def _new_id(self) -> int:
        self.next_id += 1
        return int(self.next_id) - 1

    def _known(self, chat_id: int, chat_type: str, name: str) -> Chat:
        """The chat, made when it is new."""
        title = "first_name" if chat_type == "private" else "title"
        return self._chats.setdefault(
            chat_id, Chat({"id": chat_id, "type": chat_type, title: name})
        )

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> object:
        """Check a request and carry it out; returns its result. Raises ApiRefusal."""
        params = {name: decoded(name, value) for name, value in fields.items()}
        if mine := re.fullmatch(rf"(set|get|delete)My({'|'.join(_OWN)})", method):
            return self._own(mine[1], *_OWN[mine[2]], params)
        if "reply_markup" in params:
            check_markup(params["reply_markup"], only_inline=method != "sendMessage")
        if method in ("sendMessage", "editMessageText"):
            return self._text(method, fields, params)
        result = self._package_checks(method, fields)
        if method == "getMe":
            return result | self._me
        if method == "answerCallbackQuery":
            return self._toast(params)
        if "chat_id" in params:
            chat = self._chat(params)
            if method == "sendChatAction":
                self._check_topic(chat, params.get("message_thread_id"))
            elif method == "deleteMessage":
                if params["message_id"] not in chat.incoming | chat.sent:
                    raise ApiRefusal("Bad Request: message to delete not found")
                chat.sent.pop(params["message_id"], None)
                chat.incoming.pop(params["message_id"], None)
            elif method == "editMessageReplyMarkup":
                old = self._editable(chat, params)
                return self._edited(chat, replace(old, reply_markup=_inline(params)))
        return result

    def _package_checks(self, method: str, fields: dict[str, Any]) -> Any:
        next_id = int(self.next_id)
        known = {key: value for key, value in fields.items() if key not in _NOT_FOR_THE_PACKAGE}
        result = super().validate(method, known, {})
        self.next_id = next_id  # The package counted one on; the message may yet be refused.
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

    def _toast(self, params: dict[str, Any]) -> bool:
        identity = params["callback_query_id"]
        at = self._pressed.pop(identity, None)
        if at is None or time.monotonic() - at > self.query_seconds:
            raise ApiRefusal(
                "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self.toasts[identity] = params.get("text", "")
        return True

    def _chat(self, params: dict[str, Any]) -> Chat:
        chat = self._chats.get(params["chat_id"])
        if chat is None:
            raise ApiRefusal("Bad Request: chat not found")
        if chat.migrated_to is not None:
            raise ApiRefusal(
                "Bad Request: group chat was upgraded to a supergroup chat",
                400,
                {"migrate_to_chat_id": chat.migrated_to},
            )
        if chat.blocked:
            raise ApiRefusal(chat.forbidden, 403)
        return chat

    @staticmethod
    def _check_topic(chat: Chat, topic_id: int | None) -> None:
        if topic_id is not None and topic_id not in chat.topics:
            raise ApiRefusal("Bad Request: message thread not found")
        if topic_id in chat.closed_topics:
            raise ApiRefusal("Bad Request: TOPIC_CLOSED")

    def _editable(self, chat: Chat, params: dict[str, Any]) -> SentMessage:
        if params["message_id"] in chat.incoming:
            raise ApiRefusal("Bad Request: message can't be edited")
        if params["message_id"] not in chat.sent:
            raise ApiRefusal("Bad Request: message to edit not found")
        return chat.sent[params["message_id"]]

    def _edited(self, chat: Chat, new: SentMessage) -> dict[str, Any]:
        old = chat.sent[new.message_id]
        if _content(old) == _content(new):
            raise ApiRefusal(
                "Bad Request: message is not modified: specified new message content and reply"
                " markup are exactly the same as a current content and reply markup of the message"
            )
        new = replace(new, reply_to=old.reply_to, topic_id=old.topic_id, edits=old.edits + 1)
        chat.sent[old.message_id] = new
        return self._shown(chat, old.message_id)

    def _shown(self, chat: Chat, message_id: int) -> dict[str, Any]:
        """The Message object of a message, with that which it replies to."""
        message = self._bare(chat, message_id)
        replied = chat.sent[message_id].reply_to if message_id in chat.sent else None
        if replied is not None and replied in chat.incoming | chat.sent:
            message["reply_to_message"] = self._bare(chat, replied)
        return message

    def _bare(self, chat: Chat, message_id: int) -> dict[str, Any]:
        if message_id in chat.incoming:
            incoming = chat.incoming[message_id]
            return {key: value for key, value in incoming.items() if key != "reply_to_message"}
        sent = chat.sent[message_id]
        message = {"message_id": message_id, "date": int(time.time()), "chat": chat.chat}
        message |= {"from": self._me, "text": sent.text, "entities": sent.entities}
        if sent.topic_id is not None:
            message |= {"message_thread_id": sent.topic_id, "is_topic_message": True}
        if sent.buttons:
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
        plain, entities = kept(plain, entities)
        self._package_checks(method, fields | {"text": "" if is_blank(plain) else plain})
        chat = self._chat(params)
        new = SentMessage(0, plain, source, mode, entities, params.get("reply_markup"))
        new = replace(new, link_preview_options=params.get("link_preview_options"))
        if method == "editMessageText":
            old = self._editable(chat, params)
            return self._edited(
                chat, replace(new, message_id=old.message_id, reply_markup=_inline(params))
            )
        target = _target(chat, params)
        topic = params.get("message_thread_id")
        if topic is None and target is not None:
            topic = self._bare(chat, target).get("message_thread_id")
        self._check_topic(chat, topic)
        new = replace(new, message_id=self._new_id(), reply_to=target, topic_id=topic)
        chat.sent[new.message_id] = new
        return self._shown(chat, new.message_id)


def _entities_of(text: str) -> dict[str, Any]:
    """The entities that Telegram finds in what readers write: a command, mentions."""
    found = [("mention", one) for one in _MENTION.finditer(text)]
    if command := _COMMAND.match(text):
        found = [
            ("bot_command", command),
            *(one for one in found if one[1].start() > command.end()),
        ]
    entities = [
        {
            "type": kind,
            "offset": utf16_length(text[: one.start()]),
            "length": utf16_length(one[0]),
        }
        for kind, one in found
    ]
    return {"entities": entities} if entities else {}


def _target(chat: Chat, params: dict[str, Any]) -> int | None:
    """The message that is replied to; None where there is none and that is allowed."""
    reply = params.get("reply_parameters", {})
    target: int | None = reply.get("message_id", params.get("reply_to_message_id"))
    if reply.get("chat_id", chat.id) != chat.id:
        raise ApiRefusal("Bad Request: message to be replied not found")
    if target is None or target in chat.incoming | chat.sent:
        return target
    if not reply.get("allow_sending_without_reply", params.get("allow_sending_without_reply")):
        raise ApiRefusal("Bad Request: message to be replied not found")
    return None


def _inline(params: dict[str, Any]) -> dict[str, Any] | None:
    """The keyboard of an edit; one without buttons is none."""
    markup: dict[str, Any] = params.get("reply_markup") or {}
    return markup if any(markup.get("inline_keyboard", ())) else None


def _content(message: SentMessage) -> tuple[object, ...]:
    return message.text, message.entities, message.reply_markup
