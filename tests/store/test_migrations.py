"""Databases of every age become what this version knows."""

import logging
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.revisions import NEWEST
from bot.store import StoreError
from bot.store.address import FILE_NAME, in_folder
from bot.store.database import Database
from bot.store.migrating import migrations
from bot.store.models import Base
from tests.conftest import ROOT
from tests.store.exchanges import delivered, exchange, open_store, pending, questions, rows

SCRIPTS = ScriptDirectory.from_config(migrations())
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]


def migrate(place: Path | sa.URL, revision: str) -> None:
    database = Database(in_folder(place) if isinstance(place, Path) else place)
    with database.writing() as session:
        config = migrations()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)
    database.close()


def alter(folder: Path, *statements: str) -> None:
    engine = sa.create_engine(in_folder(folder))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"at": "2026-03-05 07:59:00.000000"})
    engine.dispose()


def schema(engine: sa.Engine) -> list[str]:
    query = "SELECT sql FROM sqlite_master WHERE tbl_name NOT IN ('alembic_version') ORDER BY name"
    with engine.connect() as connection:
        return [sql for (sql,) in connection.execute(sa.text(query)) if sql]


def test_the_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    engine, fresh = sa.create_engine(in_folder(tmp_path)), sa.create_engine("sqlite://")
    with engine.connect() as connection:
        options = {"compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    Base.metadata.create_all(fresh)
    assert schema(engine) == schema(fresh)
    engine.dispose()
    fresh.dispose()


def test_the_newest_revision_is_known_without_alembic() -> None:
    assert SCRIPTS.get_heads() == [NEWEST]


@pytest.mark.parametrize("revision", [*REVISIONS, "base"])
def test_a_database_of_any_version_is_brought_up_to_date(tmp_path: Path, revision: str) -> None:
    migrate(tmp_path, revision)
    with closing(open_store(tmp_path)) as store:
        store.keep(exchange("新"))
        assert questions(store) == ["新"]


def test_what_an_older_version_kept_is_still_there(tmp_path: Path) -> None:
    migrate(tmp_path, "0002")
    alter(
        tmp_path,
        "INSERT INTO conversation VALUES (1, 'telegram', 7, NULL, :at, :at, NULL)",
        "INSERT INTO message VALUES (4, 1, 1001, '旧', '旧', '答', 'llm', 0, '[]', '[]', NULL,"
        " 1, 1, 0, '', :at, :at, '{}')",
        "INSERT INTO pending VALUES (5, 'f', 7, NULL, 1001, '{\"text\": \"问\"}', NULL, NULL, :at,"
        " NULL)",
        "INSERT INTO pending VALUES (6, 'f', 7, NULL, 1001, NULL, NULL, 'answered', :at, :at)",
        "INSERT INTO delivered VALUES (7, 31, 100, 4, 0, 'answer', :at)",
        "INSERT INTO flood_wait VALUES ('7', '2099-01-01 00:00:00.000000')",
    )
    with closing(open_store(tmp_path)) as store:
        assert questions(store) == ["旧"]
        assert pending(store) == [5]
        assert store.delivered_as(7, 31) == delivered(31, answer_id=4)
        assert list(store.waits()) == ["7"]
        assert store.forget_person(1001).questions == 1
        query = "SELECT update_id, user_id, outcome FROM pending"
        assert rows(tmp_path, query) == [(5, None, "forgotten"), (6, None, "forgotten")]


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with closing(open_store(tmp_path)) as store:
        assert questions(store) == []


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.keep(exchange("旧"))
    alter(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer version of Baoda \(its revision is 9999\)"):
        open_store(tmp_path)
    alter(tmp_path, f"UPDATE alembic_version SET version_num = '{NEWEST}'")
    with closing(open_store(tmp_path)) as store:
        assert questions(store) == ["旧"]


def test_tables_of_another_program_are_left_alone(tmp_path: Path) -> None:
    alter(tmp_path, "CREATE TABLE message (body TEXT)")
    with pytest.raises(StoreError, match="another program's, which has a table message too"):
        open_store(tmp_path)
    engine = sa.create_engine(in_folder(tmp_path))
    assert schema(engine) == ["CREATE TABLE message (body TEXT)"]
    engine.dispose()


def test_a_migration_prints_and_logs_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handlers = logging.getLogger().handlers[:]
    open_store(tmp_path).close()
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger("bot.store").isEnabledFor(logging.CRITICAL)  # fileConfig disables


@pytest.mark.parametrize(("times", "imported"), [(1, "True"), (2, "False")])
def test_alembic_is_imported_only_where_something_is_to_be_done(
    tmp_path: Path, times: int, imported: str
) -> None:
    script = (
        "import pathlib, sys\n"
        "from tests.store.exchanges import open_store\n"
        f"open_store(pathlib.Path({str(tmp_path)!r})).close()\n"
        "print('alembic' in sys.modules)"
    )
    for _ in range(times):
        finished = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert (finished.stdout.strip(), finished.stderr) == (imported, "")
