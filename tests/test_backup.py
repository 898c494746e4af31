"""`baoda backup` and `baoda restore`: everything there again, and nothing half."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.backup.errors import BackupError
from bot.backup.layout import FILES, HEADER, UNFINISHED
from bot.backup.restoring import Restored, Target, restore_backup
from bot.backup.unfinished import refuse_unfinished
from bot.backup.writing import BackedUp, Places, write_backup
from bot.store import StoreError
from bot.store.address import FILE_NAME, in_folder
from retrieval import lock
from retrieval.errors import LockedError
from retrieval.index.generations import Generations
from retrieval.index.room import blank_room
from tests import planted
from tests.conftest import CORPUS, Baoda
from tests.store.exchanges import exchange, open_store, pending, questions, take
from tests.store.test_faults import NOBODY, without_privileges
from tests.test_room import mark_room


class Installation:
    """Data, articles and conversations in folders of a test."""

    def __init__(self, folder: Path) -> None:
        self.data_dir, self.corpus_dir = folder / "data", folder / "corpus"

    def back_up(self, file: Path) -> BackedUp:
        database = in_folder(self.data_dir)
        exists = (self.data_dir / FILE_NAME).exists()
        return write_backup(
            Places(self.data_dir, self.corpus_dir, database if exists else None), file
        )

    def restore(self, file: Path) -> Restored:
        return restore_backup(file, Target(self.data_dir, self.corpus_dir, None))[0]

    def generation(self) -> dict[str, bytes]:
        generations = Generations(self.data_dir)
        return contents(generations.folder(generations.require_live()))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def everything(folder: Path) -> dict[str, bytes]:
    return contents(folder) if folder.exists() else {}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, corpus_data_dir: Path) -> Path:
    """An installation with an index, articles and a conversation, and a backup of it."""
    folder = tmp_path_factory.mktemp("template")
    made = Installation(folder / "old")
    shutil.copytree(corpus_data_dir, made.data_dir)
    shutil.copytree(CORPUS, made.corpus_dir)
    with closing(open_store(made.data_dir)) as store:
        store.keep(exchange())
        take(store, 5)
    made.back_up(folder / "backup")
    return folder


@pytest.fixture
def old(tmp_path: Path, template: Path) -> Installation:
    shutil.copytree(template / "old", tmp_path / "old")
    return Installation(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "new")


@pytest.fixture
def given(template: Path) -> Iterator[Installation]:
    """One where others than root come as well."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(template / "old", folder, dirs_exist_ok=True)
        yield Installation(Path(folder))


@contextlib.contextmanager
def without_rights(given: Installation, folder: Path, mode: int) -> Iterator[None]:
    """As one to whom an installation belongs, with a folder of that mode in it."""
    if os.geteuid() == 0:
        top = given.data_dir.parent
        for path in (top, *top.rglob("*")):
            os.chown(path, NOBODY, -1)
    folder.chmod(mode)
    try:
        with without_privileges():
            yield
    finally:
        folder.chmod(0o700)


@pytest.fixture
def backup(tmp_path: Path, template: Path) -> Path:
    (tmp_path / "backups").mkdir()
    file = tmp_path / "backups" / "baoda.tar.gz"
    shutil.copy(template / "backup", file)
    return file


def test_everything_is_there_again(old: Installation, new: Installation, backup: Path) -> None:
    restored = new.restore(backup)
    assert new.generation() == old.generation()
    assert contents(new.corpus_dir) == contents(old.corpus_dir)
    assert Generations(new.data_dir).live() == Generations(old.data_dir).live()
    assert (new.data_dir / "embeddings.sqlite3").exists()
    assert restored.questions == 1
    with closing(open_store(new.data_dir)) as store:
        assert questions(store) == ["新桥何时通车？"]
    assert not (new.data_dir / UNFINISHED).exists()
    assert not (new.corpus_dir / UNFINISHED).exists()


def test_a_cache_of_vectors_that_cannot_be_read_is_said_to_be_left_out(
    tmp_path: Path, old: Installation, new: Installation
) -> None:
    cache = old.data_dir / "embeddings.sqlite3"
    cache.write_bytes(b"garbage" * 1000)
    (skipped,) = old.back_up(tmp_path / "b").skipped
    assert (skipped.file, "is left out" in skipped.reason) == (str(cache), True)
    new.restore(tmp_path / "b")
    assert not (new.data_dir / "embeddings.sqlite3").exists()


