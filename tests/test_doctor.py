"""What `baoda doctor` finds in a data folder, which it leaves as it is."""

import datetime
import errno
import json
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.findings import Finding, folders, surroundings
from bot.findings.database import conversations
from bot.findings.embeddings import embeddings
from bot.findings.index import index, reloads
from bot.findings.limits import Check, findings
from bot.revisions import FILE_NAME, NEWEST
from bot.settings import Settings
from retrieval import lock
from retrieval.embedding import LocalEmbedder
from retrieval.errors import CollectionError
from retrieval.index.collection import check_complete
from retrieval.index.generations import Generations
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


def test_a_database_of_another_program_is_a_problem(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("CREATE TABLE message (body TEXT)")
    for url in (None, f"sqlite:///{tmp_path / FILE_NAME}"):
        found = conversations(settings(tmp_path, database_url=url))
        assert (found.state, "another program's" in found.detail) == ("problem", True)


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
    assert found.state == "problem"
    assert f"move {FILE_NAME}, {FILE_NAME}-wal and {FILE_NAME}-shm away" in found.advice


def test_without_a_database_none_is_made(tmp_path: Path) -> None:
    for elsewhere in ({}, {"database_url": f"sqlite:///{tmp_path}/other.sqlite3"}):
        for look in (folders.data_folder, conversations, embeddings):
            assert look(settings(tmp_path, **elsewhere)).state == "ok"
    assert not list(tmp_path.iterdir())


def test_a_check_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    released = threading.Event()

    def hang(_: Settings) -> Finding:
        released.wait()
        return Finding("first", "ok", "late")

    def answer(_: Settings) -> Finding:
        return Finding("second", "ok", "at once")

    checks = (Check("first", hang, 0.1, "look there"), Check("second", answer, 9))
    found = list(findings(checks, settings(tmp_path)))
    released.set()
    late = Finding("first", "problem", "no answer within 0.1 s", "look there")
    assert found == [late, Finding("second", "ok", "at once")]


def test_a_check_that_may_not_read_is_a_problem(tmp_path: Path) -> None:
    def refuse(_: Settings) -> Finding:
        raise PermissionError(errno.EACCES, "Permission denied", "/a/file")

    (found,) = findings([Check("disk", refuse, 9)], settings(tmp_path))
    assert (found.check, found.state) == ("disk", "problem")
    assert found.detail.startswith("/a/file: Permission denied")


def test_what_nobody_thought_of_does_not_end_the_report(tmp_path: Path) -> None:
    def fail(_: Settings) -> Finding:
        raise UnicodeError("label empty\nor too long")

    def answer(_: Settings) -> Finding:
        return Finding("second", "ok", "all well")

    checks = (Check("first", fail, 9, "look there"), Check("second", answer, 9))
    failed = Finding("first", "problem", "UnicodeError: label empty or too long", "look there")
    assert list(findings(checks, settings(tmp_path))) == [
        failed,
        Finding("second", "ok", "all well"),
    ]


@pytest.mark.long
def test_servers_that_never_answer_are_not_waited_for(baoda: Baoda, data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = time.monotonic()
        finished = baoda(
            "doctor",
            "--json",
            DATA_DIR=data_dir,
            CORPUS_DIR=data_dir.parent,
            EMBEDDING_MODEL="e",
            EMBEDDING_BASE_URL=f"http://127.0.0.1:{port}/v1",
            RERANK_MODEL="r",
            RERANK_BASE_URL=f"http://127.0.0.1:{port}/v1",
            OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1",
            DATABASE_URL=f"postgresql+psycopg://baoda@127.0.0.1:{port}/baoda",
            TELEGRAM_BOT_TOKEN="1:PLANTED",
            TELEGRAM_API_BASE_URL=f"http://127.0.0.1:{port}",
            METRICS_PORT=port,
        )
        took = time.monotonic() - started
    found = {one["check"]: one for one in json.loads(finished.stdout)["findings"]}
    for check in ("embedding model", "reranking model", "chat model", "telegram", "conversations"):
        assert found[check]["state"] == "problem"
        assert found[check]["advice"]
    assert (finished.returncode, found["watching"]["state"]) == (1, "problem")
    assert took < 30


@pytest.mark.parametrize("noted", ['{"layout": 999}', "garbage"])
def test_an_index_in_a_folder_that_is_refused_is_not_looked_at(
    data_dir: Path, noted: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (data_dir / "version.json").write_text(noted)
    found = index(settings(data_dir))
    assert (found.state, found.advice) == ("note", "")
    assert "version" not in found.detail
    assert capfd.readouterr().err == ""


def test_a_file_in_place_of_the_folder_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    looks = (folders.disk, folders.data_folder, folders.privacy, index, embeddings, reloads)
    found = [look(settings(tmp_path / "data")) for look in looks]
    (problem,) = (one for one in found if one.state == "problem")
    assert "stands where a folder belongs" in problem.detail
    assert not any("reload`" in one.advice for one in found)


@pytest.mark.parametrize("rubbish", [b"garbage" * 99, b""])
def test_damaged_vectors_are_told_of_in_plain_words(data_dir: Path, rubbish: bytes) -> None:
    (vectors,) = data_dir.glob("generations/*/sentences.npy")
    vectors.write_bytes(rubbish)
    generations = Generations(data_dir)
    live = generations.require_live()
    with pytest.raises(
        CollectionError, match=r"is damaged \(a file in it is (garbled|cut short)\)"
    ):
        check_complete(generations.folder(live), generations.manifest(live))


@pytest.mark.long
def test_for_a_damaged_index_there_is_one_advice(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    with_manifest(data_dir, embedding=LocalEmbedder().fingerprint)
    (vectors,) = data_dir.glob("generations/*/sentences.npy")
    vectors.write_bytes(b"garbage")
    found = index(settings(data_dir))
    assert (found.state, found.advice) == ("problem", "run `baoda reload --full`")
    assert found.detail.endswith("is damaged (a file in it is garbled)")
    assert capfd.readouterr().err == ""


def test_a_damaged_cache_of_embeddings_is_told_of(data_dir: Path) -> None:
    assert embeddings(settings(data_dir)).state == "ok"
    (data_dir / "embeddings.sqlite3").write_bytes(b"garbage" * 1000)
    found = embeddings(settings(data_dir))
    assert (found.state, "embeds everything again" in found.detail) == ("note", True)


def test_conversations_that_others_may_read_are_told_of(data_dir: Path) -> None:
    (data_dir / FILE_NAME).chmod(0o644)
    found = folders.privacy(settings(data_dir))
    assert found.state == "note"
    assert found.advice == f"chmod 600 {data_dir / FILE_NAME}"


def test_an_index_of_another_version_that_serves_is_no_problem(indexed: Path) -> None:
    data = settings(indexed, embedding_model="fake", embedding_base_url="http://127.0.0.1:9/v1")
    found = index(data)
    assert (found.state, "the settings do not name" in found.detail) == ("problem", True)


def test_a_reload_that_runs_is_named(data_dir: Path) -> None:
    with lock.exclusive(data_dir):
        assert "one is running: process" in reloads(settings(data_dir)).detail


def test_a_first_index_that_is_being_made_is_no_problem(tmp_path: Path) -> None:
    assert index(settings(tmp_path)).state == "problem"
    with lock.exclusive(tmp_path):
        found = index(settings(tmp_path))
    assert (found.state, found.detail) == (
        "note",
        "no articles are indexed yet; that is being done",
    )


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
