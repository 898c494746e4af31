"""What goes into the store and comes out of it. Times are aware; they are kept in UTC."""

import datetime
from dataclasses import dataclass
from typing import Any, Literal

from retrieval.types import Answer, Citation, NearestArticle, Usage


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question that was answered, to be kept."""

    front: str
    chat_id: int
    topic_id: int | None
    asker_id: int | None
    answer: Answer
    asked_at: datetime.datetime
    answered_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A question that was answered, and what it was answered with, as they are kept."""

    question: str
    standalone: str
    """The question as it was looked up."""
    text: str
    refused: bool
    citations: tuple[Citation, ...]
    asked_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """An update as it comes from Telegram, to be kept until it is settled."""

    update_id: int
    chat_id: int | None
    topic_id: int | None
    user_id: int | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """An update that was taken and is not settled yet."""

    update_id: int
    chat_id: int | None
    topic_id: int | None
    user_id: int | None
    payload: dict[str, Any]
    taken_at: datetime.datetime
    outgoing: dict[str, Any] | None
    """What was being sent for it, None before anything was."""


DeliveredPurpose = Literal["answer", "reason"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of ours that stands in a chat."""

    chat_id: int
    message_id: int
    question_id: int | None
    """Telegram's number of the reader's message that it replies to."""
    answer_id: int | None
    """The kept message whose answer it shows."""
    position: int
    """Among the messages of the same reply, from 0."""
    purpose: DeliveredPurpose


DeedAction = Literal["reload", "roll_back", "add", "remove", "restore", "golden", "close_gap"]


@dataclass(frozen=True, slots=True)
class Deed:
    """What an admin did to the collection."""

    admin_id: int | None
    """None once they are forgotten, and of anonymous admins."""
    admin: str
    """Their name in Telegram then, "" once they are forgotten."""
    action: DeedAction
    subject: str
    """What it was done to: a file, an article's title, a generation."""
    at: datetime.datetime


DraftState = Literal["open", "adding", "filed", "added", "discarded", "asked"]
"""What became of a draft: open to corrections; its files are being written; all are there, and the
collection is not reloaded yet; in the collection; given up; answered as a question instead."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an admin sent to become articles, and the message of ours that shows it."""

    id: int
    chat_id: int
    admin_id: int | None
    batch: str
    """What was sent together has one, in its chat."""
    card_id: int | None
    """The message of ours that shows it, None before there is one."""
    state: DraftState
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DaySpent:
    """What the models took on one day."""

    day: datetime.date
    calls: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored about a person."""

    questions: int
    ratings: int
    remarks: int
    since: datetime.datetime | None
    """When the oldest of the questions was asked."""
    language: str | None


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows that were deleted because of their age."""

    messages: int
    feedback: int
    conversations: int
    usage: int
    pending: int
    delivered: int
    remarks: int
    drafts: int


@dataclass(frozen=True, slots=True)
class Missed:
    """A question that got no good answer."""

    message_id: int
    asker_id: int | None
    """Only to count people by."""
    question: str
    """As it was looked up: in a conversation made to stand alone."""
    asked_at: datetime.datetime
    refused: bool
    fallback: bool
    """Whether quotations took the place of what the chat model should have written."""
    disliked: int
    """How many said so."""
    reasons: tuple[str, ...]
    """Those they gave."""
    articles: tuple[NearestArticle, ...]
    """Those that were offered or cited."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was asked in some time."""

    questions: int
    refused: int
    fallback: int
    liked: int
    disliked: int
    askers: frozenset[int]
    """Only to count people by."""
    milliseconds: tuple[float, ...]
    """How long each answer took."""
