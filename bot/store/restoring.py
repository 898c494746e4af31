"""The conversations of a backup are made fit to go on."""

import datetime
from pathlib import Path

from sqlalchemy import func, select, update

from bot.store.copying import counters, opened, set_counters
from bot.store.migrating import upgrade
from bot.store.models import Base, MessageRow, PendingRow
from bot.store.taking import SETTLED

_RESTORED = "restored"
"""What became of updates that were open while the backup was made: nobody can tell."""

_GAP = 1_000_000
"""Numbers that are passed over: buttons that were sent after the backup carry those."""


def make_fit(path: Path, *, settle: bool) -> tuple[int, int]:
    """Bring an SQLite file that nobody uses to this version; how many questions are kept in it.

    And how many updates were open. With `settle` they count as settled: whoever ran on when the
    file was copied has seen to them. Raises StoreError.
    """
    at = datetime.datetime.now(datetime.UTC)
    with opened(path) as engine, engine.begin() as connection:
        upgrade(connection, path.name)
        questions: int = connection.execute(select(func.count(MessageRow.id))).scalar() or 0
        is_open = PendingRow.settled_at.is_(None)
        pending: int = (
            connection.execute(select(func.count()).select_from(PendingRow).where(is_open)).scalar()
            or 0
        )
        if settle:
            values = {**SETTLED, "settled_at": at, "outcome": _RESTORED}
            connection.execute(update(PendingRow).where(is_open).values(values))
        given = counters(connection, Base.metadata)
        set_counters(connection, {name: number + _GAP for name, number in given.items()})
    return questions, pending
