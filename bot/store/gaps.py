"""Questions that got no good answer, and which of them have been seen to."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from bot.store.models import STOPPED, ClosedGapRow, FeedbackRow, MessageRow, QuestionVectorRow
from bot.store.records import Missed
from retrieval.batches import batched
from retrieval.types import NearestArticle

_LOOK_UP = 500
_DISLIKED = -1


def missed(session: Session, limit: int) -> list[Missed]:
    """The newest questions that are not seen to, the newest first.

    They were refused, answered by quotations only because the chat model failed, or disliked by
    somebody. What was disliked again after it was seen to counts anew. An answer that its asker
    stopped counts only where it was disliked.
    """
    disliked = and_(
        FeedbackRow.message_id == MessageRow.id,
        FeedbackRow.value == _DISLIKED,
        or_(ClosedGapRow.at.is_(None), FeedbackRow.at > ClosedGapRow.at),
    )
    failed = and_(
        ClosedGapRow.at.is_(None),
        MessageRow.mode != STOPPED,
        or_(MessageRow.refused, MessageRow.mode == "fallback"),
    )
    query = (
        select(
            MessageRow.id,
            MessageRow.asker_id,
            MessageRow.standalone,
            MessageRow.asked_at,
            MessageRow.refused,
            MessageRow.mode,
            MessageRow.citations,
            MessageRow.nearest,
        )
        .outerjoin(ClosedGapRow, ClosedGapRow.message_id == MessageRow.id)
        .where(or_(failed, exists().where(disliked).correlate(MessageRow, ClosedGapRow)))
        .order_by(MessageRow.asked_at.desc(), MessageRow.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    reasons = _reasons(session, [row.id for row in rows])
    return [
        Missed(
            message_id=row.id,
            asker_id=row.asker_id,
            question=row.standalone,
            asked_at=row.asked_at,
            refused=row.refused,
            fallback=row.mode == "fallback",
            disliked=len(reasons[row.id]),
            reasons=tuple(reason for reason in reasons[row.id] if reason),
            articles=_articles(row.nearest or row.citations),
        )
        for row in rows
    ]


def close(session: Session, message_ids: Collection[int], at: datetime.datetime) -> None:
    """Note that these have been seen to; those that are not kept any more are left out."""
    for number in _kept(session, message_ids):
        session.merge(ClosedGapRow(message_id=number, at=at))


def reopen(session: Session, message_id: int) -> bool:
    """Undo the closing of a question and of those that were closed with it; whether it was."""
    closed = session.get(ClosedGapRow, message_id)
    if closed is None:
        return False
    session.execute(delete(ClosedGapRow).where(ClosedGapRow.at == closed.at))
    return True


def vectors(session: Session, model: str, message_ids: Collection[int]) -> dict[int, bytes]:
    """Those of the model that are kept, by question."""
    found: dict[int, bytes] = {}
    for block in batched(sorted(message_ids), _LOOK_UP):
        query = select(QuestionVectorRow.message_id, QuestionVectorRow.vector).where(
            QuestionVectorRow.model == model, QuestionVectorRow.message_id.in_(block)
        )
        found.update(dict(session.execute(query).all()))
    return found


def keep_vectors(session: Session, model: str, new: Mapping[int, bytes]) -> None:
    """Keep the vectors of questions that are still there, in place of any other model's."""
    for number in _kept(session, new):
        session.merge(QuestionVectorRow(message_id=number, model=model, vector=new[number]))


def _kept(session: Session, message_ids: Collection[int]) -> list[int]:
    return [
        number
        for block in batched(sorted(message_ids), _LOOK_UP)
        for number in session.scalars(select(MessageRow.id).where(MessageRow.id.in_(block)))
    ]


def _reasons(session: Session, message_ids: list[int]) -> dict[int, list[str | None]]:
    """What was said by each who disliked an answer; None by those who gave no reason."""
    found: dict[int, list[str | None]] = defaultdict(list)
    for block in batched(message_ids, _LOOK_UP):
        query = select(FeedbackRow.message_id, FeedbackRow.reason).where(
            FeedbackRow.message_id.in_(block), FeedbackRow.value == _DISLIKED
        )
        for number, reason in session.execute(query):
            found[number].append(reason)
    return found


def _articles(kept: list[dict[str, Any]]) -> tuple[NearestArticle, ...]:
    """Each once, in order."""
    articles = (
        NearestArticle(one["article_id"], one["title"], one["date"], one.get("version", ""))
        for one in kept
    )
    return tuple({one.article_id: one for one in articles}.values())