def test_a_backup_is_private_and_stands_alone(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backup.parent.iterdir()) == [backup]


def test_what_editors_keep_beside_the_articles_comes_back(
    tmp_path: Path, old: Installation, new: Installation
) -> None:
    corpus = old.corpus_dir
    for name in ("inbox/新.md", ".bin/20260101-旧.md", ".bin/20260101-旧.md.json", "_notes/a.txt"):
        (corpus / name).parent.mkdir(exist_ok=True)
        (corpus / name).write_text(name)
    (corpus / "empty.md").touch()
    (corpus / "inside.md").symlink_to("empty.md")
    old.back_up(tmp_path / "b")
    new.restore(tmp_path / "b")
    assert contents(new.corpus_dir) == contents(corpus)


@pytest.mark.parametrize(
    "name", ["文章.md".encode("gbk"), b"bad\xff.md", b"a\nb.txt", b".bin/\xfe"]
)
def test_a_file_of_any_name_comes_back(
    tmp_path: Path, old: Installation, new: Installation, name: bytes
) -> None:
    file = old.corpus_dir / os.fsdecode(name)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(name)
    assert old.back_up(tmp_path / "b").skipped == ()
    new.restore(tmp_path / "b")
    assert contents(new.corpus_dir) == contents(old.corpus_dir)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (0o000, {"closed": "cannot be listed: Permission denied"}),
        (0o600, {"closed/inside.md": "Permission denied"}),
    ],
)
def test_a_folder_that_is_closed_is_told_of(
    given: Installation, mode: int, told: dict[str, str]
) -> None:
    closed = given.corpus_dir / "closed"
    closed.mkdir()
    (closed / "inside.md").touch()
    with without_rights(given, closed, mode):
        skipped = given.back_up(given.data_dir.parent / "backup").skipped
    assert {one.file: one.reason for one in skipped} == told


@pytest.mark.parametrize("was_killed", [False, True])
def test_a_data_folder_is_only_read(
    given: Installation, new: Installation, *, was_killed: bool
) -> None:
    """Where nothing can be written to it, what a bot that was killed left in logs is backed up."""
    names = (FILE_NAME, "embeddings.sqlite3")
    backup = given.data_dir.parent / "backup"
    for name in names:
        with closing(sqlite3.connect(given.data_dir / name)) as database:
            database.executescript("PRAGMA journal_mode = WAL; CREATE TABLE fresh (number)")
            left = {end: (given.data_dir / f"{name}{end}").read_bytes() for end in ("", "-wal")}
        for end, data in left.items() if was_killed else ():
            (given.data_dir / f"{name}{end}").write_bytes(data)
    before = contents(given.data_dir)
    with without_rights(given, given.data_dir, 0o500):
        assert given.back_up(backup).skipped == ()
    assert contents(given.data_dir) == before
    new.restore(backup)
    for name in names:
        with closing(sqlite3.connect(new.data_dir / name)) as database:
            assert database.execute("SELECT count(*) FROM fresh").fetchone() == (0,)


