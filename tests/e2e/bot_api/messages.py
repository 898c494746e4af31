"""What the emulated Bot API keeps: requests, chats and the messages in them."""

from dataclasses import dataclass, field
from typing import Any

from tests.e2e.bot_api.files import SentFile


@dataclass
class Call:
    """One request of the bot, listed when it arrives."""

    method: str
    params: dict[str, Any]
    at: float
    """When it arrived, in `time.monotonic()` seconds."""
    ok: bool | None = None
    """Whether it was carried out; None while it is under way, as a long poll is."""
    error: str = ""
    answered_at: float | None = None
    """When the reply went out, or the connection was closed."""
    retry_after: int = 0
    """The seconds of a flood wait that it was answered with."""

    @property
    def chat_id(self) -> int | None:
        """The chat that it is for, if any."""
        found: int | None = self.params.get("chat_id")
        return found


@dataclass(frozen=True)
class SentMessage:
    """A message of the bot as its readers see it now."""

    message_id: int
    text: str
    """The plain text, after parsing; of a file its caption."""
    source: str
    """The text as the bot gave it."""
    parse_mode: str | None
    entities: list[dict[str, Any]]
    reply_markup: dict[str, Any] | None = None
    reply_to: int | None = None
    link_preview_options: dict[str, Any] | None = None
    edits: int = 0
    topic_id: int | None = None
    file: SentFile | None = None

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The inline buttons under it, row by row, as InlineKeyboardButton objects."""
        return [one for row in (self.reply_markup or {}).get("inline_keyboard", ()) for one in row]


@dataclass
class Chat:
    """A chat that the bot knows of, and how it stands with it."""

    chat: dict[str, Any]
    incoming: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The readers' messages, as Message objects."""
    sent: dict[int, SentMessage] = field(default_factory=dict)
    topics: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The service messages that created the topics."""
    closed_topics: set[int] = field(default_factory=set)
    threads: dict[int, int] = field(default_factory=dict)
    """The first message of the thread, by reply; replies in topics are not among them."""
    members: dict[int, str] = field(default_factory=dict)
    """What a user is there: "member", "administrator", "creator", "left", "kicked"."""
    meant: set[int] = field(default_factory=set)
    """The readers' messages that are meant for the bot."""
    another_bot_spoke: bool = False
    """Whether another bot wrote since this one did."""
    blocked: bool = False
    left: bool = False
    """Whether the bot went by itself; it is blocked then, too."""
    migrated_to: int | None = None

    @property
    def id(self) -> int:
        """Its number."""
        return int(self.chat["id"])

    @property
    def forbidden(self) -> str:
        """What Telegram says when the bot may not write there."""
        if self.chat["type"] == "private":
            return "Forbidden: bot was blocked by the user"
        if self.left:
            return f"Forbidden: bot is not a member of the {self.chat['type']} chat"
        return f"Forbidden: bot was kicked from the {self.chat['type']} chat"
