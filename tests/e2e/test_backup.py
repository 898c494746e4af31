"""Backups that are made while people ask and a reload runs, and what comes back of them."""

import asyncio
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.backup.layout import UNFINISHED
from bot.store.address import FILE_NAME
from retrieval.index.generations import WRITTEN_BY_READERS, Generations
from tests.conftest import CORPUS, environment
from tests.e2e.readers import Reader
from tests.e2e.stage import staged
from tests.e2e.test_bot import THERE, WHERE

_KILLS = 12
_TRIES = 40


def command(*arguments: object, **settings: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def done(*arguments: object, **settings: object) -> bytes:
    """What a command prints that succeeds."""
    running = command(*arguments, **settings)
    output, errors = running.communicate(timeout=240)
    assert running.returncode == 0, (output + errors).decode()
    return output


def articles(folder: Path) -> Path:
    """The shipped ones without golden questions, which would take a reload long."""
    shutil.copytree(CORPUS, folder)
    (folder / "golden.jsonl").unlink()
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Those of a generation that nobody writes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(WRITTEN_BY_READERS)
    }


def check(backup: Path, folder: Path, answered: set[int], source: Path) -> None:
    """That everything comes back into an empty folder."""
    settings = {"DATA_DIR": folder / "data", "CORPUS_DIR": folder / "corpus"}
    done("restore", backup, **settings)
    with closing(sqlite3.connect(folder / "data" / FILE_NAME)) as database:
        kept = {chat for (chat,) in database.execute("SELECT chat_id FROM conversation")}
    assert answered <= kept
    restored = Generations(folder / "data")
    live = restored.require_live()
    assert files(restored.folder(live)) == files(Generations(source).folder(live))


async def backed_up_in_the_midst(
    folder: Path, data_dir: Path, *, people: int, backups: int, reloads: int
) -> Iterator[tuple[Path, set[int]]]:
    """Backups, each with those who had an answer before it began."""
    corpus = articles(folder / "articles")
    made: list[tuple[Path, set[int]]] = []
    answered: set[int] = set()
    with staged(folder, data_dir, CORPUS_DIR=corpus) as stage:
        settings = {"DATA_DIR": folder / "data", "CORPUS_DIR": corpus}
        chance = random.Random(9)
        finished = asyncio.Event()

        async def ask() -> None:
            while not finished.is_set():
                reader = Reader(stage.api)
                await reader.ask(WHERE)
                answered.add(reader.id)

        async def reload() -> None:
            for number in range(reloads):
                (corpus / "new.md").write_text(f"# 消息{number}\n\n第{number}条新消息。\n")
                await asyncio.to_thread(done, "reload", **settings)

        async with asyncio.TaskGroup() as group:
            for _ in range(people):
                group.create_task(ask())
            reloading = group.create_task(reload())
            for number in range(backups):
                while not answered:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                await asyncio.sleep(chance.random() * 2)
                before = set(answered)
                file = folder / f"backup{number}"
                await asyncio.to_thread(done, "backup", file, **settings)
                made.append((file, before))
            await reloading
            finished.set()
    return iter(made)


async def test_a_backup_while_people_ask_is_whole(corpus_data_dir: Path, tmp_path: Path) -> None:
    made = await backed_up_in_the_midst(tmp_path, corpus_data_dir, people=3, backups=1, reloads=0)
    ((backup, answered),) = made
    check(backup, tmp_path / "new", answered, tmp_path / "data")


