"""Updates that were taken, what is sent for them, and the messages that came of it."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from bot.store.models import DeliveredRow, MessageRow, Moment, PendingRow
from bot.store.records import Delivered, DeliveredPurpose, Pending, Taken
from bot.store.texts import fingerprint

_FORGOTTEN = "forgotten"
"""What became of the updates of a person who wanted nothing of theirs to be kept."""

SETTLED: dict[str, Any] = dict.fromkeys(("payload", "outgoing", "chat_id", "topic_id", "user_id"))
"""What an update does not need any more."""


def take(session: Session, updates: Sequence[Taken], at: datetime.datetime) -> frozenset[int]:
    """Keep what is new of the updates; its numbers."""
    numbers = {one.update_id for one in updates}
    query = select(PendingRow.update_id, PendingRow.fingerprint)
    known = dict(session.execute(query.where(PendingRow.update_id.in_(numbers))).all())
    seen = dict(known)
    new: dict[int, dict[str, Any]] = {}
    for one in updates:
        contents = fingerprint(one.payload)
        if seen.get(one.update_id) != contents:
            seen[one.update_id] = contents
            new[one.update_id] = {**asdict(one), "fingerprint": contents, "taken_at": at}
    if former := new.keys() & known.keys():
        session.execute(delete(PendingRow).where(PendingRow.update_id.in_(former)))
    if new:
        session.execute(insert(PendingRow), list(new.values()))
    return frozenset(new)


def note(session: Session, update_id: int, outgoing: dict[str, Any]) -> None:
    """Keep what is being sent for an update that is not settled."""
    session.execute(
        update(PendingRow)
        .where(PendingRow.update_id == update_id, PendingRow.settled_at.is_(None))
        .values(outgoing=outgoing)
    )


def expire(session: Session, since: datetime.datetime, at: datetime.datetime) -> int:
    """Settle what was taken before `since`, unless the beginning of its answer is in the chat.

    How many that were.
    """
    settled = session.execute(
        update(PendingRow)
        .where(
            PendingRow.settled_at.is_(None),
            PendingRow.taken_at < since,
            PendingRow.outgoing.is_(None),
        )
        .values(settled_at=at, outcome="expired", **SETTLED)
    )
    return cast(CursorResult[Any], settled).rowcount


def pending(session: Session) -> list[Pending]:
    """What is not settled, in the order in which it was taken."""
    rows = session.scalars(
        select(PendingRow)
        .where(PendingRow.settled_at.is_(None))
        .order_by(PendingRow.taken_at, PendingRow.update_id)
    ).all()
    return [
        Pending(
            update_id=row.update_id,
            chat_id=row.chat_id,
            topic_id=row.topic_id,
            user_id=row.user_id,
            payload=row.payload or {},
            taken_at=row.taken_at,
            outgoing=row.outgoing,
        )
        for row in rows
    ]


def count_pending(session: Session) -> int:
    """How many updates are not settled."""
    unsettled = select(func.count()).where(PendingRow.settled_at.is_(None))
    return session.scalar(unsettled) or 0


def forget(session: Session, user_id: int, at: datetime.datetime) -> None:
    """Settle a person's updates, which are known still should Telegram offer them again."""
    session.execute(
        update(PendingRow)
        .where(or_(PendingRow.user_id == user_id, PendingRow.chat_id == user_id))
        .values(
            settled_at=func.coalesce(PendingRow.settled_at, literal(at, Moment)),
            outcome=_FORGOTTEN,
            **SETTLED,
        )
    )


def settle(session: Session, update_id: int, outcome: str, at: datetime.datetime) -> bool:
    """Note what became of an update; its words go. False where it was forgotten meanwhile."""
    former = select(PendingRow.outcome).where(PendingRow.update_id == update_id).with_for_update()
    if session.scalar(former) == _FORGOTTEN:
        return False
    session.execute(
        update(PendingRow)
        .where(PendingRow.update_id == update_id)
        .values(settled_at=at, outcome=outcome, **SETTLED)
    )
    return True


def deliver(session: Session, messages: Sequence[Delivered], at: datetime.datetime) -> None:
    """Keep which messages stand in a chat, in place of those that answered the same question."""
    for chat_id in {one.chat_id for one in messages}:
        here = [one for one in messages if one.chat_id == chat_id]
        answered = {one.question_id for one in here if one.purpose == "answer"} - {None}
        session.execute(
            delete(DeliveredRow).where(
                DeliveredRow.chat_id == chat_id,
                or_(
                    DeliveredRow.message_id.in_([one.message_id for one in here]),
                    DeliveredRow.question_id.in_(answered),
                ),
            )
        )
    still = kept(session, {one.answer_id for one in messages if one.answer_id is not None})
    standing = {
        (one.chat_id, one.message_id): {**asdict(one), "at": at}
        for one in messages
        if one.answer_id is None or one.answer_id in still
    }
    if standing:
        session.execute(insert(DeliveredRow), list(standing.values()))


def delivered_for(session: Session, chat_id: int, question_id: int) -> tuple[Delivered, ...]:
    """The messages that answer a question, in their order."""
    rows = session.scalars(
        select(DeliveredRow)
        .where(
            DeliveredRow.chat_id == chat_id,
            DeliveredRow.question_id == question_id,
            DeliveredRow.purpose == "answer",
        )
        .order_by(DeliveredRow.position, DeliveredRow.message_id)
    )
    return tuple(map(_delivered, rows))


def delivered_as(session: Session, chat_id: int, message_id: int) -> Delivered | None:
    """What a message of ours is, None where that is not kept."""
    row = session.get(DeliveredRow, (chat_id, message_id))
    return None if row is None else _delivered(row)


def move(session: Session, old: int, new: int) -> None:
    """A chat got another number: what is pending goes there; messages have new numbers there."""
    session.execute(update(PendingRow).where(PendingRow.chat_id == old).values(chat_id=new))
    session.execute(delete(DeliveredRow).where(DeliveredRow.chat_id == old))


def kept(session: Session, answer_ids: Collection[int]) -> frozenset[int]:
    """Those that are not pruned, nor will be before the transaction is over."""
    if not answer_ids:
        return frozenset()
    query = select(MessageRow.id).where(MessageRow.id.in_(answer_ids)).with_for_update(read=True)
    return frozenset(session.scalars(query))


def _delivered(row: DeliveredRow) -> Delivered:
    return Delivered(
        chat_id=row.chat_id,
        message_id=row.message_id,
        question_id=row.question_id,
        answer_id=row.answer_id,
        position=row.position,
        purpose=cast(DeliveredPurpose, row.purpose),
    )
