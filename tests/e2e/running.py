"""The bot as a process of its own, and the way to Telegram that can be cut."""

import asyncio
import contextlib
import itertools
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from tests import leaks
from tests.conftest import environment
from tests.e2e.bot_api import TOKEN, EmulatedBotApi

SECRET = re.compile(r"TOKEN|KEY|PROXY")
_readers = itertools.count(5000)


class RunningBot:
    """`baoda run` with these settings and no others; a context manager that always ends it.

    At the end no line it wrote may hold a secret or a warning, or a traceback unless expected.
    """

    def __init__(self, folder: Path, api_base_url: str, **settings: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._settings: dict[str, object] = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE_URL": api_base_url,
            "DATA_DIR": folder / "data",
            "LOG_LEVEL": "DEBUG",
            "PYTHONWARNINGS": "always",
            **settings,
        }
        self.lines: list[str] = []
        """What it wrote, standard output and standard error alike."""
        self.traceback_expected = False
        self._grown = threading.Condition()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=self._folder,
            env=environment(**self._settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            if kind is not None:
                print(*self.lines, sep="\n")
        if kind is None:
            self._check_lines()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                with self._grown:
                    self.lines.append(line.decode().rstrip("\n"))
                    self._grown.notify_all()

    def _check_lines(self) -> None:
        text = "\n".join(self.lines)
        for name, value in self._settings.items():
            if SECRET.search(name):
                password = urlsplit(str(value)).password
                for secret in filter(None, (str(value), password, str(value).partition(":")[2])):
                    assert secret not in text, f"{name} was logged"
        leaks.refuse(text, "baoda run")
        assert "Warning:" not in text, text
        assert ("Traceback" in text) == self.traceback_expected, text

    def matching(self, pattern: str) -> list[str]:
        """The lines in which the pattern is found."""
        with self._grown:
            return [line for line in self.lines if re.search(pattern, line)]

    def until_it_listens(self, timeout: float = 120) -> None:
        """Return once it takes updates; else TimeoutError. No loop goes on meanwhile."""
        self.until_it_says("is listening", timeout)

    def until_it_says(self, words: str, timeout: float = 120) -> None:
        """Return once a line has these words; else TimeoutError. No loop goes on meanwhile."""

        def is_said() -> bool:
            return any(words in line for line in self.lines)

        with self._grown:
            if not self._grown.wait_for(is_said, timeout):
                raise TimeoutError("\n".join([f"No {words!r}; the lines were:", *self.lines]))

    async def wait_for_line(self, pattern: str, count: int = 1, timeout: float = 20) -> list[str]:
        """The lines with the pattern, once there are `count` of them; else TimeoutError."""

        def enough() -> bool:
            return len(self.matching(pattern)) >= count

        def wait() -> bool:
            with self._grown:
                return self._grown.wait_for(enough, timeout)

        if not await asyncio.to_thread(wait):
            raise TimeoutError("\n".join(["Not written; the lines were:", *self.lines]))
        return self.matching(pattern)

    async def wait(self, timeout: float = 20) -> int:
        """The exit status, once the process has ended and all its lines are here."""
        status = await asyncio.to_thread(self.process.wait, timeout)
        await asyncio.to_thread(self._reader.join, timeout)
        return status

    async def stop(self) -> int:
        """The exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return await self.wait()

    def children(self) -> list[int]:
        """Ids of the processes that it has started and that still run."""
        table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
        pairs = (line.split() for line in table.stdout.decode().splitlines())
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]


class Wire:
    """A port that leads to a server while the wire is up, and refuses connections while not."""

    def __init__(self, api: EmulatedBotApi) -> None:
        self._target = urlsplit(api.base_url).port
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self._port}"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)

    async def cut(self) -> None:
        """End all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _connect(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far, far_out = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {near_out, far_out}
        try:
            await asyncio.gather(_carry(near, far_out), _carry(far, near_out))
        finally:
            self._open -= {near_out, far_out}


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()
    with contextlib.suppress(OSError):
        await sink.wait_closed()


def calls_for(api: EmulatedBotApi, chat_id: int) -> list[str]:
    """The methods that the bot called for a chat, in order."""
    return [call.method for call in api.calls if call.params.get("chat_id") == chat_id]


def new_reader() -> int:
    """The id of a reader who has not written yet; also that of the private chat."""
    return next(_readers)


async def until(condition: Callable[[], bool], timeout: float = 20) -> None:
    """Nothing, once the condition holds; else TimeoutError. For what cannot wake us."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
