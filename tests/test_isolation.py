"""Whatever a file does to its reader, it costs that file alone and the next one is read."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retrieval.corpus.isolation import IsolatedReader, Limits
from retrieval.types import Loaded, Problem
from tests.documents import TITLE, page, paragraphs


@pytest.fixture
def reader() -> Iterator[IsolatedReader]:
    with closing(IsolatedReader()) as reader:
        yield reader


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.html"
    file.write_text(page(f"<h1>{TITLE}</h1>{paragraphs()}"), "utf-8")
    return file


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Takes about ten seconds."""
    file = tmp_path / "slow.html"
    file.write_text(page("<p>一段话。</p>" * 80_000), "utf-8")
    return file


def titles(items: Iterator[Loaded | Problem]) -> list[str]:
    return [item.article.title for item in items if isinstance(item, Loaded)]


def child_of(reader: IsolatedReader) -> int:
    assert reader._child is not None
    return reader._child._process.pid


def test_one_child_reads_many_files(reader: IsolatedReader, good: Path) -> None:
    assert titles(reader.read(good, "good.html")) == [TITLE]
    first = child_of(reader)
    assert titles(reader.read(good, "good.html")) == [TITLE]
    assert child_of(reader) == first


def test_the_child_starts_with_the_first_file_and_ends_with_the_reader(good: Path) -> None:
    reader = IsolatedReader()
    assert reader._child is None
    list(reader.read(good, "good.html"))
    pid = child_of(reader)
    reader.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    reader.close()


def test_a_file_that_takes_too_long_is_reported_and_the_next_one_read(
    slow: Path, good: Path
) -> None:
    with closing(IsolatedReader(Limits(seconds=3))) as reader:
        began = time.monotonic()
        (problem,) = reader.read(slow, "slow.html")
        assert time.monotonic() - began < 10
        assert isinstance(problem, Problem)
        assert problem.reason.startswith("took longer than 3 s")
        assert problem.lost
        assert titles(reader.read(good, "good.html")) == [TITLE]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is kept on Linux only")
def test_a_file_that_takes_too_much_memory_is_reported_and_the_next_one_read(
    tmp_path: Path, good: Path
) -> None:
    large = tmp_path / "large.html"
    large.write_text("<br>" * 4_900_000, "utf-8")  # over 100 bytes an element
    with closing(IsolatedReader(Limits(memory_bytes=500_000_000))) as reader:
        assert titles(reader.read(good, "good.html")) == [TITLE]
        (problem,) = reader.read(large, "large.html")
        assert isinstance(problem, Problem)
        assert problem.reason.startswith("needs more than 0.5 GB of memory")
        assert titles(reader.read(good, "good.html")) == [TITLE]


def test_a_file_that_crashes_its_reader_is_reported_and_the_next_one_read(
    reader: IsolatedReader, slow: Path, good: Path
) -> None:
    killer = threading.Timer(2, lambda: os.kill(child_of(reader), signal.SIGSEGV))
    killer.start()
    (problem,) = reader.read(slow, "slow.html")
    killer.join()
    assert problem == Problem("slow.html", "its reader crashed; save the file anew")
    assert titles(reader.read(good, "good.html")) == [TITLE]


def test_a_child_that_died_between_two_files_is_replaced(
    reader: IsolatedReader, good: Path
) -> None:
    list(reader.read(good, "good.html"))
    os.kill(child_of(reader), signal.SIGKILL)
    assert titles(reader.read(good, "good.html")) == [TITLE]


def test_a_child_is_used_from_any_thread(reader: IsolatedReader, good: Path) -> None:
    found: list[str] = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: found.extend(titles(reader.read(good, "a"))))
        thread.start()
        thread.join()
    assert found == [TITLE, TITLE]


def test_the_child_ends_with_its_parent(good: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from retrieval.corpus.isolation import IsolatedReader\n"
        "reader = IsolatedReader()\n"
        "list(reader.read(Path(sys.argv[1]), 'a'))\n"
        "print(reader._child._process.pid, flush=True)\n"
        "os._exit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, good], capture_output=True, check=False)
    child = int(done.stdout)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the child lives on")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_gets_no_key_and_may_write_no_file(
    reader: IsolatedReader, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-PLANTED")
    list(reader.read(good, "good.html"))
    process = Path("/proc", str(child_of(reader)))
    assert b"sk-PLANTED" not in (process / "environ").read_bytes()
    limits = (process / "limits").read_text("utf-8")
    rows = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert rows["Max file size"] == "0"
    assert rows["Max core file size"] == "0"
    assert rows["Max address space"] == str(Limits().memory_bytes)
    assert int(rows["Max cpu time"]) <= Limits().seconds + 15


def test_a_file_that_is_gone_is_reported(reader: IsolatedReader, tmp_path: Path) -> None:
    (problem,) = reader.read(tmp_path / "missing.html", "missing.html")
    assert problem == Problem("missing.html", "not a regular file")


@pytest.mark.parametrize("name", ["两 会.html", "a\nb.html", "\udcff.html"])
def test_any_name_reaches_the_child(reader: IsolatedReader, good: Path, name: str) -> None:
    file = good.with_name(name)
    try:
        file.write_bytes(good.read_bytes())
    except OSError:
        pytest.skip("this file system keeps such names out")
    assert titles(reader.read(file, "name.html")) == [TITLE]


def test_reading_that_is_interrupted_ends_the_child(
    reader: IsolatedReader, slow: Path, good: Path
) -> None:
    list(reader.read(good, "good.html"))
    first = child_of(reader)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(1)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(reader.read(slow, "slow.html"))
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert titles(reader.read(good, "good.html")) == [TITLE]
