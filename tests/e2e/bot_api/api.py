"""The emulated Bot API: what the methods of the bot do, and waiting for it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from tests.e2e.bot_api import files
from tests.e2e.bot_api.html import is_blank, parsed
from tests.e2e.bot_api.inline import TOO_OLD, Inline
from tests.e2e.bot_api.keyboards import check_markup
from tests.e2e.bot_api.menus import Profile
from tests.e2e.bot_api.messages import Call, Chat, SentMessage
from tests.e2e.bot_api.server import TOKEN, decoded
from tests.e2e.faults import FaultPlan

# What lo-bot-api-emulator does not know, or is checked here.
_NOT_FOR_THE_PACKAGE = {"link_preview_options", "protect_content", "message_thread_id"}
_NOT_FOR_THE_PACKAGE |= {"reply_markup", "reply_parameters", "reply_to_message_id"}
_NOT_FOR_THE_PACKAGE |= {"allow_sending_without_reply"}

MOST_BYTES = 20 * 1024 * 1024
"""Of a file that a bot may fetch."""


class EmulatedBotApi(Inline):
    """The emulated API; a context manager, plain or asynchronous, that serves while open."""

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "baoda_test_bot",
        fault_plan: FaultPlan | None = None,
    ) -> None:
        super().__init__(token, username, fault_plan)
        self.query_seconds = 15.0
        """How long a pressed button waits for answerCallbackQuery."""
        self.toasts: dict[str, str] = {}
        """What the bot answered to pressed buttons, by callback_query id."""
        self._profile = Profile(self._chats.get)

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

    def menu(self, user_id: int, chat_id: int, language_code: str = "zh-hans") -> dict[str, str]:
        """The commands that a user sees in a chat, and what is said of them."""
        with self._lock:
            return self._profile.menu(self._chats.get(chat_id), user_id, chat_id, language_code)

    # What the methods do, on the server's thread

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> object:
        """Check a request and carry it out; returns its result. Raises ApiRefusal."""
        params = {name: decoded(name, value) for name, value in fields.items()}
        if Profile.knows(method):
            return self._profile.carry_out(method, params)
        match method:
            case "answerInlineQuery":
                return self._answer_inline(params)
            case "getChatMember":
                return self._member(params)
            case "getFile":
                return self._file(params)
            case "getChat":
                return self._full_chat(params)
        if "reply_markup" in params:
            only_inline = not method.startswith("send")
            check_markup(params["reply_markup"], only_inline=only_inline)
        if method in files.KINDS:
            return self._upload(files.KINDS[method], params, uploads)
        if method in ("sendMessage", "editMessageText"):
            return self._text(method, fields, params)
        result = self._package_checks(method, fields)
        if method == "getMe":
            sees_all = not self.privacy_mode
            own = {"can_read_all_group_messages": sees_all, "supports_inline_queries": True}
            return result | self._me | own
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

    def _file(self, params: dict[str, Any]) -> dict[str, Any]:
        """Where a file can be fetched. As at Telegram, none of more than 20 MB."""
        file_id = params["file_id"]
        asset = self.assets.get(file_id)
        if asset is None:
            raise ApiRefusal("Bad Request: wrong file_id or the file is temporarily unavailable")
        if asset["size"] > MOST_BYTES:
            raise ApiRefusal("Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": f"{file_id}-unique", "file_path": file_id}

    def _package_checks(self, method: str, fields: dict[str, Any]) -> Any:
        next_id = int(self.next_id)
        known = {key: value for key, value in fields.items() if key not in _NOT_FOR_THE_PACKAGE}
        result = super().validate(method, known, {})
        self.next_id = next_id  # The package counted one on; the message may yet be refused.
        return result

    def _toast(self, params: dict[str, Any]) -> bool:
        identity = params["callback_query_id"]
        at = self._pressed.pop(identity, None)
        if at is None or time.monotonic() - at > self.query_seconds:
            raise ApiRefusal(TOO_OLD)
        self.toasts[identity] = params.get("text", "")
        return True

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
        old = chat.sent[params["message_id"]]
        if "text" in params and old.file is not None:
            raise ApiRefusal("Bad Request: there is no text in the message to edit")
        return old

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

    def _text(self, method: str, fields: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        """Send a text, or put it in place of another."""
        source, mode = params.get("text", ""), params.get("parse_mode")
        plain, entities = parsed(source, mode, params.get("entities", []))
        self._package_checks(method, fields | {"text": "" if is_blank(plain) else plain})
        chat = self._chat(params)
        new = SentMessage(0, plain, source, mode, entities, params.get("reply_markup"))
        new = replace(new, link_preview_options=params.get("link_preview_options"))
        if method == "editMessageText":
            old = self._editable(chat, params)
            return self._edited(
                chat, replace(new, message_id=old.message_id, reply_markup=_inline(params))
            )
        return self._placed(chat, params, new)

    def _upload(
        self, kind: files.Kind, params: dict[str, Any], uploads: dict[str, Any]
    ) -> dict[str, Any]:
        """Send a picture or a file."""
        source, mode = params.get("caption", ""), params.get("parse_mode")
        plain, entities = parsed(source, mode, params.get("caption_entities", []))
        file = files.uploaded(kind, params | {"caption": plain}, uploads)
        new = SentMessage(0, plain, source, mode, entities, params.get("reply_markup"), file=file)
        return self._placed(self._chat(params), params, new)

    def _placed(self, chat: Chat, params: dict[str, Any], new: SentMessage) -> dict[str, Any]:
        """Put a new message in its chat."""
        target = _target(chat, params)
        topic = params.get("message_thread_id")
        if topic is None and target is not None:
            topic = self._topic_of(chat, target)
        self._check_topic(chat, topic)
        new = replace(new, message_id=self._new_id(), reply_to=target, topic_id=topic)
        chat.sent[new.message_id] = new
        if topic is None and target is not None:
            self._join_thread(chat, new.message_id, target)
        chat.another_bot_spoke = False
        return self._shown(chat, new.message_id)


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
