"""A PostgreSQL server for tests: Debian's package, on loopback, in a folder of its own.

`TEST_DATABASE_URL` names another server in its place, whose user may make databases and roles.
"""

import ctypes
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from bot.store.address import checked_url

_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 30.0
_PAUSE_SECONDS = 0.02
_STARTS = 5
_USER = "baoda"
_PR_SET_PDEATHSIG = 1
_IN_HASTE = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_wal_size": "256MB",
    "max_connections": "40",
}


def programs() -> Path | None:
    """The folder of initdb and postgres; None where they are not installed."""
    found = shutil.which("initdb")
    beside = [Path(found).resolve().parent] if found else []
    for folder in [*beside, *sorted(_DEBIAN.glob("*/bin"), reverse=True)]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


class Server:
    """A server that was started here, and can be ended and started anew."""

    def __init__(self, folder: Path, programs: Path, password: str) -> None:
        self._folder = folder
        self._programs = programs
        self._password = password
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"
        self.port = 0

    def make(self) -> Self:
        """Make its folder. It is not running yet."""
        secret = self._folder / "password"
        secret.write_text(self._password)
        if self._user is not None:
            for path in (self._folder, secret):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        # fmt: off
        self._run(
            "initdb", "--pgdata", str(self._data), "--username", _USER, "--pwfile", str(secret),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            "--no-instructions",
        )
        # fmt: on
        return self

    def start(self) -> None:
        """Start it, at the port that it had before, if any, and wait until it takes questions."""
        for _ in range(_STARTS):
            self.port = self.port or _free_port()
            if self._starts():
                return
            self.port = 0  # somebody else was given it meanwhile
        raise RuntimeError(f"PostgreSQL does not start: {self._log.read_text()[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: its connections are broken off; with SIGQUIT as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    def url(self, database: str, *, password: str | None = None) -> sa.URL:
        """The address of one of its databases."""
        return sa.URL.create(
            "postgresql+psycopg",
            username=_USER,
            password=password or self._password,
            host="127.0.0.1",
            port=self.port,
            database=database,
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _starts(self) -> bool:
        options = _IN_HASTE | {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                preexec_fn=_end_with_parent,
                **self._unprivileged,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            if (self._data / "postmaster.pid").exists() and self._is_ready():
                return True
            time.sleep(_PAUSE_SECONDS)
        self.stop(signal.SIGQUIT)
        return False

    def _is_ready(self) -> bool:
        lines = (self._data / "postmaster.pid").read_text().splitlines()
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _run(self, program: str, *arguments: str) -> None:
        finished = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            **self._unprivileged,
        )
        if finished.returncode:
            raise RuntimeError(f"{program}: {finished.stderr.strip()}")

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}

    @property
    def _unprivileged(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


class Databases:
    """Databases on a server, each made for one test and gone after it."""

    def __init__(self, administration: sa.URL) -> None:
        self._administration = administration
        self._prefix = f"baoda_test_{secrets.token_hex(4)}"
        self._numbers = itertools.count(1)

    @contextmanager
    def new(self, template: sa.URL | None = None, encoding: str = "UTF8") -> Iterator[sa.URL]:
        """The address of a database, empty or a copy of one that nobody is connected to."""
        name = f"{self._prefix}_{next(self._numbers)}"
        like = "template0" if template is None else template.database
        self._do(f"CREATE DATABASE {name} TEMPLATE {like} ENCODING '{encoding}'")
        try:
            yield self._administration.set(database=name)
        finally:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        engine = sa.create_engine(
            self._administration, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def running(password: str) -> Iterator[Server | None]:
    """A server that ends with the block; None where the programs are not installed."""
    folder = programs()
    if folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="baoda-postgres-") as name:
        server = Server(Path(name), folder, password).make()
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def named() -> sa.URL | None:
    """The server of TEST_DATABASE_URL, if any."""
    text = os.environ.get("TEST_DATABASE_URL")
    return checked_url(text) if text else None


def _free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """Also where the run of the tests is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
