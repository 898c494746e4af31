"""Keeps messages and tells of each once it is kept: `python -m tests.store.writing NAME N`."""

import os
import sys

import sqlalchemy as sa

from retrieval.types import Usage
from tests.store.exchanges import MORNING, exchange, open_store


def main(name: str, count: str) -> None:
    """In the database whose address is PLACE."""
    store = open_store(sa.make_url(os.environ["PLACE"]))
    for number in range(int(count)):
        words = f"{name}-{number}"
        store.keep(exchange(words))
        store.spend(Usage(1, 1), day=MORNING.date(), asker_id=1, model="stub", purpose="answer")
        print(words, flush=True)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