def test_a_database_that_is_written_all_the_time_is_not_copied_beside_its_disk(
    given: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.copyfile
    database = given.data_dir / FILE_NAME

    def copyfile(source: str, copy: str) -> None:
        real(source, copy)
        os.utime(database, ns=(0, time.time_ns()))

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    backup = given.data_dir.parent / "backup"
    with (
        without_rights(given, given.data_dir, 0o500),
        pytest.raises(BackupError, match="cannot be read as a whole: make room") as caught,
    ):
        given.back_up(backup)
    assert str(database) in str(caught.value)
    assert not backup.exists()


def test_links_that_lead_nowhere_are_told_of(tmp_path: Path, old: Installation) -> None:
    for name, target in (("itself.md", "itself.md"), ("a", "b"), ("b", "a"), ("gone.md", "none")):
        (old.corpus_dir / name).symlink_to(target)
    skipped = {one.file: one.reason for one in old.back_up(tmp_path / "backup").skipped}
    assert skipped == dict.fromkeys(("a", "b", "gone.md", "itself.md"), "not a regular file")


def test_what_is_none_of_the_collection_stays_out(tmp_path: Path, old: Installation) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("none of ours, outside")
    for folder in (old.corpus_dir, old.data_dir):
        for name in (".env", ".git/config", "uploads/x/file", ".token.part"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("none of ours")
    shutil.rmtree(old.corpus_dir / "uploads")
    (old.corpus_dir / "link.md").symlink_to(outside)
    (old.corpus_dir / "linked").symlink_to(tmp_path)
    os.mkfifo(old.corpus_dir / "pipe.md")
    made = old.back_up(tmp_path / "b")
    names = list(members(tmp_path / "b"))
    assert not any("none of ours" in data for data in map(str, members(tmp_path / "b").values()))
    assert not [name for name in names if "lock" in name or "uploads" in name or "/linked" in name]
    assert {one.file: one.reason for one in made.skipped} == {
        "link.md": "link that leads out of the folder",
        "linked": "link that leads out of the folder",
        "pipe.md": "not a regular file",
    }


def test_no_secret_is_in_a_backup(tmp_path: Path, old: Installation, baoda: Baoda) -> None:
    """Of the environment, of `.env`, and of files of their own, even linked among the articles."""
    (tmp_path / ".env").write_text(f"EMBEDDING_API_KEY={planted.KEY}-of-a-file\n")
    files = {
        "TELEGRAM_BOT_TOKEN_FILE": (tmp_path / "keys" / planted.FILE, planted.TOKEN),
        "RERANK_API_KEY_FILE": (old.data_dir / planted.FILE, planted.KEY),
        "TELEGRAM_WEBHOOK_SECRET_FILE": (old.data_dir / "keys" / planted.FILE, planted.KEY),
    }
    for path, secret in files.values():
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{secret}\n")
    links = [old.corpus_dir / folder / "another-name" for folder in ("inbox", ".bin", ".")]
    for link, (path, _) in zip(links, files.values(), strict=True):
        link.parent.mkdir(exist_ok=True)
        link.hardlink_to(path)
    (old.corpus_dir / "link").symlink_to(".bin/another-name")
    made = baoda(
        "backup",
        str(tmp_path / "b"),
        "--json",
        DATA_DIR=old.data_dir,
        CORPUS_DIR=old.corpus_dir,
        OPENAI_API_KEY=planted.KEY,
        **{name: path for name, (path, _) in files.items()},
    )
    assert made.returncode == 0, made.stderr.decode()
    for link in links:
        link.unlink()  # tests look for secrets in all files
    in_it = members(tmp_path / "b")
    assert json.loads(made.stdout)["skipped"] == []
    assert planted.MARK.encode() not in b"".join(in_it.values())
    assert not [name for name in in_it if planted.FILE in name or "another-name" in name]


def test_what_a_former_version_left_in_an_index_is_not_taken_along(
    tmp_path: Path, old: Installation, new: Installation
) -> None:
    generations = Generations(old.data_dir)
    folder = generations.folder(generations.require_live())
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"schema": "4"}))
    mark_room(folder)
    assert planted.MARK.encode() in b"".join(old.generation().values())
    old.back_up(tmp_path / "b")
    blank_room(folder / "chroma")  # tests look for secrets in all files
    assert planted.MARK.encode() not in b"".join(members(tmp_path / "b").values())
    new.restore(tmp_path / "b")
    assert new.generation() == old.generation()


def test_nothing_that_was_deleted_comes_back(tmp_path: Path, old: Installation) -> None:
    with closing(open_store(old.data_dir)) as store:
        store.keep(exchange("被忘记的问题", asker_id=9))
        store.forget_person(9)
    old.back_up(tmp_path / "b")
    assert not any("被忘记".encode() in data for data in members(tmp_path / "b").values())


def test_a_former_backup_of_that_name_is_replaced(old: Installation, backup: Path) -> None:
    former = backup.read_bytes()
    (old.corpus_dir / "new.md").write_text("新")
    old.back_up(backup)
    assert backup.read_bytes() != former
    assert "corpus/new.md" in members(backup)


