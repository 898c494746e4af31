"""A data folder of a newer version is left alone, one of an older is used."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.data_folder import check_data_folder
from bot.revisions import FILE_NAME, NEWEST, is_newer, revision_in_file
from bot.settings import Settings
from retrieval.errors import DataFolderError
from retrieval.index.generations import SCHEMA_VERSION, VERSION_FILE, Generations
from retrieval.index.layout import LAYOUT, check_layout, mark_layout
from tests.conftest import Baoda
from tests.fakes import FakeEmbedder
from tests.small import make_reloader, reload, write
from tests.store.exchanges import open_store

COMMANDS = (
    ("reload",),
    ("status",),
    ("ask", "新桥全长多少米?"),
    ("rollback",),
    ("chat",),
    ("run",),
)


def with_manifest(data_dir: Path, **fields: object) -> None:
    """Change the manifest of the live generation."""
    generations = Generations(data_dir)
    manifest = generations.folder(generations.require_live()) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | fields), "utf-8")


def with_revision(data_dir: Path, revision: str) -> None:
    open_store(data_dir).close()
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()


def newer_layout(data_dir: Path) -> None:
    (data_dir / VERSION_FILE).write_text(json.dumps({"layout": LAYOUT + 1, "more": 1}))


def newer_schema(data_dir: Path) -> None:
    with_manifest(data_dir, schema="99")


def newer_database(data_dir: Path) -> None:
    with_revision(data_dir, "0999")


NEWER = (newer_layout, newer_schema, newer_database)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    write(corpus / "bridge.md", "新桥", "青石镇的新桥全长三百二十米。")
    reload(corpus, tmp_path / "data")
    return tmp_path / "data"


def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir)


def test_a_reload_notes_the_layout(data_dir: Path) -> None:
    assert json.loads((data_dir / VERSION_FILE).read_bytes()) == {"layout": LAYOUT}
    check_data_folder(settings(data_dir))


def test_a_folder_without_a_number_or_none_at_all_may_be_used(data_dir: Path) -> None:
    (data_dir / VERSION_FILE).unlink()
    check_layout(data_dir)
    check_layout(data_dir / "missing")
    assert not (data_dir / VERSION_FILE).exists()


@pytest.mark.parametrize("make", NEWER)
def test_what_a_newer_version_made_is_refused_and_stays_byte_for_byte(
    data_dir: Path, make: Callable[[Path], None]
) -> None:
    make(data_dir)
    before = contents(data_dir)
    with pytest.raises(DataFolderError, match=r"newer version of Baoda.*install that version"):
        check_data_folder(settings(data_dir))
    assert contents(data_dir) == before


@pytest.mark.parametrize("make", NEWER[:2])
def test_a_reloader_leaves_a_newer_folder_alone(
    data_dir: Path, make: Callable[[Path], None]
) -> None:
    make(data_dir)
    before = contents(data_dir / "generations")
    corpus = data_dir.parent / "corpus"
    reloader = make_reloader(corpus, data_dir, FakeEmbedder())
    with pytest.raises(DataFolderError, match="newer version"):
        reload(corpus, data_dir, full=True, force=True)
    with pytest.raises(DataFolderError, match="newer version"):
        reloader.roll_back(None)
    assert contents(data_dir / "generations") == before


@pytest.mark.parametrize("schema", ["6", "10", "5a", "٥", 99, 4, True, [4]])
def test_a_schema_that_this_version_never_wrote_is_newer(data_dir: Path, schema: object) -> None:
    with_manifest(data_dir, schema=schema)
    with pytest.raises(DataFolderError):
        check_layout(data_dir)


@pytest.mark.parametrize("schema", [SCHEMA_VERSION, "4", "3", "1"])
def test_schemas_compare_as_numbers(data_dir: Path, schema: str) -> None:
    with_manifest(data_dir, schema=schema)
    check_layout(data_dir)


DEEP = "[" * 100_000
"""Python's parser of JSON breaks off at it."""


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"layout": "1"}', '{"layout": true}', DEEP], ids=range(7)
)
def test_a_damaged_number_is_one_line_that_says_what_to_do(data_dir: Path, text: str) -> None:
    (data_dir / VERSION_FILE).write_text(text)
    with pytest.raises(DataFolderError, match="is damaged: delete it if"):
        check_layout(data_dir)
    mark_layout(data_dir)
    assert (data_dir / VERSION_FILE).read_text() == text


def test_damaged_notes_beside_an_index_are_passed_over(data_dir: Path) -> None:
    generations = Generations(data_dir)
    live = generations.require_live()
    for name in ("rollback.json", "checked.json"):
        (data_dir / name).write_text(DEEP)
    assert generations.require_live() == live
    assert not generations.is_checked(live)
    assert not generations.watching_is_paused()
    (generations.folder(live) / "manifest.json").write_text(DEEP)
    check_layout(data_dir)


@pytest.mark.parametrize(
    ("revision", "newer"), [(NEWEST, False), ("0001", False), ("0100", True), ("abc", False)]
)
def test_revisions_compare_as_numbers(revision: str, newer: bool) -> None:
    assert is_newer(revision) == newer


def test_a_revision_is_read_while_the_database_is_written(tmp_path: Path) -> None:
    assert revision_in_file(tmp_path / FILE_NAME) is None
    with closing(open_store(tmp_path)):
        assert revision_in_file(tmp_path / FILE_NAME) == NEWEST
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 99)
    assert revision_in_file(tmp_path / FILE_NAME) is None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_refuses_a_newer_folder_in_one_line(
    baoda: Baoda, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "data").mkdir()
    newer_layout(tmp_path / "data")
    before = contents(tmp_path / "data")
    finished = baoda(*command, DATA_DIR=tmp_path / "data", CORPUS_DIR=tmp_path)
    assert (finished.returncode, finished.stdout) == (1, b"")
    (line,) = finished.stderr.decode().splitlines()
    assert "was made by a newer version of Baoda" in line
    assert contents(tmp_path / "data") == before


def test_a_look_for_conversations_makes_no_file(tmp_path: Path) -> None:
    check_data_folder(Settings(data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []
