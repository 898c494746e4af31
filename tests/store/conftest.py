"""A store in an empty place, once of each kind of database, and the clock it goes by."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import Store
from bot.store.address import in_folder
from tests.postgres import Databases
from tests.store.exchanges import Clock, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def migrated(databases: Databases) -> Iterator[sa.URL]:
    """A database with all tables, to be copied."""
    with databases.new() as url:
        open_store(url).close()
        yield url


@pytest.fixture
def on_server(databases: Databases, migrated: sa.URL) -> Iterator[sa.URL]:
    """The address of an empty store on a database server."""
    with databases.new(migrated) as url:
        yield url


@pytest.fixture
def empty_server(databases: Databases) -> Iterator[sa.URL]:
    """The address of a database without tables on a database server."""
    with databases.new() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> sa.URL:
    """Where `store` is: the same tests for a file and for a server."""
    if request.param == "sqlite":
        return in_folder(tmp_path)
    url: sa.URL = request.getfixturevalue("on_server")
    return url


@pytest.fixture
def store(place: sa.URL, clock: Clock) -> Iterator[Store]:
    opened = open_store(place, clock)
    yield opened
    opened.close()