def test_a_file_that_is_no_backup_is_not_replaced(tmp_path: Path, old: Installation) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(BackupError, match="is there and no backup"):
        old.back_up(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_place_that_cannot_be_is_one_line(tmp_path: Path, old: Installation) -> None:
    (tmp_path / "itself").symlink_to("itself")
    for file, told in (
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "b", "there is no folder"),
        (tmp_path / "itself", "is there and no backup"),
        (tmp_path / "itself" / "b", "there is no folder"),
        (old.data_dir / "b", "lies in DATA_DIR"),
        (old.corpus_dir / "b", "lies in CORPUS_DIR"),
    ):
        with pytest.raises(BackupError, match=told) as caught:
            old.back_up(file)
        assert "\n" not in str(caught.value)


def test_a_backup_that_fails_leaves_the_former_one(old: Installation, backup: Path) -> None:
    former = backup.read_bytes()
    live = Generations(old.data_dir).require_live()
    (old.data_dir / "generations" / live / "manifest.json").write_text("{}")
    with pytest.raises(Exception, match="no readable manifest"):
        old.back_up(backup)
    assert backup.read_bytes() == former
    assert list(backup.parent.iterdir()) == [backup]


def test_remains_of_a_backup_that_was_killed_go_with_the_next(
    old: Installation, backup: Path
) -> None:
    remains = backup.parent / ".baoda-backup-00000000"
    remains.mkdir()
    (remains / "backup").write_text("half")
    old.back_up(backup)
    assert list(backup.parent.iterdir()) == [backup]


def test_nothing_indexed_and_nothing_asked_is_one_line(tmp_path: Path, new: Installation) -> None:
    new.corpus_dir.mkdir(parents=True)
    with pytest.raises(BackupError, match="neither an index nor conversations"):
        new.back_up(tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_conversations_without_an_index_come_back(tmp_path: Path, new: Installation) -> None:
    bare = Installation(tmp_path / "bare")
    bare.corpus_dir.mkdir(parents=True)
    with closing(open_store(bare.data_dir)) as store:
        store.keep(exchange())
    bare.back_up(tmp_path / "b")
    assert new.restore(tmp_path / "b").questions == 1
    assert Generations(new.data_dir).live() is None


def test_what_was_open_is_not_answered_again_where_a_bot_ran_on(
    tmp_path: Path, old: Installation, new: Installation
) -> None:
    generations = Generations(old.data_dir)
    with generations.reading(generations.require_live()):
        old.back_up(tmp_path / "b")
    assert new.restore(tmp_path / "b").settled == 1
    with closing(open_store(new.data_dir)) as store:
        assert pending(store) == []
        assert not take(store, 5)


def test_what_was_open_is_gone_on_with_where_no_bot_ran(new: Installation, backup: Path) -> None:
    assert new.restore(backup).open == 1
    with closing(open_store(new.data_dir)) as store:
        assert pending(store) == [5]


def test_buttons_of_answers_given_after_the_backup_lead_to_no_other_answer(
    old: Installation, new: Installation, backup: Path
) -> None:
    with closing(open_store(old.data_dir)) as store:
        lost = store.keep(exchange())
    new.restore(backup)
    with closing(open_store(new.data_dir)) as store:
        assert store.keep(exchange()) > lost


def test_articles_that_are_there_already_are_no_hindrance(new: Installation, backup: Path) -> None:
    shutil.copytree(CORPUS, new.corpus_dir)
    new.restore(backup)
    assert contents(new.corpus_dir) == contents(CORPUS)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("corpus/other.md", "which is not in the backup"),
        ("corpus/README.md", "is another one in the backup"),
        ("corpus/.bin/x.md", "which is not in the backup"),
        ("data/CURRENT", "is not empty, it holds CURRENT"),
        ("data/generations/x/y", "is not empty, it holds generations"),
    ],
)
def test_nothing_is_overwritten(new: Installation, backup: Path, name: str, told: str) -> None:
    file = new.data_dir.parent / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(BackupError, match=told) as caught:
        new.restore(backup)
    assert "\n" not in str(caught.value)
    assert {name: b"mine"}.items() <= everything(new.data_dir.parent).items()
    assert not everything(new.data_dir).keys() - {"reload.lock", name.removeprefix("data/")}


def test_conversations_that_are_there_are_not_touched(new: Installation, backup: Path) -> None:
    with closing(open_store(new.data_dir)) as store:
        store.keep(exchange("我的"))
    with pytest.raises(StoreError, match="is not empty"):
        new.restore(backup)
    with closing(open_store(new.data_dir)) as store:
        assert questions(store) == ["我的"]


