"""Logging: what is shown, and that no secret is."""

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from telegram.error import TelegramError
from telegram.request import BaseRequest

from bot import logs
from bot.settings import read_settings
from tests import planted

TOKEN = "700000001:PLANTED-secret_part"
PROXY = "socks5://reader:p%40ss-word@127.0.0.1:1080"
KEY = "sk-PLANTED+/key="
NAMED = ("bot", "retrieval", "telegram.request")
FULL = Path("/dev/full")


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Gives what went to standard error; logging is put back afterwards."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in NAMED)]
    handlers, levels = root.handlers[:], [logger.level for logger in loggers]
    yield lambda: capsys.readouterr().err
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_a_line_tells_when_how_bad_and_who(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [])
    logging.getLogger("bot.telegram").info("%d articles", 8)
    assert re.fullmatch(r"20[-\d]+ [:,\d]+ INFO bot.telegram: 8 articles\n", shown())


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
@pytest.mark.parametrize("name", ["bot.telegram.application", "retrieval.reload"])
def test_our_lines_are_shown_from_the_level_up(
    shown: Callable[[], str], name: str, level: str, expected: list[str]
) -> None:
    logs.configure(level, [])
    for method in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), method)(method)
    assert [line.rpartition(" ")[2] for line in shown().splitlines()] == expected


@pytest.mark.parametrize(
    ("level", "expected"), [("DEBUG", ["warning"]), ("INFO", ["warning"]), ("ERROR", [])]
)
@pytest.mark.parametrize(
    "name", ["httpx", "telegram.ext.Application", "httpcore2.connection", "langchain_core", "new"]
)
def test_other_packages_are_shown_from_warning_up(
    shown: Callable[[], str], name: str, level: str, expected: list[str]
) -> None:
    logs.configure(level, [])
    for method in ("debug", "info", "warning"):
        getattr(logging.getLogger(name), method)(method)
    assert [line.rpartition(" ")[2] for line in shown().splitlines()] == expected


def test_a_reply_that_is_not_json_leaves_no_traceback(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [])
    with pytest.raises(TelegramError):
        BaseRequest.parse_json_payload(b"<html>502 Bad Gateway</html>")
    assert shown() == ""


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (TOKEN, f"POST https://api.telegram.org/bot{TOKEN}/getMe"),
        (TOKEN, "https://host/?url=700000001%3APLANTED-secret_part"),
        (KEY, f"{{'Authorization': 'Bearer {KEY}'}}"),
        (KEY, "key=sk-PLANTED%2B%2Fkey%3D"),
        (PROXY, f"cannot connect to {PROXY}"),
        (PROXY, "proxy password p%40ss-word refused"),
        (PROXY, "proxy password p@ss-word refused"),
        ("http://:pass-word@h:1", "pass-word"),
    ],
)
def test_a_secret_is_blotted_out(shown: Callable[[], str], secret: str, text: str) -> None:
    logs.configure("DEBUG", [secret])
    logging.getLogger("bot").warning(text)
    logging.getLogger("httpx").warning("%s", text)
    text = shown()
    assert text.count("***") == 2
    for part in ("PLANTED", "sk-PLANTED", "ss-word"):
        assert part not in text


def test_secrets_in_tracebacks_are_blotted_out(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [TOKEN])
    try:
        try:
            raise ValueError(f"The token `{TOKEN}` was rejected")
        except ValueError as error:
            raise RuntimeError(TOKEN) from error
    except RuntimeError:
        logging.getLogger("bot").exception("unexpected error")
    text = shown()
    assert "Traceback" in text
    assert "The token `***` was rejected" in text
    assert "PLANTED" not in text


def test_warnings_are_logged_without_secrets(shown: Callable[[], str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure("INFO", [KEY])
        warnings.warn(f"deprecated: {KEY}", UserWarning, stacklevel=1)
    text = shown()
    assert " WARNING py.warnings: " in text
    assert "UserWarning: deprecated: ***" in text
    assert KEY not in text


def test_the_longest_secret_is_blotted_out_first() -> None:
    assert logs.redact("ab abc", ["ab", "abc"]) == "*** ***"


@pytest.mark.parametrize("secrets", [[], [""], ["http://user:@host"], ["http://host"]])
def test_no_secret_leaves_the_text_alone(secrets: list[str]) -> None:
    assert logs.redact("nothing to hide", secrets) == "nothing to hide"


def test_configuring_twice_shows_a_line_once(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [])
    logs.configure("WARNING", [])
    logging.getLogger("bot").warning("once")
    assert shown().count("once") == 1


def test_the_key_of_another_provider_is_blotted_out_too(
    shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"ANTHROPIC_API_KEY={planted.KEY}\n")
    logs.configure("INFO", read_settings().secrets)
    logging.getLogger("bot").error("header x-api-key: %s", planted.KEY)
    assert "x-api-key: ***" in shown()
    assert logs.blotted(f"it says {planted.KEY}") == "it says ***"


@pytest.mark.skipif(not FULL.exists(), reason="the system has no disk that is always full")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_log_that_cannot_be_written_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, shown: Callable[[], str], log_format: logs.Format
) -> None:
    raw = FULL.open("wb", buffering=0)
    with io.TextIOWrapper(raw, write_through=True) as full, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", full)
        logs.configure("INFO", [], log_format)
        for number in range(3):
            logging.getLogger("bot").info("line %d", number)
            logs.say("the disk is full")
    assert shown() == ""
