"""Looks for planted secrets in all that a run of the tests has written.

Looked through are what each test and the processes that it started printed and logged, reports of
failures, and every file below pytest's temporary folder: data folders, logs, backups. Tests put
secrets on purpose only into files called `.env` or `planted.FILE`.
"""

import gzip
import io
import mmap
import os
import tarfile
import zipfile
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests import planted

ECHOES = "echoes_secrets"
"""Marks tests of servers that repeat a secret: their records are blotted out when written."""

_MARK = planted.MARK.encode()
_ON_PURPOSE = (".env", planted.FILE)
_HANDED_OVER = "leaks"
_GZIP, _ZIP, _TAR = b"\x1f\x8b", b"PK\x03\x04", b"ustar"
_TAR_MAGIC_AT = 257
_DEEPEST, _MOST, _LONGEST = 3, 10_000, 64_000_000
"""Archives in archives, parts of one, bytes of a part: tests make bombs too."""


def refuse(output: str | bytes, source: str) -> None:
    """Fail the test that is running where a secret stands in what a process printed."""
    data = output.encode(errors="replace") if isinstance(output, str) else output
    assert _MARK not in data, f"a secret was printed by {source}: {_around(data)}"


def in_folder(folder: Path) -> Iterator[str]:
    """The files below a folder that hold a secret, those in archives by both names."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if name in _ON_PURPOSE or path.is_symlink() or not path.is_file():
                continue
            try:
                yield from (f"{path}{inner}" for inner in _in_file(path))
            except FileNotFoundError:  # what a process that is ending cleans up
                continue


def _in_file(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(_MARK) >= 0:
                yield ""
            packed = data[:2] == _GZIP or data[:4] == _ZIP or data[_TAR_MAGIC_AT:][:5] == _TAR
            contents = data[:] if packed else b""
    if packed:
        yield from _in_archive(contents)


def _in_archive(data: bytes, depth: int = 0) -> Iterator[str]:
    if depth == _DEEPEST:
        return
    for name, contents in _unpacked(data):
        if Path(name).name not in _ON_PURPOSE and _MARK in contents:
            yield f"!{name}"
        yield from (f"!{name}{inner}" for inner in _in_archive(contents, depth + 1))


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What is in an archive, of each part the beginning; nothing where it is none or damaged."""
    try:
        if data[:2] == _GZIP:
            yield "", gzip.GzipFile(fileobj=io.BytesIO(data)).read(_LONGEST)
        elif data[:4] == _ZIP:
            with zipfile.ZipFile(io.BytesIO(data)) as zipped:
                for name in zipped.namelist()[:_MOST]:
                    with zipped.open(name) as part:
                        yield name, part.read(_LONGEST)
        elif data[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == _TAR:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in islice(archive, _MOST):
                    file = archive.extractfile(member) if member.isreg() else None
                    if file is not None:
                        yield member.name, file.read(_LONGEST)
    except Exception:  # tests make archives that are broken in every way
        return


def _around(data: bytes) -> str:
    at = data.find(_MARK)
    return data[max(0, at - 100) : at + 100].decode(errors="replace").replace("\n", "⏎")


class Watch:
    """A plugin of pytest that fails a run in which a secret was seen, and says where.

    The workers of a run look through their own folders; who started them judges.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._seen: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at what a test printed, logged and failed with."""
        if self._is_worker:
            return
        parts = [*report.sections, ("its failure", str(report.longrepr or ""))]
        for title, text in parts:
            is_raw = "log" in title and ECHOES in report.keywords
            if planted.MARK in text and not is_raw:
                self._seen.append(f"{report.nodeid}, {title}: {_around(text.encode())}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker saw."""
        self._seen += getattr(node, "workeroutput", {}).get(_HANDED_OVER, ())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look through the files; a run in which a secret was seen has failed."""
        seen = list(self._in_files())
        if self._is_worker:
            self._config.workeroutput[_HANDED_OVER] = seen  # type: ignore[attr-defined]
            return
        self._seen += seen
        if self._seen and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Say where, below all else: a run whose tests have passed would not tell why it failed."""
        yield
        if self._seen:
            terminalreporter.section("secrets that were written", red=True, bold=True)
            for one in dict.fromkeys(self._seen):
                terminalreporter.write_line(one)

    def _in_files(self) -> Iterable[str]:
        factory = getattr(self._config, "_tmp_path_factory", None)
        folder = getattr(factory, "_basetemp", None)  # None: no test wanted one
        return [] if folder is None else in_folder(folder)