def test_a_database_without_rows_is_filled(new: Installation, backup: Path) -> None:
    with closing(open_store(new.data_dir)) as store:  # as a bot that runs has it open
        new.restore(backup)
        assert questions(store) == ["新桥何时通车？"]


def test_a_reload_on_the_target_keeps_a_restore_out(new: Installation, backup: Path) -> None:
    new.data_dir.mkdir(parents=True)
    with lock.exclusive(new.data_dir), pytest.raises(LockedError):
        new.restore(backup)


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {one.name: (tar.extractfile(one) or io.BytesIO()).read() for one in tar}


def rewritten(file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> None:
    """The same backup with other members."""
    entries = []
    for name, data in members(file).items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        entries.append((info, data))
    change(entries)
    with tarfile.open(file, "w:gz") as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))


def entry(
    name: str, data: bytes = b"x", kind: bytes = tarfile.REGTYPE
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, data


Entries = list[tuple[tarfile.TarInfo, bytes]]


@pytest.mark.parametrize(
    "alien",
    [
        entry("corpus/../../out.md"),
        entry("/corpus/out.md"),
        entry("../out.md"),
        entry("corpus//out.md"),
        entry("corpus/.git/hooks/x"),
        entry("data/.env"),
        entry("data/generations/20200101T000000000000-0000/x"),
        entry("elsewhere/x"),
        entry("corpus/README.md"),
        entry("corpus/link.md", kind=tarfile.SYMTYPE),
        entry("corpus/link.md", kind=tarfile.LNKTYPE),
        entry("corpus/device", kind=tarfile.CHRTYPE),
        entry("corpus/pipe", kind=tarfile.FIFOTYPE),
        entry("corpus/folder", kind=tarfile.DIRTYPE),
        entry("corpus/unlisted.md"),
        entry(f"corpus/{'n' * 5000}"),
    ],
    ids=lambda alien: f"{alien[0].name[:30]}-{alien[0].type.decode()}",
)
def test_a_member_that_does_not_belong_is_refused(
    new: Installation, backup: Path, alien: tuple[tarfile.TarInfo, bytes]
) -> None:
    rewritten(backup, lambda entries: entries.insert(-1, alien))
    refused(new, backup, "is damaged")


def refused(new: Installation, file: Path, told: str) -> None:
    """One line, and nothing is there."""
    with pytest.raises(BackupError, match=told) as caught:
        new.restore(file)
    assert "\n" not in str(caught.value)
    assert not new.data_dir.parent.exists()


def test_a_backup_that_is_cut_off_anywhere_is_refused(new: Installation, backup: Path) -> None:
    whole = backup.read_bytes()
    for share in (0.0, 0.01, 0.3, 0.6, 0.99):
        backup.write_bytes(whole[: int(share * len(whole))])
        refused(new, backup, "is damaged")


def test_a_backup_without_its_list_is_refused(new: Installation, backup: Path) -> None:
    rewritten(backup, lambda entries: entries.pop() and None)
    refused(new, backup, "its end is missing")


@pytest.mark.parametrize("listing", [b"[" * 100_000, b"{", b"\xff", b"[1]", b'[{"name": []}]'])
def test_a_list_that_cannot_be_read_is_refused(
    new: Installation, backup: Path, listing: bytes
) -> None:
    def change(entries: Entries) -> None:
        entries[-1] = entry(FILES, listing)

    rewritten(backup, change)
    refused(new, backup, "its list of files cannot be read")


def test_a_backup_with_another_byte_is_refused(new: Installation, backup: Path) -> None:
    def change(entries: Entries) -> None:
        for number, (info, data) in enumerate(entries):
            if info.name == "corpus/README.md":
                entries[number] = (info, data[:-1] + b"?")

    rewritten(backup, change)
    refused(new, backup, "is not as it was")


def test_what_follows_the_list_is_refused(new: Installation, backup: Path) -> None:
    rewritten(backup, lambda entries: entries.append(entry("corpus/late.md")))
    refused(new, backup, "after its end")


def test_a_backup_of_a_newer_version_is_refused(new: Installation, backup: Path) -> None:
    def change(entries: Entries) -> None:
        data = json.dumps({"format": 2, "what": "ever"}).encode()
        entries[0] = entry(HEADER, data)

    rewritten(backup, change)
    refused(new, backup, "newer version of Baoda")


@pytest.mark.parametrize(
    "data", [b"", b"text", gzip.compress(b"text" * 1000, mtime=0), b"\x1f\x8b"]
)
def test_another_file_is_no_backup(new: Installation, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b").write_bytes(data)
    refused(new, tmp_path / "b", "is no backup|is damaged")


def test_a_tar_of_something_else_is_no_backup(new: Installation, backup: Path) -> None:
    rewritten(backup, lambda entries: entries.pop(0) and None)
    refused(new, backup, "is no backup of Baoda")


def test_more_than_it_says_is_not_unpacked(new: Installation, backup: Path) -> None:
    def change(entries: Entries) -> None:
        header = json.loads(entries[0][1]) | {"size": 10}
        entries[0] = entry(HEADER, json.dumps(header).encode())
        entries.insert(1, entry("corpus/bomb.md", b"\0" * 110_000_000))

    rewritten(backup, change)
    refused(new, backup, "more than it says")


def listed(entries: Entries, name: str, data: bytes) -> None:
    """Another content of a file, which the list of files tells of."""
    for number, (info, _) in enumerate(entries):
        if info.name.endswith(name):
            entries[number] = entry(info.name, data)
            name = info.name
    members = [one for one in json.loads(entries[-1][1]) if one["name"] != name]
    sha256 = hashlib.sha256(data).hexdigest()
    members.append({"name": name, "size": len(data), "sha256": sha256})
    entries[-1] = entry(FILES, json.dumps(members).encode())


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        (FILE_NAME, b"garbage" * 1000, r"is damaged \(its conversations: file is not a database"),
        (FILE_NAME, b"SQLite format 3\0" + b"?" * 8000, r"is damaged \(its conversations"),
        ("manifest.json", b"{}", "is damaged .its index"),
        ("manifest.json", b'{"schema": "5000"}', "newer version of Baoda"),
        ("CURRENT", b"nothing\n", "is damaged .its index"),
    ],
)
def test_a_part_that_cannot_be_read_is_refused(
    new: Installation, backup: Path, name: str, data: bytes, told: str
) -> None:
    rewritten(backup, lambda entries: listed(entries, name, data))
    refused(new, backup, told)


