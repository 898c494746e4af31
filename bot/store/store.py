"""The store: what was asked, answered, rated, taken and spent."""

import datetime
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self, cast

from sqlalchemy import URL, CursorResult, Delete, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.revisions import NEWEST
from bot.store import answers, conversing, counting, deeds, drafts, gaps, people, taking
from bot.store.copies import copied_as, delete_copies
from bot.store.database import Database
from bot.store.models import (
    STOPPED,
    AskedRow,
    ConversationRow,
    DeliveredRow,
    DraftRow,
    FeedbackRow,
    FloodWaitRow,
    MessageRow,
    PendingRow,
    PersonRow,
    RemarkRow,
    UsageRow,
)
from bot.store.records import (
    DaySpent,
    Deed,
    DeedAction,
    Delivered,
    Draft,
    Exchange,
    Held,
    KeptAnswer,
    Missed,
    Pending,
    Pruned,
    Taken,
    Tally,
)
from bot.store.revision import revision_of, write_again
from retrieval.types import Purpose, Turn, Usage

logger = logging.getLogger(__name__)

_REPEATED = datetime.timedelta(days=2)
"""How long a settled update is remembered; Telegram offers an update for one day."""

_LONGEST_DAY = datetime.timedelta(days=1)
"""It is over in the last time zone when the next but one begins in the first."""

_COPY_IS_KEPT = datetime.timedelta(days=1)
"""One of before an upgrade: what it holds is not deleted with age, so it goes itself, soon."""

Clock = Callable[[], datetime.datetime]


def now() -> datetime.datetime:
    """An aware time: the present."""
    return datetime.datetime.now(datetime.UTC)


