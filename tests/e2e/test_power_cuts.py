"""Sudden ends of everything at once: all that was acknowledged is there when the bot is back.

At moments of no choice all processes are killed, or the folders are copied file by file while all
goes on and the copy is started, or the power goes: what was not flushed is lost. `make test` has
each once, `make test-power` ten times as often.
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from retrieval.corpus.markdown import read as read_markdown
from retrieval.types import Loaded
from tests.conftest import environment
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.desks import ADMINS, Editor, settings
from tests.e2e.durable import Disk, Remains, build_shim
from tests.e2e.readers import SECONDS, Reader, is_final
from tests.e2e.running import RunningBot, until
from tests.e2e.test_reloading import TOWNS, fill, indexed
from tests.small import stored, write

READERS = 3
LONGEST_SECONDS = 6.0
ADDED_FIRST = 0.6
"""How often the end waits until an article was added, and comes soon after."""

_SAID_AT_START = " WARNING | ERROR |baoda: "
_BOUNDS = {"USER_QUESTIONS_PER_MINUTE": 1000}


class Disaster(StrEnum):
    KILL = "everything is killed"
    COPY = "a copy made meanwhile is started"
    CUT = "the power is cut"
    CUT_WITH_NAMES = "the power is cut, names are kept"


class Reload(StrEnum):
    WATCHED = "watched"
    IN_CHAT = "in the chat"
    BY_COMMAND = "by command"


class World:
    """Readers, an admin, and what has been acknowledged to them; the folder changes."""

    def __init__(self, api: EmulatedBotApi, chance: random.Random) -> None:
        self.api = api
        self.chance = chance
        self.readers = [Reader(api) for _ in range(READERS)]
        self.editor = Editor(api, identity=ADMINS[0])
        self.numbers = itertools.count(1)
        self.asked: dict[tuple[int, int], str] = {}
        """What was asked, by chat and message."""
        self.excused: set[tuple[int, int]] = set()
        """Questions that a folder of earlier knows nothing of."""
        self.added: dict[str, str] = {}
        """Titles and texts of the articles that the bot said it has added."""

    def ask(self, reader: Reader) -> int:
        number = next(self.numbers)
        question = f"{self.chance.choice(TOWNS)}的新桥全长多少米？（第{number}问）"
        asked = reader.write(question)
        self.asked[reader.id, asked] = question
        return asked

    async def keep_asking(self, reader: Reader) -> None:
        while True:
            await reader.reply_to(self.ask(reader))
            await asyncio.sleep(self.chance.uniform(0, 0.3))

    async def keep_adding(self) -> None:
        while True:
            number = next(self.numbers)
            title, text = (
                f"第{number}号灯塔点亮",
                f"第{number}号灯塔昨夜重新点亮，射程{number}海里。",
            )
            sent = self.editor.send(f"{number}.txt", f"{title}\n\n{text}".encode())
            card = await self.editor.card(sent)
            await self.editor.tap(card, SIMPLIFIED.draft_add)
            await self.editor.until(card, SIMPLIFIED.draft_added)
            self.added[title] = text

    async def keep_changing(self, folder: Path, how: Reload, shim: dict[str, str]) -> None:
        while True:
            number = next(self.numbers)
            name = folder / "corpus" / f"{self.chance.randrange(12, 18)}.md"
            write(name, f"第{number}号公告", f"第{number}号公告贴在东门。")
            if how is Reload.IN_CHAT:
                self.editor.write("/reload")
            elif how is Reload.BY_COMMAND:
                variables = environment(
                    CORPUS_DIR=folder / "corpus", DATA_DIR=folder / "data", **shim
                )
                await (
                    await asyncio.create_subprocess_exec(
                        *(sys.executable, "-m", "bot", "reload"),
                        env=variables,
                        cwd=folder,
                        stdin=asyncio.subprocess.DEVNULL,
                        stdout=asyncio.subprocess.DEVNULL,
                        stderr=asyncio.subprocess.DEVNULL,
                    )
                ).wait()
            await asyncio.sleep(self.chance.uniform(0.5, 3))

    def answered(self) -> dict[tuple[int, int], str]:
        """The questions whose answers stand in the chats."""
        final = {
            (reader.id, message.reply_to)
            for reader in self.readers
            for message in reader.messages()
            if is_final(message)
        }
        return {one: question for one, question in self.asked.items() if one in final}


def kill(processes: Callable[[], Iterable[int]]) -> None:
    """Kill all of them at once: none goes on while another is dead."""
    stopped: set[int] = set()
    while new := set(processes()) - stopped:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def users_of(folder: Path) -> list[int]:
    """Processes that work for a folder: those with it in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if f"DATA_DIR={folder / 'data'}\0".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


def copy_meanwhile(source: Path, target: Path) -> None:
    """Copy file by file, as they are when their turn comes; some go meanwhile."""
    target.mkdir()
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(source.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                if path.is_dir():
                    copy_meanwhile(path, target / path.name)
                else:
                    shutil.copy2(path, target / path.name)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(folder / "data" / "baoda.sqlite3")) as store:
        return store.execute(query).fetchall()


