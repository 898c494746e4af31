"""Answers that were kept, one by one."""

from sqlalchemy.orm import Session

from bot.store.models import MessageRow
from bot.store.records import KeptAnswer
from retrieval.types import Citation


def kept(session: Session, message_id: int) -> KeptAnswer | None:
    """The answer of a message; None when it is not kept."""
    row = session.get(MessageRow, message_id)
    if row is None:
        return None
    return KeptAnswer(
        question=row.question,
        standalone=row.standalone,
        text=row.answer,
        refused=row.refused,
        citations=tuple(Citation(**one) for one in row.citations),
        asked_at=row.asked_at,
    )
