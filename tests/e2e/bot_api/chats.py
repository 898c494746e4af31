"""The chats that the emulated Bot API keeps, and the objects that it shows of them."""

import time
from typing import Any

from tests.e2e.bot_api.messages import Chat
from tests.e2e.bot_api.privacy import reaches
from tests.e2e.bot_api.server import TOKEN, BotApiServer
from tests.e2e.faults import FaultPlan


class Chats(BotApiServer):
    """The bot, its chats and the people in them."""

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "baoda_test_bot",
        fault_plan: FaultPlan | None = None,
    ) -> None:
        super().__init__(token, fault_plan)
        self.next_id: int = 1
        self.privacy_mode = False
        """Whether the bot is shown only those messages of groups that are meant for it."""
        self._me: dict[str, Any] = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Baoda",
        }
        self._me["username"] = username
        self._chats: dict[int, Chat] = {}
        self._users: dict[int, dict[str, Any]] = {}
        self._pressed: dict[str, float] = {}

    def _new_id(self) -> int:
        self.next_id += 1
        return int(self.next_id) - 1

    def _known(self, chat_id: int, chat_type: str, name: str) -> Chat:
        """The chat, made when it is new."""
        title = "first_name" if chat_type == "private" else "title"
        return self._chats.setdefault(
            chat_id, Chat({"id": chat_id, "type": chat_type, title: name})
        )

    def _becomes(self, chat: Chat, user_id: int, status: str) -> None:
        """Let a user, or the bot itself, be something else in a chat."""
        chat.members[user_id] = status
        if user_id == self._me["id"]:
            chat.blocked = status in ("left", "kicked")
            chat.left = status == "left"

    def _new_message(self, chat: Chat) -> dict[str, Any]:
        return {"message_id": self._new_id(), "date": int(time.time()), "chat": chat.chat}

    def _arrived(self, chat: Chat, message: dict[str, Any]) -> bool:
        """Keep a reader's message; whether the bot is told of it."""
        chat.incoming[message["message_id"]] = message
        return reaches(chat, message, self._me, privacy_mode=self.privacy_mode)

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
        message["from"] = self._me
        if sent.file is not None:
            message |= sent.file.shown()
            message |= {"caption": sent.text, "caption_entities": sent.entities}
        else:
            message |= {"text": sent.text, "entities": sent.entities}
        if sent.topic_id is not None:
            message |= {"message_thread_id": sent.topic_id, "is_topic_message": True}
        elif message_id in chat.threads:
            message["message_thread_id"] = chat.threads[message_id]
        if sent.buttons:
            message["reply_markup"] = sent.reply_markup
        return message

    def _topic_of(self, chat: Chat, message_id: int) -> int | None:
        """The topic that a message stands in, if any."""
        message = self._bare(chat, message_id)
        return message["message_thread_id"] if "is_topic_message" in message else None

    def _join_thread(self, chat: Chat, message_id: int, replied: int) -> None:
        """Note the thread of a reply outside of topics; only supergroups have threads."""
        if chat.chat["type"] == "supergroup":
            chat.threads[message_id] = chat.threads.get(replied, replied)
