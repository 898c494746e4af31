"""Migrations: which there are, and running them."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.revisions import NEWEST, newer_database
from bot.store.errors import StoreError
from bot.store.revision import revision_of


def upgrade(connection: Connection, name: str, before: Callable[[], None] = lambda: None) -> None:
    """Run the migrations that a database called `name` lacks, in the transaction of `connection`.

    It is one that keeps other writers out. `before` is called if any are run on tables that are
    there already. Raises StoreError when it is of a newer version.
    """
    current = revision_of(connection)
    refuse_newer(current, name)
    if current not in (None, NEWEST):
        before()
    migrate(connection, "head")


def refuse_newer(revision: str | None, name: str) -> None:
    """Raise StoreError where this version does not know the revision of a database."""
    scripts = ScriptDirectory.from_config(migrations())
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(newer_database(name, revision))


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
