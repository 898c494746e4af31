"""A store in an empty folder, and the clock it goes by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.store.exchanges import Clock, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.close()
