"""What `baoda doctor` finds in a data folder, which it leaves as it is."""

import datetime
import json
import shutil
import time
from pathlib import Path

import pytest
from sqlalchemy import URL

from bot.findings import database, folders, surroundings
from bot.findings.database import conversations
from bot.findings.index import index, reloads
from bot.revisions import FILE_NAME, NEWEST
from bot.settings import Settings
from bot.store import address
from bot.store.address import in_folder
from retrieval import lock
from tests.conftest import Baoda
from tests.small import reload, write
from tests.store.exchanges import open_store
from tests.store.test_migrations import migrate
from tests.test_layout import contents, newer_database, newer_layout, with_manifest


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "corpus").mkdir()
    write(folder / "corpus" / "bridge.md", "新桥", "青石镇的新桥全长三百二十米。")
    reload(folder / "corpus", folder / "data")
    open_store(folder / "data").close()
    return folder / "data"


@pytest.fixture
def data_dir(indexed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(indexed, tmp_path / "data")


def settings(data_dir: Path, **others: object) -> Settings:
    return Settings.model_validate({"data_dir": data_dir, **others})


def test_a_whole_folder_has_nothing_wrong(data_dir: Path) -> None:
    looks = (folders.data_folder, folders.privacy, conversations, reloads, surroundings.clock)
    before = contents(data_dir)
    assert {look(settings(data_dir)).state for look in looks} == {"ok"}
    assert contents(data_dir) == before


def test_a_folder_of_a_newer_version_is_a_problem(data_dir: Path) -> None:
    newer_layout(data_dir)
    found = folders.data_folder(settings(data_dir))
    assert (found.state, "newer version" in found.detail) == ("problem", True)


def test_a_database_of_a_newer_version_is_a_problem(data_dir: Path) -> None:
    newer_database(data_dir)
    for look in (folders.data_folder, conversations):
        assert "newer version" in look(settings(data_dir)).detail


def test_a_database_of_an_older_version_is_not_brought_up(tmp_path: Path) -> None:
    migrate(tmp_path, "0002")
    before = contents(tmp_path)
    found = conversations(settings(tmp_path))
    assert (found.state, found.advice) == ("note", "the next start brings them up")
    assert contents(tmp_path) == before


def test_the_copy_of_before_an_upgrade_is_told_of(tmp_path: Path) -> None:
    migrate(tmp_path, "0002")
    open_store(tmp_path).close()
    assert f"{FILE_NAME}.before-{NEWEST} is a copy" in conversations(settings(tmp_path)).detail


def test_a_damaged_database_is_a_problem(data_dir: Path) -> None:
    (data_dir / FILE_NAME).write_bytes(b"no database" * 999)
    found = conversations(settings(data_dir))
    assert (found.state, "restore" in found.advice) == ("problem", True)


def test_without_a_database_none_is_made(tmp_path: Path) -> None:
    for elsewhere in ({}, {"database_url": f"sqlite:///{tmp_path}/other.sqlite3"}):
        assert conversations(settings(tmp_path, **elsewhere)).state == "ok"
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_away_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_TIMEOUT_SECONDS", 0.1)

    def answer_late(_: object) -> URL:
        time.sleep(1)
        return in_folder(tmp_path)

    monkeypatch.setattr(address, "checked_url", answer_late)
    found = conversations(settings(tmp_path, database_url="sqlite:////nowhere/x.sqlite3"))
    assert (found.state, "did not answer within" in found.detail) == ("problem", True)


def test_files_that_others_may_read_are_told_of(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data_dir)
    (data_dir / FILE_NAME).chmod(0o644)
    (data_dir / ".env").touch(0o644)
    found = folders.privacy(settings(data_dir))
    assert found.state == "note"
    assert found.advice == f"chmod 600 {data_dir / FILE_NAME} .env"


def test_an_index_of_another_version_that_serves_is_no_problem(indexed: Path) -> None:
    data = settings(indexed, embedding_model="fake", embedding_base_url="http://127.0.0.1:9/v1")
    found = index(data)
    assert (found.state, "the settings do not name" in found.detail) == ("problem", True)


def test_a_reload_that_runs_is_named(data_dir: Path) -> None:
    with lock.exclusive(data_dir):
        assert "one is running: process" in reloads(settings(data_dir)).detail


def test_damaged_generations_that_are_left_are_told_of(data_dir: Path) -> None:
    (data_dir / "generations" / "20260101T000000000000-abcd.damaged").mkdir()
    found = reloads(settings(data_dir))
    assert (found.state, "deletes them" in found.advice) == ("note", True)


def test_an_index_of_the_future_says_that_the_clock_is_wrong(data_dir: Path) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=400)
    with_manifest(data_dir, created=later.isoformat())
    assert surroundings.clock(settings(data_dir)).state == "problem"


def test_packages_that_are_left_out_are_named(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "_is_there", lambda package: package != "mammoth")
    found = surroundings.packages(settings(data_dir))
    assert (found.state, "pip install 'baoda[docx]'" in found.advice) == ("note", True)


def test_doctor_makes_no_folder(baoda: Baoda, tmp_path: Path) -> None:
    finished = baoda("doctor", "--json", DATA_DIR=tmp_path / "none", CORPUS_DIR=tmp_path)
    found = {one["check"]: one for one in json.loads(finished.stdout)["findings"]}
    assert found["data folder"]["state"] == "ok"
    assert not (tmp_path / "none").exists()
