"""What a power cut leaves of a folder: what was flushed, and nothing else.

A shim notes the content of a file with each fsync of it, and the names in a folder with each fsync
of that. A cut then leaves, at its worst, files as they were last noted in folders as they were last
noted. A file system may also have kept all names, but not what is in the files: see `Remains`.
"""

import ctypes
import os
import shutil
import subprocess
from enum import StrEnum
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_suffix(".c")


class Remains(StrEnum):
    """What a cut leaves beside that which was flushed."""

    NOTHING = "nothing else"
    NAMES = "names too, with zeros for what was not flushed"


class Disk:
    """The folder `root`, all of which is on disk at first, and the notes on what came since."""

    def __init__(self, shim: Path, root: Path, notes: Path) -> None:
        self._shim = shim
        self._library = ctypes.CDLL(str(shim))
        self._root = root.resolve()
        self._notes = notes
        notes.mkdir()
        for path in (self._root, *self._root.rglob("*")):
            if not path.is_symlink():
                self._note(path)

    @property
    def environment(self) -> dict[str, str]:
        """For processes whose writing is to be noted."""
        return {
            "LD_PRELOAD": str(self._shim),
            "DURABLE_ROOT": str(self._root),
            "DURABLE_NOTES": str(self._notes),
        }

    def cut(self, target: Path, remains: Remains) -> None:
        """Make `target` what is left of the folder; all that wrote there have to be dead."""
        if remains is Remains.NAMES:
            self._with_names(self._root, target)
        else:
            self._flushed(self._key(self._root), target)

    def _flushed(self, key: str, target: Path) -> None:
        target.mkdir()
        names = self._notes / key
        for line in names.read_text("utf-8").split("\0")[:-1] if names.exists() else []:
            inner, is_folder, name = line.split("\t")
            if is_folder == "1":
                self._flushed(inner, target / name)
            elif (self._notes / inner).exists():
                shutil.copyfile(self._notes / inner, target / name)
            else:
                (target / name).touch()

    def _with_names(self, folder: Path, target: Path) -> None:
        target.mkdir()
        for path in folder.iterdir():
            noted = self._notes / self._key(path)
            if path.is_dir():
                self._with_names(path, target / path.name)
            elif noted.exists():
                shutil.copyfile(noted, target / path.name)
            else:
                (target / path.name).write_bytes(bytes(path.stat().st_size))

    def _key(self, path: Path) -> str:
        """The name that the shim knows it by."""
        found = ctypes.create_string_buffer(96)
        is_folder = ctypes.c_int()
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self._library.durable_key(descriptor, found, len(found), ctypes.byref(is_folder))
        finally:
            os.close(descriptor)
        return found.value.decode()

    def _note(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self._library.durable_note(descriptor, os.fsencode(self._notes))
        finally:
            os.close(descriptor)


def build_shim(folder: Path) -> Path:
    """The shim as a library; the test is skipped where it cannot be built or used."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        pytest.skip("notes on what is flushed need Linux and a C compiler")
    library = folder / "durable.so"
    options = ("-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl")
    command = [compiler, *options]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the compiler fails: {done.stderr.decode('utf-8', 'replace')[:200]}")
    return library