def test_a_name_that_is_too_long_is_told_of(new: Installation, backup: Path) -> None:
    rewritten(backup, lambda entries: entries.insert(-1, entry(f"corpus/{'n' * 300}.md")))
    refused(new, backup, r"a name that is too long for this file system \(nnn")


def test_a_missing_file_is_one_line(new: Installation, tmp_path: Path) -> None:
    (tmp_path / "itself").symlink_to("itself")
    refused(new, tmp_path / "none", "cannot be read: No such file")
    refused(new, tmp_path / "itself", "cannot be read: Too many levels of symbolic links")
    refused(new, tmp_path, "is a folder")


def test_a_restore_that_was_broken_off_is_finished_by_the_next(
    old: Installation, new: Installation, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far it came: after each of its moves."""
    real, moves = Path.rename, 0

    class Killed(BaseException):
        pass

    for last in range(40):
        moves = 0

        def rename(path: Path, place: Path, last: int = last) -> Path:
            nonlocal moves
            moves += 1
            if moves > last:
                raise Killed
            return real(path, place)

        shutil.rmtree(new.data_dir.parent, ignore_errors=True)
        monkeypatch.setattr(Path, "rename", rename)
        with contextlib.suppress(Killed):
            new.restore(backup)
        if moves <= last:
            break
        with pytest.raises(BackupError, match="broken off"):
            refuse_unfinished(new.data_dir)
        monkeypatch.setattr(Path, "rename", real)
        new.restore(backup)
        assert new.generation() == old.generation()
        assert contents(new.corpus_dir) == contents(old.corpus_dir)
        with closing(open_store(new.data_dir)) as store:
            assert questions(store) == ["新桥何时通车？"]
    assert last > 10


def test_nothing_starts_where_a_restore_was_broken_off(new: Installation, baoda: Baoda) -> None:
    (new.data_dir / UNFINISHED / "data").mkdir(parents=True)
    finished = baoda("doctor", DATA_DIR=new.data_dir, CORPUS_DIR=CORPUS)
    assert (finished.returncode, b"broken off" in finished.stdout) == (1, True)
    finished = baoda("run", DATA_DIR=new.data_dir, CORPUS_DIR=CORPUS)
    assert (finished.returncode, b"broken off" in finished.stderr) == (1, True)


def test_a_restore_of_another_backup_does_not_finish_one(
    old: Installation, new: Installation, backup: Path, tmp_path: Path
) -> None:
    aside = new.data_dir / UNFINISHED
    new.restore(backup)
    shutil.rmtree(new.data_dir)
    aside.mkdir(parents=True)
    header = json.loads(members(backup)[HEADER]) | {"created": "2020-01-01T00:00:00+00:00"}
    restored = {
        "header": header,
        "files": 1,
        "articles": 1,
        "questions": 0,
        "settled": 0,
        "open": 0,
    }
    (aside / "ready.json").write_text(json.dumps([json.dumps(header, sort_keys=True), restored]))
    with pytest.raises(BackupError, match="is not finished"):
        new.restore(backup)


@pytest.mark.parametrize(
    ("name", "target", "told"),
    [
        ("data", "gone", "data stands where a folder belongs: move it away, or set DATA_DIR"),
        ("data", "backup", "data stands where a folder belongs: move it away, or set DATA_DIR"),
        ("corpus", "gone", "corpus stands where a folder belongs: move it away, or set CORPUS_DIR"),
        ("corpus", "corpus", "corpus stands where a folder belongs: .* or set CORPUS_DIR"),
        ("corpus", "backup", "corpus stands where a folder belongs: .* or set CORPUS_DIR"),
    ],
)
def test_what_is_no_folder_of_its_own_is_told_of(
    new: Installation, backup: Path, name: str, target: str, told: str
) -> None:
    top = new.data_dir.parent
    top.mkdir()
    (top / name).symlink_to(backup if target == "backup" else target)
    with pytest.raises(BackupError, match=told):
        new.restore(backup)
    assert list(top.iterdir()) == [top / name]


def test_one_folder_for_both_is_told_of(new: Installation, backup: Path) -> None:
    new.corpus_dir = new.data_dir / ".." / "data"
    refused(new, backup, "are both /.*/data: set them to two folders")
    new.data_dir.mkdir(parents=True)
    with pytest.raises(BackupError, match="are both /"):
        new.restore(backup)
    assert everything(new.data_dir) == {}


def test_data_may_lie_among_the_articles(
    old: Installation, new: Installation, tmp_path: Path
) -> None:
    """The backup leaves them out, and the restore minds them as little."""
    for one in (old, new):
        one.data_dir = one.corpus_dir / "data"
    (tmp_path / "old" / "data").rename(old.data_dir)
    old.back_up(tmp_path / "b")
    new.restore(tmp_path / "b")
    assert new.generation() == old.generation()
    new.data_dir.rename(tmp_path / "moved")
    new.restore(tmp_path / "b")
    assert new.generation() == old.generation()


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_home_of_nobody_is_one_line(command: str, tmp_path: Path, baoda: Baoda) -> None:
    folders = {"DATA_DIR": tmp_path / "d", "CORPUS_DIR": tmp_path / "c"}
    finished = baoda(command, "~nosuch/b.tar.gz", **folders)
    assert (finished.returncode, finished.stdout) == (1, b"")
    assert finished.stderr.decode().splitlines() == [
        "baoda: ~nosuch/b.tar.gz: no home ~nosuch is known here, name the file by its whole path"
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_stream_is_no_file(command: str, tmp_path: Path, baoda: Baoda) -> None:
    finished = baoda(command, "-", DATA_DIR=tmp_path / "d", CORPUS_DIR=tmp_path / "c")
    assert (finished.returncode, finished.stdout) == (2, b"")
    assert finished.stderr.decode().splitlines() == [
        "baoda: FILE names a file, - is none: name one, such as /backups/baoda.tar.gz"
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_that_may_not_be_written_is_one_line(new: Installation, backup: Path) -> None:
    with without_privileges(), pytest.raises(BackupError, match="Permission denied") as caught:
        new.restore(backup)
    assert "\n" not in str(caught.value)
    assert not new.data_dir.exists()
