"""Nothing leaves the machine that the settings do not name: no socket but those."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import CORPUS, ROOT, environment
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.readers import Reader
from tests.e2e.running import RunningBot, until
from tests.e2e.test_listening import fetch, free_port
from tests.model_server import StubModelServer

ADMIN = 4001
QUESTION = "东城区选派了多少名干部担任社区专员?"
JUNK = {
    "LANGCHAIN_TRACING_V2": "true",
    "LANGCHAIN_API_KEY": "lsv2_lying-about",
    "LANGCHAIN_ENDPOINT": "http://127.0.0.1:9",
    "LANGSMITH_TRACING_V2": "true",
    "LANGSMITH_ENDPOINT": "http://127.0.0.1:9",
}
WITNESS = '''
"""Notes every destination of this process, and of those it starts."""
import os, sys

_OUT = os.environ["SOCKET_WITNESS"]
_EVENTS = {
    "socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0, "socket.gethostbyaddr": 0, "socket.getnameinfo": 0,
}

def _note(event, arguments):
    if event in _EVENTS:
        said = repr((os.getpid(), event, arguments[_EVENTS[event]:][:2])) + "\\n"
        out = os.open(_OUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(out, said.encode())
        os.close(out)

sys.addaudithook(_note)
os.close(os.open(_OUT + f".{os.getpid()}", os.O_WRONLY | os.O_CREAT))
'''
ESTABLISHED_OR_OPENING = {"01", "02"}


class Witness:
    """What all processes under test were connected to, as they tell and as the kernel does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(WITNESS, "utf-8")
        self.file = folder / "destinations"
        self.kernel: set[str] = set()
        """Far ends of TCP connections, "address:port" in hexadecimal as /proc has them."""
        self.settings = {"PYTHONPATH": f"{folder}:{ROOT}", "SOCKET_WITNESS": self.file}
        self._done = threading.Event()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look at the kernel's tables of all processes that have told of themselves."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    def processes(self) -> list[int]:
        return [int(path.suffix[1:]) for path in self.file.parent.glob("destinations.*")]

    def destinations(self) -> set[tuple[str, int]]:
        """Hosts and ports; a name that was only looked up has port 0."""
        text = self.file.read_text("utf-8") if self.file.exists() else ""
        found = set()
        for line in text.splitlines():
            quoted = re.findall(r"'([^']*)'|b'([^']*)'|\b(\d+)\b", line.split(", ", 2)[2])
            host = next((a or b for a, b, _ in quoted if a or b), "")
            port = next((int(number) for _, _, number in quoted if number), 0)
            found.add((host, port))
        return found

    def _look(self) -> None:
        while not self._done.wait(0.2):
            for process in self.processes():
                sockets = _sockets_of(process)
                for table in ("tcp", "tcp6", "udp", "udp6"):
                    try:
                        lines = Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]
                    except OSError:
                        continue
                    for fields in map(str.split, lines):
                        if fields[9] in sockets and fields[3] in ESTABLISHED_OR_OPENING:
                            self.kernel.add(f"{fields[1]} {fields[2]}")


def _sockets_of(process: int) -> set[str]:
    found = set()
    try:
        for link in Path(f"/proc/{process}/fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def strangers(witness: Witness, named: set[int], own: set[int]) -> list[object]:
    """What was connected to beside loopback at ports that are named or the bot's own."""
    told = [
        (host, port)
        for host, port in witness.destinations()
        if host not in ("127.0.0.1", "localhost") or port not in {*named, 0}
    ]
    seen = []
    for pair in witness.kernel:
        (_, near_port), (far, far_port) = (one.split(":") for one in pair.split())
        ends = {int(near_port, 16), int(far_port, 16)}
        if not far.endswith("0100007F") or not ends & (named | own):
            seen.append(pair)
    return [*told, *seen]


@pytest.mark.long
async def test_a_bot_connects_to_telegram_and_the_model_alone(
    tmp_path: Path, server: StubModelServer
) -> None:
    """From the first index to a reload in processes of its own, with pages for operators on."""
    witness, port = Witness(tmp_path / "witness"), free_port()
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in sorted(CORPUS.glob("*.md"))[:3]:
        (corpus / path.name).write_bytes(path.read_bytes())
    server.respond_with(lambda _: "选派了干部 [1]。")
    settings = {
        **JUNK,
        **witness.settings,
        "CORPUS_DIR": corpus,
        "METRICS_PORT": port,
        "OPENAI_BASE_URL": server.base_url,
        "TELEGRAM_ADMIN_IDS": ADMIN,
    }
    with EmulatedBotApi() as api, witness.looking():
        named = {port_of(api.base_url), port_of(server.base_url)}
        with RunningBot(tmp_path / "bot", api.base_url, **settings) as bot:
            bot.until_it_listens()
            await bot.wait_for_line(r"indexed \d+ articles", timeout=120)
            admin = Reader(api, identity=ADMIN)
            await admin.ask(QUESTION)
            (corpus / "new.md").write_text(
                "---\ntitle: 新站启用\n---\n城东新站昨天启用。\n", "utf-8"
            )
            generation = (tmp_path / "bot" / "data" / "CURRENT").read_text()
            admin.write("/reload")
            current = tmp_path / "bot" / "data" / "CURRENT"
            await until(lambda: current.read_text() != generation, timeout=120)
            await admin.command("/stats")
            assert fetch(port, "/metrics").status == 200
    assert len(server.requests) > 0
    assert len(witness.processes()) >= 4  # the bot, reloads, builders
    assert {port for _, port in witness.destinations()} >= named
    assert strangers(witness, named, {port}) == []


@pytest.mark.parametrize(
    "arguments",
    [("ask", QUESTION, "--json"), ("doctor", "--json")],
    ids=["ask", "doctor"],
)
def test_a_command_connects_to_the_model_alone(
    tmp_path: Path, corpus_data_dir: Path, server: StubModelServer, arguments: tuple[str, ...]
) -> None:
    witness = Witness(tmp_path / "witness")
    server.respond_with(lambda _: "选派了干部 [1]。")
    with witness.looking():
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=environment(
                **JUNK,
                **witness.settings,
                CORPUS_DIR=CORPUS,
                DATA_DIR=corpus_data_dir,
                DATABASE_URL=f"sqlite:///{tmp_path}/kept.sqlite3",
                OPENAI_BASE_URL=server.base_url,
            ),
            capture_output=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert json.loads(done.stdout)
    assert len(server.requests) > 0
    assert {port for _, port in witness.destinations()} >= {port_of(server.base_url)}
    assert strangers(witness, {port_of(server.base_url)}, set()) == []


def test_the_witness_sees_what_a_child_of_a_child_does(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "witness")
    inner = (
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    subprocess.run([sys.executable, "-c", outer], env=environment(**witness.settings), check=True)
    assert witness.destinations() == {("192.0.2.1", 9)}
    assert strangers(witness, {9}, set()) != []
