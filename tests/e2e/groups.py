"""A group of people, in which the bot is one of the members."""

import itertools
from collections.abc import Callable
from typing import Unpack

from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.bot_api.people import Said
from tests.e2e.readers import SECONDS, is_final
from tests.e2e.running import calls_for, new_reader

BOT = "@baoda_test_bot"
BOT_ID = 700000001
_numbers = itertools.count(1)


class Group:
    """One group; `member` is who writes where nobody else is named."""

    def __init__(
        self, api: EmulatedBotApi, identity: int | None = None, *, chat_type: str = "supergroup"
    ) -> None:
        self.api = api
        self.id = -1002000000000 - next(_numbers) if identity is None else identity
        self.chat_type = chat_type
        self.member = new_reader()

    def write(self, text: str, member: int | None = None, **said: Unpack[Said]) -> int:
        """The number of a message that was sent."""
        said = {"chat_type": self.chat_type, **said}
        return self.api.send_text(text, member or self.member, self.id, **said)

    async def ask(self, text: str, member: int | None = None, **said: Unpack[Said]) -> SentMessage:
        """The first message of the reply to a text, once it is final."""
        return await self.reply_to(self.write(text, member, **said))

    async def reply_to(self, asked: int) -> SentMessage:
        """The first message of the reply to a message, once it is final."""
        return await self.sees(lambda one: one.reply_to == asked)

    async def changed(self, before: SentMessage) -> SentMessage:
        """A message once it is another than it was, and final."""
        return await self.sees(
            lambda one: one.message_id == before.message_id and one.edits > before.edits
        )

    async def sees(self, holds: Callable[[SentMessage], bool]) -> SentMessage:
        """The first final message of the bot of which something holds."""
        found = await self.api.wait_for_message(
            self.id, timeout=SECONDS, matching=lambda one: is_final(one) and holds(one)
        )
        return found[0]

    async def tap(self, message: SentMessage, button: str, member: int | None = None) -> str:
        """The word that a tap on a button was answered with."""
        query = self.api.press(self.id, message.message_id, button, member or self.member)
        await self.api.wait_for(lambda _: query in self.api.toasts, SECONDS)
        return self.api.toasts[query]

    def move(self, *, told: bool = True) -> "Group":
        """The supergroup that it becomes; whether the bot is `told` by service messages."""
        moved, send = Group(self.api), self.api.send_update
        if not told:
            self.api.send_update = lambda update: 0  # type: ignore[method-assign]
        try:
            self.api.migrate(self.id, moved.id)
        finally:
            self.api.send_update = send  # type: ignore[method-assign]
        return moved

    def now(self, message: SentMessage) -> SentMessage:
        """A message as it stands. Raises StopIteration when it is gone."""
        return next(one for one in self.messages() if one.message_id == message.message_id)

    def messages(self) -> list[SentMessage]:
        """All that the bot has sent and that is there still."""
        return self.api.sent(self.id)

    def calls(self) -> list[str]:
        """The methods that the bot called for the group, in order."""
        return calls_for(self.api, self.id)
