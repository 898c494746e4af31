"""Hostile uploads by chat: each refused with its reason, nothing written, readers answered."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.phrases import ENGLISH
from retrieval.incoming.limits import MAX_FILE_BYTES
from tests.e2e.desks import Editor, opened_desk
from tests.e2e.readers import Reader
from tests.e2e.stage import Stage
from tests.hostile import REASONS, STRAY, UPLOADS

MAX_BYTES = 500_000_000
TOO_BIG = ENGLISH.file_too_big.format(most=MAX_FILE_BYTES // 1_000_000)
QUICK = (
    "zip slip",
    "zip bomb",
    "symlink",
    "nested archive",
    "a million entries",
    "PDF with a zip behind",
    "PDF named txt",
    "long name",
    "PDF bomb",
)
TRICKS = [each if each in QUICK else pytest.param(each, marks=pytest.mark.long) for each in UPLOADS]
needs_proc = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="there is no /proc to tell the memory of processes"
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened_desk(tmp_path_factory.mktemp("hostile")) as stage:
        yield stage


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def strays(folder: Path) -> list[Path]:
    return [*folder.rglob(f"*{STRAY}*"), *Path("/tmp").glob(f"*{STRAY}*")]


@pytest.mark.parametrize("trick", TRICKS)
async def test_a_hostile_upload_is_refused_with_a_reason(stage: Stage, trick: str) -> None:
    name, content = UPLOADS[trick]()
    before = contents(stage.corpus)
    editor = Editor(stage.api, "en")
    with watched(stage.bot.process.pid) as memory:
        sent = editor.send(name, content)
        answer = await Reader(stage.api).ask("图书馆什么时候开门？")
        card = await editor.card(sent, ENGLISH)
    assert answer.text
    assert card.text.startswith(ENGLISH.draft_nothing)
    reason = TOO_BIG if len(content) > MAX_FILE_BYTES else REASONS[trick]
    assert reason in card.text
    assert contents(stage.corpus) == before
    assert not strays(stage.corpus.parent)
    assert memory.most_bytes < MAX_BYTES


@needs_proc
async def test_many_hostile_uploads_at_once_stay_within_the_memory(
    stage: Stage, tell: Callable[[str], None]
) -> None:
    name, content = UPLOADS["PDF bomb"]()
    editor = Editor(stage.api, "en")
    with watched(stage.bot.process.pid) as memory:
        sent = [editor.send(name, content) for _ in range(4)]
        for each in sent:
            assert REASONS["PDF bomb"] in (await editor.card(each, ENGLISH)).text
    assert 0 < memory.most_bytes < MAX_BYTES
    tell(f"four PDF bombs at once: {memory.most_bytes / 1e6:.0f} MB of bot and children at most")


class Memory:
    """What a process and its descendants had in memory at most; 0 where /proc is missing.

    A child that is only starting still has its parent's memory, which is not counted twice.
    """

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._command = b""
        with suppress(OSError):
            self._command = Path(f"/proc/{process_id}/cmdline").read_bytes()
        self.most_bytes = 0

    def look(self) -> None:
        sizes: dict[int, int] = {}
        parents: dict[int, int] = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                fields = dict(re.findall(r"^(PPid|VmRSS):\s+(\d+)", status.read_text(), re.M))
                number = int(status.parent.name)
                parents[number] = int(fields.get("PPid", 0))
                command = status.with_name("cmdline").read_bytes()
                is_starting = number != self._process_id and command == self._command
                sizes[number] = 0 if is_starting else 1024 * int(fields.get("VmRSS", 0))
        family = {self._process_id}
        while more := {one for one, parent in parents.items() if parent in family} - family:
            family |= more
        self.most_bytes = max(self.most_bytes, sum(sizes.get(one, 0) for one in family))


@contextmanager
def watched(process_id: int) -> Iterator[Memory]:
    memory = Memory(process_id)
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            memory.look()
            time.sleep(0.03)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join()
