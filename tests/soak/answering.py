"""The second half of `make test-soak`: questions through the real answerer and a real store.

Fails where memory grows by more than a twentieth after the first tenth.
"""

import asyncio
import logging
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bot.conversations import Conversations, Place
from bot.settings import Settings
from bot.wiring import make_conversations
from retrieval.corpus import read_corpus
from retrieval.evaluation import load_golden
from retrieval.threads import limit_threads
from retrieval.types import Loaded
from tests.bench.keeping import keep
from tests.soak.held import sizes
from tests.soak.memory import MOST_GROWTH, Memory

CORPUS = Path(__file__).parent.parent.parent / "corpus"
QUESTIONS = 5_000
_READERS = 500
_AT_ONCE = 4
_GOLDEN = 0.2
_ASKS = ("在哪里?", "有多少人?", "是谁说的?", "是什么时候?", "为什么?", "花了多少钱?", "有哪些?")
_FOLLOW_UPS = ("那是什么时候?", "他是谁?", "还有呢?", "为什么?", "一共有多少?")


def main() -> int:
    """Print the figures and write them to bench/soak-answering.json; the exit status."""
    logging.disable(logging.WARNING)
    limit_threads(1)
    memory = Memory(QUESTIONS)
    with tempfile.TemporaryDirectory() as folder:
        variables = dict(os.environ) | {"CORPUS_DIR": str(CORPUS), "DATA_DIR": folder}
        command = [sys.executable, "-m", "bot", "reload"]
        subprocess.run(command, env=variables, capture_output=True, check=True)
        settings = Settings(
            data_dir=Path(folder), openai_api_key=None, openai_base_url=None, chat_model=None
        )
        with closing(make_conversations(settings)) as conversations:
            refused = asyncio.run(_ask_all(conversations, memory))
            held = sizes((conversations, conversations.journal))
        kept = sum(path.stat().st_size for path in Path(folder).glob("*.sqlite3"))
    print(f"{'refused':36}{refused:9,}")
    print(f"{'bytes on disk':36}{kept:13,}")
    for name, size in held.items():
        print(f"{name:36}{size:9,}")
    for name, share in memory.growth.items():
        print(f"growth of {name:26}{share:9.1%}")
    keep("soak-answering", {"refused": refused, "growth": memory.growth, "held": held})
    return 0 if max(memory.growth.values()) < MOST_GROWTH and not any(held.values()) else 1


async def _ask_all(conversations: Conversations, memory: Memory) -> int:
    """How many were refused."""
    chance = random.Random(1)
    questions = _questions(chance)
    refused = answered = 0

    async def ask() -> None:
        nonlocal refused, answered
        for question in questions:
            reader = chance.randrange(1, _READERS)
            reply = await conversations.answer(Place("telegram", reader), question, asker=reader)
            assert reply.id is not None
            refused += reply.answer.refused
            answered += 1
            memory.look(answered)

    await asyncio.gather(*(ask() for _ in range(_AT_ONCE)))
    return refused


def _questions(chance: random.Random) -> Iterator[str]:
    """Golden ones, ones about words of the articles, and follow-ups."""
    golden = [one.question for one in load_golden(CORPUS / "golden.jsonl")]
    loaded = (one for one in read_corpus(CORPUS) if isinstance(one, Loaded))
    texts = [one.article.text for one in loaded]
    for _ in range(QUESTIONS):
        drawn = chance.random()
        if drawn < _GOLDEN:
            yield chance.choice(golden)
        elif drawn < 2 * _GOLDEN:
            yield chance.choice(_FOLLOW_UPS)
        else:
            yield _words(chance, texts) + chance.choice(_ASKS)


def _words(chance: random.Random, texts: Sequence[str]) -> str:
    text = chance.choice(texts)
    start = chance.randrange(max(1, len(text) - 20))
    return text[start : start + chance.randint(6, 20)]


if __name__ == "__main__":
    sys.exit(main())
