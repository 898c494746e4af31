"""A server's database is copied to the data folder before it is brought up."""

import datetime
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from pydantic import SecretStr

from bot.backup.restoring import Target, restore_backup
from bot.backup.writing import Places, write_backup
from bot.findings.database import conversations
from bot.revisions import FILE_NAME, NEWEST
from bot.settings import Settings
from bot.store import StoreError, copies, copying, upgrading
from bot.store.address import in_folder
from bot.store.copies import SERVER_COPY
from bot.store.database import Database
from tests.postgres import Databases
from tests.store.exchanges import MORNING, exchange, open_store, rows
from tests.store.test_migrations import migrate
from tests.store.test_upgrading import kept_in, revision

COPY = f"{SERVER_COPY}.before-{NEWEST}"
KEPT = (
    "INSERT INTO conversation VALUES (1, 'telegram', 7, NULL, now(), now(), NULL)",
    "INSERT INTO message VALUES (4, 1, 1001, '旧问题', '旧', '答', 'llm', false, '[]', '[]', NULL,"
    " 1, 1, 0, '', now(), now(), '{}')",
)


@pytest.fixture
def old(empty_server: sa.URL) -> sa.URL:
    """The address of a database of a former version, a question in it."""
    migrate(empty_server, "0002")
    add(empty_server, *KEPT)
    return empty_server


