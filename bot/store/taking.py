"""Updates that were taken, what is sent for them, and the messages that came of it."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.store.models import DeliveredRow, MessageRow, PendingRow
from bot.store.records import Delivered, DeliveredPurpose, Pending, Taken
from bot.store.texts import fingerprint


def take(session: Session, updates: Sequence[Taken], at: datetime.datetime) -> frozenset[int]:
    """Keep what is new of the updates; its numbers."""
    numbers = {one.update_id for one in updates}
    query = select(PendingRow.update_id, PendingRow.fingerprint)
    known = dict(session.execute(query.where(PendingRow.update_id.in_(numbers))).all())
    new: dict[int, PendingRow] = {}
    for one in updates:
        print_of_it = fingerprint(one.payload)
        if known.get(one.update_id) != print_of_it:
            known[one.update_id] = print_of_it
            new[one.update_id] = PendingRow(
                update_id=one.update_id,
                fingerprint=print_of_it,
                chat_id=one.chat_id,
                topic_id=one.topic_id,
                user_id=one.user_id,
                payload=one.payload,
                taken_at=at,
            )
    if new:
        session.execute(delete(PendingRow).where(PendingRow.update_id.in_(new)))
        session.add_all(new.values())
    return frozenset(new)


def note(session: Session, update_id: int, outgoing: dict[str, Any]) -> None:
    """Keep what is being sent for an update that is not settled."""
    session.execute(
        update(PendingRow)
        .where(PendingRow.update_id == update_id, PendingRow.settled_at.is_(None))
        .values(outgoing=outgoing)
    )


def expire(session: Session, since: datetime.datetime, at: datetime.datetime) -> None:
    """Settle what was taken before `since`."""
    session.execute(
        update(PendingRow)
        .where(PendingRow.settled_at.is_(None), PendingRow.taken_at < since)
        .values(settled_at=at, outcome="expired", payload=None, outgoing=None)
    )


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


def settle(session: Session, update_id: int, outcome: str, at: datetime.datetime) -> None:
    """Note what became of an update; its words go."""
    session.execute(
        update(PendingRow)
        .where(PendingRow.update_id == update_id)
        .values(settled_at=at, outcome=outcome, payload=None, outgoing=None)
    )


def deliver(session: Session, messages: Sequence[Delivered], at: datetime.datetime) -> None:
    """Keep which messages stand in a chat, in place of those that answered the same question."""
    answered = {(one.chat_id, one.question_id) for one in messages if one.purpose == "answer"}
    for chat_id, question_id in answered:
        if question_id is not None:
            session.execute(
                delete(DeliveredRow).where(
                    DeliveredRow.chat_id == chat_id, DeliveredRow.question_id == question_id
                )
            )
    kept = _kept(session, {one.answer_id for one in messages if one.answer_id is not None})
    for one in messages:
        if one.answer_id is None or one.answer_id in kept:
            session.merge(
                DeliveredRow(
                    chat_id=one.chat_id,
                    message_id=one.message_id,
                    question_id=one.question_id,
                    answer_id=one.answer_id,
                    position=one.position,
                    purpose=one.purpose,
                    at=at,
                )
            )


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


def _kept(session: Session, answer_ids: Iterable[int]) -> frozenset[int]:
    """Those that are not pruned, nor will be before the transaction is over."""
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
