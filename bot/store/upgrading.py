"""A database is brought to this version's tables, after a copy of it."""

from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from bot.store.copies import copy_before_change, copy_file
from bot.store.copying import fetch, space_of
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.migrating import upgrade

_LONGEST_REASON = 300
_PATIENCE_SECONDS = 60
"""For another process that copies the database and brings it up just now."""


def bring_up(database: Database, copied_as: Path) -> None:
    """Bring a database to this version's tables, once it is copied, see bot.store.copies.

    One that has no tables yet is not copied. Raises StoreError; then nothing changed.
    """
    copies: list[Path] = []
    try:
        with database.writing(_PATIENCE_SECONDS) as session:
            connection = session.connection()
            upgrade(
                connection,
                database.name,
                lambda: copies.append(_copied(database, connection, copied_as)),
            )
    except Exception as error:
        if not copies:
            raise
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:_LONGEST_REASON]
        raise StoreError(
            f"{database.name} could not be brought up to this version, nothing in it was changed; "
            f"a copy of it is {copies[0]}. What went wrong: {reason}"
        ) from error


def _copied(database: Database, connection: Connection, copied_as: Path) -> Path:
    """The copy that was made; `connection` keeps other writers out meanwhile."""
    if database.is_file:
        return copy_file(copied_as)
    return copy_before_change(
        database.name,
        copied_as,
        size=space_of(connection),
        fill=partial(fetch, connection, database.name),
    )