@pytest.mark.long
async def test_backups_while_twenty_people_ask_and_reloads_run_are_whole(
    corpus_data_dir: Path, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    made = await backed_up_in_the_midst(tmp_path, corpus_data_dir, people=20, backups=4, reloads=2)
    generations = set()
    for number, (backup, answered) in enumerate(made):
        new = tmp_path / f"new{number}"
        check(backup, new, answered, tmp_path / "data")
        settings = {"DATA_DIR": new / "data", "CORPUS_DIR": new / "corpus"}
        done("doctor", **settings)
        answer = json.loads(done("ask", WHERE, "--json", **settings))
        assert THERE in answer["answer"]
        generations.add(Generations(new / "data").live())
        tell(f"backup {number}: {len(answered)} people were answered before, all are there")
    tell(f"{len(generations)} generations were live in them")


@pytest.fixture
def source(corpus_data_dir: Path, tmp_path: Path) -> dict[str, object]:
    """The settings of an installation with some articles more, so that kills come in the midst."""
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    corpus = articles(tmp_path / "articles")
    for number in range(300):
        (corpus / f"n{number}.md").write_text(f"# 消息{number}\n\n第{number}条消息。\n")
    return {"DATA_DIR": tmp_path / "data", "CORPUS_DIR": corpus}


def in_the_midst(is_midst: Callable[[], bool], *arguments: object, **settings: object) -> float:
    """How many seconds of a command are in the midst of its work."""
    with command(*arguments, **settings) as running:
        begun = wait_for(is_midst, running)
        running.communicate(timeout=240)
        assert running.returncode == 0
        return time.monotonic() - begun


def wait_for(is_midst: Callable[[], bool], running: "subprocess.Popen[bytes]") -> float:
    while not is_midst() and running.poll() is None:
        time.sleep(0.001)
    return time.monotonic()


def killed(
    is_midst: Callable[[], bool], seconds: float, *arguments: object, **settings: object
) -> bool:
    """Whether a command was killed in the midst of its work, so long after that began."""
    with command(*arguments, **settings) as running:
        wait_for(is_midst, running)
        time.sleep(seconds)
        running.kill()
        running.communicate()
        return running.returncode == -signal.SIGKILL and is_midst()


class Backups:
    """A folder of backups, and whether one is made there since it was last asked to look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._former: set[Path] = set()

    def look(self) -> None:
        self._former = self._workshops()

    def is_midst(self) -> bool:
        return bool(self._workshops() - self._former)

    def _workshops(self) -> set[Path]:
        return set(self.folder.glob(".baoda-backup-*"))


@pytest.mark.long
def test_a_backup_that_is_killed_leaves_the_former_one_and_no_remains_that_grow(
    source: dict[str, object], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    file, backups = folder / "b", Backups(folder)
    seconds = in_the_midst(backups.is_midst, "backup", file, **source)
    chance = random.Random(1)
    kills = tries = 0
    while kills < _KILLS and tries < _TRIES:
        tries += 1
        backups.look()
        kills += killed(backups.is_midst, seconds * chance.random() / 2, "backup", file, **source)
        assert len(list(folder.iterdir())) <= 2
        if tries % 4 == 0:
            new = tmp_path / f"new{tries}"
            done("restore", file, DATA_DIR=new / "d", CORPUS_DIR=new / "c")
    done("backup", file, **source)
    assert list(folder.iterdir()) == [file]
    tell(f"{kills} of {tries} backups were killed in the midst, which took {seconds:.1f} s")
    assert kills == _KILLS


@pytest.mark.long
def test_a_restore_that_is_killed_is_finished_by_the_next(
    source: dict[str, object], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    file = tmp_path / "b"
    done("backup", file, **source)
    chance = random.Random(2)
    kills = tries = 0
    seconds = 0.0
    while kills < _KILLS and tries < _TRIES:
        tries += 1
        new = tmp_path / f"new{tries}"
        target: dict[str, object] = {"DATA_DIR": new / "d", "CORPUS_DIR": new / "c"}
        is_midst = (new / "d" / UNFINISHED).exists
        if not seconds:
            seconds = in_the_midst(is_midst, "restore", file, **target)
            continue
        if killed(is_midst, seconds * chance.random() / 2, "restore", file, **target):
            kills += 1
            if (new / "d" / "CURRENT").exists():
                assert len(list((new / "c").glob("*.md"))) > 300
            done("restore", file, **target)
        if tries % 4 == 0:
            done("doctor", **target)
        assert len(list((new / "c").glob("*.md"))) > 300
        shutil.rmtree(new)
    tell(f"{kills} of {tries - 1} restores were killed in the midst, which took {seconds:.1f} s")
    assert kills == _KILLS


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of that size. Skips the test where none can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_leaves_the_former_backup(
    source: dict[str, object], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", "4m"):
        file = tmp_path / "small" / "b"
        done("backup", file, **source)
        former = file.read_bytes()
        free = shutil.disk_usage(tmp_path / "small").free
        (tmp_path / "small" / "filler").write_bytes(b"x" * (free - 300_000))
        running = command("backup", file, **source)
        _, errors = running.communicate(timeout=120)
        assert running.returncode == 1
        assert b"no room" in errors or b"disk is full" in errors
        assert errors.count(b"\n") == 1
        assert file.read_bytes() == former
        assert sorted(path.name for path in (tmp_path / "small").iterdir()) == ["b", "filler"]


def test_a_disk_that_only_reads_is_one_line(source: dict[str, object], tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "4m"):
        remount = ["mount", "-o", "remount,ro", str(tmp_path / "small")]
        subprocess.run(remount, check=True)
        running = command("backup", tmp_path / "small" / "b", **source)
        _, errors = running.communicate(timeout=120)
        assert running.returncode == 1
        assert errors.decode().endswith(
            f"cannot be written to {tmp_path / 'small'} (Read-only file system): let this user "
            "write there, or name a file elsewhere\n"
        )
        assert errors.count(b"\n") == 1


def test_a_disk_that_is_too_small_for_a_restore_is_one_line(
    source: dict[str, object], tmp_path: Path
) -> None:
    file = tmp_path / "b"
    done("backup", file, **source)
    with small_disk(tmp_path / "small", "2m"):
        target = {"DATA_DIR": tmp_path / "small" / "d", "CORPUS_DIR": tmp_path / "c"}
        running = command("restore", file, **target)
        _, errors = running.communicate(timeout=120)
        assert running.returncode == 1
        assert b"make room" in errors
        assert errors.count(b"\n") == 1
        assert not (tmp_path / "c").exists()
