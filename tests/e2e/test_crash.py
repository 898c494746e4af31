"""kill -9 during reloads, of the parent, the child and both: nothing is lost, nothing is mixed.

`make test` kills ten times, `make test-crash` a hundred; the moments go through all phases.
"""

import collections
import contextlib
import itertools
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval.embedding import LocalEmbedder
from retrieval.index.generations import Generations
from retrieval.lock import held_by
from tests.conftest import environment
from tests.small import reload as reload_here
from tests.small import stored, write

COUNT = 24
ASKED = (0, 11, 23)
PHASES = ("start", "read", "copy", "chunk", "embed", "check", "golden", "published")
VICTIMS = ("parent", "child", "both")
NOTICED_SECONDS = 2

Tons = dict[str, int]


class Warehouses:
    """A folder of articles of which every one says how much rice lies in its warehouse."""

    def __init__(self, root: Path) -> None:
        self.corpus = root / "corpus"
        self.data_dir = root / "data"
        self.corpus.mkdir()
        self.tons: Tons = {}
        for number in range(COUNT):
            self.fill(number, 100)
        golden = [
            {"id": "no", "question": "红烧肉怎么做才不腻", "article_id": None, "require": []},
            {
                "id": "yes",
                "question": "5号仓库门口有什么?",
                "article_id": "5.md",
                "require": [["河"]],
            },
        ]
        (self.corpus / "golden.jsonl").write_text("\n".join(map(json.dumps, golden)), "utf-8")

    def fill(self, number: int, tons: int) -> None:
        text = f"{number}号仓库今天存了{tons}吨大米。{number}号仓库门口有一条小河。"
        write(self.corpus / f"{number}.md", f"{number}号仓库", text)
        self.tons[f"{number}.md"] = tons

    def stored(self) -> Tons:
        """What the live generation says, after looking through all of it."""
        return {name: tons_in(article.text) for name, article in stored(self.data_dir).items()}

    @property
    def settings(self) -> dict[str, str]:
        return environment(
            CORPUS_DIR=self.corpus, DATA_DIR=self.data_dir, GOLDEN_MIN_SHARE=0, GOLDEN_MAX_DROP=1
        )


class Front:
    """`baoda ask --jsonl`, running all the time."""

    def __init__(self, warehouses: Warehouses) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "ask", "--jsonl"],
            env=warehouses.settings,
            cwd=warehouses.corpus.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def tons(self) -> Tons:
        """What it answers about three of the warehouses, each answer with its citation."""
        assert self._process.stdin is not None
        answers: Tons = {}
        for number in ASKED:
            question = {"question": f"{number}号仓库今天存了多少吨大米?"}
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._answers.get(timeout=20))
            quotes = [one for one in answer["citations"] if one["article_id"] == f"{number}.md"]
            assert quotes, answer
            quote = next(one["quote"] for one in quotes if "吨" in one["quote"])
            answers[f"{number}.md"] = tons_in(quote)
        return answers

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(20) == 0
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)


class Reload:
    """A reload under way, and the phase that it is in."""

    def __init__(self, warehouses: Warehouses) -> None:
        self.phase = "start"
        self._moved = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "reload", "--progress", "json", "--json"],
            env=warehouses.settings,
            cwd=warehouses.corpus.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, phase: str) -> None:
        """Return when the phase is reached, or passed."""
        with self._moved:
            self._moved.wait_for(lambda: PHASES.index(self.phase) >= PHASES.index(phase), 60)

    def kill(self, victim: str) -> str:
        """Kill the parent, its child or both; what was killed in which phase."""
        pid = self._process.pid
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=False)
        phase = self.phase
        victims = [] if victim == "parent" else [int(one) for one in children.stdout.split()]
        if victim != "child" or not victims:
            victims.append(pid)
        for one in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        return phase

    def end(self) -> None:
        self._process.wait(60)
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                if line.startswith(b"{"):
                    self._move(json.loads(line)["phase"])
        self._move("published")

    def _move(self, phase: str) -> None:
        with self._moved:
            self.phase = phase if phase in PHASES else self.phase
            self._moved.notify_all()


