"""A database is copied whole while others write, and put into another one."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import StoreError
from bot.store.address import FILE_NAME, in_folder
from bot.store.copying import check_fits, copy_database, fill_database
from tests.store.exchanges import exchange, open_store, questions, rows, take
from tests.store.test_faults import one_line
from tests.store.test_migrations import migrate


def test_a_copy_holds_what_the_database_holds(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.keep(exchange())
        assert copy_database(in_folder(tmp_path), tmp_path / "copy") == "0004"
    (tmp_path / "other").mkdir()
    (tmp_path / "copy").rename(tmp_path / "other" / FILE_NAME)
    with closing(open_store(tmp_path / "other")) as store:
        assert questions(store) == ["新桥何时通车？"]


def test_a_copy_is_private_and_one_file(tmp_path: Path) -> None:
    open_store(tmp_path / "data").close()
    copy = tmp_path / "copies" / "copy"
    copy.parent.mkdir()
    copy_database(in_folder(tmp_path / "data"), copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(copy.parent.iterdir()) == [copy]


def test_a_copy_made_while_another_writes_is_of_one_moment(tmp_path: Path) -> None:
    """A question and its vote are written in one transaction: a copy holds both or none."""
    written = threading.Event()
    done = threading.Event()

    def write() -> None:
        with closing(open_store(tmp_path)) as store:
            while not done.is_set():
                with store.together():
                    store.rate(store.keep(exchange()), 7, 1)
                written.set()

    writing = threading.Thread(target=write)
    writing.start()
    assert written.wait(20)
    try:
        for number in range(5):
            copy_database(in_folder(tmp_path), tmp_path / f"copy{number}")
    finally:
        done.set()
        writing.join()
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"copy{number}")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            counts = [
                copy.execute(f"SELECT count(*) FROM {table}").fetchone()
                for table in ("message", "feedback")
            ]
        assert counts[0] == counts[1] != (0,)


def test_a_copy_holds_nothing_of_what_was_deleted(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.keep(exchange("秘密的问题"))
        store.forget_person(1001)
        copy_database(in_folder(tmp_path), tmp_path / "copy")
    assert "秘密的问题".encode() not in (tmp_path / "copy").read_bytes()


def test_a_database_of_an_older_version_is_copied_as_it_is(tmp_path: Path) -> None:
    migrate(tmp_path, "0002")
    assert copy_database(in_folder(tmp_path), tmp_path / "copy") == "0002"


def test_a_copy_never_replaces_a_file(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(StoreError, match="File exists") as caught:
        copy_database(in_folder(tmp_path), tmp_path / "copy")
    assert one_line(caught)
    assert (tmp_path / "copy").read_text() == "mine"


def test_a_damaged_database_is_one_line_and_no_copy(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="is not a database"):
        copy_database(in_folder(tmp_path), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_rows_are_put_into_an_empty_database(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "a")) as store:
        store.rate(store.keep(exchange()), 7, 1)
        take(store, 5, {"text": "新"})
    fill_database(in_folder(tmp_path / "b"), tmp_path / "a" / FILE_NAME)
    for query in ("SELECT * FROM message", "SELECT * FROM feedback", "SELECT * FROM pending"):
        assert rows(tmp_path / "a", query) == rows(tmp_path / "b", query) != []


def test_no_number_is_given_twice_in_a_database_that_was_filled(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "a")) as store:
        store.keep(exchange())
        last = store.keep(exchange(asker_id=2))
        store.forget_person(2)
    fill_database(in_folder(tmp_path / "b"), tmp_path / "a" / FILE_NAME)
    with closing(open_store(tmp_path / "b")) as store:
        assert store.keep(exchange()) > last


def test_a_database_that_holds_rows_is_not_touched(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with closing(open_store(tmp_path / name)) as store:
            store.keep(exchange(name))
    with pytest.raises(StoreError, match="is not empty") as caught:
        fill_database(in_folder(tmp_path / "b"), tmp_path / "a" / FILE_NAME)
    assert one_line(caught)
    assert rows(tmp_path / "b", "SELECT question FROM message") == [("b",)]


def test_filling_a_database_again_changes_nothing(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "a")) as store:
        store.keep(exchange())
    for _ in range(2):
        fill_database(in_folder(tmp_path / "b"), tmp_path / "a" / FILE_NAME)
    check_fits(in_folder(tmp_path / "b"), tmp_path / "a" / FILE_NAME)
    assert len(rows(tmp_path / "b", "SELECT id FROM message")) == 1


def test_a_server_is_copied_to_a_file_and_back(tmp_path: Path, empty_server: sa.URL) -> None:
    with closing(open_store(tmp_path / "a")) as store:
        store.rate(store.keep(exchange("a\0b")), 7, 1)
        take(store, 5, {"text": "新"})
        last = store.keep(exchange(asker_id=2))
        store.forget_person(2)
    fill_database(empty_server, tmp_path / "a" / FILE_NAME)
    (tmp_path / "b").mkdir()
    assert copy_database(empty_server, tmp_path / "b" / FILE_NAME) == "0004"
    with closing(sqlite3.connect(tmp_path / "b" / FILE_NAME)) as copy:
        names = [
            name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
    for name in names:
        query = f"SELECT * FROM {name}"
        assert rows(tmp_path / "a", query) == rows(tmp_path / "b", query), name
    with closing(open_store(empty_server)) as store:
        assert store.keep(exchange()) > last
    with pytest.raises(StoreError, match="is not empty"):
        fill_database(empty_server, tmp_path / "b" / FILE_NAME)
