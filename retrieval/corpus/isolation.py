"""HTML, PDF and Word files are read in a child process: what kills it costs one file.

One child (`retrieval.corpus.child`) serves many files: a JSON object a line in, one back. It has no
key in its environment, may write no file, and ends when its standard input closes. Time is limited
everywhere, memory where the system keeps to RLIMIT_AS: Linux does, macOS does not.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.types import Article, Loaded, Problem

OUT_OF_MEMORY = 3
"""Exit status of a child that ran out of memory and could still say so."""

_MAX_REPLY_BYTES = 20_000_000
"""An article of 2 MB, its fields, and every character escaped."""

_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ")
_SETTINGS = {"PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_PACKAGES = Path(__file__).parents[2]
_GOODBYE_SECONDS = 5.0
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What the reading of one file may take."""

    seconds: float = 30.0
    memory_bytes: int = 1_000_000_000


DEFAULT_LIMITS = Limits()


class IsolatedReader:
    """Reads files in a child process, started at the first one. For one thread at a time.

    `module` names what the child runs: it answers as `serving.serve` does.
    """

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, module: str = "retrieval.corpus.child"
    ) -> None:
        self._limits = limits
        self._module = module
        self._child: _Child | None = None

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def read(self, file: Path, path: str) -> Iterator[Loaded | Problem]:
        """Articles and problems of one file; a problem too when its reading ends the child.

        A child that earlier files may have weakened gets one successor to try the file again.
        """
        is_fresh = self._child is None
        try:
            items = self._ask(file, path)
        except _ChildLostError as error:
            items = [Problem(path, str(error))]
            if not is_fresh and not error.is_slow:
                try:
                    items = self._ask(file, path)
                except _ChildLostError as again:
                    items = [Problem(path, str(again))]
        yield from items

    def _ask(self, file: Path, path: str) -> list[Loaded | Problem]:
        if self._child is None:
            self._child = _Child(self._module, self._limits)
        try:
            return self._child.ask(file, path)
        except BaseException:  # an answer that is still to come would be taken for the next file's
            self._child.kill()
            self._child = None
            raise


def _item(reply: dict[str, Any]) -> Loaded | Problem:
    if "problem" in reply:
        return Problem(**reply["problem"])
    return Loaded(**reply | {"article": Article(**reply["article"])})


class _ChildLostError(Exception):
    """The child died or had to be killed; the text is the reason for an editor."""

    def __init__(self, reason: str, *, is_slow: bool = False) -> None:
        super().__init__(reason)
        self.is_slow = is_slow


class _Child:
    def __init__(self, module: str, limits: Limits) -> None:
        self._limits = limits
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        command = [sys.executable, "-P", "-s", "-m", module]
        self._process = subprocess.Popen(
            [*command, str(limits.seconds), str(limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env=environment | _SETTINGS | {"PYTHONPATH": os.fspath(_PACKAGES)},
            start_new_session=True,  # Ctrl-C in a terminal is for the parent
        )

    def ask(self, file: Path, path: str) -> list[Loaded | Problem]:
        """What the child read. Raises _ChildLostError; the child is of no use then."""
        request = json.dumps({"file": os.fspath(file.absolute()), "path": path})
        return [_item(each) for each in json.loads(self._reply(request.encode()))]

    def _reply(self, request: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        deadline = time.monotonic() + self._limits.seconds
        reply = bytearray()
        try:
            stdin.write(request + b"\n")
        except BrokenPipeError:
            raise self._why_lost() from None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not reply.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise self._too_slow()
                piece = os.read(stdout.fileno(), _PIECE_BYTES)
                if not piece:
                    raise self._why_lost()
                reply += piece
                if len(reply) > _MAX_REPLY_BYTES:
                    raise _ChildLostError("holds too much text; split it")
        return bytes(reply)

    def _why_lost(self) -> _ChildLostError:
        try:
            status = self._process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            return _ChildLostError("its reader crashed; save the file anew")
        if status == -signal.SIGXCPU:
            return self._too_slow()
        if status == OUT_OF_MEMORY:
            gigabytes = self._limits.memory_bytes / 1_000_000_000
            return _ChildLostError(f"needs more than {gigabytes:g} GB of memory; make it smaller")
        return _ChildLostError("its reader crashed; save the file anew")

    def _too_slow(self) -> _ChildLostError:
        seconds = self._limits.seconds
        return _ChildLostError(
            f"took longer than {seconds:g} s; make it smaller or save it anew", is_slow=True
        )

    def kill(self) -> None:
        self._process.kill()
        self.close()

    def close(self) -> None:
        """Let the child end, or end it."""
        with self._process as process:  # closes the pipes and waits
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
