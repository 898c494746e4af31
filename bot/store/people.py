"""What is kept about each person, and how it goes."""

import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.store import taking
from bot.store.models import (
    ConversationRow,
    DeliveredRow,
    FeedbackRow,
    FloodWaitRow,
    MessageRow,
    PersonRow,
    RemarkRow,
    UsageRow,
)
from bot.store.records import Asked, Held

_FRONT = "telegram"


def set_language(session: Session, user_id: int, language: str | None) -> None:
    """Keep the language that a person chose, None for no choice."""
    if language is None:
        session.execute(delete(PersonRow).where(PersonRow.user_id == user_id))
    else:
        session.merge(PersonRow(user_id=user_id, language=language))


def asked_since(session: Session, moment: datetime.datetime) -> Asked:
    """The questions from Telegram that were answered at `moment` or later."""
    query = (
        select(MessageRow.asker_id, ConversationRow.chat_id, func.count())
        .join(ConversationRow, MessageRow.conversation_id == ConversationRow.id)
        .where(MessageRow.answered_at >= moment, ConversationRow.front == _FRONT)
        .group_by(MessageRow.asker_id, ConversationRow.chat_id)
    )
    by_person: dict[int, int] = {}
    by_chat: dict[int, int] = {}
    for asker_id, chat_id, count in session.execute(query):
        by_chat[chat_id] = by_chat.get(chat_id, 0) + count
        if asker_id is not None:
            by_person[asker_id] = by_person.get(asker_id, 0) + count
    return Asked(by_person, by_chat)


def held(session: Session, user_id: int) -> Held:
    """What is stored about a person."""
    questions = select(func.count(), func.min(MessageRow.asked_at)).where(_asked_by(user_id))
    ratings = select(func.count()).where(FeedbackRow.user_id == user_id)
    remarks = select(func.count()).where(RemarkRow.user_id == user_id)
    count, since = session.execute(questions).one()
    person = session.get(PersonRow, user_id)
    return Held(
        questions=count,
        ratings=session.scalars(ratings).one(),
        remarks=session.scalars(remarks).one(),
        since=since,
        language=None if person is None else person.language,
    )


def forget(session: Session, user_id: int, at: datetime.datetime) -> None:
    """Delete what is stored about a person; what others asked and said stays."""
    taking.forget(session, user_id, at)
    _part_from_others(session, user_id)
    questions = select(MessageRow.id).where(_asked_by(user_id))
    for statement in (
        delete(DeliveredRow).where(
            or_(DeliveredRow.chat_id == user_id, DeliveredRow.answer_id.in_(questions))
        ),
        delete(FeedbackRow).where(
            or_(FeedbackRow.user_id == user_id, FeedbackRow.message_id.in_(questions))
        ),
        delete(MessageRow).where(_asked_by(user_id)),
        delete(ConversationRow).where(ConversationRow.chat_id == user_id),
        delete(RemarkRow).where(RemarkRow.user_id == user_id),
        delete(FloodWaitRow).where(FloodWaitRow.name == str(user_id)),
        delete(PersonRow).where(PersonRow.user_id == user_id),
        update(UsageRow).where(UsageRow.asker_id == user_id).values(asker_id=None),
    ):
        session.execute(statement)


def _asked_by(user_id: int) -> ColumnElement[bool]:
    """The messages of a person, and of the private chat with them."""
    private = select(ConversationRow.id).where(ConversationRow.chat_id == user_id)
    return or_(MessageRow.asker_id == user_id, MessageRow.conversation_id.in_(private))


def _part_from_others(session: Session, user_id: int) -> None:
    """What others asked later in the same chats is not said in this person's words any more.

    A reply may refer to any answer of its chat, whatever conversation that belongs to.
    """
    first = (
        select(ConversationRow.front, ConversationRow.chat_id, func.min(MessageRow.asked_at))
        .join(MessageRow, MessageRow.conversation_id == ConversationRow.id)
        .where(MessageRow.asker_id == user_id, ConversationRow.chat_id != user_id)
        .group_by(ConversationRow.front, ConversationRow.chat_id)
    )
    for front, chat_id, asked_at in session.execute(first).all():
        here = select(ConversationRow.id).where(
            ConversationRow.front == front, ConversationRow.chat_id == chat_id
        )
        session.execute(
            update(MessageRow)
            .where(
                MessageRow.conversation_id.in_(here),
                MessageRow.asked_at >= asked_at,
                MessageRow.standalone != MessageRow.question,
            )
            .values(standalone=MessageRow.question)
        )
