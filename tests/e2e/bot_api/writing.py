"""What readers write, send, edit, delete and press."""

import re
import time
from collections.abc import Mapping
from typing import Any, Unpack
from urllib.parse import parse_qs, urlsplit

from tests.e2e.bot_api.chats import Chats
from tests.e2e.bot_api.contents import CONTENTS, SERVICE, WITH_CAPTION
from tests.e2e.bot_api.entities import entities_of
from tests.e2e.bot_api.messages import Chat
from tests.e2e.bot_api.people import TELEGRAM, Said, author_of, channel, person


def _origin() -> dict[str, Any]:
    """Somebody wrote it a while ago."""
    author = person(7_777_000_001, {"first_name": "Author"})
    return {"type": "user", "date": int(time.time()) - 3600, "sender_user": author}


class Writing(Chats):
    """The readers' side of the chats."""

    def send_text(
        self,
        text: str,
        user_id: int = 1001,
        chat_id: int | None = None,
        *,
        text_mentions: Mapping[str, int] | None = None,
        **said: Unpack[Said],
    ) -> int:
        """Let a reader write `text`; returns the message_id of the message."""
        content: dict[str, Any] = {"text": text}
        if entities := entities_of(text, text_mentions):
            content["entities"] = entities
        return self._write(content, user_id, chat_id, said)

    def send_other(
        self,
        kind: str,
        user_id: int = 1001,
        chat_id: int | None = None,
        *,
        caption: str | None = None,
        media_group_id: str | None = None,
        **said: Unpack[Said],
    ) -> int:
        """Let a reader send something of a `kind` in CONTENTS; returns the message_id."""
        content = dict(CONTENTS[kind])
        if caption is not None:
            if kind not in WITH_CAPTION:
                raise ValueError(f"a {kind} has no caption")
            content["caption"] = caption
            if entities := entities_of(caption):
                content["caption_entities"] = entities
        if media_group_id is not None:
            content["media_group_id"] = media_group_id
        return self._write(content, user_id, chat_id, said)

    def send_document(
        self,
        name: str,
        data: bytes,
        user_id: int = 1001,
        chat_id: int | None = None,
        *,
        caption: str | None = None,
        media_group_id: str | None = None,
        forwarded: bool = False,
        size: int | None = None,
        **said: Unpack[Said],
    ) -> int:
        """Let a reader send or pass on a file of that name; returns the message_id.

        `size` is what Telegram says of it, where that is not how long the data are.
        """
        with self._lock:
            file_id = f"file-{self._new_id()}"
            self.assets[file_id] = {"data": data, "size": len(data) if size is None else size}
        document = {
            "file_id": file_id,
            "file_unique_id": f"{file_id}-unique",
            "file_name": name,
            "file_size": len(data) if size is None else size,
        }
        content: dict[str, Any] = {"document": document}
        if caption is not None:
            content["caption"] = caption
            if entities := entities_of(caption):
                content["caption_entities"] = entities
        if media_group_id is not None:
            content["media_group_id"] = media_group_id
        if forwarded:
            content["forward_origin"] = _origin()
        return self._write(content, user_id, chat_id, said)

    def forward_text(self, text: str, user_id: int = 1001, **said: Unpack[Said]) -> int:
        """Let a reader pass on what somebody else wrote, in private; returns the message_id."""
        content = {"text": text, "forward_origin": _origin()}
        return self._write(content, user_id, None, said)

    def send_service(
        self, kind: str, chat_id: int, about: int, user_id: int = 1001, **said: Unpack[Said]
    ) -> int:
        """Let a person join or leave a group, or a message be pinned; returns the message_id.

        `kind` is one of SERVICE, `about` the user or the message.
        """
        if kind not in SERVICE:
            raise ValueError(f"{kind} is not among {SERVICE}")
        with self._lock:
            chat = self._known(chat_id, said.get("chat_type", "supergroup"), "Group")
            if kind == "pinned_message":
                content: dict[str, Any] = {kind: self._bare(chat, about)}
            else:
                user = self._users.setdefault(about, self._user(about))
                content = {kind: [user] if kind == "new_chat_members" else user}
        message_id = self._write(content, user_id, chat_id, said)
        if kind != "pinned_message":
            with self._lock:
                self._becomes(chat, about, "member" if kind == "new_chat_members" else "left")
        return message_id

    def forward_from_channel(self, chat_id: int, channel_id: int, text: str) -> int:
        """Let a post of the linked channel arrive in its group; returns the message_id there.

        A comment on it is a text that replies to it.
        """
        with self._lock:
            chat = self._known(chat_id, "supergroup", "Discussion")
            message = self._new_message(chat)
            post = {"chat": channel(channel_id), "message_id": message["message_id"] + 5000}
            origin = {"type": "channel", "date": message["date"], **post}
            message |= {"from": TELEGRAM, "sender_chat": channel(channel_id), "text": text}
            message |= {"is_automatic_forward": True, "forward_origin": origin}
            if entities := entities_of(text):
                message["entities"] = entities
            is_told = self._arrived(chat, message)
        if is_told:
            self.send_update({"message": message})
        return int(message["message_id"])

    def follow_link(self, user_id: int, url: str, **said: Unpack[Said]) -> int:
        """Let a reader open a link to the private chat and press Start; returns the message_id.

        Raises ValueError for a link that does not lead there.
        """
        link = urlsplit(url)
        username = str(self._me["username"])
        if (link.scheme, link.netloc) != ("https", "t.me") or (
            link.path.lower() != f"/{username}".lower()
        ):
            raise ValueError(f"{url} does not lead to https://t.me/{username}")
        (payload,) = parse_qs(link.query, keep_blank_values=True).get("start", ("",))
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
            raise ValueError(f"{payload!r} is no start parameter of 1-64 of A-Z, a-z, 0-9, _ and -")
        return self.send_text(f"/start {payload}", user_id, **said)

    def edit_text(self, chat_id: int, message_id: int, text: str) -> None:
        """Let the reader who wrote a message put `text` in its place."""
        with self._lock:
            chat = self._chats[chat_id]
            message = chat.incoming[message_id] | {"text": text, "edit_date": int(time.time())}
            message.pop("entities", None)
            if entities := entities_of(text):
                message["entities"] = entities
            is_told = self._arrived(chat, message)
        if is_told:
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
            identity = str(self._new_id() + 10**15)
            self._pressed[identity] = time.monotonic()
            user = self._user(chat_id if user_id is None else user_id)
            query = {"id": identity, "from": user, "chat_instance": str(chat_id)}
            query |= {"data": wanted[0], "message": self._shown(chat, message_id)}
        self.send_update({"callback_query": query})
        return identity

    def _user(self, user_id: int) -> dict[str, Any]:
        if user_id == self._me["id"]:
            return self._me
        return self._users.get(user_id, person(user_id, {"language_code": None}))

    def _write(self, content: dict[str, Any], user_id: int, chat_id: int | None, said: Said) -> int:
        """Put a message in a chat, and tell the bot if it is one that it is told of."""
        with self._lock:
            user = self._users[user_id] = person(user_id, said)
            where = user_id if chat_id is None else chat_id
            usual = "private" if where > 0 else "supergroup"
            name = said.get("first_name", "Reader")
            chat = self._known(where, said.get("chat_type", usual), name)
            message = self._new_message(chat) | author_of(user, said, chat.chat) | content
            if message["from"] is user:
                chat.members.setdefault(user_id, "member")
            if "via_bot" in said:
                message["via_bot"] = self._bot(said["via_bot"])
            self._place(chat, message, said.get("topic_id"), said.get("reply_to"))
            is_told = self._arrived(chat, message)
        if is_told:
            self.send_update({"message": message})
        return int(message["message_id"])

    def _place(
        self, chat: Chat, message: dict[str, Any], topic_id: int | None, reply_to: int | None
    ) -> None:
        """Put a new message in its topic or thread."""
        if reply_to is not None:
            message["reply_to_message"] = self._shown(chat, reply_to)
            topic_id = topic_id or self._topic_of(chat, reply_to)
        if topic_id is not None:
            chat.chat["is_forum"] = True
            created = chat.topics.setdefault(topic_id, self._creation(chat, topic_id))
            message |= {"message_thread_id": topic_id, "is_topic_message": True}
            message.setdefault("reply_to_message", created)
        elif reply_to is not None:
            self._join_thread(chat, message["message_id"], reply_to)
            if thread := chat.threads.get(message["message_id"]):
                message["message_thread_id"] = thread

    def _creation(self, chat: Chat, topic_id: int) -> dict[str, Any]:
        """The service message that created a topic, whose number is that of the topic."""
        topic = {"name": f"Topic {topic_id}", "icon_color": 0x6FB9F0}
        message = {"message_id": topic_id, "date": int(time.time()), "chat": chat.chat}
        message |= {"message_thread_id": topic_id, "is_topic_message": True}
        return message | {"from": person(1, {}), "forum_topic_created": topic}

    def _bot(self, username: str) -> dict[str, Any]:
        if username.lower() == str(self._me["username"]).lower():
            return self._me
        return {"id": 700000002, "is_bot": True, "first_name": "Bot", "username": username}
