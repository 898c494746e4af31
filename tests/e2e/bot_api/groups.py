"""How the bot and the readers stand with a chat, and what becomes of it."""

from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from tests.e2e.bot_api.messages import Chat
from tests.e2e.bot_api.writing import Writing

STATUSES = ("member", "administrator", "creator", "left", "kicked")
# What PTB and the Bot API say that an administrator may or may not do.
_RIGHTS = ["manage_chat", "delete_messages", "manage_video_chats", "restrict_members"]
_RIGHTS += ["promote_members", "change_info", "invite_users", "post_stories", "edit_stories"]
_RIGHTS += ["delete_stories", "pin_messages", "manage_topics"]
_GIFTS = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"]
_GIFTS += ["gifts_from_channels"]


class Groups(Writing):
    """Members, blocks, topics that end, groups that move."""

    def join(self, chat_id: int, user_id: int, status: str = "member") -> None:
        """Let a user, or the bot itself, be a member of a chat, an administrator, or gone."""
        if status not in STATUSES:
            raise ValueError(f"{status} is not among {STATUSES}")
        with self._lock:
            chat = self._known(chat_id, "supergroup", "Group")
            self._users.setdefault(user_id, self._user(user_id))
            self._becomes(chat, user_id, status)

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
            self._chats[chat_id].topics.pop(topic_id, None)

    def migrate(self, chat_id: int, new_id: int) -> None:
        """Make a supergroup of a group; its old number is refused from now on."""
        with self._lock:
            old = self._chats[chat_id]
            old.migrated_to = new_id
            new = self._known(new_id, "supergroup", old.chat.get("title", ""))
            new.members |= old.members
            messages = [
                self._new_message(old) | {"migrate_to_chat_id": new_id},
                self._new_message(new) | {"migrate_from_chat_id": chat_id},
            ]
        for message in messages:
            self.send_update({"message": message})

    def delete_chat(self, chat_id: int) -> None:
        """Let a chat be gone: it is not found."""
        with self._lock:
            del self._chats[chat_id]

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

    def _member(self, params: dict[str, Any]) -> dict[str, Any]:
        """A ChatMember object."""
        chat, user_id = self._chat(params), params["user_id"]
        if user_id not in self._users and user_id != self._me["id"]:
            raise ApiRefusal("Bad Request: user not found")
        is_here = user_id == self._me["id"] or user_id == chat.id
        status = chat.members.get(user_id, "member" if is_here else "left")
        member: dict[str, Any] = {"status": status, "user": self._user(user_id)}
        if status in ("administrator", "creator"):
            member["is_anonymous"] = False
        if status == "administrator":
            member |= {"can_be_edited": False} | {f"can_{right}": True for right in _RIGHTS}
        if status == "kicked":
            member["until_date"] = 0
        return member

    def _full_chat(self, params: dict[str, Any]) -> dict[str, Any]:
        """A ChatFullInfo object."""
        full = self._chat(params).chat | {"accent_color_id": 0, "max_reaction_count": 11}
        return full | {"accepted_gift_types": dict.fromkeys(_GIFTS, False)}