@contextlib.contextmanager
def at_work(*tasks: asyncio.Task[None]) -> Iterator[None]:
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def live_until(disaster: Disaster, world: World, folder: Path, shim: Path) -> Path:
    """The folder that is left, after the bot has worked on this one."""
    how = world.chance.choice(list(Reload))
    disk = Disk(shim, folder, folder.with_name(f"{folder.name}-notes"))
    variables = settings(folder) | _BOUNDS | disk.environment
    if how is Reload.WATCHED:
        variables["WATCH_SECONDS"] = 1
    left = folder.with_name(f"{folder.name}-left")
    with RunningBot(folder, world.api.base_url, **variables) as bot:
        bot.until_it_listens()
        report(bot)
        await check(world, folder)
        seconds = world.chance.uniform(0, LONGEST_SECONDS)
        print(f"{folder.name}: reload {how}, {seconds:.2f} s, then {disaster}", flush=True)
        jobs = [world.keep_asking(reader) for reader in world.readers]
        jobs += [world.keep_adding(), world.keep_changing(folder, how, disk.environment)]
        with at_work(*map(asyncio.create_task, jobs)):
            if world.chance.random() < ADDED_FIRST:
                before = len(world.added)
                with contextlib.suppress(TimeoutError):
                    await until(lambda: len(world.added) > before, SECONDS / 4)
                seconds /= 3
            await asyncio.sleep(seconds)
            added = dict(world.added)
            if disaster is Disaster.COPY:
                await asyncio.to_thread(copy_meanwhile, folder, left)
            kill(lambda: users_of(folder))
            await bot.wait()
    await asyncio.sleep(0.2)  # the readers' own requests are done
    if disaster is Disaster.COPY:
        excuse(world, left)
        world.added = added
    elif disaster is Disaster.KILL:
        shutil.copytree(folder, left)
    else:
        disk.cut(left, Remains.NOTHING if disaster is Disaster.CUT else Remains.NAMES)
    return left


def excuse(world: World, left: Path) -> None:
    """A copy made file by file need not know what was taken while it was made, or just before.

    The database and its log may be of two moments; `baoda backup` is for copies of one.
    """
    aside = left.with_name(f"{left.name}-read")  # reading the copy itself would mend it
    (aside / "data").mkdir(parents=True)
    for file in (left / "data").glob("baoda.sqlite3*"):
        shutil.copy(file, aside / "data")
    known = {question for (question,) in rows(aside, "SELECT question FROM message")}
    taken = rows(aside, "SELECT payload FROM pending WHERE settled_at IS NULL")
    known |= {json.loads(str(payload)).get("message", {}).get("text") for (payload,) in taken}
    world.excused |= {one for one, question in world.asked.items() if question not in known}


def report(bot: RunningBot) -> None:
    for line in bot.matching(_SAID_AT_START):
        print("  said:", line, flush=True)


async def check(world: World, folder: Path) -> None:
    """All that was acknowledged is there, and all that is owed comes."""
    answered = world.answered()
    kept = {question for (question,) in rows(folder, "SELECT question FROM message")}
    assert {question for one, question in answered.items() if one not in world.excused} <= kept
    for title, text in world.added.items():
        (read,) = read_markdown(folder / "corpus" / "inbox" / f"{title}.md", "it")
        assert isinstance(read, Loaded)
        assert read.article.text == text
    live = stored(folder / "data")
    assert {article.title for article in live.values()} >= set(world.added)
    owed = world.asked.keys() - world.excused
    await until(lambda: owed <= world.answered().keys(), SECONDS)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.mark.long
async def test_what_was_acknowledged_outlives_sudden_ends(
    shim: Path, tmp_path: Path, power_cuts: int, tell: Callable[[str], None]
) -> None:
    seed = int(os.environ.get("SEED", "1"))
    chance = random.Random(seed)
    folder = tmp_path / "0"
    folder.mkdir()
    fill(folder / "corpus")
    indexed(folder)
    disasters = itertools.cycle(
        (Disaster.CUT_WITH_NAMES, Disaster.COPY, Disaster.KILL, Disaster.CUT)
    )
    started = time.monotonic()
    with EmulatedBotApi() as api:
        world = World(api, chance)
        for number in range(power_cuts):
            left = await live_until(next(disasters), world, folder, shim)
            folder = left.rename(tmp_path / str(number + 1))
        with RunningBot(folder, api.base_url, **settings(folder), **_BOUNDS) as bot:
            bot.until_it_listens()
            report(bot)
            await check(world, folder)
            assert await bot.stop() == 0
    tell(
        f"seed {seed}: {power_cuts} sudden ends in {time.monotonic() - started:.0f} s, "
        f"{len(world.asked)} questions, {len(world.added)} articles added"
    )
