"""`make bench-telegram`: a crowd that asks at once, and whom a flood wait of one chat holds up.

The real bot, extractive, over the shipped corpus, against the emulated Bot API on loopback.
"""

import asyncio
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.keeping import keep
from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.running import RunningBot

CROWD = 50
ROUNDS = 3
OTHERS = 40
FLOOD_SECONDS = 30
PATIENCE_SECONDS = 120
_chats = itertools.count(20_000)


async def main() -> None:
    """Print the figures and keep them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmulatedBotApi() as api,
        RunningBot(Path(folder), api.base_url, CORPUS_DIR=CORPUS, LOG_LEVEL="INFO") as bot,
    ):
        await bot.wait_for_line("indexed", timeout=PATIENCE_SECONDS)
        await one_after_another(api, _questions()[:5])
        crowds = [await all_at_once(api, _questions()[:CROWD]) for _ in range(ROUNDS)]
        calm = await one_after_another(api, _questions()[:OTHERS])
        flooded = await beside_a_flood_wait(api, _questions()[:OTHERS])
        figures: dict[str, Any] = {
            f"last of {CROWD} at once, seconds": [round(one, 2) for one in crowds],
            "median answer, ms": round(1000 * statistics.median(calm)),
            "longest answer, ms": round(1000 * max(calm)),
            f"the same while a chat waits {FLOOD_SECONDS} s, ms": [
                round(1000 * statistics.median(flooded)),
                round(1000 * max(flooded)),
            ],
            "calls during a flood wait": len(api.flood_violations),
            "calls beyond Telegram's rates": len(api.rate_violations()),
        }
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    keep("telegram", figures)


async def all_at_once(api: EmulatedBotApi, questions: list[str]) -> float:
    """Seconds until the last of the questions, each of another reader, is answered."""
    began = time.monotonic()
    chats = [next(_chats) for _ in questions]
    for chat, question in zip(chats, questions, strict=True):
        api.send_text(question, chat)
    await asyncio.gather(*(api.wait_for_message(chat, timeout=PATIENCE_SECONDS) for chat in chats))
    return time.monotonic() - began


async def one_after_another(api: EmulatedBotApi, questions: list[str]) -> list[float]:
    """Seconds for each question, the next reader's asked when it is answered."""
    return [await all_at_once(api, [question]) for question in questions]


async def beside_a_flood_wait(api: EmulatedBotApi, questions: list[str]) -> list[float]:
    """The same while Telegram has asked to wait with one chat."""
    waiting = next(_chats)
    description = f"Too Many Requests: retry after {FLOOD_SECONDS}"
    api.fail_next("sendMessage", 429, description, {"retry_after": FLOOD_SECONDS})
    api.send_text(questions[0], waiting)
    await api.wait_for(lambda calls: any(call.retry_after for call in calls), PATIENCE_SECONDS)
    seconds = await one_after_another(api, questions)
    assert not api.sent(waiting), "the flood wait was over too soon"
    return seconds


def _questions() -> list[str]:
    lines = (CORPUS / "golden.jsonl").read_text("utf-8").splitlines()
    return [one["question"] for one in map(json.loads, lines)]


if __name__ == "__main__":
    asyncio.run(main())
