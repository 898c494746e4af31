"""Which messages make a conversation, and which of them are its last turns."""

import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.store.models import ConversationRow, DeliveredRow, MessageRow, MovedChatRow
from bot.store.records import Exchange
from retrieval.types import Turn

IDLE = datetime.timedelta(hours=6)
"""After so long without a message a conversation is over."""


def newest(
    session: Session, front: str, chat_id: int, topic_id: int | None
) -> ConversationRow | None:
    """The conversation that was begun last, running or not."""
    return session.scalars(
        _conversations(front, number_now(session, chat_id), topic_id)
        .order_by(ConversationRow.id.desc())
        .limit(1)
    ).first()


def conversation_of(
    session: Session, exchange: Exchange, now: datetime.datetime
) -> ConversationRow:
    """The conversation in which a question was asked: maybe one that ended before its answer.

    One that ends in the future has ended: the clock was set back since.
    """
    chat_id = number_now(session, exchange.chat_id)
    conversation = session.scalars(
        _conversations(exchange.front, chat_id, exchange.topic_id)
        .where(
            or_(
                ConversationRow.ended_at.is_(None),
                and_(ConversationRow.ended_at > exchange.asked_at, ConversationRow.ended_at <= now),
            )
        )
        .order_by(ConversationRow.id)
        .limit(1)
    ).first()
    if conversation is not None:
        idle = exchange.asked_at - conversation.active_at > IDLE
        if conversation.ended_at is not None or not idle:
            conversation.active_at = max(conversation.active_at, exchange.answered_at)
            return conversation
        conversation.ended_at = conversation.active_at + IDLE
    begun = ConversationRow(
        front=exchange.front,
        chat_id=chat_id,
        topic_id=exchange.topic_id,
        started_at=exchange.asked_at,
        active_at=exchange.answered_at,
    )
    session.add(begun)
    session.flush()
    return begun


def _conversations(front: str, chat_id: int, topic_id: int | None) -> Select[ConversationRow]:
    return select(ConversationRow).where(
        ConversationRow.front == front,
        ConversationRow.chat_id == chat_id,
        ConversationRow.topic_id == topic_id,
    )


def turns(session: Session, messages: ColumnElement[bool], limit: int) -> list[Turn]:
    """The last of these messages, oldest first."""
    newest_first = session.execute(
        select(
            MessageRow.question,
            MessageRow.standalone,
            MessageRow.answer,
            MessageRow.refused,
        )
        .where(messages)
        .order_by(MessageRow.asked_at.desc(), MessageRow.id.desc())
        .limit(limit)
    ).all()
    return [Turn(*row) for row in reversed(newest_first)]


def before(message: MessageRow) -> ColumnElement[bool]:
    """The messages of its conversation that were asked earlier."""
    return and_(
        MessageRow.conversation_id == message.conversation_id,
        or_(
            MessageRow.asked_at < message.asked_at,
            and_(MessageRow.asked_at == message.asked_at, MessageRow.id < message.id),
        ),
    )


def supersede(session: Session, old: MessageRow, new: MessageRow) -> None:
    """Put a message in the place of another one, whose messages in the chat become its own."""
    session.execute(
        update(DeliveredRow).where(DeliveredRow.answer_id == old.id).values(answer_id=new.id)
    )
    session.execute(delete(MessageRow).where(MessageRow.id == old.id))


def move(session: Session, old: int, new: int) -> None:
    """A chat got another number: its conversations go on there."""
    running = ConversationRow.ended_at.is_(None)
    begun_there = {
        (row.front, row.topic_id): row
        for row in session.scalars(
            select(ConversationRow).where(ConversationRow.chat_id == new, running)
        )
    }
    for row in session.scalars(
        select(ConversationRow).where(ConversationRow.chat_id == old, running)
    ):
        if other := begun_there.get((row.front, row.topic_id)):
            _join(session, *sorted((row, other), key=lambda one: one.id))
    session.execute(
        update(ConversationRow).where(ConversationRow.chat_id == old).values(chat_id=new)
    )
    session.merge(MovedChatRow(former=old, id=new))


def number_now(session: Session, chat_id: int) -> int:
    """The number of a chat, also where it got another one while it was being worked for."""
    passed: set[int] = set()
    while chat_id not in passed and (row := session.get(MovedChatRow, chat_id)) is not None:
        passed.add(chat_id)
        chat_id = row.id
    return chat_id


def moves(session: Session) -> dict[int, int]:
    """By each former number of a chat its newest one."""
    next_of = {row.former: row.id for row in session.scalars(select(MovedChatRow))}
    newest_of: dict[int, int] = {}
    for former in next_of:
        passed = [former]
        while passed[-1] in next_of and next_of[passed[-1]] not in passed:
            passed.append(next_of[passed[-1]])
        newest_of[former] = passed[-1]
    return newest_of


def _join(session: Session, older: ConversationRow, newer: ConversationRow) -> None:
    session.execute(
        update(MessageRow)
        .where(MessageRow.conversation_id == older.id)
        .values(conversation_id=newer.id)
    )
    newer.started_at = min(newer.started_at, older.started_at)
    newer.active_at = max(newer.active_at, older.active_at)
    session.flush()
    session.execute(delete(ConversationRow).where(ConversationRow.id == older.id))
