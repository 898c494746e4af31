"""Who did what to the collection, and when."""

import datetime
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.store.models import DeedRow
from bot.store.records import Deed, DeedAction


def note(
    session: Session,
    admin_id: int | None,
    admin: str,
    action: DeedAction,
    subject: str,
    at: datetime.datetime,
) -> None:
    """Keep what an admin did."""
    row = DeedRow(admin_id=admin_id, admin=admin, action=action, subject=subject, at=at)
    session.add(row)


def newest(session: Session, offset: int, limit: int) -> list[Deed]:
    """The newest deeds, the newest first, from the one of that number on."""
    query = select(DeedRow).order_by(DeedRow.at.desc(), DeedRow.id.desc())
    return [
        Deed(row.admin_id, row.admin, cast(DeedAction, row.action), row.subject, row.at)
        for row in session.scalars(query.offset(offset).limit(limit))
    ]


def forget(session: Session, admin_id: int) -> None:
    """What somebody did stays, without a word of who it was."""
    mine = DeedRow.admin_id == admin_id
    session.execute(update(DeedRow).where(mine).values(admin_id=None, admin=""))
