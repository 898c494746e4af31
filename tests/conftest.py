"""Fixtures that several test modules share."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from retrieval.threads import limit_threads
from tests import leaks, planted, postgres
from tests.model_server import StubModelServer

limit_threads(1)  # as the fronts do: the processes of a run share the processors

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
_TOLD = "told"
_INHERITED = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a run in the background ignores Ctrl-C, and so would the commands that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)

Baoda = Callable[..., subprocess.CompletedProcess[bytes]]


def environment(**settings: object) -> dict[str, str]:
    """The environment of a command under test: nothing inherited but what Python needs."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {name: str(value) for name, value in settings.items()}


def pytest_configure(config: pytest.Config) -> None:
    """A secret that is written anywhere fails the run."""
    config.pluginmanager.register(leaks.Watch(config))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--crashes", type=int, default=3, help="how often test_crash.py kills")
    parser.addoption("--power-cuts", type=int, default=3, help="sudden ends in test_power_cuts.py")
    parser.addoption("--long", action="store_true", help="the tests marked as long too")
    of_faults = parser.getgroup("test_random_faults.py")
    of_faults.addoption("--questions", type=int, default=16, help="how many are asked")
    of_faults.addoption("--restarts", type=int, default=1, help="how often the bot is ended")
    of_faults.addoption("--longest-wait", type=int, default=2, help="seconds of a flood wait")
    of_faults.addoption("--fault-seed", type=int, default=1, help="another one: other faults")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `make test-life` is for."""
    if not config.getoption("long"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a line with figures below the results of the run."""
    return lambda line: record_property(_TOLD, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines that tests told of."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    lines = [
        str(value)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == _TOLD and report.when == "call"
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def crashes(pytestconfig: pytest.Config) -> int:
    """How often a reload is killed."""
    count: int = pytestconfig.getoption("crashes")
    return count


@pytest.fixture
def power_cuts(pytestconfig: pytest.Config) -> int:
    """How often everything ends suddenly."""
    count: int = pytestconfig.getoption("power_cuts")
    return count


@pytest.fixture(scope="session")
def corpus_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an index of the shipped corpus, made with the real embedding model.

    The first worker that needs it makes it for all. It is only read; who writes takes a copy.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shipped"
    folder.mkdir(exist_ok=True)
    data_dir = folder / "data"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data_dir.exists():
            _index(data_dir)
    return data_dir


def _index(data_dir: Path) -> None:
    """Made aside: what failed is not there for the next worker."""
    aside = data_dir.with_name("unfinished")
    finished = subprocess.run(
        [sys.executable, "-m", "bot", "reload"],
        env=environment(CORPUS_DIR=CORPUS, DATA_DIR=aside),
        cwd=data_dir.parent,
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr.decode()
    aside.rename(data_dir)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this run's own, which a test may stop if it starts it again."""
    with postgres.running(planted.PASSWORD) as running:
        if running is None:
            pytest.skip("PostgreSQL is not installed: apt install postgresql")
        yield running


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> postgres.Databases:
    """Databases of PostgreSQL, on that server or on the one of TEST_DATABASE_URL."""
    named = postgres.named()
    if named is not None:
        return postgres.Databases(named)
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return postgres.Databases(server.url("postgres"))


@pytest.fixture
def baoda(tmp_path: Path) -> Baoda:
    """Runs `baoda` with the given arguments and settings in an empty folder."""

    def run(
        *arguments: str, stdin: bytes = b"", **settings: object
    ) -> subprocess.CompletedProcess[bytes]:
        command: Sequence[str] = [sys.executable, "-m", "bot", *arguments]
        finished = subprocess.run(
            command,
            input=stdin,
            env=environment(**settings),
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
            check=False,
        )
        leaks.refuse(finished.stdout + finished.stderr, " ".join(["baoda", *arguments]))
        return finished

    return run


@pytest.fixture
def server() -> Iterator[StubModelServer]:
    """A model server that says what a test tells it to."""
    with StubModelServer() as running:
        yield running