class Store:
    """One database. Every method is one transaction, on disk when it returns; see together.

    Threads may share it, processes may share its database. Any method may raise StoreError.
    """

    def __init__(
        self,
        database: Database,
        *,
        copied_as: Path,
        retention: datetime.timedelta,
        clock: Clock = now,
    ) -> None:
        self._database = database
        self._copied_as = copied_as
        self._retention = retention
        self._clock = clock

    @classmethod
    def open(
        cls, url: URL, *, data_dir: Path, retention: datetime.timedelta, clock: Clock = now
    ) -> Self:
        """The store at an address, its tables made or brought up to date, see `bring_up`.

        A server's database is copied to `data_dir` before. Raises StoreError, also for a database
        of a newer version.
        """
        database = Database(url)
        copied = copied_as(url, data_dir)
        try:
            with database.reading() as session:
                current = revision_of(session.connection()) == NEWEST
            if not current:
                from bot.store.upgrading import bring_up

                bring_up(database, copied)
        except BaseException:
            database.close()
            raise
        return cls(database, copied_as=copied, retention=retention, clock=clock)

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def together(self) -> AbstractContextManager[None]:
        """One transaction for all calls that this thread makes in the block.

        They are on disk when it is left; where one raises, none is. prune and forget_person
        have no place in a block.
        """
        return self._database.together()

    def prove_writable(self) -> int:
        """How many updates are not settled, once something was written that changes nothing."""
        with self._database.writing() as session:
            write_again(session.connection())
            return taking.count_pending(session)

    def turns(self, front: str, chat_id: int, topic_id: int | None, limit: int) -> list[Turn]:
        """The last turns of the running conversation, oldest first; none when it is idle."""
        with self._database.reading() as session:
            conversation = conversing.newest(session, front, chat_id, topic_id)
            if (
                conversation is None
                or conversation.ended_at is not None
                or self._clock() - conversation.active_at > conversing.IDLE
            ):
                return []
            return conversing.turns(session, MessageRow.conversation_id == conversation.id, limit)

    def turns_until(self, message_id: int, limit: int) -> list[Turn] | None:
        """The last turns of its conversation up to a message; None when it is not kept."""
        with self._database.reading() as session:
            message = session.get(MessageRow, message_id)
            if message is None:
                return None
            former = conversing.before(message)
            return conversing.turns(session, or_(former, MessageRow.id == message_id), limit)

    def turns_before(self, message_id: int, limit: int) -> list[Turn] | None:
        """The last turns of its conversation before a message; None when it is not kept."""
        with self._database.reading() as session:
            message = session.get(MessageRow, message_id)
            if message is None:
                return None
            return conversing.turns(session, conversing.before(message), limit)

    def answer(self, message_id: int) -> KeptAnswer | None:
        """What a message was answered with; None when it is not kept."""
        with self._database.reading() as session:
            return answers.kept(session, message_id)

    def keep(self, exchange: Exchange, *, replaces: int | None = None) -> int:
        """Keep a question and its answer; the id of the message.

        It takes the place of the message `replaces`, where that is kept.
        """
        answer = exchange.answer
        with self._database.writing() as session:
            replaced = None if replaces is None else session.get(MessageRow, replaces)
            conversation_id = (
                conversing.conversation_of(session, exchange, self._clock()).id
                if replaced is None
                else replaced.conversation_id
            )
            message = MessageRow(
                conversation_id=conversation_id,
                asker_id=exchange.asker_id,
                question=answer.question,
                standalone=answer.standalone or answer.question,
                answer=answer.text,
                mode=STOPPED if answer.stopped else answer.mode,
                refused=answer.refused,
                citations=[asdict(citation) for citation in answer.citations],
                nearest=[asdict(article) for article in answer.nearest],
                model=answer.model or None,
                prompt_tokens=answer.usage.prompt_tokens,
                completion_tokens=answer.usage.completion_tokens,
                withheld=answer.withheld,
                generation=answer.generation,
                asked_at=exchange.asked_at if replaced is None else replaced.asked_at,
                answered_at=exchange.answered_at,
                timings_ms=asdict(answer.timings_ms),
            )
            session.add(message)
            session.flush()
            if replaced is not None:
                conversing.supersede(session, replaced, message)
            return message.id

    def forget_conversation(self, front: str, chat_id: int, topic_id: int | None) -> None:
        """End the conversation: later turns start afresh, without what was asked until now."""
        ended_at = self._clock()
        with self._database.writing() as session:
            conversation = conversing.newest(session, front, chat_id, topic_id)
            if conversation is None:
                # for questions on their way that belong before the end
                conversation = ConversationRow(
                    front=front,
                    chat_id=conversing.number_now(session, chat_id),
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

    def take(self, updates: Sequence[Taken]) -> frozenset[int]:
        """Keep updates until they are settled; the numbers of those that are new.

        One that was taken before is not, settled or not. A number that comes with other
        contents was given by another bot or begun anew: the former update makes way.
        """
        at = self._clock()
        try:
            with self._database.writing() as session:
                return taking.take(session, updates, at)
        except IntegrityError:  # another process has just taken one of them
            with self._database.writing() as session:
                return taking.take(session, updates, at)

    def note(self, update_id: int, outgoing: dict[str, Any]) -> None:
        """Keep what is being sent for an update, in place of what was noted before."""
        with self._database.writing() as session:
            taking.note(session, update_id, outgoing)

    def pending(self, since: datetime.datetime) -> list[Pending]:
        """What is not settled, in the order in which it was taken.

        What was taken before `since` is settled as expired, unless its answer was begun: what
        stands in a chat is brought to an end. How many expired is logged.
        """
        with self._database.writing() as session:
            expired = taking.expire(session, since, self._clock())
            left = taking.pending(session)
        if expired:
            logger.warning(
                "%d questions taken before %s are too old to be answered (PENDING_HOURS); "
                "set the clock if that is not so",
                expired,
                since.strftime("%Y-%m-%d %H:%M UTC"),
            )
        return left

    def settle(
        self, update_id: int, outcome: str = "answered", delivered: Sequence[Delivered] = ()
    ) -> None:
        """Note that an update needs nothing any more, and what was delivered; its words go.

        What was delivered replaces what answered the same message before. A message whose
        answer is not kept any more is left out, and so is everything that was delivered for
        an update of a person who was forgotten meanwhile.
        """
        at = self._clock()
        with self._database.writing() as session:
            if taking.settle(session, update_id, outcome, at):
                taking.deliver(session, delivered, at)

    def delivered_for(self, chat_id: int, question_id: int) -> tuple[Delivered, ...]:
        """The messages that answer a reader's message, in their order."""
        with self._database.reading() as session:
            return taking.delivered_for(session, chat_id, question_id)

    def delivered_as(self, chat_id: int, message_id: int) -> Delivered | None:
        """What a message of ours is, None where that is not kept."""
        with self._database.reading() as session:
            return taking.delivered_as(session, chat_id, message_id)

    def move_chat(self, old: int, new: int) -> None:
        """A group became a supergroup: what is kept of it goes on under its new number."""
        if old == new:
            return
        with self._database.writing() as session:
            conversing.move(session, old, new)
            taking.move(session, old, new)
            people.move_asked(session, old, new)
            drafts.move(session, old, new)

    def moves(self) -> dict[int, int]:
        """The newest number of every chat that moved, by each of its former ones."""
        with self._database.reading() as session:
            return conversing.moves(session)

    def set_language(self, user_id: int, language: str | None) -> None:
        """Keep the language that a person chose, at most 16 characters; None: no choice."""
        with self._database.writing() as session:
            people.set_language(session, user_id, language)

    def languages(self) -> dict[int, str]:
        """The languages that were chosen, by person."""
        with self._database.reading() as session:
            rows = session.scalars(select(PersonRow))
            return {row.user_id: row.language for row in rows if row.language is not None}

    def remark(self, user_id: int | None, text: str, answer_id: int | None = None) -> int:
        """Keep what somebody wanted to say, about an answer where that is kept; its number."""
        with self._database.writing() as session:
            about = None if answer_id is None else taking.kept(session, {answer_id})
            row = RemarkRow(
                user_id=user_id,
                text=text,
                answer_id=answer_id if about else None,
                at=self._clock(),
            )
            session.add(row)
            session.flush()
            return row.id

    def count_asked(self, who: Collection[int], day: datetime.date) -> None:
        """Count one thing more that each of these, people or groups, has asked on a day."""
        with self._database.writing() as session:
            people.count_asked(session, who, day)

    def asked_on(self, day: datetime.date) -> dict[int, int]:
        """How much each person and group has asked on a day."""
        with self._database.reading() as session:
            return people.asked_on(session, day)

    def set_menu(self, chat_id: int, *, shown: bool) -> None:
        """Keep whether Telegram shows a chat a menu of its own."""
        with self._database.writing() as session:
            people.set_menu(session, chat_id, shown=shown)

    def menus(self) -> frozenset[int]:
        """The chats that have a menu of their own."""
        with self._database.reading() as session:
            return people.menus(session)

    def note_deed(self, admin_id: int | None, admin: str, action: DeedAction, subject: str) -> None:
        """Keep what an admin of that name did to the collection; for good, whatever its age."""
        with self._database.writing() as session:
            deeds.note(session, admin_id, admin, action, subject, self._clock())

    def deeds(self, offset: int, limit: int) -> list[Deed]:
        """The newest deeds, the newest first, from the one of that number on."""
        with self._database.reading() as session:
            return deeds.newest(session, offset, limit)

    def missed(self, limit: int) -> list[Missed]:
        """The newest questions that got no good answer and are not seen to, the newest first."""
        with self._database.reading() as session:
            return gaps.missed(session, limit)

    def close_gap(self, message_ids: Collection[int]) -> None:
        """Note that these questions have been seen to."""
        with self._database.writing() as session:
            gaps.close(session, message_ids, self._clock())

    def reopen_gap(self, message_id: int) -> bool:
        """Undo the closing of a question and of those that were closed with it; whether it was."""
        with self._database.writing() as session:
            return gaps.reopen(session, message_id)

    def question_vectors(self, model: str, message_ids: Collection[int]) -> dict[int, bytes]:
        """What these questions mean, 32-bit floats of a model, as far as that is kept."""
        with self._database.reading() as session:
            return gaps.vectors(session, model, message_ids)

    def keep_question_vectors(self, model: str, vectors: Mapping[int, bytes]) -> None:
        """Keep what questions mean, for as long as the questions are kept."""
        with self._database.writing() as session:
            gaps.keep_vectors(session, model, vectors)

    def count(self, first: datetime.datetime, last: datetime.datetime) -> Tally:
        """How much was answered from one moment to the other (exclusive), and how well."""
        with self._database.reading() as session:
            return counting.count(session, first, last)

    def draft_of(self, chat_id: int, admin_id: int | None, batch: str) -> Draft:
        """The draft of what was sent together in a chat; a new one, without content, if need be."""
        with self._database.writing() as session:
            return drafts.of(session, chat_id, admin_id, batch, self._clock())

    def draft(self, draft_id: int) -> Draft | None:
        """The draft with that number, None where there is none any more."""
        with self._database.reading() as session:
            return drafts.get(session, draft_id)

    def draft_shown_as(self, chat_id: int, card_id: int) -> Draft | None:
        """The draft that a message of ours shows."""
        with self._database.reading() as session:
            return drafts.shown_as(session, chat_id, card_id)

    def newest_draft(self, chat_id: int, admin_id: int | None) -> Draft | None:
        """What somebody sent last in a chat."""
        with self._database.reading() as session:
            return drafts.newest(session, chat_id, admin_id)

    def change_draft(
        self,
        draft_id: int,
        change: Callable[[Draft], Draft | None],
        *,
        deed: tuple[int | None, str, DeedAction, str] | None = None,
    ) -> Draft | None:
        """The draft as it is after `change`, which gives None to leave it as it is.

        None where nothing was changed, also where there is none any more. Nothing comes between
        reading and writing it. With a change the deed is noted, see note_deed.
        """
        with self._database.writing() as session:
            changed = drafts.change(session, draft_id, change)
            if changed is not None and deed is not None:
                deeds.note(session, *deed, self._clock())
            return changed

    def held_about(self, user_id: int) -> Held:
        """What is stored about a person."""
        with self._database.reading() as session:
            return people.held(session, user_id)

    def forget_person(self, user_id: int) -> Held:
        """Delete everything that is stored about a person, for good; what there was.

        On SQLite not a byte of it is left in any file. On a server the rows are deleted, and
        what becomes of their bytes is up to it (PostgreSQL: VACUUM). The person's updates are
        settled as forgotten, but for their words and numbers. What others asked after them in
        the same chats stands in its own words again, not made self-contained.

        Where StoreError says that the log cannot be emptied the rows are gone all the same, and
        another call does the rest.
        """
        with self._database.writing() as session:
            held = people.held(session, user_id)
            people.forget(session, user_id, self._clock())
        delete_copies(self._copied_as)
        self._database.scrub()
        return held

    def note_wait(self, name: str, until: datetime.datetime) -> None:
        """Keep a pause that Telegram has asked for, in place of a former one of that name."""
        with self._database.writing() as session:
            session.execute(delete(FloodWaitRow).where(FloodWaitRow.until < self._clock()))
            session.merge(FloodWaitRow(name=name, until=until))

    def waits(self) -> dict[str, datetime.datetime]:
        """The ends of the pauses that are not over, by name."""
        query = select(FloodWaitRow).where(FloodWaitRow.until > self._clock())
        with self._database.reading() as session:
            return {row.name: row.until for row in session.scalars(query)}

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

    def latest(self) -> datetime.datetime | None:
        """When the newest message was answered, None while there is none."""
        query = select(MessageRow.answered_at).order_by(MessageRow.id.desc()).limit(1)
        with self._database.reading() as session:
            return session.scalar(query)

    def prune(self) -> Pruned:
        """Delete what is older than the retention; for good, on SQLite not a byte of it is left."""
        now = self._clock()
        horizon = now - self._retention
        old = MessageRow.answered_at < horizon
        with self._database.writing() as session:
            session.execute(delete(FloodWaitRow).where(FloodWaitRow.until < now))
            session.execute(delete(AskedRow).where(AskedRow.day < now.date() - _LONGEST_DAY))
            pruned = Pruned(
                delivered=_delete(
                    session,
                    delete(DeliveredRow).where(
                        or_(
                            DeliveredRow.at < horizon,
                            DeliveredRow.answer_id.in_(select(MessageRow.id).where(old)),
                        )
                    ),
                ),
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
                remarks=_delete(session, delete(RemarkRow).where(RemarkRow.at < horizon)),
                drafts=_delete(session, delete(DraftRow).where(DraftRow.at < horizon)),
            )
        delete_copies(self._copied_as, now - _COPY_IS_KEPT)
        self._database.empty_log()
        return pruned


def _delete(session: Session, statement: Delete) -> int:
    return cast(CursorResult[Any], session.execute(statement)).rowcount
