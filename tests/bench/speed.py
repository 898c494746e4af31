"""`make bench`: how long answers take and how fast indexing is, on the shipped corpus.

Measures the real commands on this machine; ratios travel, absolute times do not.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bot.conversations import Place
from bot.settings import Settings
from bot.wiring import make_conversations
from retrieval.corpus import read_corpus
from retrieval.embedding import BATCH, LocalEmbedder
from retrieval.evaluation import load_golden
from retrieval.evaluation.asking import embedded_texts
from retrieval.threads import limit_threads
from retrieval.types import Loaded
from tests.bench.keeping import keep

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT / "corpus"
_PEOPLE = 50


def main() -> None:
    """Print the figures and write them to bench/speed.json."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        variables = dict(os.environ) | {"CORPUS_DIR": str(CORPUS), "DATA_DIR": str(data_dir)}
        figures: dict[str, float] = {}
        figures["first_indexing_s"], report = _timed(["reload", "--json"], variables)
        figures["reload_unchanged_s"], _ = _timed(["reload", "--json"], variables)
        figures["start_to_first_answer_s"] = _start_to_first_answer(variables)
        times = _answer_times(variables)
        figures["fifty_at_once_s"] = asyncio.run(_fifty_at_once(data_dir))
    # of the reload itself: the start of Python counts in first_indexing_s, not here
    figures["model_alone_s"] = _model_alone()
    figures["share_of_model_rate"] = figures["model_alone_s"] / json.loads(report)["seconds"]
    figures["answer_p50_ms"] = statistics.median(times)
    figures["answer_p95_ms"] = statistics.quantiles(times, n=20)[-1]
    for name, value in figures.items():
        print(f"{name:26} {value:10.2f}")
    keep("speed", figures)


def _timed(arguments: list[str], variables: dict[str, str]) -> tuple[float, bytes]:
    started = time.perf_counter()
    finished = subprocess.run(
        [sys.executable, "-m", "bot", *arguments], env=variables, capture_output=True, check=True
    )
    return time.perf_counter() - started, finished.stdout


def _start_to_first_answer(variables: dict[str, str]) -> float:
    return min(_timed(["ask", "“双报到”活动主题有几大类?"], variables)[0] for _ in range(3))


def _answer_times(variables: dict[str, str]) -> list[float]:
    """Milliseconds of every golden question after the first."""
    questions = load_golden(CORPUS / "golden.jsonl")
    lines = "\n".join(json.dumps({"question": one.question}) for one in questions)
    finished = subprocess.run(
        [sys.executable, "-m", "bot", "ask", "--jsonl"],
        env=variables,
        input=lines.encode(),
        capture_output=True,
        check=True,
    )
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    return [answer["timings_ms"]["total"] for answer in answers[1:]]


async def _fifty_at_once(data_dir: Path) -> float:
    """Seconds until the last of fifty people has an answer who ask at once, each something else."""
    limit_threads(1)
    settings = Settings(
        data_dir=data_dir, openai_api_key=None, openai_base_url=None, chat_model=None
    )
    questions = [one.question for one in load_golden(CORPUS / "golden.jsonl")[: _PEOPLE + 1]]
    with closing(make_conversations(settings)) as conversations:
        await conversations.answer(Place("telegram", 0), questions.pop())
        started = time.perf_counter()
        await asyncio.gather(
            *(
                conversations.answer(Place("telegram", chat), question, asker=chat)
                for chat, question in enumerate(questions, start=1)
            )
        )
        return time.perf_counter() - started


def _model_alone() -> float:
    """Seconds that the embedding model alone takes for the texts a first indexing embeds."""
    limit_threads(os.cpu_count() or 1)
    embedder = LocalEmbedder()
    articles = (item for item in read_corpus(CORPUS) if isinstance(item, Loaded))
    texts = embedded_texts(articles, embedder)
    started = time.perf_counter()
    for first in range(0, len(texts), BATCH):
        embedder.embed_passages(texts[first : first + BATCH])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
