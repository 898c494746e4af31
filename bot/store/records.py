"""What goes into the store and comes out of it. Times are aware; they are kept in UTC."""

import datetime
from dataclasses import dataclass
from typing import Any

from retrieval.types import Answer, Usage


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
class Pending:
    """A question that was taken and is not answered yet."""

    update_id: int
    chat_id: int
    topic_id: int | None
    user_id: int | None
    payload: dict[str, Any]
    taken_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class DaySpent:
    """What the models took on one day."""

    day: datetime.date
    calls: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows that were deleted because of their age."""

    messages: int
    feedback: int
    conversations: int
    usage: int
    pending: int
