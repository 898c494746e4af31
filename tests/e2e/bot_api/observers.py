"""Looks back at the calls of a bot: did it wait when told to, and keep to Telegram's rates?"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from tests.e2e.bot_api.messages import Call

IN_FLIGHT_SECONDS = 0.05
"""A call that arrives so soon after a flood wait began was sent before it was known."""

_MESSAGES = {"sendMessage", "editMessageText", "editMessageReplyMarkup"}


def flood_violations(calls: Sequence[Call]) -> list[Call]:
    """The calls that came during a flood wait of their chat; without a chat, of their method."""
    waits = [
        (_scope(call), call.answered_at, call.answered_at + call.retry_after)
        for call in calls
        if call.retry_after and call.answered_at is not None
    ]
    of_scope: dict[object, list[tuple[float, float]]] = defaultdict(list)
    for scope, begin, end in waits:
        of_scope[scope].append((begin + IN_FLIGHT_SECONDS, end))
    return [
        call
        for call in calls
        if any(begin < call.at < end for begin, end in of_scope[_scope(call)])
    ]


def rate_violations(
    calls: Sequence[Call],
    *,
    private_seconds: float = 0.95,
    group_per_minute: int = 20,
    all_per_second: int = 30,
) -> list[Call]:
    """The sends and edits that came too soon: in a private chat, in a group, or in all."""
    of_chat: dict[int, list[Call]] = defaultdict(list)
    messages = [call for call in calls if call.method in _MESSAGES]
    for call in messages:
        of_chat[call.chat_id or 0].append(call)
    early = {id(call) for call in _beyond(messages, all_per_second, 1.0)}
    for chat_id, calls_there in of_chat.items():
        limit = (1, private_seconds) if chat_id > 0 else (group_per_minute, 60.0)
        early |= {id(call) for call in _beyond(calls_there, *limit)}
    return [call for call in messages if id(call) in early]


def _scope(call: Call) -> object:
    return call.method if call.chat_id is None else call.chat_id


def _beyond(calls: Iterable[Call], most: int, seconds: float) -> Iterable[Call]:
    """The calls that are more than `most` within `seconds` that end with them."""
    window: deque[float] = deque()
    for call in calls:
        while window and call.at - window[0] >= seconds:
            window.popleft()
        window.append(call.at)
        if len(window) > most:
            yield call
