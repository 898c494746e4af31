"""Inline mode: queries, their answers checked as Telegram checks them, results that are sent."""

import re
import time
from dataclasses import dataclass
from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from tests.e2e.bot_api.groups import Groups
from tests.e2e.bot_api.html import is_blank, parsed, utf16_length
from tests.e2e.bot_api.keyboards import check_markup
from tests.e2e.bot_api.messages import Call

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
_MOST_RESULTS = 50
_UNREADABLE = "Bad Request: can't parse inline query result: "


@dataclass(frozen=True)
class InlineResult:
    """An article that is offered, as its reader sees it and as it is sent."""

    id: str
    title: str
    description: str
    text: str
    """What is sent, after parsing."""
    entities: list[dict[str, Any]]
    reply_markup: dict[str, Any] | None
    source: dict[str, Any]
    """The result as the bot gave it."""


@dataclass(frozen=True)
class InlineAnswer:
    """What a bot answered to an inline query."""

    results: list[InlineResult]
    cache_time: int
    """In seconds."""
    is_personal: bool
    next_offset: str
    button: dict[str, Any] | None
    seconds: float
    """How long after the query it came."""


@dataclass(frozen=True)
class _Query:
    user: dict[str, Any]
    at: float


class Inline(Groups):
    """Inline queries of readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inline_seconds = 10.0
        """How long an inline query waits for its answer."""
        self.inline_answers: dict[str, InlineAnswer] = {}
        """By inline_query id."""
        self._queries: dict[str, _Query] = {}

    def inline_query(
        self,
        text: str,
        user_id: int = 1001,
        language_code: str | None = "zh-hans",
        chat_type: str | None = None,
        offset: str = "",
    ) -> str:
        """Let a reader write "@bot text" in some chat; the inline_query id.

        `chat_type` is "sender" in the private chat with the bot.
        """
        if utf16_length(text) > 256:
            raise ValueError("an inline query has at most 256 characters")
        with self._lock:
            user = {"id": user_id, "is_bot": False, "first_name": "Reader"}
            if language_code is not None:
                user["language_code"] = language_code
            self._users[user_id] = user
            identity = str(self._new_id() + 2 * 10**15)
            self._queries[identity] = _Query(user, time.monotonic())
            query = {"id": identity, "from": user, "query": text, "offset": offset}
            if chat_type is not None:
                query["chat_type"] = chat_type
        self.send_update({"inline_query": query})
        return identity

    async def wait_for_inline(self, identity: str, timeout: float = 10) -> InlineAnswer:
        """The answer to an inline query, once it is there."""

        def answered(_: list[Call]) -> InlineAnswer | None:
            return self.inline_answers.get(identity)

        found = await self.wait_for(answered, timeout)
        assert found is not None
        return found

    def choose_inline(self, identity: str, result_id: str, chat_id: int) -> int:
        """Let the reader of a query send a result to a chat; returns the message_id there.

        The bot is told where it is in the chat: with privacy mode, too, since it is via the bot.
        Raises LookupError for a result that is not offered.
        """
        offered = {one.id: one for one in self.inline_answers[identity].results}
        result, user = offered[result_id], self._queries[identity].user
        with self._lock:
            is_here = chat_id in self._chats or chat_id == user["id"]
            if not is_here:
                return self._new_id()
            chat = self._known(chat_id, "private", user["first_name"])
            message = self._new_message(chat) | {"from": user, "via_bot": self._me}
            message |= {"text": result.text, "entities": result.entities}
            if result.reply_markup is not None:
                message["reply_markup"] = result.reply_markup
            is_told = self._arrived(chat, message)
        if is_told:
            self.send_update({"message": message})
        return int(message["message_id"])

    def _answer_inline(self, params: dict[str, Any]) -> bool:
        """Keep the answer to a query. Raises ApiRefusal."""
        now, identity = time.monotonic(), str(params.get("inline_query_id"))
        query = self._queries.get(identity)
        if query is None or identity in self.inline_answers:
            raise ApiRefusal(TOO_OLD)
        if now - query.at > self.inline_seconds:
            raise ApiRefusal(TOO_OLD)
        results = params.get("results")
        if not isinstance(results, list):
            raise ApiRefusal("Bad Request: can't parse inline query results: expected an Array")
        if len(results) > _MOST_RESULTS:
            raise ApiRefusal("Bad Request: RESULTS_TOO_MUCH")
        found = [_result(one) for one in results]
        if len({one.id for one in found}) < len(found):
            raise ApiRefusal("Bad Request: RESULT_ID_DUPLICATE")
        next_offset = params.get("next_offset", "")
        if len(next_offset.encode()) > 64:
            raise ApiRefusal("Bad Request: NEXT_OFFSET_INVALID")
        if button := params.get("button"):
            _check_button(button)
        self.inline_answers[identity] = InlineAnswer(
            found,
            int(params.get("cache_time", 300)),
            bool(params.get("is_personal", False)),
            next_offset,
            button,
            now - query.at,
        )
        return True


def _result(result: dict[str, Any]) -> InlineResult:
    """The article that a result stands for. Raises ApiRefusal."""
    for name in ("type", "id"):
        if not isinstance(result.get(name), str):
            raise ApiRefusal(f'{_UNREADABLE}Can\'t find field "{name}"')
    if result["type"] != "article":
        raise ApiRefusal(f'{_UNREADABLE}type "{result["type"]}" is unsupported here')
    if not 1 <= len(result["id"].encode()) <= 64:
        raise ApiRefusal("Bad Request: RESULT_ID_INVALID")
    if not result.get("title", "").strip():
        raise ApiRefusal("Bad Request: ARTICLE_TITLE_EMPTY")
    content = result.get("input_message_content")
    if not isinstance(content, dict) or "message_text" not in content:
        raise ApiRefusal(f"{_UNREADABLE}Message content is not specified")
    mode, given = content.get("parse_mode"), content.get("entities", [])
    text, entities = parsed(content["message_text"], mode, given)
    if is_blank(text):
        raise ApiRefusal(f"{_UNREADABLE}Message text is empty")
    if utf16_length(text) > 4096:
        raise ApiRefusal("Bad Request: MESSAGE_TOO_LONG")
    markup = result.get("reply_markup")
    if markup is not None:
        check_markup(markup, only_inline=True)
    described = result.get("description", "")
    return InlineResult(result["id"], result["title"], described, text, entities, markup, result)


def _check_button(button: dict[str, Any]) -> None:
    if not button.get("text", "").strip():
        raise ApiRefusal("Bad Request: SWITCH_PM_TEXT_EMPTY")
    if ("web_app" in button) == ("start_parameter" in button):
        raise ApiRefusal("Bad Request: exactly one of web_app and start_parameter is expected")
    start = button.get("start_parameter")
    if start is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", start):
        raise ApiRefusal("Bad Request: START_PARAM_INVALID")
