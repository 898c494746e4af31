"""Keeps messages and tells of each once it is kept: `python -m tests.store.writing DIR NAME N`."""

import sys
from pathlib import Path

from retrieval.types import Usage
from tests.store.exchanges import MORNING, exchange, open_store


def main(folder: str, name: str, count: str) -> None:
    store = open_store(Path(folder))
    for number in range(int(count)):
        words = f"{name}-{number}"
        store.keep(exchange(words))
        store.spend(Usage(1, 1), day=MORNING.date(), asker_id=1, model="stub", purpose="answer")
        print(words, flush=True)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
