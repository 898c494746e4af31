"""Replies that come whole and once, whatever Telegram does.

A send cannot be repeated blindly: where Telegram's answer is lost, the message may stand in the
chat. An edit can. So what may have been sent already is not sent again as it is: a placeholder is
put into the chat, as often as it takes to learn its number, and becomes the reply by editing. The
reply then stands there once, or twice where the lost one had come through, and never more often.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from telegram import Bot, Message
from telegram.error import TelegramError

from bot.telegram.delivery.calls import Call, Calls, Closing, FloodWait
from bot.telegram.delivery.content import (
    Target,
    asking_back,
    inline_keyboard,
    upload,
    whereto,
    with_markup,
    without_markup,
)
from bot.telegram.delivery.outcomes import Outcome, verdict
from bot.telegram.rendering.parts import Attachment, Keyboard, Part, from_json, to_json

logger = logging.getLogger(__name__)

T = TypeVar("T")
ANSWERED = "answered"
_REFUSED = "refused"
_GIVEN_UP = "given up"
_LOST = "lost"
_PLACEHOLDER = "⏳"
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_TRIES = 1500
"""With these pauses: a day without Telegram costs no answer."""

_MOST_UPLOADS = 3
"""A file whose replies are lost may stand in the chat as often."""

Note = Callable[[dict[str, Any]], Awaitable[None]]
"""Keeps how far a reply has come."""


@dataclass(slots=True)
class Outgoing:
    """A reply on its way."""

    target: Target
    parts: tuple[Part, ...]
    slots: list[int] = field(default_factory=list)
    """Messages of ours that its parts are put into, in their order."""
    done: int = 0
    """How many parts stand where they belong."""
    tried: bool = False
    """Whether the next part may have been sent without our knowing."""
    asks_back: bool = False
    """Whether the reader's next message is to reply to it."""
    is_late: bool = False
    """Whether other messages may stand between its parts: then each points at its question."""

    def to_json(self) -> dict[str, Any]:
        """Plain types, for the store."""
        return {
            "target": [self.target.chat_id, self.target.topic_id, self.target.reply_to],
            "parts": [to_json(part) for part in self.parts],
            "slots": list(self.slots),
            "done": self.done,
            "tried": self.tried,
            "asks_back": self.asks_back,
            "is_late": self.is_late,
        }

    @classmethod
    def from_json(cls, noted: dict[str, Any]) -> Self:
        """The reply as it was noted."""
        return cls(
            target=Target(*noted["target"]),
            parts=tuple(from_json(part) for part in noted["parts"]),
            slots=list(noted["slots"]),
            done=noted["done"],
            tried=noted["tried"],
            asks_back=noted["asks_back"],
            is_late=noted["is_late"],
        )


class _Over(Exception):
    """There is no way to deliver this; says in a word why."""


class _Lost(Exception):
    """Nobody can tell whether the message was sent."""


class _Gone(Exception):
    """The message is not there any more."""


class _Refusal(Exception):
    """Telegram does not take the content, in its words."""


