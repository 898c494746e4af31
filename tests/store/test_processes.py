"""Several processes and threads on one database, and processes that are killed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from bot.store import Store
from bot.store.address import FILE_NAME
from tests.conftest import ROOT, environment
from tests.store.exchanges import exchange, open_store, questions

KILLS = 5


def writer(place: sa.URL, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.writing", name, str(count)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(PLACE=place.render_as_string(hide_password=False)),
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=60)
    return output.split("\n")[:-1]  # a line without its end was never told


def kept(store: Store, chat_id: int = 7) -> list[str]:
    return [turn.question for turn in store.turns("telegram", chat_id, None, 100_000)]


def test_two_processes_that_write_at_once_lose_nothing(
    place: sa.URL, tell: Callable[[str], None]
) -> None:
    began = time.monotonic()
    processes = [writer(place, name, 150) for name in ("a", "b")]
    lines = [told(process) for process in processes]
    tell(f"store: 2 x 150 messages by two processes in {time.monotonic() - began:.1f} s")
    assert [process.returncode for process in processes] == [0, 0]
    assert [len(one) for one in lines] == [150, 150]
    with closing(open_store(place)) as store:
        assert sorted(kept(store)) == sorted(lines[0] + lines[1])
        assert sum(day.calls for day in store.spent_by_day(exchange().asked_at.date())) == 300


def test_processes_that_start_at_once_make_one_database(place: sa.URL) -> None:
    processes = [writer(place, str(name), 1) for name in range(3)]
    assert [len(told(process)) for process in processes] == [1, 1, 1]
    with closing(open_store(place)) as store:
        assert len(kept(store)) == 3


def test_a_store_waits_for_who_is_just_making_the_file(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
    release.start()
    with closing(open_store(tmp_path)) as store:
        assert questions(store) == []
    release.join()
    other.close()


def test_threads_may_share_a_store(store: Store) -> None:
    def write(thread: int) -> None:
        for number in range(20):
            store.keep(exchange(f"{thread}-{number}"))
            questions(store)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(store)) == 160


def test_what_was_said_to_be_kept_outlives_kill_9(place: sa.URL) -> None:
    expected: list[str] = []
    for kill in range(KILLS):
        process = writer(place, str(kill), 1_000_000)
        assert process.stdout is not None
        first = process.stdout.readline().rstrip("\n")
        time.sleep(random.random() / 5)
        os.kill(process.pid, signal.SIGKILL)
        expected += [first, *told(process)]
    with closing(open_store(place)) as store:
        found = kept(store)
    assert len(expected) > KILLS
    assert set(expected) <= set(found)
    assert len(found) <= len(expected) + KILLS  # at most one each that was kept and not told
