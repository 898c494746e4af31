"""A full disk, rights that are missing, a clock that leaps, names that are not found.

Each gives one clear line; the bot goes on where it can, and nothing is lost.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.phrases import SIMPLIFIED
from tests.conftest import environment
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.desks import ADMINS, NOTE, TITLE, Editor, inbox, settings
from tests.e2e.readers import SECONDS, Reader
from tests.e2e.running import RunningBot, until
from tests.e2e.stage import Stage
from tests.e2e.test_reloading import fill, indexed

AFFLICTIONS = Path(__file__).with_name("afflictions")
QUESTION, ANSWER = "青石的新桥全长多少米？", "100米"
YEAR = 365 * 86_400
NOWHERE = "http://no-such.invalid/v1"
FIRST = 8801
"""The id of who asks before the bot is there."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and its index; whoever writes takes a copy."""
    folder = tmp_path_factory.mktemp("prepared")
    fill(folder / "corpus")
    indexed(folder)
    return folder


def kept(data: Path, query: str = "SELECT question FROM message") -> list[str]:
    with contextlib.closing(sqlite3.connect(data / "baoda.sqlite3")) as store:
        return [row[0] for row in store.execute(query)]


# A disk that fills


class Disk:
    """A small disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave not a byte."""
        with self._filler.open("ab", buffering=0) as stream, contextlib.suppress(OSError):
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while stream.write(bytes(size)):
                        pass

    def make_room(self) -> None:
        self._filler.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a disk of its own has to be mounted, which only root can do")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def full(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Disk]]:
    """A bot whose log, data and articles are on a small disk; it has answered before that fills."""
    folder = tmp_path_factory.mktemp("full")
    with small_disk(folder / "disk", 64) as disk:
        shutil.copytree(prepared, disk.folder, dirs_exist_ok=True)
        with (
            EmulatedBotApi() as api,
            RunningBot(disk.folder, api.base_url, **settings(disk.folder)) as bot,
        ):
            bot.until_it_listens()
            yield Stage(api, bot, disk.folder / "corpus"), disk


@pytest.fixture
def filled(full: tuple[Stage, Disk]) -> Iterator[Stage]:
    stage, disk = full
    disk.fill()
    yield stage
    print(*stage.bot.lines, sep="\n")
    disk.make_room()


async def test_questions_are_answered_on_a_full_disk_and_the_log_says_so_once(
    filled: Stage,
) -> None:
    reader = Reader(filled.api)
    for _ in range(4):
        assert ANSWER in (await reader.ask(QUESTION)).text
    lines = filled.bot.matching("the disk is full")
    assert lines
    assert all("make room" in line for line in lines)
    texts = [line.partition("ERROR")[2] for line in lines]
    assert len(texts) == len(set(texts)) <= 5


async def test_what_came_while_the_disk_was_full_costs_nothing_once_there_is_room(
    full: tuple[Stage, Disk],
) -> None:
    stage, disk = full
    reader = Reader(stage.api)
    await reader.ask(f"{QUESTION}（之前）")
    disk.fill()
    try:
        await reader.ask(f"{QUESTION}（当中）")
    finally:
        disk.make_room()
    await reader.ask(f"{QUESTION}（之后）")
    data = disk.folder / "data"
    assert [one[-4:] for one in kept(data)][-2:] == ["（之前）", "（之后）"]
    await until(
        lambda: not kept(data, "SELECT update_id FROM pending WHERE settled_at IS NULL"), SECONDS
    )


async def test_an_upload_is_refused_on_a_full_disk_and_taken_when_there_is_room(
    full: tuple[Stage, Disk],
) -> None:
    stage, disk = full
    editor = Editor(stage.api, identity=ADMINS[0])
    disk.fill()
    try:
        sent = editor.send("灯塔.txt", NOTE.encode())
        (refusal,) = await stage.api.wait_for_message(
            editor.id,
            timeout=SECONDS,
            matching=lambda one: one.reply_to == sent and "⏳" not in one.text,
        )
        assert TITLE not in refusal.text
    finally:
        disk.make_room()
    card = await editor.card(editor.send("灯塔.txt", NOTE.encode()))
    disk.fill()
    try:
        await editor.tap(card, SIMPLIFIED.draft_add)
        assert not any(not name.startswith(".") for name in inbox(stage))
    finally:
        disk.make_room()