class Delivery:
    """Brings replies into chats."""

    def __init__(self, bot: Bot, calls: Calls) -> None:
        self._bot = bot
        self._calls = calls

    async def deliver(self, outgoing: Outgoing, note: Note) -> str:
        """Bring all parts of a reply; what became of it: ANSWERED, or in a word why it could not.

        `note` is given how far it has come before anything is sent or edited that cannot be taken
        back: from the last note delivery goes on after a restart. Raises Closing when the bot stops
        first.
        """
        try:
            if outgoing.slots:
                await note(outgoing.to_json())
            while outgoing.done < len(outgoing.parts):
                await self._bring_next(outgoing, note)
            while len(outgoing.slots) > len(outgoing.parts):
                await self.remove(outgoing.target.chat_id, outgoing.slots.pop())
        except _Over as over:
            logger.warning("a reply cannot be delivered: %s", over)
            return str(over)
        return ANSWERED

    async def attach(self, target: Target, attachment: Attachment) -> str:
        """Send a picture or a file; ANSWERED, or in a word why it could not be.

        It may come again where Telegram's reply is lost. Raises Closing.
        """
        content, there = upload(attachment), whereto(target)
        send = self._bot.send_photo if attachment.kind == "photo" else self._bot.send_document
        for _ in range(_MOST_UPLOADS):
            try:
                await self._confirmed(
                    target.chat_id, lambda chat: send(chat, **content, **there), repeatable=False
                )
            except _Lost:
                logger.warning("nobody can tell whether a file came through; it is sent once more")
            except _Refusal as refusal:
                logger.error("Telegram refused a file: %s", refusal)
                return _REFUSED
            except _Over as over:
                logger.warning("a file cannot be delivered: %s", over)
                return str(over)
            else:
                return ANSWERED
        return _LOST

    async def edit(self, chat_id: int, message_id: int, part: Part) -> bool:
        """Put a part into a message of ours; whether it stands there now. Raises Closing."""
        try:
            return await self._edit(chat_id, message_id, part)
        except _Over as over:
            logger.warning("a message cannot be edited: %s", over)
            return False

    async def set_keyboard(self, chat_id: int, message_id: int, keyboard: Keyboard) -> None:
        """Change the buttons of a message of ours, if that can be done. Raises Closing."""
        markup = inline_keyboard(keyboard)
        await self._tried(
            chat_id,
            lambda chat: self._bot.edit_message_reply_markup(chat, message_id, reply_markup=markup),
        )

    async def remove(self, chat_id: int, message_id: int) -> None:
        """Delete a message of ours, if that can be done. Raises Closing."""
        await self._tried(chat_id, lambda chat: self._bot.delete_message(chat, message_id))

    async def _bring_next(self, outgoing: Outgoing, note: Note) -> None:
        index = outgoing.done
        if index < len(outgoing.slots):
            if await self._edit(
                outgoing.target.chat_id, outgoing.slots[index], outgoing.parts[index]
            ):
                outgoing.done += 1
            else:
                await self._come_anew(outgoing, index)
        elif outgoing.tried:
            outgoing.slots.append(await self._send_placeholder(outgoing))
            outgoing.tried = False
            await note(outgoing.to_json())
        else:
            await self._send_next(outgoing, note)

    async def _send_next(self, outgoing: Outgoing, note: Note) -> None:
        outgoing.tried = True
        await note(outgoing.to_json())
        try:
            message = await self._with_fallback(
                outgoing.parts[outgoing.done],
                lambda content: self._confirmed(
                    outgoing.target.chat_id, self._post(outgoing, content), repeatable=False
                ),
            )
        except _Lost:
            logger.warning("nobody can tell whether a message came through; it is sent once more")
        except Closing:
            outgoing.tried = False
            await note(outgoing.to_json())
            raise
        else:
            assert message is not None
            outgoing.slots.append(message.message_id)
            outgoing.tried = False
            outgoing.done += 1

    async def _send_placeholder(self, outgoing: Outgoing) -> int:
        post = self._post(outgoing, {"text": _PLACEHOLDER})
        try:
            message = await self._confirmed(outgoing.target.chat_id, post, repeatable=True)
        except _Refusal as refusal:
            raise _Over(_REFUSED) from refusal
        assert message is not None
        return message.message_id

    def _post(self, outgoing: Outgoing, content: dict[str, Any]) -> Call[Message]:
        target = outgoing.target
        there = whereto(target, points=outgoing.done == 0 or outgoing.is_late)
        if outgoing.asks_back:
            content = asking_back(content)
        return lambda chat: self._bot.send_message(chat, **content, **there)

    async def _edit(self, chat_id: int, message_id: int, part: Part) -> bool:
        def put(content: dict[str, Any]) -> Awaitable[object]:
            return self._confirmed(
                chat_id,
                lambda chat: self._bot.edit_message_text(
                    chat_id=chat, message_id=message_id, **content
                ),
                repeatable=True,
            )

        try:
            await self._with_fallback(part, put)
        except _Gone:
            return False
        return True

    async def _come_anew(self, outgoing: Outgoing, index: int) -> None:
        """The message of a part is gone: it is sent, and those after it too, in their order."""
        while len(outgoing.slots) > index:
            await self.remove(outgoing.target.chat_id, outgoing.slots.pop())

    async def _with_fallback(
        self, part: Part, bring: Callable[[dict[str, Any]], Awaitable[T]]
    ) -> T:
        """What `bring` gives for the part, without markup where Telegram refuses that, once."""
        try:
            return await bring(with_markup(part))
        except _Refusal as refusal:
            logger.warning("Telegram refused a message, sent without markup: %s", refusal)
            about_buttons = "button" in str(refusal).lower()
        try:
            return await bring(without_markup(part, buttons=not about_buttons))
        except _Refusal as refusal:
            logger.error("Telegram refused a message: %s", refusal)
            raise _Over(_REFUSED) from refusal

    async def _tried(self, chat_id: int, call: Call[object]) -> None:
        try:
            await self._confirmed(chat_id, call, repeatable=True)
        except (_Gone, _Refusal, _Over) as error:
            logger.info("a message could not be changed: %s", str(error) or "it is gone")

    async def _confirmed(self, chat_id: int, call: Call[T], *, repeatable: bool) -> T | None:
        """What the call gives, once Telegram has carried it out; None where all is so already."""
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(_TRIES):
            try:
                return await self._calls.message(chat_id, call)
            except FloodWait:
                continue
            except TelegramError as error:
                found = verdict(error)
                match found.outcome:
                    case Outcome.UNCHANGED:
                        return None
                    case Outcome.MESSAGE_GONE:
                        raise _Gone from error
                    case Outcome.CHAT_CLOSED:
                        raise _Over(found.reason) from error
                    case Outcome.REFUSED:
                        raise _Refusal(str(error)) from error
                    case Outcome.UNKNOWN if not repeatable:
                        raise _Lost from error
                logger.warning(
                    "a message is not through yet (%s); next try in %.0f s", error, pause
                )
            await self._calls.pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        raise _Over(_GIVEN_UP)
