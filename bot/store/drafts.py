"""What admins sent to become articles, as rows."""

import datetime
from collections.abc import Callable
from typing import cast

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from bot.store.models import DraftRow
from bot.store.records import Draft, DraftState


def of(
    session: Session, chat_id: int, admin_id: int | None, batch: str, at: datetime.datetime
) -> Draft:
    """The draft of what was sent together; a new one, open and empty, where there is none."""
    query = select(DraftRow).where(DraftRow.chat_id == chat_id, DraftRow.batch == batch)
    row = session.scalars(query.order_by(DraftRow.id).limit(1)).first()
    if row is None:
        row = DraftRow(
            chat_id=chat_id,
            admin_id=admin_id,
            batch=batch,
            card_id=None,
            state="open",
            content={},
            at=at,
        )
        session.add(row)
        session.flush()
    return _draft(row)


def get(session: Session, draft_id: int) -> Draft | None:
    """The draft with that number."""
    row = session.get(DraftRow, draft_id)
    return None if row is None else _draft(row)


def shown_as(session: Session, chat_id: int, card_id: int) -> Draft | None:
    """The newest draft that a message of ours shows."""
    return _first(session, DraftRow.chat_id == chat_id, DraftRow.card_id == card_id)


def newest(session: Session, chat_id: int, admin_id: int | None) -> Draft | None:
    """The newest draft of somebody in a chat."""
    return _first(session, DraftRow.chat_id == chat_id, DraftRow.admin_id == admin_id)


def change(
    session: Session, draft_id: int, change: Callable[[Draft], Draft | None]
) -> Draft | None:
    """The draft as `change` makes it; None where it is gone, or `change` gives None."""
    row = session.get(DraftRow, draft_id, with_for_update=True)
    changed = None if row is None else change(_draft(row))
    if row is None or changed is None:
        return None
    row.card_id, row.state, row.content = changed.card_id, changed.state, changed.content
    return changed


def move(session: Session, old: int, new: int) -> None:
    """A chat has another number; its messages have new numbers too, so no card is known there."""
    here = update(DraftRow).where(DraftRow.chat_id == old)
    session.execute(here.values(chat_id=new, card_id=None))


def _first(session: Session, *wanted: ColumnElement[bool]) -> Draft | None:
    query = select(DraftRow).where(*wanted).order_by(DraftRow.id.desc()).limit(1)
    row = session.scalars(query).first()
    return None if row is None else _draft(row)


def _draft(row: DraftRow) -> Draft:
    return Draft(
        id=row.id,
        chat_id=row.chat_id,
        admin_id=row.admin_id,
        batch=row.batch,
        card_id=row.card_id,
        state=cast(DraftState, row.state),
        content=row.content,
    )