@pytest.fixture
def warehouses(tmp_path: Path) -> Warehouses:
    made = Warehouses(tmp_path)
    reload_here(made.corpus, made.data_dir, LocalEmbedder())
    return made


@pytest.fixture
def front(warehouses: Warehouses) -> Iterator[Front]:
    made = Front(warehouses)
    yield made
    made.close()


def reload(warehouses: Warehouses) -> dict[str, Any]:
    finished = subprocess.run(
        [sys.executable, "-m", "bot", "reload", "--json"],
        env=warehouses.settings,
        cwd=warehouses.corpus.parent,
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr.decode()
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def wait_until_nobody_builds(warehouses: Warehouses) -> None:
    deadline = time.monotonic() + 5
    while held_by(warehouses.data_dir) is not None:
        assert time.monotonic() < deadline, "an orphaned builder goes on"
        time.sleep(0.02)


def tons_in(text: str) -> int:
    return int(text.split("存了")[1].split("吨")[0])


def asked_of(tons: Tons) -> Tons:
    return {f"{number}.md": tons[f"{number}.md"] for number in ASKED}


def assert_nothing_is_left_over(data_dir: Path) -> None:
    kept = {
        "CURRENT",
        "checked.json",
        "embeddings.sqlite3",
        "generations",
        "reload.lock",
        "version.json",
    }
    names = {path.name for path in data_dir.iterdir()}
    assert names - {"embeddings.sqlite3-wal", "embeddings.sqlite3-shm"} == kept
    folders = {path.name for path in (data_dir / "generations").iterdir()}
    assert folders == set(Generations(data_dir).kept())
    assert len(folders) <= 4  # the one that the front has open may be a fourth
    for folder in (data_dir / "generations").iterdir():
        assert {path.name for path in folder.iterdir()} == {
            "articles.sqlite3",
            "bm25",
            "chroma",
            "manifest.json",
            "sentences.npy",
        }


def test_kills_at_all_moments_lose_and_mix_nothing(
    warehouses: Warehouses, front: Front, crashes: int, tell: Callable[[str], None]
) -> None:
    chance = random.Random()
    moments = list(itertools.product(PHASES, VICTIMS))
    plan = itertools.islice(itertools.cycle(moments), chance.randrange(len(moments)), None)
    outcomes: collections.Counter[str] = collections.Counter()
    for number, (phase, victim) in zip(range(crashes), plan, strict=False):
        before = dict(warehouses.tons)
        changed = chance.sample(range(COUNT), chance.choice((2, COUNT)))
        for one in changed:
            warehouses.fill(one, 101 + number)
        running = Reload(warehouses)
        running.wait_for(phase)
        time.sleep(chance.random() * (1.2 if phase == "start" else 0.1))
        killed_in = running.kill(victim)
        running.end()
        wait_until_nobody_builds(warehouses)
        now = warehouses.stored()
        assert now in (before, warehouses.tons), f"a mixture after {killed_in}, {victim}"
        outcomes[f"{killed_in}: {'new' if now == warehouses.tons else 'old'}"] += 1
        time.sleep(0.3)
        assert front.tons() in (asked_of(before), asked_of(warehouses.tons))
        result = reload(warehouses)
        assert result["failed"] == []
        assert warehouses.stored() == warehouses.tons
        assert_nothing_is_left_over(warehouses.data_dir)
        deadline = time.monotonic() + NOTICED_SECONDS
        while front.tons() != asked_of(warehouses.tons):
            assert time.monotonic() < deadline, "the front did not notice"
    tell(f"{crashes} kills, by phase and what was live after: {dict(outcomes)}")


@pytest.mark.long
def test_an_orphaned_builder_holds_the_lock_until_it_is_gone(warehouses: Warehouses) -> None:
    for number in range(COUNT):
        warehouses.fill(number, 500)
    running = Reload(warehouses)
    running.wait_for("embed")
    running.kill("parent")
    running.end()
    wait_until_nobody_builds(warehouses)
    assert reload(warehouses)["changed"]
    assert warehouses.stored() == warehouses.tons