async def test_a_reload_stops_on_a_full_disk_and_the_old_index_serves(filled: Stage) -> None:
    folder = filled.corpus.parent
    done = baoda(folder, "reload", "--full")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("baoda: ")
    assert "free" in line or "No space left on device: make room" in line
    assert ANSWER in (await Reader(filled.api).ask(QUESTION)).text


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


@pytest.fixture
def own_disk(prepared: Path, tmp_path: Path) -> Iterator[Disk]:
    """A disk with articles and index, which no bot works on."""
    with small_disk(tmp_path / "disk", 80) as disk:
        shutil.copytree(prepared, disk.folder, dirs_exist_ok=True)
        yield disk


def only_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """What a command that failed said."""
    (line,) = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert line.startswith("baoda: ")
    return line


@pytest.mark.long
def test_commands_on_a_full_disk_answer_or_say_that_it_is_full(own_disk: Disk) -> None:
    own_disk.fill()
    folder = own_disk.folder
    asked = baoda(folder, "ask", QUESTION)
    assert ANSWER in asked.stdout.decode()
    (line,) = asked.stderr.decode().splitlines()
    assert "is full or cannot be written: a copy" in line
    told = baoda(folder, "status")
    assert told.returncode == 0
    assert "12 articles" in told.stdout.decode()
    assert not told.stderr
    assert "make room" in only_line(baoda(folder, "reload", "--full"))
    assert "full" in only_line(baoda(folder, "run", TELEGRAM_BOT_TOKEN="700000001:AAH_x"))
    assert "make room" in baoda(folder, "doctor").stdout.decode()


@pytest.mark.long
def test_commands_on_a_disk_that_is_read_only_answer_or_say_so(own_disk: Disk) -> None:
    folder = own_disk.folder
    remount(folder, "ro")
    try:
        assert ANSWER in baoda(folder, "ask", QUESTION).stdout.decode()
        assert baoda(folder, "status").returncode == 0
        assert "have it mounted" in only_line(baoda(folder, "reload", "--full"))
        line = only_line(baoda(folder, "run", TELEGRAM_BOT_TOKEN="700000001:AAH_x"))
        assert "baoda.sqlite3" in line
    finally:
        remount(folder, "rw")


@pytest.mark.long
def test_a_reload_without_room_for_temporary_files_says_so_and_questions_are_answered(
    prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    with small_disk(tmp_path / "tmp", 1) as disk:
        disk.fill()
        line = only_line(baoda(tmp_path, "reload", "--full", TMPDIR=disk.folder))
        assert "TMPDIR is full" in line
        assert ANSWER in baoda(tmp_path, "ask", QUESTION, TMPDIR=disk.folder).stdout.decode()


@pytest.mark.long
async def test_an_article_that_the_full_disk_of_the_corpus_refuses_is_taken_when_there_is_room(
    prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared / "data", tmp_path / "data")
    with small_disk(tmp_path / "disk", 4) as disk, EmulatedBotApi() as api:
        shutil.copytree(prepared / "corpus", disk.folder / "corpus")
        more = settings(disk.folder)
        with RunningBot(tmp_path, api.base_url, **more) as bot:
            bot.until_it_listens()
            editor = Editor(api, identity=ADMINS[0])
            card = await editor.card(editor.send("灯塔.txt", NOTE.encode()))
            disk.fill()
            await editor.tap(card, SIMPLIFIED.draft_add)
            await editor.until(card, "磁盘满了")
            assert ANSWER in (await Reader(api).ask(QUESTION)).text
            disk.make_room()
            await editor.tap(card, SIMPLIFIED.draft_add)
            await editor.until(card, SIMPLIFIED.draft_added)
        assert (disk.folder / "corpus" / "inbox" / f"{TITLE}.md").exists()


@pytest.mark.long
def test_answers_come_though_standard_error_cannot_be_written(prepared: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "ask", QUESTION],
            env=environment(DATA_DIR=prepared / "data", RERANK_MODEL="r", RERANK_BASE_URL=NOWHERE),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=full,
            timeout=SECONDS,
            check=False,
        )
    assert ANSWER in done.stdout.decode()


