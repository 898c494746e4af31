"""Before a database is brought up it is copied, and the copy goes when its words have to go."""

import datetime
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from bot.revisions import FILE_NAME, NEWEST
from bot.store import StoreError, copies
from tests.conftest import ROOT
from tests.store.exchanges import MORNING, exchange, open_store, questions
from tests.store.test_migrations import alter, migrate

COPY = f"{FILE_NAME}.before-{NEWEST}"
KEPT = (
    "INSERT INTO conversation VALUES (1, 'telegram', 7, NULL, :at, :at, NULL)",
    "INSERT INTO message VALUES (4, 1, 1001, '旧问题', '旧', '答', 'llm', 0, '[]', '[]', NULL,"
    " 1, 1, 0, '', :at, :at, '{}')",
)
DIES = """
import os, pathlib, signal, sys
from bot.store import copies, migrating
from tests.store.exchanges import open_store
where, folder = sys.argv[1:]
owner, name = {"copying": (copies, "flush"), "copied": (migrating.command, "upgrade"),
    "upgraded": (migrating.command, "upgrade")}[where]
former = getattr(owner, name)
def dies(*arguments, **named):
    if where == "upgraded":
        former(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dies)
open_store(pathlib.Path(folder))
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with a database of a former version, a question in it."""
    migrate(tmp_path, "0002")
    alter(tmp_path, *KEPT)
    return tmp_path


def kept_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [text for (text,) in database.execute("SELECT question FROM message")]


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        (found,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found)


def test_an_old_database_is_copied_before_it_is_brought_up(old: Path) -> None:
    with closing(open_store(old)) as store:
        assert questions(store) == ["旧问题"]
    assert (revision(old / COPY), kept_in(old / COPY)) == ("0002", ["旧问题"])
    assert stat.S_IMODE((old / COPY).stat().st_mode) == 0o600
    assert not list(old.glob("*.new*"))


def test_the_copy_takes_the_place_of_the_database_for_the_former_version(old: Path) -> None:
    open_store(old).close()
    shutil.move(old / COPY, old / FILE_NAME)
    with closing(open_store(old)) as store:
        assert questions(store) == ["旧问题"]


def test_a_new_database_and_one_of_this_version_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        open_store(tmp_path).close()
    assert copies.copies_of(tmp_path / FILE_NAME) == []


def test_two_that_start_at_once_make_one_copy(old: Path) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            open_store(old).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [one.name for one in copies.copies_of(old / FILE_NAME)] == [COPY]
    assert revision(old / COPY) == "0002"


def test_without_room_for_a_copy_nothing_is_changed(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(old)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(StoreError, match=r"only 0\.0 MB are free.*nothing was changed") as raised:
        open_store(old)
    assert len(str(raised.value).splitlines()) == 1
    assert (revision(old / FILE_NAME), copies.copies_of(old / FILE_NAME)) == ("0002", [])


@pytest.mark.parametrize("after", [False, True])
def test_a_migration_that_fails_changes_nothing_and_names_the_copy(
    old: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    former = command.upgrade

    def fail(config: Config, revision: str) -> None:
        if after:
            former(config, revision)
        raise RuntimeError("a row\nwithout sense")

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(StoreError, match=r"could not be brought up.*a row without sense") as raised:
        open_store(old)
    assert str(old / COPY) in str(raised.value)
    assert (revision(old / FILE_NAME), kept_in(old / COPY)) == ("0002", ["旧问题"])
    monkeypatch.undo()
    with closing(open_store(old)) as store:
        assert questions(store) == ["旧问题"]


@pytest.mark.parametrize("where", ["copying", "copied", "upgraded"])
def test_after_a_kill_the_next_start_brings_it_up(old: Path, where: str) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, where, str(old)], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    with closing(open_store(old)) as store:
        assert questions(store) == ["旧问题"]
    assert [one.name for one in copies.copies_of(old / FILE_NAME)] == [COPY]


def test_who_is_forgotten_is_forgotten_in_the_copy_too(old: Path) -> None:
    with closing(open_store(old)) as store:
        (old / f"{COPY}.new").write_bytes(b"what a kill left")
        store.forget_person(1001)
    assert not any("旧问题".encode() in path.read_bytes() for path in old.iterdir())
    assert copies.copies_of(old / FILE_NAME) == []


def test_pruning_deletes_a_copy_that_is_older_than_a_day(old: Path) -> None:
    with closing(open_store(old)) as store:
        store.keep(exchange("新问题"))
        made = MORNING
        for hours, left in ((23, True), (25, False)):
            then = (made - datetime.timedelta(hours=hours)).timestamp()
            os.utime(old / COPY, (then, then))
            store.prune()
            assert (old / COPY).exists() == left
