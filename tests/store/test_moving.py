"""A backup moves conversations between SQLite and a server."""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.backup.restoring import Target, restore_backup
from bot.backup.writing import Places, write_backup
from bot.store import StoreError
from bot.store.address import FILE_NAME, in_folder
from tests.store.exchanges import exchange, open_store, questions, take


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.md").write_text("# 甲\n\n乙。\n")
    return folder


def test_from_sqlite_to_a_server_and_back(
    tmp_path: Path, articles: Path, empty_server: sa.URL
) -> None:
    with closing(open_store(tmp_path / "a")) as store:
        store.rate(store.keep(exchange("a\0b")), 7, 1)
        take(store, 5, {"text": "新"})
        last = store.keep(exchange("丙"))
    places = Places(tmp_path / "a", articles, in_folder(tmp_path / "a"))
    write_backup(places, tmp_path / "backup1")
    restore_backup(tmp_path / "backup1", Target(tmp_path / "b", tmp_path / "c", empty_server))
    assert not (tmp_path / "b" / FILE_NAME).exists()
    with closing(open_store(empty_server)) as store:
        assert store.keep(exchange("丁")) > last
    write_backup(Places(tmp_path / "b", articles, empty_server), tmp_path / "backup2")
    restore_backup(tmp_path / "backup2", Target(tmp_path / "d", tmp_path / "e", None))
    with closing(open_store(tmp_path / "d")) as store:
        assert questions(store) == ["a�b", "丙", "丁"]


def test_a_server_that_holds_rows_is_not_touched(
    tmp_path: Path, articles: Path, empty_server: sa.URL
) -> None:
    with closing(open_store(tmp_path / "a")) as store:
        store.keep(exchange())
    write_backup(Places(tmp_path / "a", articles, in_folder(tmp_path / "a")), tmp_path / "backup")
    with closing(open_store(empty_server)) as store:
        store.keep(exchange("我的"))
    with pytest.raises(StoreError, match="is not empty"):
        restore_backup(tmp_path / "backup", Target(tmp_path / "b", tmp_path / "c", empty_server))
    assert not (tmp_path / "c").exists()


def test_the_password_of_a_server_is_in_no_backup(
    tmp_path: Path, articles: Path, empty_server: sa.URL
) -> None:
    with closing(open_store(empty_server)) as store:
        store.keep(exchange())
    write_backup(Places(tmp_path / "a", articles, empty_server), tmp_path / "backup")
    assert empty_server.password
    with tarfile.open(tmp_path / "backup") as tar:
        files = {one.name: tar.extractfile(one) for one in tar if one.isfile()}
        contents = {name: file.read() for name, file in files.items() if file is not None}
    assert all(empty_server.password.encode() not in content for content in contents.values())
    copy = tmp_path / FILE_NAME
    copy.write_bytes(contents[f"data/{FILE_NAME}"])
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*) FROM message").fetchone() == (1,)


def test_a_server_that_cannot_be_reached_is_one_line(tmp_path: Path, articles: Path) -> None:
    gone = sa.make_url("postgresql+psycopg://u:s3cret@127.0.0.1:9/none")
    with pytest.raises(StoreError) as caught:
        write_backup(Places(tmp_path / "a", articles, gone), tmp_path / "backup")
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert not list(tmp_path.glob("*backup*"))