def baoda(folder: Path, *arguments: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    values = {"CORPUS_DIR": folder / "corpus", "DATA_DIR": folder / "data", **more}
    return subprocess.run(
        [*WITHOUT_RIGHTS, sys.executable, "-m", "bot", *arguments],
        env=environment(**values),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )


# Rights that are missing

WITHOUT_RIGHTS = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
    if os.geteuid() == 0 and shutil.which("setpriv")
    else ()
)
"""Begins a command for which rights count: root else reads and writes whatever it likes."""


def lock_data(folder: Path) -> None:
    (folder / "data").chmod(0)


def lock_generations(folder: Path) -> None:
    (folder / "data" / "generations").chmod(0)


def lock_pointer(folder: Path) -> None:
    (folder / "data" / "CURRENT").chmod(0)


def put_file_for_data(folder: Path) -> None:
    shutil.rmtree(folder / "data")
    (folder / "data").write_text("no folder")


def put_file_for_generations(folder: Path) -> None:
    shutil.rmtree(folder / "data" / "generations")
    (folder / "data" / "generations").write_text("no folder")


def put_folder_for_pointer(folder: Path) -> None:
    (folder / "data" / "CURRENT").unlink()
    (folder / "data" / "CURRENT").mkdir()


OBSTACLES = (
    lock_data,
    lock_generations,
    lock_pointer,
    put_file_for_data,
    put_file_for_generations,
    put_folder_for_pointer,
)
COMMANDS = {
    "run": ("run",),
    "chat": ("chat",),
    "ask": ("ask", QUESTION),
    "reload": ("reload",),
    "status": ("status",),
    "rollback": ("rollback",),
    "show": ("show", "00.md"),
}
QUICK = ((lock_generations, "ask"), (lock_data, "status"), (put_file_for_generations, "run"))


@pytest.mark.parametrize(
    ("obstacle", "command"),
    [
        pytest.param(
            obstacle,
            command,
            id=f"{obstacle.__name__}-{command}",
            marks=() if (obstacle, command) in QUICK else pytest.mark.long,
        )
        for obstacle in OBSTACLES
        for command in COMMANDS
    ],
)
def test_a_command_that_cannot_work_says_so_in_one_line(
    prepared: Path, tmp_path: Path, obstacle: Callable[[Path], None], command: str
) -> None:
    if os.geteuid() == 0 and not WITHOUT_RIGHTS:
        pytest.skip("root may do everything, and setpriv is not here")
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    obstacle(tmp_path)
    done = baoda(tmp_path, *COMMANDS[command], TELEGRAM_BOT_TOKEN="700000001:AAH_x")
    lines = done.stderr.decode().splitlines()
    print(command, done.returncode, *lines, sep="\n")
    assert done.returncode == 1
    assert len(lines) == 1
    assert lines[0].startswith("baoda: ")
    assert "Errno" not in lines[0]


# A clock that leaps, names that are not found


class Afflicted:
    """A bot whose clock and name service are in our hands."""

    def __init__(self, folder: Path, api: EmulatedBotApi) -> None:
        self.api = api
        self.data = folder / "data"
        self._file = folder / "afflictions.json"
        port = urlsplit(api.base_url).port
        self.bot = RunningBot(
            folder,
            f"http://telegram.test:{port}",
            OPENAI_BASE_URL="http://model.test:9/v1",
            CHAT_MODEL="stub",
            PYTHONPATH=AFFLICTIONS,
            AFFLICTIONS=self._file,
            **settings(folder),
        )

    def now(self, **afflictions: object) -> None:
        partial = self._file.with_suffix(".part")
        partial.write_text(json.dumps({"leap": 0, "names": "known", **afflictions}))
        partial.replace(self._file)


@contextlib.contextmanager
def afflicted(prepared: Path, folder: Path, **afflictions: object) -> Iterator[Afflicted]:
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    with EmulatedBotApi() as api:
        made = Afflicted(folder, api)
        made.now(**afflictions)
        with made.bot:
            yield made


@pytest.fixture(scope="module")
def running(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afflicted]:
    """Started while no name is known; one conversation was held in the end."""
    with afflicted(prepared, tmp_path_factory.mktemp("names"), names="unknown") as made:
        made.api.send_text(QUESTION, FIRST)
        made.bot.until_it_says("next try")
        made.now()
        made.bot.until_it_listens()
        yield made


