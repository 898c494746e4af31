"""What can be wrong with a database is one line, and nothing in it is overwritten."""

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import Store, StoreError
from bot.store.address import FILE_NAME, in_folder
from bot.store.database import Database
from tests.store.exchanges import IN_A_FILE, exchange, open_store, questions

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everywhere; others are as they are."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def one_line(caught: pytest.ExceptionInfo[StoreError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def test_the_file_can_be_read_by_nobody_else(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "new" / "folder")) as store:
        store.keep(exchange())
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (tmp_path / "new" / "folder").iterdir()
        }
    assert modes == {FILE_NAME: 0o600, f"{FILE_NAME}-wal": 0o600, f"{FILE_NAME}-shm": 0o600}


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.keep(exchange())
        for path in tmp_path.iterdir():
            path.chmod(0o644)
        with closing(open_store(tmp_path)):
            modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "a#b", "新;桥", "a&b=c", "it's"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    with closing(open_store(tmp_path / name)) as store:
        store.keep(exchange())
    assert (tmp_path / name / FILE_NAME).exists()


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    with without_privileges(), pytest.raises(StoreError) as caught:
        open_store(folder)
    assert "cannot be created (Permission denied)" in one_line(caught)
    assert "DATA_DIR" in one_line(caught)


def test_a_file_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / FILE_NAME).chmod(0o400)
    with without_privileges(), pytest.raises(StoreError) as caught:
        open_store(tmp_path)
    assert "DATA_DIR" in one_line(caught)


def test_a_file_in_the_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(StoreError, match="cannot be created"):
        open_store(tmp_path / "data")
    assert (tmp_path / "data").read_text() == "mine"


def test_a_folder_in_the_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store(tmp_path)
    one_line(caught)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"a letter to the editor " * 1000)
    with pytest.raises(StoreError, match="is not a database: move it away") as caught:
        open_store(tmp_path)
    one_line(caught)
    assert (tmp_path / FILE_NAME).read_bytes() == b"a letter to the editor " * 1000


def test_a_damaged_database_is_one_line_and_left_as_it_is(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    path = tmp_path / FILE_NAME
    damaged = path.read_bytes()[:4096] + b"\xaa" * (path.stat().st_size - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="is damaged: move it away") as caught:
        open_store(tmp_path)
    one_line(caught)
    assert path.read_bytes() == damaged


def test_damage_that_shows_later_is_one_line(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with closing(open_store(tmp_path)) as store:
        tables = (tmp_path / FILE_NAME).stat().st_size
        for number in range(50):
            store.keep(exchange(f"{number}" * 200))
    path = tmp_path / FILE_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:tables] + b"\xaa" * (len(whole) - tables))
    with closing(open_store(tmp_path)) as store:
        with pytest.raises(StoreError, match="is damaged: move it away") as caught:
            questions(store)
        one_line(caught)


def test_a_cut_database_is_one_line(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.keep(exchange("问" * 20_000))
    path = tmp_path / FILE_NAME
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    with pytest.raises(StoreError, match="is damaged: move it away"):
        open_store(tmp_path)


@IN_A_FILE
def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path, store: Store) -> None:
    store.keep(exchange("先"))
    with sqlite_limited_to(pages=30), closing(open_store(tmp_path)) as full:
        with pytest.raises(StoreError, match="the disk is full: make room") as caught:
            full.keep(exchange("长" * 100_000))
        one_line(caught)
        assert questions(full) == ["先"]
    store.keep(exchange("后"))
    assert questions(store) == ["先", "后"]


@IN_A_FILE
def test_a_disk_that_refuses_to_write_is_one_line_and_loses_nothing(store: Store) -> None:
    store.keep(exchange("先"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreError, match="look at the disk"):
            store.keep(exchange("长" * 100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert questions(store) == ["先"]
    store.keep(exchange("后"))
    assert questions(store) == ["先", "后"]


@IN_A_FILE
def test_a_database_that_another_program_holds_is_one_line(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_TIMEOUT_SECONDS", 0.1)
    with (
        closing(sqlite3.connect(tmp_path / FILE_NAME)) as other,
        closing(open_store(tmp_path)) as s,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is held by another program"):
            s.keep(exchange())
        assert questions(s) == []  # readers are not held up


def test_an_error_shows_neither_words_nor_passwords(tmp_path: Path) -> None:
    database = Database(in_folder(tmp_path))
    with pytest.raises(StoreError) as caught, database.writing() as session:
        session.execute(sa.text("INSERT INTO nowhere VALUES (:words)"), {"words": "秘密"})
    database.close()
    assert "秘密" not in f"{caught.value} {caught.value.__cause__}"


@IN_A_FILE
def test_a_table_that_is_missing_is_one_line(tmp_path: Path, store: Store) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("DROP TABLE feedback")
        other.execute("DROP TABLE message")
    with pytest.raises(StoreError, match="cannot be used: no such table: message") as caught:
        store.keep(exchange())
    one_line(caught)


@contextmanager
def sqlite_limited_to(*, pages: int) -> Iterator[None]:
    """Every connection made meanwhile fails as on a full disk beyond so many pages."""

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(sa.Engine, "connect", limit)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "connect", limit)
