"""The first half of `make test-soak`: a day's questions through delivery, by a simulated clock.

Fails where a question is not answered exactly once, where memory grows by more than a twentieth
after the first tenth, and where any dictionary of the bot is not emptied.
"""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.keeping import keep
from tests.delivery.simulated import simulate
from tests.soak.answers import made_answers
from tests.soak.day import Day
from tests.soak.memory import MOST_GROWTH, Memory

CORPUS = Path(__file__).parent.parent.parent / "corpus"
QUESTIONS = 86_400


def main() -> int:
    """Print the figures and write them to bench/soak-delivery.json; the exit status."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        variables = dict(os.environ) | {"CORPUS_DIR": str(CORPUS), "DATA_DIR": folder}
        command = [sys.executable, "-m", "bot", "reload"]
        subprocess.run(command, env=variables, capture_output=True, check=True)
        memory = Memory(QUESTIONS)
        day, largest = simulate(_pass(Path(folder), memory))
    for name, count in sorted(day.did.items()):
        print(f"{name:36}{count:9,}")
    print(f"{'troubles of Telegram':36}{day.telegram.met:9,}")
    print(f"{'calls during a flood wait':36}{day.telegram.too_early:9,}")
    print(f"{'questions not answered exactly once':36}{len(day.wrong):9,}")
    for line in day.wrong[:10]:
        print(f"    {line}")
    print(f"{'what the bot holds':36}  largest   at the end")
    left = day.sizes()
    for name, size in largest.items():
        if size:
            print(f"{name:36}{size:9,}{left[name]:9,}")
    print(f"{'always empty':36}{sum(not size for size in largest.values()):9,}")
    for name, share in memory.growth.items():
        print(f"growth of {name:26}{share:9.1%}")
    keep("soak-delivery", {"wrong": len(day.wrong), "growth": memory.growth, "held": left})
    is_well = not day.wrong and not day.telegram.too_early and not day.store.open
    return 0 if is_well and not day.left() and max(memory.growth.values()) < MOST_GROWTH else 1


async def _pass(data_dir: Path, memory: Memory) -> tuple[Day, dict[str, int]]:
    """The day, and the most that each dictionary of the bot held."""
    day = Day(made_answers(CORPUS), data_dir)
    largest = day.sizes()

    def look(asked: int) -> None:
        for name, size in day.sizes().items():
            largest[name] = max(largest[name], size)
        memory.look(asked)

    await day.pass_by(QUESTIONS, look)
    return day, largest


if __name__ == "__main__":
    sys.exit(main())
