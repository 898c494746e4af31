"""What a bot says of itself: its name and descriptions, and the menus of its commands."""

import json
import re
from collections.abc import Callable
from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from tests.e2e.bot_api.messages import Chat

# By the names of the methods set…, get…, delete…: the parameter and the most it may hold.
_OWN = {
    "Commands": ("commands", 100),
    "Name": ("name", 64),
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
}
_METHOD = re.compile(rf"(set|get|delete)My({'|'.join(_OWN)})")
_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


class Profile:
    """The texts and menus of a bot; `chat_of` gives a chat by its number, or None."""

    def __init__(self, chat_of: Callable[[int], Chat | None]) -> None:
        self._chat_of = chat_of
        self._kept: dict[tuple[str, str, str], Any] = {}

    @staticmethod
    def knows(method: str) -> bool:
        """Whether a method is one of those that `carry_out` does."""
        return _METHOD.fullmatch(method) is not None

    def carry_out(self, method: str, params: dict[str, Any]) -> object:
        """The result of setMyCommands and the like. Raises ApiRefusal."""
        found = _METHOD.fullmatch(method)
        assert found is not None
        verb, (name, longest) = found[1], _OWN[found[2]]
        language = params.get("language_code", "")
        if not re.fullmatch(r"(?:[a-z]{2})?", language):
            raise ApiRefusal("Bad Request: invalid language code specified")
        key = (name, self._scope(params.get("scope", {"type": "default"})), language)
        empty: Any = [] if name == "commands" else ""
        if verb == "get":
            value = self._kept.get(key, empty)
            return value if name == "commands" else {name: value}
        value = params.get(name, empty) if verb == "set" else empty
        if len(value) > longest:
            raise ApiRefusal(f"Bad Request: {name} is too long")
        for command in value if name == "commands" else ():
            _check_command(command)
        self._kept[key] = value
        return True

    def menu(
        self, chat: Chat | None, user_id: int, chat_id: int, language_code: str
    ) -> dict[str, str]:
        """The commands that a user sees in a chat, and what is said of them.

        The first list that is set, as https://core.telegram.org/bots/api#botcommandscope has it.
        """
        here = {"chat_id": chat_id}
        is_admin = chat is not None and chat.members.get(user_id) in ("administrator", "creator")
        scopes: list[dict[str, Any]]
        if chat_id > 0:
            scopes = [{"type": "chat", **here}, {"type": "all_private_chats"}]
        else:
            scopes = [
                {"type": "chat_member", **here, "user_id": user_id},
                {"type": "chat_administrators", **here},
                {"type": "chat", **here},
                {"type": "all_chat_administrators"},
                {"type": "all_group_chats"},
            ]
        if not is_admin:
            scopes = [one for one in scopes if "administrators" not in one["type"]]
        for scope in (*scopes, {"type": "default"}):
            for language in (language_code[:2], ""):
                if found := self._kept.get(("commands", _key(scope), language)):
                    return {one["command"]: one["description"] for one in found}
        return {}

    def _scope(self, scope: Any) -> str:
        """The scope as a key. Raises ApiRefusal."""
        if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
            raise ApiRefusal("Bad Request: can't parse BotCommandScope: unsupported type specified")
        kind = scope["type"]
        for name in _SCOPES[kind]:
            if name not in scope:
                raise ApiRefusal(f"Bad Request: can't parse BotCommandScope: no field {name}")
        if "chat_id" in _SCOPES[kind]:
            chat = self._chat_of(scope["chat_id"])
            if chat is None:
                raise ApiRefusal("Bad Request: chat not found")
            if kind != "chat" and chat.chat["type"] == "private":
                raise ApiRefusal("Bad Request: can't use specified scope in the chat")
        return _key(scope)


def _key(scope: dict[str, Any]) -> str:
    return json.dumps([scope["type"], *(scope[name] for name in _SCOPES[scope["type"]])])


def _check_command(command: dict[str, str]) -> None:
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
        raise ApiRefusal("Bad Request: BOT_COMMAND_INVALID")
    if not 1 <= len(command["description"]) <= 256:
        raise ApiRefusal("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
