"""Follows the README's commands to the letter, in a clone of its own: `make follow`.

What needs something that this machine lacks is left out with a word: an engine for Docker, a real
token, a model's server. Telegram and the chat model are stand-ins on loopback, that of
the container where the bot runs in one.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.e2e.bot_api import TOKEN, EmulatedBotApi
from tests.e2e.readers import Reader

QUESTION = "职工提出诉求以后，网格和上级工会多久要有回应？"
ANSWER = "职工提出诉求后，网格在2小时内快速处理并作出反应，上级工会在3小时内快速响应。"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECONDS = 1200
_KEPT = re.compile(r"PATH|LANG|LC_.*|PIP_.*|SSL_.*|.*_CA_BUNDLE|(?i:\w*_proxy)")
"""Of the environment: what installing packages may need, nothing of Baoda's."""

_ASSIGNMENT = re.compile(r"(\w+)=(\$\(.+\))")
_ELSEWHERE = {"make test": "it is run by itself"}
_IMAGE = "baoda"
_COMPOSE = "docker compose --file deploy/compose.yaml"
_NEW_MACHINE = f"{_COMPOSE} --file deploy/compose.postgres.yaml down --volumes"
_TELEGRAM_PORT = 18081
_TELEGRAM_BESIDE = f"TELEGRAM_API_BASE_URL=http://127.0.0.1:{_TELEGRAM_PORT}\n"
_OF_ROOT = '#!/bin/sh\nexec "$@"\n'


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    kind: str
    lines: tuple[str, ...]


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks, in their order; of `sh` the commands without their remarks."""
    for kind, body in _BLOCK.findall(text):
        lines = body.splitlines()
        if kind == "sh":
            lines = [re.split(r"\s+#\s", f" {line}")[0].strip() for line in lines]
        yield Block(kind, tuple(line for line in lines if line.strip()))


class Follower:
    """Somebody new, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._clone = folder / "baoda"
        home = folder / "home"
        home.mkdir()
        self._environment = {
            **{name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)},
            "HOME": str(home),
            "COMPOSE_PROJECT_NAME": f"baoda-follow-{os.getpid()}",
        }
        if os.geteuid() == 0 and not shutil.which("sudo"):
            sudo = home / "sudo"
            sudo.write_text(_OF_ROOT)
            sudo.chmod(0o755)
            self._environment["PATH"] += f":{home}"
        self._without_docker = _what_docker_lacks()
        self._telegram: subprocess.Popen[bytes] | None = None
        self.failed: list[str] = []

    def clone(self) -> None:
        """The project as it is committed."""
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self._clone)], check=True)

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        if block.kind == "ini":
            self._set("\n".join(block.lines))
            return
        if self._without_docker and any(line.startswith("docker") for line in block.lines):
            _say(f"- {block.lines[0]} …: left out, {self._without_docker}")
            return
        for command in block.lines:
            if command.startswith(f"{_COMPOSE} run"):
                self._clear()
            if command in _ELSEWHERE:
                _say(f"- {command}: left out, {_ELSEWHERE[command]}")
            elif assigned := _ASSIGNMENT.fullmatch(command):
                self._environment[assigned[1]] = self._output(f'printf %s "{assigned[2]}"')
            elif command == "make run" and (self._clone / ".env").exists():
                self._run_bot(command)
            else:
                self._run(command)
            if " up " in command and command not in self.failed:
                self._ask_in_container()

    def clean_up(self) -> None:
        """Leave nothing of Docker behind but what was downloaded."""
        if not self._without_docker:
            self._clear()
            self._run(f"docker rmi {_IMAGE}")

    def _clear(self) -> None:
        """Be on a new machine, as far as Docker goes."""
        self._end_telegram()
        self._run(_NEW_MACHINE)

    def _run(self, command: str) -> None:
        began = time.monotonic()
        finished = subprocess.run(
            command,
            shell=True,  # as a reader types it
            executable="/bin/bash",
            cwd=self._clone,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        seconds = time.monotonic() - began
        output = finished.stdout + finished.stderr
        self._judge(command, finished.returncode == 0, seconds, output)
        if "| make" in command and ANSWER not in finished.stdout.decode():
            self._judge(f"the answer of: {command}", False, 0, finished.stdout)
        if command.endswith("> deploy/settings.env"):
            with (self._clone / "deploy" / "settings.env").open("a", encoding="utf-8") as stream:
                stream.write(_TELEGRAM_BESIDE)

    def _ask_in_container(self) -> None:
        """Ask the bot in the container a question in Telegram, which goes on beside it."""
        self._end_telegram()
        began = time.monotonic()
        found = self._output(f"{_COMPOSE} ps --quiet baoda")
        process = self._output(f"docker inspect --format '{{{{.State.Pid}}}}' {found}")
        token = self._output("sudo cat deploy/secrets/telegram_bot_token")
        beside = [sys.executable, "-m", "tests.telegram_beside", token, str(_TELEGRAM_PORT)]
        self._telegram = subprocess.Popen(
            ["sudo", "nsenter", "--target", process, "--net", *beside, QUESTION, ANSWER],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._telegram.stdout is not None
        said = self._telegram.stdout.readline()
        is_right = ANSWER.encode() in said
        self._judge(
            "a question to the bot in the container", is_right, time.monotonic() - began, said
        )

    def _end_telegram(self) -> None:
        if self._telegram is not None:
            self._telegram.communicate(timeout=60)
            self._telegram = None

    def _output(self, command: str) -> str:
        finished = subprocess.run(
            command,
            shell=True,
            cwd=self._clone,
            env=self._environment,
            capture_output=True,
            check=True,
        )
        return finished.stdout.decode().strip()

    def _set(self, settings: str) -> None:
        """Put settings into .env alone: they have to be accepted."""
        path = self._clone / ".env"
        before = path.read_text("utf-8") if path.exists() else None
        path.write_text(settings + "\n", "utf-8")
        _say(f"+ .env: {settings.splitlines()[0]} …")
        self._run(".venv/bin/baoda status")
        if before is None:
            path.unlink()
        else:
            path.write_text(before, "utf-8")

    def _run_bot(self, command: str) -> None:
        """Start the bot, ask it a question in Telegram, and stop it."""
        with EmulatedBotApi() as api:
            with (self._clone / ".env").open("a", encoding="utf-8") as stream:
                stream.write(
                    f"\nTELEGRAM_BOT_TOKEN={TOKEN}\nTELEGRAM_API_BASE_URL={api.base_url}\n"
                )
            began = time.monotonic()
            output = self._clone.parent / "bot.txt"
            with output.open("wb") as stream_:
                bot = subprocess.Popen(
                    command.split(),
                    cwd=self._clone,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stream_,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            try:
                answer = asyncio.run(Reader(api).ask(QUESTION))
            finally:
                os.killpg(bot.pid, signal.SIGTERM)
                bot.wait(60)
            is_right = ANSWER in answer.text
            self._judge(
                f"{command} (with a token)", is_right, time.monotonic() - began, output.read_bytes()
            )
            (self._clone / ".env").unlink()

    def _judge(self, command: str, is_well: bool, seconds: float, output: bytes) -> None:
        _say(f"{'✓' if is_well else '✗'} {command} ({seconds:.0f} s)")
        if not is_well:
            self.failed.append(command)
            _say(output.decode("utf-8", "replace")[-4000:])


def _what_docker_lacks() -> str:
    """Why nothing is followed that needs Docker; "" where it is."""
    if not _succeeds(["docker", "info"]):
        return "no Docker engine runs here"
    if not _succeeds(["docker", "compose", "version"]):
        return "docker compose is not installed here"
    if _succeeds(["docker", "image", "inspect", _IMAGE]):
        return f"an image {_IMAGE} is here already, and may be in use"
    if not shutil.which("nsenter"):
        return "nsenter is not installed here"
    if os.geteuid() != 0 and not _succeeds(["sudo", "-n", "true"]):
        return "sudo asks for a password here"
    return ""


def _succeeds(command: list[str]) -> bool:
    return shutil.which(command[0]) is not None and (
        subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Exit status 1 where a command did not do what the README says."""
    found = list(blocks((ROOT / "README.md").read_text("utf-8")))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        follower = Follower(Path(folder))
        follower.clone()
        try:
            for block in found:
                follower.follow(block)
        finally:
            follower.clean_up()
    if follower.failed:
        sys.exit(f"{len(follower.failed)} commands of the README failed: {follower.failed}")


if __name__ == "__main__":
    main()