def add(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def revision_there(url: sa.URL) -> object:
    return rows(url, "SELECT version_num FROM alembic_version")[0][0]


def test_an_old_database_is_copied_before_it_is_brought_up(old: sa.URL, tmp_path: Path) -> None:
    with closing(open_store(old, data_dir=tmp_path / "data")) as store:
        assert len(store.turns_until(4, 9) or []) == 1
    copy = tmp_path / "data" / COPY
    assert (revision(copy), kept_in(copy)) == ("0002", ["旧问题"])
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(copy.parent.iterdir()) == [copy]
    assert revision_there(old) == NEWEST


def test_a_new_database_and_one_of_this_version_are_not_copied(
    empty_server: sa.URL, tmp_path: Path
) -> None:
    for _ in range(2):
        open_store(empty_server, data_dir=tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_put_back_by_a_backup_and_a_restore(
    old: sa.URL, tmp_path: Path, databases: Databases
) -> None:
    open_store(old, data_dir=tmp_path / "data").close()
    for name in ("aside", "articles"):
        (tmp_path / name).mkdir()
    (tmp_path / "articles" / "a.md").write_text("# 甲\n\n乙。\n")
    (tmp_path / "data" / COPY).rename(tmp_path / "aside" / FILE_NAME)
    places = Places(tmp_path / "aside", tmp_path / "articles", in_folder(tmp_path / "aside"))
    write_backup(places, tmp_path / "backup")
    with databases.new() as another:
        target = Target(tmp_path / "data2", tmp_path / "articles", another)
        assert restore_backup(tmp_path / "backup", target)[0].questions == 1
        assert rows(another, "SELECT question FROM message") == [("旧问题",)]


def test_of_two_that_start_at_once_one_copies_and_the_other_waits(
    old: sa.URL, tmp_path: Path
) -> None:
    errors: list[BaseException] = []

    def start(number: int) -> None:
        try:
            open_store(old, data_dir=tmp_path / str(number)).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    (copy,) = tmp_path.rglob("*.before-*")
    assert revision(copy) == "0002"


def test_what_is_written_before_the_migration_is_in_the_copy_and_in_the_database(
    old: sa.URL, tmp_path: Path
) -> None:
    """The writer has begun when another comes to upgrade, which waits for longer than usual."""
    impatient = old.update_query_dict({"options": "-c lock_timeout=100"})
    with closing(Database(old)) as writer:
        with writer.writing() as session:
            opening = threading.Thread(
                target=lambda: open_store(impatient, data_dir=tmp_path).close()
            )
            opening.start()
            opening.join(0.5)
            assert opening.is_alive()
            session.execute(sa.text("UPDATE message SET question = '新问题'"))
        opening.join(20)
    assert kept_in(tmp_path / COPY) == ["新问题"]
    assert rows(old, "SELECT question FROM message") == [("新问题",)]


def test_nobody_writes_between_the_copy_and_the_migration(
    old: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = old.update_query_dict({"options": "-c lock_timeout=100"})
    former = copying.fetch

    def fetch(source: sa.Connection, name: str, path: Path) -> None:
        former(source, name, path)
        with (
            closing(Database(impatient)) as writer,
            pytest.raises(StoreError, match="is held"),
            writer.writing(),
        ):
            pass

    monkeypatch.setattr(upgrading, "fetch", fetch)
    open_store(old, data_dir=tmp_path).close()
    assert kept_in(tmp_path / COPY) == ["旧问题"]


def test_without_room_for_a_copy_nothing_is_changed(
    old: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(StoreError, match=r"only 0\.0 MB are free.*nothing was changed") as raised:
        open_store(old, data_dir=tmp_path)
    assert str(raised.value).startswith("the database of DATABASE_URL is not brought up")
    assert len(str(raised.value).splitlines()) == 1
    assert (revision_there(old), list(tmp_path.iterdir())) == ("0002", [])


def test_a_data_folder_that_cannot_be_is_one_line_and_nothing_is_changed(old: sa.URL) -> None:
    with pytest.raises(StoreError, match="cannot be copied before") as raised:
        open_store(old, data_dir=Path("/dev/null/data"))
    assert len(str(raised.value).splitlines()) == 1
    assert revision_there(old) == "0002"


def test_a_copy_that_fails_half_way_leaves_no_file_and_changes_nothing(
    old: sa.URL, tmp_path: Path
) -> None:
    add(old, "DROP TABLE feedback")
    with pytest.raises(StoreError, match="lacks feedback") as raised:
        open_store(old, data_dir=tmp_path)
    assert len(str(raised.value).splitlines()) == 1
    assert (revision_there(old), list(tmp_path.iterdir())) == ("0002", [])


def test_a_migration_that_fails_changes_nothing_and_names_the_copy(
    old: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = command.upgrade
    failures = iter([None, RuntimeError("a row\nwithout sense")])

    def fail(*arguments: object) -> None:
        """After the tables of the copy, which migrations make too."""
        former(*arguments)  # type: ignore[arg-type]
        if error := next(failures):
            raise error

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(StoreError, match=r"could not be brought up.*a row without sense") as raised:
        open_store(old, data_dir=tmp_path)
    assert str(tmp_path / COPY) in str(raised.value)
    assert (revision_there(old), kept_in(tmp_path / COPY)) == ("0002", ["旧问题"])


def test_who_is_forgotten_is_forgotten_in_the_copy_too(old: sa.URL, tmp_path: Path) -> None:
    with closing(open_store(old, data_dir=tmp_path)) as store:
        (tmp_path / f"{COPY}.new").write_bytes(b"what a kill left")
        store.forget_person(1001)
    assert list(tmp_path.iterdir()) == []


def test_pruning_deletes_a_copy_that_is_older_than_a_day(old: sa.URL, tmp_path: Path) -> None:
    with closing(open_store(old, data_dir=tmp_path)) as store:
        for hours, left in ((23, True), (25, False)):
            then = (MORNING - datetime.timedelta(hours=hours)).timestamp()
            os.utime(tmp_path / COPY, (then, then))
            store.prune()
            assert (tmp_path / COPY).exists() == left


def test_doctor_tells_of_the_copy(old: sa.URL, tmp_path: Path) -> None:
    open_store(old, data_dir=tmp_path).close()
    address = SecretStr(old.render_as_string(hide_password=False))
    found = conversations(Settings(data_dir=tmp_path, database_url=address))
    assert f"{COPY} is a copy of before an upgrade" in found.detail


def test_copies_of_a_file_and_of_a_server_do_not_meet(old: sa.URL, tmp_path: Path) -> None:
    migrate(tmp_path, "0002")
    open_store(tmp_path).close()
    with closing(open_store(old, data_dir=tmp_path)) as store:
        store.keep(exchange("新"))
        store.forget_person(1001)
    assert [one.name for one in copies.copies_of(tmp_path / FILE_NAME)] == [
        f"{FILE_NAME}.before-{NEWEST}"
    ]
    with closing(sqlite3.connect(tmp_path / f"{FILE_NAME}.before-{NEWEST}")) as database:
        assert database.execute("SELECT count(*) FROM message").fetchone() == (0,)
