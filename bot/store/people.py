"""What is kept about each person, and how it goes."""

import datetime
from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.store import deeds, taking
from bot.store.models import (
    AskedRow,
    ConversationRow,
    DeliveredRow,
    DraftRow,
    FeedbackRow,
    FloodWaitRow,
    MenuRow,
    MessageRow,
    PersonRow,
    QuestionVectorRow,
    RemarkRow,
    UsageRow,
)
from bot.store.records import Held


def set_language(session: Session, user_id: int, language: str | None) -> None:
    """Keep the language that a person chose, None for no choice."""
    if language is None:
        session.execute(delete(PersonRow).where(PersonRow.user_id == user_id))
    else:
        session.merge(PersonRow(user_id=user_id, language=language))


def count_asked(session: Session, who: Collection[int], day: datetime.date) -> None:
    """Count one thing more that each of these, people or groups, has asked on a day."""
    for one in who:
        row = session.get(AskedRow, (one, day))
        if row is None:
            session.add(AskedRow(who=one, day=day, count=1))
        else:
            row.count += 1


def asked_on(session: Session, day: datetime.date) -> dict[int, int]:
    """How much each person and group has asked on a day."""
    rows = session.scalars(select(AskedRow).where(AskedRow.day == day))
    return {row.who: row.count for row in rows}


def move_asked(session: Session, old: int, new: int) -> None:
    """A group has another number: what was asked in it counts there."""
    for row in session.scalars(select(AskedRow).where(AskedRow.who == old)).all():
        there = session.get(AskedRow, (new, row.day))
        if there is None:
            session.add(AskedRow(who=new, day=row.day, count=row.count))
        else:
            there.count += row.count
        session.delete(row)


def set_menu(session: Session, chat_id: int, *, shown: bool) -> None:
    """Keep whether a chat has a menu of its own."""
    if shown:
        session.merge(MenuRow(chat_id=chat_id))
    else:
        session.execute(delete(MenuRow).where(MenuRow.chat_id == chat_id))


def menus(session: Session) -> frozenset[int]:
    """The chats that have one."""
    return frozenset(session.scalars(select(MenuRow.chat_id)))


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
    """Delete what is stored about a person; what others asked and said stays.

    So does what an admin did to the collection, without their name.
    """
    taking.forget(session, user_id, at)
    deeds.forget(session, user_id)
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
        delete(AskedRow).where(AskedRow.who == user_id),
        delete(MenuRow).where(MenuRow.chat_id == user_id),
        delete(DraftRow).where(or_(DraftRow.admin_id == user_id, DraftRow.chat_id == user_id)),
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
        later = (
            MessageRow.conversation_id.in_(here),
            MessageRow.asked_at >= asked_at,
            MessageRow.standalone != MessageRow.question,
        )
        parted = select(MessageRow.id).where(*later)
        session.execute(delete(QuestionVectorRow).where(QuestionVectorRow.message_id.in_(parted)))
        session.execute(update(MessageRow).where(*later).values(standalone=MessageRow.question))