async def test_a_bot_that_finds_no_names_says_which_and_goes_on_when_there_are(
    running: Afflicted,
) -> None:
    line = running.bot.matching("cannot be reached")[0]
    assert "telegram.test" in line
    assert "TELEGRAM_API_BASE_URL" in line
    assert "Traceback" not in line
    (answer,) = await running.api.wait_for_message(
        FIRST, timeout=SECONDS, matching=lambda one: ANSWER in one.text
    )
    assert answer


async def test_without_the_name_of_the_model_answers_are_quotations(running: Afflicted) -> None:
    running.now(names="unknown")
    reader = Reader(running.api)
    assert ANSWER in (await reader.ask(QUESTION)).text
    running.now()


@pytest.mark.long
async def test_a_name_service_that_is_silent_keeps_no_answer_for_long(running: Afflicted) -> None:
    running.now(names="silent")
    readers = [Reader(running.api) for _ in range(3)]
    began = time.monotonic()
    answers = await asyncio.gather(*(one.ask(QUESTION) for one in readers))
    running.now()
    assert all(ANSWER in one.text for one in answers)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("years", [1, -10, 10])
async def test_a_clock_that_leaps_loses_nothing_and_is_said_once(
    running: Afflicted, years: int
) -> None:
    reader = Reader(running.api)
    before, after = f"{QUESTION}（{years}年前）", f"{QUESTION}（{years}年后）"
    assert ANSWER in (await reader.ask(before)).text
    said = len(running.bot.matching("the clock is"))
    running.now(leap=years * YEAR)
    await asyncio.sleep(0.3)
    try:
        assert ANSWER in (await reader.ask(after)).text
        assert ANSWER in (await reader.ask(f"那青石的新桥呢？（{years}）")).text
        (line,) = running.bot.matching("the clock is")[said:]
        assert f"{365 * abs(years)} days {'ahead of' if years > 0 else 'behind'}" in line
    finally:
        running.now()
        await asyncio.sleep(0.3)
        await reader.ask(QUESTION)
    assert {before, after} <= set(kept(running.data))


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "more", "named"),
    [
        ("run", {"DATABASE_URL": "postgresql://u:p@no-such.invalid/b"}, "DATABASE_URL"),
        ("reload", {"EMBEDDING_MODEL": "e", "EMBEDDING_BASE_URL": NOWHERE}, "EMBEDDING_BASE_URL"),
    ],
)
def test_a_command_that_needs_a_name_says_which_setting_has_it(
    prepared: Path, tmp_path: Path, command: str, more: dict[str, str], named: str
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    line = only_line(baoda(tmp_path, command, TELEGRAM_BOT_TOKEN="700000001:AAH_x", **more))
    assert f"look at {named}" in line


@pytest.mark.long
def test_a_question_is_answered_without_the_name_of_the_reranking_server(prepared: Path) -> None:
    done = baoda(prepared, "ask", QUESTION, RERANK_MODEL="r", RERANK_BASE_URL=NOWHERE)
    assert ANSWER in done.stdout.decode()
    (line,) = done.stderr.decode().splitlines()
    assert "RERANK_BASE_URL" in line


@pytest.mark.long
def test_a_folder_of_articles_that_may_not_be_read_is_said_and_questions_are_answered(
    prepared: Path, tmp_path: Path
) -> None:
    if os.geteuid() == 0 and not WITHOUT_RIGHTS:
        pytest.skip("root may do everything, and setpriv is not here")
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    (tmp_path / "corpus").chmod(0)
    line = only_line(baoda(tmp_path, "reload"))
    assert "corpus: Permission denied: give the user" in line
    assert ANSWER in baoda(tmp_path, "ask", QUESTION).stdout.decode()


@pytest.mark.long
async def test_a_machine_that_starts_in_1970_serves_and_deletes_nothing(
    prepared: Path, tmp_path: Path
) -> None:
    with afflicted(prepared, tmp_path, leap=-time.time() + 3600) as made:
        made.bot.until_it_listens()
        reader = Reader(made.api)
        assert ANSWER in (await reader.ask(f"{QUESTION}（一）")).text
        made.now()
        await asyncio.sleep(0.3)
        assert ANSWER in (await reader.ask(f"{QUESTION}（二）")).text
        assert len(made.bot.matching("the clock is")) == 1
        assert len(kept(made.data)) == 2
