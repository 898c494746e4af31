"""The store: what was asked, answered, rated, taken and spent."""

import datetime
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal, Self, cast

from sqlalchemy import URL, CursorResult, Delete, Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.store.database import Database
from bot.store.models import (
    ConversationRow,
    FeedbackRow,
    MessageRow,
    PendingRow,
    UsageRow,
)
from bot.store.records import DaySpent, Exchange, Pending, Pruned
from bot.store.revision import NEWEST, revision_of
from retrieval.types import Purpose, Turn, Usage

IDLE = datetime.timedelta(hours=6)
"""After so long without a message a conversation is over."""

_REPEATED = datetime.timedelta(days=2)
"""How long a settled question is remembered; Telegram offers an update for one day."""

Clock = Callable[[], datetime.datetime]


def now() -> datetime.datetime:
    """An aware time: the present."""
    return datetime.datetime.now(datetime.UTC)


class Store:
    """One database. Every method is one transaction, on disk when it returns.

    Threads may share it, processes may share its database. Any method may raise StoreError.
    """

    def __init__(
        self, database: Database, *, retention: datetime.timedelta, clock: Clock = now
    ) -> None:
        self._database = database
        self._retention = retention
        self._clock = clock

    @classmethod
    def open(cls, url: URL, *, retention: datetime.timedelta, clock: Clock = now) -> Self:
        """The store at an address, its tables made or brought up to date.

        Raises StoreError, also for a database of a newer version.
        """
        database = Database(url)
        try:
            with database.reading() as session:
                current = revision_of(session.connection()) == NEWEST
            if not current:
                from bot.store.upgrading import upgrade

                with database.writing() as session:
                    upgrade(session.connection(), database.name)
        except BaseException:
            database.close()
            raise
        return cls(database, retention=retention, clock=clock)

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def turns(self, front: str, chat_id: int, topic_id: int | None, limit: int) -> list[Turn]:
        """The last turns of the running conversation, oldest first; none when it is idle."""
        with self._database.reading() as session:
            conversation = _newest(session, front, chat_id, topic_id)
            if (
                conversation is None
                or conversation.ended_at is not None
                or self._clock() - conversation.active_at > IDLE
            ):
                return []
            newest_first = session.execute(
                select(
                    MessageRow.question,
                    MessageRow.standalone,
                    MessageRow.answer,
                    MessageRow.refused,
                )
                .where(MessageRow.conversation_id == conversation.id)
                .order_by(MessageRow.asked_at.desc(), MessageRow.id.desc())
                .limit(limit)
            ).all()
        return [Turn(*row) for row in reversed(newest_first)]

    def keep(self, exchange: Exchange) -> int:
        """Keep a question and its answer; the id of the message."""
        answer = exchange.answer
        with self._database.writing() as session:
            message = MessageRow(
                conversation_id=_conversation_of(session, exchange).id,
                asker_id=exchange.asker_id,
                question=answer.question,
                standalone=answer.standalone or answer.question,
                answer=answer.text,
                mode=answer.mode,
                refused=answer.refused,
                citations=[asdict(citation) for citation in answer.citations],
                nearest=[asdict(article) for article in answer.nearest],
                model=answer.model or None,
                prompt_tokens=answer.usage.prompt_tokens,
                completion_tokens=answer.usage.completion_tokens,
                withheld=answer.withheld,
                generation=answer.generation,
                asked_at=exchange.asked_at,
                answered_at=exchange.answered_at,
                timings_ms=asdict(answer.timings_ms),
            )
            session.add(message)
            session.flush()
            return message.id

    def forget_conversation(self, front: str, chat_id: int, topic_id: int | None) -> None:
        """End the conversation: later turns start afresh, without what was asked until now."""
        ended_at = self._clock()
        with self._database.writing() as session:
            conversation = _newest(session, front, chat_id, topic_id)
            if conversation is None:
                # for questions on their way that belong before the end
                conversation = ConversationRow(
                    front=front,
                    chat_id=chat_id,
                    topic_id=topic_id,
                    started_at=ended_at,
                    active_at=ended_at,
                )
                session.add(conversation)
            conversation.ended_at = ended_at

    def rate(
        self, message_id: int, user_id: int, value: Literal[1, -1], reason: str | None = None
    ) -> bool:
        """Keep what a reader thinks of an answer, in place of what they thought before.

        False when the answer is not kept any more.
        """
        with self._database.writing() as session:
            kept = select(MessageRow.id).where(MessageRow.id == message_id)
            if session.scalar(kept) is None:
                return False
            session.merge(
                FeedbackRow(
                    message_id=message_id,
                    user_id=user_id,
                    value=value,
                    reason=reason,
                    at=self._clock(),
                )
            )
            return True

    def take(
        self,
        update_id: int,
        *,
        chat_id: int,
        topic_id: int | None,
        user_id: int | None,
        payload: dict[str, Any],
    ) -> bool:
        """Keep a question until it is settled. False when it was taken before, settled or not."""
        row = PendingRow(
            update_id=update_id,
            chat_id=chat_id,
            topic_id=topic_id,
            user_id=user_id,
            payload=payload,
            taken_at=self._clock(),
        )
        try:
            with self._database.writing() as session:
                session.add(row)
        except IntegrityError:
            return False
        return True

    def pending(self) -> list[Pending]:
        """The questions that are not settled, in the order in which they were taken."""
        with self._database.reading() as session:
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
            )
            for row in rows
        ]

    def settle(self, update_id: int) -> None:
        """Note that a question needs no answer any more; its words go."""
        with self._database.writing() as session:
            session.execute(
                update(PendingRow)
                .where(PendingRow.update_id == update_id)
                .values(settled_at=self._clock(), payload=None)
            )

    def spend(
        self,
        usage: Usage,
        *,
        day: datetime.date,
        asker_id: int | None,
        model: str,
        purpose: Purpose,
    ) -> None:
        """Enter a call of a model in the ledger; `day` is that of the bot's time zone."""
        with self._database.writing() as session:
            session.add(
                UsageRow(
                    at=self._clock(),
                    day=day,
                    asker_id=asker_id,
                    model=model,
                    prompt_tokens=usage.prompt_tokens,
                    completion_tokens=usage.completion_tokens,
                    purpose=purpose,
                )
            )

    def spent_today(self, day: datetime.date, asker_id: int | None = None) -> int:
        """Tokens of a day, of questions and answers together; of one asker when given."""
        tokens = func.sum(UsageRow.prompt_tokens + UsageRow.completion_tokens)
        query = select(func.coalesce(tokens, 0)).where(UsageRow.day == day)
        if asker_id is not None:
            query = query.where(UsageRow.asker_id == asker_id)
        with self._database.reading() as session:
            return int(session.scalars(query).one())

    def spent_by_day(self, since: datetime.date) -> list[DaySpent]:
        """What the models took on each day from `since` on that has calls, oldest first."""
        query = (
            select(
                UsageRow.day,
                func.count(),
                func.sum(UsageRow.prompt_tokens),
                func.sum(UsageRow.completion_tokens),
            )
            .where(UsageRow.day >= since)
            .group_by(UsageRow.day)
            .order_by(UsageRow.day)
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return [
            DaySpent(day, calls, Usage(int(prompt), int(completion)))
            for day, calls, prompt, completion in rows
        ]

    def prune(self) -> Pruned:
        """Delete what is older than the retention; for good, on SQLite not a byte of it is left."""
        now = self._clock()
        horizon = now - self._retention
        old = MessageRow.answered_at < horizon
        with self._database.writing() as session:
            pruned = Pruned(
                feedback=_delete(
                    session,
                    delete(FeedbackRow).where(
                        FeedbackRow.message_id.in_(select(MessageRow.id).where(old))
                    ),
                ),
                messages=_delete(session, delete(MessageRow).where(old)),
                conversations=_delete(
                    session,
                    delete(ConversationRow).where(
                        ConversationRow.active_at < horizon,
                        or_(
                            ConversationRow.ended_at.is_(None),
                            ConversationRow.ended_at < horizon,
                        ),
                    ),
                ),
                usage=_delete(session, delete(UsageRow).where(UsageRow.at < horizon)),
                pending=_delete(
                    session,
                    delete(PendingRow).where(
                        or_(
                            PendingRow.settled_at < now - _REPEATED,
                            PendingRow.settled_at.is_(None) & (PendingRow.taken_at < horizon),
                        )
                    ),
                ),
            )
        self._database.empty_log()
        return pruned


def _newest(
    session: Session, front: str, chat_id: int, topic_id: int | None
) -> ConversationRow | None:
    return session.scalars(
        _conversations(front, chat_id, topic_id).order_by(ConversationRow.id.desc()).limit(1)
    ).first()


def _conversation_of(session: Session, exchange: Exchange) -> ConversationRow:
    """The conversation in which a question was asked: maybe one that ended before its answer."""
    conversation = session.scalars(
        _conversations(exchange.front, exchange.chat_id, exchange.topic_id)
        .where(
            or_(
                ConversationRow.ended_at.is_(None),
                ConversationRow.ended_at > exchange.asked_at,
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
        chat_id=exchange.chat_id,
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


def _delete(session: Session, statement: Delete) -> int:
    return cast(CursorResult[Any], session.execute(statement)).rowcount
