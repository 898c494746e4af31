"""What an error of the Bot API means for a send or an edit."""

from dataclasses import dataclass
from enum import Enum, auto

from telegram.error import BadRequest, Forbidden, TelegramError

from bot.telegram.delivery.wire import OutcomeUnknownError


class Outcome(Enum):
    """What became of a call that gave an error."""

    NOT_DONE = auto()
    """Telegram did not carry it out, and may do so later."""
    UNKNOWN = auto()
    UNCHANGED = auto()
    """The message is already as it was to become."""
    MESSAGE_GONE = auto()
    CHAT_CLOSED = auto()
    """Nothing can be sent there any more."""
    REFUSED = auto()
    """Something in the content is not to Telegram's liking."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome; of a closed chat, in a word why."""

    outcome: Outcome
    reason: str = ""


_UNCHANGED = "message is not modified"
_GONE = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message can't be deleted",
    "message_id_invalid",
    "message identifier is not specified",
)
_CLOSED = {
    "blocked by the user": "blocked",
    "user is deactivated": "user gone",
    "was kicked": "removed",
    "is not a member": "removed",
    "topic_closed": "topic closed",
    "topic_deleted": "topic gone",
    "message thread not found": "topic gone",
    "chat not found": "chat gone",
    "peer_id_invalid": "chat gone",
    "group chat was deactivated": "chat gone",
    "not enough rights": "no right to write",
    "have no rights": "no right to write",
    "chat_write_forbidden": "no right to write",
    "need administrator rights": "no right to write",
    "chat_restricted": "no right to write",
}
"""Words of Telegram's descriptions: the API gives no other sign."""


def verdict(error: TelegramError) -> Verdict:
    """What to make of an error; flood waits and migrations are dealt with before."""
    said = str(error).lower()
    if isinstance(error, OutcomeUnknownError):
        return Verdict(Outcome.UNKNOWN)
    if isinstance(error, Forbidden | BadRequest):
        if _UNCHANGED in said:
            return Verdict(Outcome.UNCHANGED)
        for words, reason in _CLOSED.items():
            if words in said:
                return Verdict(Outcome.CHAT_CLOSED, reason)
        if isinstance(error, Forbidden):
            return Verdict(Outcome.CHAT_CLOSED, "forbidden")
        gone = any(words in said for words in _GONE)
        return Verdict(Outcome.MESSAGE_GONE if gone else Outcome.REFUSED)
    return Verdict(Outcome.NOT_DONE)
