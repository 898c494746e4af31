"""`make bench-during`: how long answers take while a reload embeds, beside those of idle times.

The shipped corpus and the bundled model. Rounds without and with a reload take turns, so that what
else the machine does weighs on both. A reload has new articles to embed for as long as it is asked
meanwhile, then it is ended: the index stays the same.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from bot.conversations import Conversations, Place
from bot.settings import Settings
from bot.wiring import make_conversations
from retrieval.evaluation import load_golden
from retrieval.threads import limit_threads
from tests.bench.keeping import keep
from tests.bench.reload import write_articles

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT / "corpus"
_NEW_ARTICLES = 150
"""They take longer to embed than a round of questions to answer."""

_A_RELOAD = [sys.executable, "-m", "bot", "reload", "--json", "--progress", "json"]


def main() -> None:
    """Print the figures and write them to bench/during.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--questions", type=int, default=40, help="of each half of a round")
    sizes = parser.parse_args()
    limit_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _run(root / "data", CORPUS)
        times = asyncio.run(_times(root, sizes.rounds, sizes.questions))
    figures: dict[str, float] = {}
    for name, values in times.items():
        p50, p95 = np.percentile(values, [50, 95]).tolist()
        figures |= {f"{name}_p50_ms": round(p50, 1), f"{name}_p95_ms": round(p95, 1)}
        print(f"{name:8} {len(values):4} answers   p50 {p50:6.1f} ms   p95 {p95:6.1f} ms")
    figures["p95_ratio"] = round(figures["reload_p95_ms"] / figures["idle_p95_ms"], 2)
    print(f"p95 during a reload / idle: {figures['p95_ratio']} (at most 2)")
    keep("during", figures)


async def _times(root: Path, rounds: int, count: int) -> dict[str, list[float]]:
    """Milliseconds of each answer, `idle` and while a `reload` embeds."""
    settings = Settings(
        data_dir=root / "data", openai_api_key=None, openai_base_url=None, chat_model=None
    )
    questions = cycle(one.question for one in load_golden(CORPUS / "golden.jsonl"))
    times: dict[str, list[float]] = {"idle": [], "reload": []}
    with closing(make_conversations(settings)) as conversations:
        await _ask(conversations, list(islice(questions, 10)))
        for number in range(rounds):
            asked = list(islice(questions, count))
            times["idle"] += await _ask(conversations, asked)
            corpus = write_articles(root / str(number), _NEW_ARTICLES, number * _NEW_ARTICLES)
            with _reloading(root / "data", corpus) as reload:
                times["reload"] += await _ask(conversations, asked)
                assert reload.poll() is None, "it ended before the last answer"
    return times


async def _ask(conversations: Conversations, questions: Sequence[str]) -> list[float]:
    times = []
    for number, question in enumerate(questions):
        started = time.perf_counter()
        await conversations.answer(Place("telegram", number), question)
        times.append((time.perf_counter() - started) * 1_000)
    return times


@contextmanager
def _reloading(data_dir: Path, corpus: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A reload that has begun to embed; ended at the end of the block."""
    with subprocess.Popen(
        [*_A_RELOAD, "--corpus", str(corpus), "--force"],
        env=_environment(data_dir),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as reload:
        assert reload.stderr is not None
        try:
            for line in reload.stderr:
                if line.startswith(b"{") and json.loads(line)["phase"] == "embed":
                    break
            yield reload
        finally:
            reload.terminate()
            reload.stderr.read()


def _run(data_dir: Path, corpus: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "bot", "reload"],
        env=_environment(data_dir) | {"CORPUS_DIR": str(corpus)},
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )


def _environment(data_dir: Path) -> dict[str, str]:
    return dict(os.environ) | {"DATA_DIR": str(data_dir)}


if __name__ == "__main__":
    main()
