"""`.env`: what it sets counts, or the start ends with one line that repeats nothing of it."""

import json
import os
from pathlib import Path

import pytest

from bot.settings import read_settings
from tests.conftest import Baoda
from tests.planted import MARK, TOKEN
from tests.test_secret_files import refusal

FILE = Path(".env")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CHAT_MODEL", "TIMEZONE", "LOG_LEVEL", "OPENAI_API_KEY", "TELEGRAM_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        f"TELEGRAM_BOT_TOKEN: {TOKEN}",
        f"TELEGRAM_BOT_TOKEN:{TOKEN}",
        f"OPENAI_API_KEY:{MARK}==",
        f"OPENAI_API_KEY＝{MARK}",
        f"OPENAI API KEY={MARK}",
        f"OPENAI_API_KEY '{MARK}'",
        f"OPENAI_API_KEY='{MARK}",
        f'OPENAI_API_KEY="{MARK}',
        f'OPENAI_API_KEY="{MARK}" {MARK}',
        f"={MARK}",
        MARK,
        f"export {MARK}",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_sets_nothing_stops_the_start(line: str, end: str) -> None:
    FILE.write_bytes(end.join(["# ours", "LOG_LEVEL=INFO", "", "", line, "CHAT_MODEL=m"]).encode())
    assert refusal().startswith(".env, line 5: must be NAME=value")


def test_what_is_well_written_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", "Asia")
    lines = (
        "\ufeff  # ours",
        "export TIMEZONE = '${REGION}/Tokyo'  # where we are",
        'OPENAI_API_KEY="sk-\\"x"',
        "CHAT_MODEL=a#b",
        "LOG_LEVEL= # as it is",
        "of.others-too=1",
        "",
    )
    FILE.write_bytes("\r\n".join(lines).encode())
    settings = read_settings()
    assert (settings.timezone, settings.chat_model) == ("Asia/Tokyo", "a#b")
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == 'sk-"x'
    assert settings.log_level == "INFO"


@pytest.mark.parametrize(
    "content", [f"A={MARK}".encode("utf-16"), f"A={MARK}\xff".encode("latin-1")]
)
def test_a_file_that_is_not_utf_8_says_so(content: bytes) -> None:
    FILE.write_bytes(content)
    assert refusal() == ".env is not UTF-8: save it as UTF-8"


def test_utf_16_without_a_mark_of_bytes_is_found_out_too() -> None:
    FILE.write_bytes("TIMEZONE=Asia/Tokyo".encode("utf-16-le"))
    assert refusal() == ".env is not UTF-8: save it as UTF-8"


def test_a_folder_and_a_pipe_are_no_env_file() -> None:
    FILE.mkdir()
    assert "cannot be read (Is a directory): put a file there; Docker makes" in refusal()
    FILE.rmdir()
    os.mkfifo(FILE)
    assert refusal() == ".env is not a file: put one there"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_what_to_do() -> None:
    FILE.write_text("TIMEZONE=Asia/Tokyo")
    FILE.chmod(0)
    assert refusal() == (
        ".env cannot be read (Permission denied): give this user the right to read it"
    )


@pytest.mark.parametrize("target", ["nowhere", "/dev/null"])
def test_a_link_to_nothing_counts_as_no_file(target: str) -> None:
    FILE.symlink_to(target)
    read_settings()


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_command_says_it_once_in_the_form_of_its_log(baoda: Baoda, place: str) -> None:
    form = "LOG_FORMAT=json\n" if place == "file" else ""
    FILE.write_text(f"{form}TELEGRAM_BOT_TOKEN: {TOKEN}\n")
    finished = baoda("run", **({} if form else {"LOG_FORMAT": "json"}))
    assert finished.returncode == 2
    (line,) = finished.stderr.splitlines()
    assert json.loads(line)["message"].startswith(f".env, line {2 if form else 1}: ")


def test_doctor_says_it_too(baoda: Baoda) -> None:
    FILE.write_text(f"TELEGRAM_BOT_TOKEN: {TOKEN}\n")
    finished = baoda("doctor")
    assert (finished.returncode, finished.stderr) == (1, b"")
    assert finished.stdout.decode().startswith("✗ settings: .env, line 1: ")
