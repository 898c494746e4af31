"""A planted secret that is written anywhere fails the run, and the place is named."""

import gzip
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests import leaks, planted
from tests.conftest import ROOT, environment
from tests.hostile import UPLOADS

SUITE = """
import gzip, logging, sys
from tests.planted import MARK

def test_prints():
    print("a", MARK, "b")

def test_logs():
    logging.getLogger("x").warning(MARK)

def test_writes(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log").write_bytes(b"before " + MARK.encode())

def test_packs(tmp_path):
    (tmp_path / "backup").write_bytes(gzip.compress(MARK.encode()))

def test_puts_it_where_it_belongs(tmp_path):
    (tmp_path / ".env").write_text(MARK)
    (tmp_path / "planted-secret").write_text(MARK)
"""
CONFTEST = """
from tests.leaks import Watch

def pytest_configure(config):
    config.pluginmanager.register(Watch(config))
"""


def run(folder: Path, suite: str, *options: str) -> tuple[int, str]:
    tests = folder / "suite"
    tests.mkdir()
    (tests / "conftest.py").write_text(CONFTEST)
    (tests / "test_it.py").write_text(suite)
    (tests / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", str(tests), "--rootdir", str(tests)]
    finished = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--basetemp", str(folder / "base"), *options],
        cwd=folder,
        env=environment(PYTHONPATH=ROOT),
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("leaking")


def hidden(text: str) -> str:
    """Without the mark, for this suite is looked through too."""
    return text.replace(planted.MARK, "***")


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "by workers"])
def test_whatever_leaks_fails_the_run_and_is_named(folder: Path, options: tuple[str, ...]) -> None:
    status, output = run(folder, SUITE, *options)
    told = hidden(output[output.index("secrets that were written") :]).splitlines()
    for path in (folder / "base").rglob("*"):
        if path.is_file():
            path.unlink()
    (folder / "suite" / "test_it.py").unlink()
    assert status == 1
    assert sum("test_it.py::test_prints, Captured stdout call: a *** b" in one for one in told) == 1
    assert sum("test_it.py::test_logs, Captured log call" in one for one in told) == 1
    assert sum("test_writes0/data/log" in one for one in told) == 1
    assert sum("test_packs0/backup!" in one for one in told) == 1
    assert not any("test_puts" in one for one in told)


def test_where_nothing_leaks_the_run_passes(folder: Path) -> None:
    status, output = run(folder, "def test_it(tmp_path):\n    (tmp_path / 'a').write_text('b')\n")
    assert status == 0, hidden(output)


def archives() -> dict[str, bytes]:
    tarred, zipped = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        member = tarfile.TarInfo("logs/day")
        member.size = len(planted.MARK)
        archive.addfile(member, io.BytesIO(planted.MARK.encode()))
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("logs/day", 50 * planted.MARK)
    return {
        "gzip": gzip.compress(planted.MARK.encode()),
        "tar": tarred.getvalue(),
        "tar in gzip": gzip.compress(tarred.getvalue()),
        "zip": zipped.getvalue(),
    }


@pytest.mark.parametrize("kind", archives())
def test_archives_are_looked_into(folder: Path, kind: str) -> None:
    (folder / "backup").write_bytes(archives()[kind])
    found = list(leaks.in_folder(folder))
    (folder / "backup").unlink()
    assert len(found) >= 1


def test_a_damaged_archive_is_no_reason_to_stop(folder: Path) -> None:
    for number, packed in enumerate(archives().values()):
        (folder / str(number)).write_bytes(packed[: len(packed) // 2])
    list(leaks.in_folder(folder))
    for path in folder.iterdir():
        path.unlink()


def test_an_archive_with_links_that_lead_nowhere_is_no_reason_to_stop(folder: Path) -> None:
    with tarfile.open(folder / "backup", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            member = tarfile.TarInfo("link")
            member.type, member.linkname = kind, "/nowhere"
            archive.addfile(member)
    assert list(leaks.in_folder(folder)) == []


@pytest.mark.long
def test_hostile_files_are_no_reason_to_stop(folder: Path) -> None:
    for number, make in enumerate(UPLOADS.values()):
        _, content = make()
        (folder / str(number)).write_bytes(content)
    assert list(leaks.in_folder(folder)) == []
    for path in folder.iterdir():
        path.unlink()


def test_what_a_process_printed_fails_its_test() -> None:
    with pytest.raises(AssertionError) as caught:
        leaks.refuse(b"at " + planted.MARK.encode(), "baoda ask")
    assert "printed by baoda ask" in str(caught.value)
