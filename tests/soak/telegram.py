"""Telegram as it is on a bad day, which forgets what was said in a chat when it is told to."""

import asyncio
import random
from typing import Any

from tests.delivery.simulated import (
    DROPPED,
    FAILED,
    LOST,
    NOT_CONNECTED,
    SmallTelegram,
    Trouble,
    flood,
)

_FLOODS = 0.02
_FAILURES = 0.01
_LONGEST_FLOOD_SECONDS = 30


class BadTelegram(SmallTelegram):
    """Asks to wait, fails and is out of reach at random. Sends that are lost do not come through.

    So each answer can be there exactly once.
    """

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.met = 0
        """How often there was trouble."""
        self.too_early = 0
        """Calls for a chat that was asked to wait."""
        self._chance = chance
        self._waits: dict[int, float] = {}

    def forget(self, chat_id: int) -> None:
        """Let go of all that stands in a chat."""
        self.chats.pop(chat_id, None)

    def replies(self, chat_id: int, message_id: int) -> list[dict[str, Any]]:
        """What stands in a chat in reply to a message."""
        return [
            message
            for message in self.chats.get(chat_id, {}).values()
            if message.get("reply_parameters", {}).get("message_id") == message_id
        ]

    def _trouble(self, name: str, params: dict[str, Any]) -> Trouble:
        self.calls.clear()
        now = asyncio.get_running_loop().time()
        chat_id = params.get("chat_id", 0)
        self.too_early += bool(chat_id) and now < self._waits.get(chat_id, 0.0)
        trouble = super()._trouble(name, params)
        if trouble.status == 200 and name != "getMe":
            trouble = self._at_random(name)
        if trouble.status == 429:
            assert trouble.parameters is not None
            self._waits = {chat: end for chat, end in self._waits.items() if end > now}
            self._waits[chat_id] = now + trouble.parameters["retry_after"]
        self.met += trouble.status != 200
        return trouble

    def _at_random(self, name: str) -> Trouble:
        drawn = self._chance.random()
        if drawn < _FLOODS:
            return flood(self._chance.randint(1, _LONGEST_FLOOD_SECONDS))
        if drawn < _FLOODS + _FAILURES:
            return FAILED
        if drawn < _FLOODS + 2 * _FAILURES:
            lost = DROPPED if name == "sendMessage" else LOST
            return self._chance.choice((NOT_CONNECTED, lost))
        return Trouble(200, seconds=self._chance.uniform(0.02, 0.3))
