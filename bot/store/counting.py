"""How much was asked, and how well it was answered."""

import datetime
from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.models import FeedbackRow, MessageRow
from bot.store.records import Tally


def count(session: Session, first: datetime.datetime, last: datetime.datetime) -> Tally:
    """What was answered from one moment to the other (exclusive), and what was thought of it."""
    then = (MessageRow.answered_at >= first, MessageRow.answered_at < last)
    answers = session.execute(
        select(
            MessageRow.asker_id, MessageRow.refused, MessageRow.mode, MessageRow.timings_ms
        ).where(*then)
    ).all()
    rated = (
        select(FeedbackRow.value, func.count())
        .join(MessageRow, MessageRow.id == FeedbackRow.message_id)
        .where(*then)
        .group_by(FeedbackRow.value)
    )
    ratings = Counter(dict(session.execute(rated).all()))
    return Tally(
        questions=len(answers),
        refused=sum(row.refused for row in answers),
        fallback=sum(row.mode == "fallback" for row in answers),
        liked=ratings[1],
        disliked=ratings[-1],
        askers=frozenset(row.asker_id for row in answers if row.asker_id is not None),
        milliseconds=tuple(row.timings_ms["total"] for row in answers),
    )
