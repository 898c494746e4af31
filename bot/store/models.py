"""The tables. A change here needs a migration; a test compares the two."""

import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.texts import sanitise

STOPPED = "stopped"
_Id = BigInteger().with_variant(Integer, "sqlite")


class Words(TypeDecorator[str]):
    """Text of any origin."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What databases refuse is replaced."""
        return None if value is None else sanitise(value)


class Moment(TypeDecorator[datetime.datetime]):
    """An aware time, kept in UTC by databases that know no zones as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: Dialect
    ) -> datetime.datetime | None:
        """In UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(datetime.UTC)

    def process_result_value(
        self, value: datetime.datetime | None, dialect: Dialect
    ) -> datetime.datetime | None:
        """Aware, in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC)
        return value.astimezone(datetime.UTC)


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


class ConversationRow(Base):
    """Messages that belong together, in one chat or one topic of it."""

    __tablename__ = "conversation"
    __table_args__ = (Index(None, "chat_id", "topic_id", "front"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    front: Mapped[str] = mapped_column(String(32))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    topic_id: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime.datetime] = mapped_column(Moment)
    active_at: Mapped[datetime.datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime.datetime | None] = mapped_column(Moment)


class MessageRow(Base):
    """A question and its answer. No id is given twice: buttons carry them."""

    __tablename__ = "message"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    asker_id: Mapped[int | None] = mapped_column(BigInteger)
    question: Mapped[str] = mapped_column(Words)
    standalone: Mapped[str] = mapped_column(Words)
    answer: Mapped[str] = mapped_column(Words)
    mode: Mapped[str] = mapped_column(String(16))
    """Who wrote the answer; STOPPED where its asker did not wait for it."""
    refused: Mapped[bool]
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    nearest: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    model: Mapped[str | None] = mapped_column(Words)
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    withheld: Mapped[int]
    generation: Mapped[str] = mapped_column(Words)
    asked_at: Mapped[datetime.datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime.datetime] = mapped_column(Moment, index=True)
    timings_ms: Mapped[dict[str, float]] = mapped_column(JSON)


class FeedbackRow(Base):
    """What one reader thinks of one answer."""

    __tablename__ = "feedback"
    __table_args__ = (CheckConstraint("value IN (-1, 1)", name="value"),)

    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str | None] = mapped_column(Words)
    at: Mapped[datetime.datetime] = mapped_column(Moment)


class PendingRow(Base):
    """An update that was taken from Telegram; without its words once it is settled."""

    __tablename__ = "pending"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(String(64))
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    topic_id: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    outgoing: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    outcome: Mapped[str | None] = mapped_column(String(32))
    taken_at: Mapped[datetime.datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime.datetime | None] = mapped_column(Moment)


class DeliveredRow(Base):
    """A message of ours in a chat, and the question and the answer that it belongs to."""

    __tablename__ = "delivered"
    __table_args__ = (Index(None, "chat_id", "question_id"),)

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    question_id: Mapped[int | None] = mapped_column(BigInteger)
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime.datetime] = mapped_column(Moment)


class PersonRow(Base):
    """What a reader has set for themselves."""

    __tablename__ = "person"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    language: Mapped[str | None] = mapped_column(String(16))


class RemarkRow(Base):
    """What a reader wanted to say, about an answer or about everything."""

    __tablename__ = "remark"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="SET NULL"), index=True
    )
    text: Mapped[str] = mapped_column(Words)
    at: Mapped[datetime.datetime] = mapped_column(Moment)


class AskedRow(Base):
    """How much a person, or a group together, has asked on a day."""

    __tablename__ = "asked"

    who: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[datetime.date] = mapped_column(primary_key=True)
    count: Mapped[int]


class MenuRow(Base):
    """A chat that was given a menu of its own."""

    __tablename__ = "menu"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class MovedChatRow(Base):
    """A group that became a supergroup: its former number and the one that it got."""

    __tablename__ = "moved_chat"

    former: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger)


class DeedRow(Base):
    """What an admin did to the collection."""

    __tablename__ = "deed"

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    admin_id: Mapped[int | None] = mapped_column(BigInteger)
    admin: Mapped[str] = mapped_column(Words)
    """Their name in Telegram then."""
    action: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(Words)
    at: Mapped[datetime.datetime] = mapped_column(Moment)


class DraftRow(Base):
    """What an admin sent, as it was understood, until it is an article or given up."""

    __tablename__ = "draft"
    __table_args__ = (Index(None, "chat_id", "batch"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    admin_id: Mapped[int | None] = mapped_column(BigInteger)
    batch: Mapped[str] = mapped_column(String(64))
    """What was sent together has one."""
    card_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message of ours that shows it."""
    state: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime.datetime] = mapped_column(Moment)


class ClosedGapRow(Base):
    """An answer that was not good enough, and has been seen to."""

    __tablename__ = "closed_gap"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime.datetime] = mapped_column(Moment)


class QuestionVectorRow(Base):
    """What a question means, as an embedding model has it; goes with the question."""

    __tablename__ = "question_vector"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    model: Mapped[str] = mapped_column(Words)
    """Its fingerprint."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """Floats of 32 bits."""


class FloodWaitRow(Base):
    """A pause that Telegram has asked for, with a chat or of a method."""

    __tablename__ = "flood_wait"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime.datetime] = mapped_column(Moment)


class UsageRow(Base):
    """One call of a model."""

    __tablename__ = "usage"
    __table_args__ = (Index(None, "day", "asker_id"),)

    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    at: Mapped[datetime.datetime] = mapped_column(Moment)
    day: Mapped[datetime.date]
    asker_id: Mapped[int | None] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(Words)
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(16))
