"""Migrations: which there are, and running them."""

from collections.abc import Callable, Iterable

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from bot.revisions import NEWEST, newer_database
from bot.store.errors import StoreError
from bot.store.models import Base
from bot.store.revision import revision_of


def upgrade(connection: Connection, name: str, before: Callable[[], None] = lambda: None) -> None:
    """Run the migrations that a database called `name` lacks, in the transaction of `connection`.

    It is one that keeps other writers out. `before` is called if any are run on tables that are
    there already. Raises StoreError when it is of a newer version, or of another program.
    """
    current = revision_of(connection)
    refuse_newer(current, name)
    if current is None:
        refuse_others(connection, name)
    if current not in (None, NEWEST):
        before()
    migrate(connection, "head")


def refuse_newer(revision: str | None, name: str) -> None:
    """Raise StoreError where this version does not know the revision of a database."""
    scripts = ScriptDirectory.from_config(migrations())
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(newer_database(name, revision))


def refuse_others(connection: Connection, name: str) -> None:
    """Raise StoreError where another program has tables that are called as ours are."""
    if taken := taken_by_others(inspect(connection).get_table_names()):
        raise StoreError(f"{name} {taken}")


def taken_by_others(tables: Iterable[str]) -> str:
    """What is wrong with a database that has these tables and no revision; "" if nothing is."""
    same = sorted({*tables} & {*Base.metadata.tables})
    if not same:
        return ""
    return (
        f"is another program's, which has a table {same[0]} too: move the file away, or set "
        "DATABASE_URL to a database of Baoda's own"
    )


def migrate(connection: Connection, revision: str) -> None:
    """Run the migrations that lead to a revision, in the transaction of `connection`."""
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def migrations() -> Config:
    """Alembic's configuration: no file, no output."""
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
