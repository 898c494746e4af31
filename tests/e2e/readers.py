"""A reader in a private chat: asks, edits, taps, and sees what comes of it."""

import re

from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.running import new_reader

SECONDS = 120
"""The longest that anything may take on a busy machine."""

_PLACEHOLDER = "⏳"


class Reader:
    """One person; `api` is the Telegram they and the bot are connected to."""

    def __init__(
        self, api: EmulatedBotApi, language: str = "zh-hans", identity: int | None = None
    ) -> None:
        self.api = api
        self.language = language
        self.id = new_reader() if identity is None else identity

    def write(self, text: str, *, reply_to: SentMessage | None = None) -> int:
        """The number of a message that was sent."""
        target = reply_to.message_id if reply_to else None
        return self.api.send_text(text, self.id, language_code=self.language, reply_to=target)

    async def ask(self, text: str, *, reply_to: SentMessage | None = None) -> SentMessage:
        """The first message of the reply, once it is final."""
        return await self.reply_to(self.write(text, reply_to=reply_to))

    async def reply_to(self, asked: int) -> SentMessage:
        """The first message of the reply to a message, once it is final."""
        (reply,) = await self.api.wait_for_message(
            self.id,
            timeout=SECONDS,
            matching=lambda one: one.reply_to == asked and is_final(one),
        )
        return reply

    async def command(self, text: str) -> SentMessage:
        """The message that follows a command."""
        before = self.seen()
        self.write(text)
        return (await self._new(before))[-1]

    async def edit(self, answer: SentMessage, text: str) -> SentMessage:
        """What the answer has become after its question was changed."""
        before = self.now(answer)
        assert before.reply_to is not None
        self.api.edit_text(self.id, before.reply_to, text)
        return await self.changed(before)

    async def changed(self, before: SentMessage) -> SentMessage:
        """A message once it is another than it was, and final."""
        (changed,) = await self.api.wait_for_message(
            self.id,
            timeout=SECONDS,
            matching=lambda one: (
                one.message_id == before.message_id and one.edits > before.edits and is_final(one)
            ),
        )
        return changed

    async def tap(self, message: SentMessage, button: str) -> str:
        """The word that a tap on a button, by its label or data, was answered with."""
        query = self.api.press(self.id, message.message_id, button)
        await self.api.wait_for(lambda _: query in self.api.toasts, SECONDS)
        return self.api.toasts[query]

    async def forge(self, message: SentMessage, data: str) -> str:
        """The same for a button that does not stand there."""
        query = self.api.press(self.id, message.message_id, data, forged=True)
        await self.api.wait_for(lambda _: query in self.api.toasts, SECONDS)
        return self.api.toasts[query]

    async def open(self, message: SentMessage, button: str) -> SentMessage:
        """The message that a tap brings."""
        before = self.seen()
        await self.tap(message, button)
        (opened,) = await self._new(before)
        assert opened.reply_to == message.message_id
        return opened

    async def turn(self, message: SentMessage, button: str) -> SentMessage:
        """What a tap makes of the message that the button stands on."""
        before = self.now(message)
        await self.tap(message, button)
        return await self.changed(before)

    def now(self, message: SentMessage) -> SentMessage:
        """A message as it stands. Raises StopIteration when it is gone."""
        return next(one for one in self.messages() if one.message_id == message.message_id)

    def messages(self) -> list[SentMessage]:
        """All that the bot has sent and that is there still."""
        return self.api.sent(self.id)

    def seen(self) -> int:
        """The number of the newest message of the bot, 0 without any."""
        return max((one.message_id for one in self.messages()), default=0)

    async def _new(self, before: int) -> list[SentMessage]:
        return await self.api.wait_for_message(
            self.id,
            timeout=SECONDS,
            matching=lambda one: one.message_id > before and is_final(one),
        )


def is_final(message: SentMessage) -> bool:
    """Whether it is more than a placeholder, a place in the queue, or what is written so far."""
    data = (button.get("callback_data", "") for button in message.buttons)
    is_begun = message.text == _PLACEHOLDER or any(one.startswith("s:") for one in data)
    return not is_begun and not _is_queued(message.text)


def _is_queued(text: str) -> bool:
    numbers = re.findall(r"\d+", text)[:1]
    interfaces = (SIMPLIFIED, TRADITIONAL, ENGLISH)
    return any(text == one.queued(int(number)) for one in interfaces for number in numbers)


def labels(message: SentMessage) -> list[str]:
    """What its buttons say."""
    return [button["text"] for button in message.buttons]


def spans(message: SentMessage, kind: str) -> list[str]:
    """The stretches of a message that an entity of this kind covers."""
    units = message.text.encode("utf-16-le")
    return [
        units[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
        for one in message.entities
        if one["type"] == kind
    ]


def copied(message: SentMessage) -> str:
    """What its button for copying holds."""
    (text,) = (one["copy_text"]["text"] for one in message.buttons if "copy_text" in one)
    return str(text)


def answer_of(message: SentMessage) -> str:
    """The text of an answer above its quotations."""
    return re.split(r"\n\n", message.text, maxsplit=1)[0]
