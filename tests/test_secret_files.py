"""Secrets in files of their own: one line for each mistake, never what the file holds."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import SECRETS, Settings, SettingsError, open_secret_files, read_settings
from tests import planted
from tests.conftest import Baoda
from tests.planted import MARK

VALUES = {
    "TELEGRAM_BOT_TOKEN": planted.TOKEN,
    "TELEGRAM_PROXY_URL": f"socks5://me:{MARK}@127.0.0.1:1",
    "TELEGRAM_WEBHOOK_SECRET": f"{MARK}-word",
    "DATABASE_URL": f"sqlite:///{MARK}.sqlite3",
}
"""Where any word will not do."""

Place = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["environment", "file"])
def put(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    def put(name: str, value: object) -> None:
        if request.param == "environment":
            monkeypatch.setenv(name, str(value))
        else:
            with Path(".env").open("a", encoding="utf-8") as file:
                file.write(f"{name}={value}\n")

    return put


def hold(content: bytes) -> Path:
    path = Path(planted.FILE)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings()
    message = str(caught.value)
    assert "\n" not in message
    assert MARK not in message
    return message


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_may_stand_in_a_file(put: Place, name: str) -> None:
    value = VALUES.get(name, f"sk-{MARK}")
    put(f"{name}_FILE", hold(f"{value}\n".encode()))
    settings = read_settings()
    assert getattr(settings, name.lower()).get_secret_value() == value
    assert value in settings.secrets
    assert MARK not in repr(settings)


@pytest.mark.parametrize(
    "content", [b"sk-%b", b"sk-%b\n", b"sk-%b\r\n", b"\xef\xbb\xbfsk-%b\n"], ids=range(4)
)
def test_the_end_of_the_line_and_a_mark_of_bytes_are_no_part_of_it(content: bytes) -> None:
    hold(content % MARK.encode())
    Path(".env").write_text(f"OPENAI_API_KEY_FILE={planted.FILE}\n")
    settings = read_settings()
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == f"sk-{MARK}"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (f"{MARK}\n\n".encode(), "on one line"),
        (f"{MARK}\n{MARK}".encode(), "on one line"),
        (f"{MARK}\0".encode(), "on one line"),
        (f"{MARK}\xff".encode("latin-1"), "is not UTF-8"),
        (MARK.encode("utf-16"), "is not UTF-8"),
        (MARK.encode() * 10_000, "is too large"),
    ],
    ids=range(8),
)
def test_a_file_that_holds_no_secret_is_one_line(
    put: Place, content: bytes, complaint: str
) -> None:
    put("OPENAI_API_KEY_FILE", hold(content))
    message = refusal()
    assert message.startswith(f"OPENAI_API_KEY_FILE: {planted.FILE} ")
    assert complaint in message


def test_a_file_among_the_articles_is_refused(put: Place) -> None:
    Path("articles").mkdir()
    Path("corpus").symlink_to("articles")
    Path("articles", planted.FILE).write_text(f"sk-{MARK}\n")
    put("OPENAI_API_KEY_FILE", Path("articles", planted.FILE))
    assert "lies in the folder of articles" in refusal()


def test_a_file_that_is_missing_is_one_line(put: Place) -> None:
    put("OPENAI_API_KEY_FILE", "/nowhere/key")
    assert refusal() == (
        "OPENAI_API_KEY_FILE: /nowhere/key cannot be read (No such file or directory)"
    )


def test_a_folder_and_a_pipe_are_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo("pipe")
    for path, complaint in ((Path("pipe"), "is not a file"), (tmp_path, "cannot be read")):
        monkeypatch.setenv("OPENAI_API_KEY_FILE", str(path))
        assert refusal().startswith(f"OPENAI_API_KEY_FILE: {path} {complaint}")


def test_a_home_folder_that_nobody_has_is_one_line(put: Place) -> None:
    put("OPENAI_API_KEY_FILE", "~nobody-of-that-name/key")
    assert refusal() == (
        "OPENAI_API_KEY_FILE: ~nobody-of-that-name is no home folder that is known here: write the "
        "whole path"
    )


def test_quotes_around_a_key_are_no_part_of_it(put: Place) -> None:
    put("OPENAI_API_KEY_FILE", hold(f'"sk-{MARK}"\n'.encode()))
    assert refusal().startswith(f"OPENAI_API_KEY_FILE: what {planted.FILE} holds must be signs")


def test_a_wrong_value_names_the_file(put: Place) -> None:
    put("TELEGRAM_BOT_TOKEN_FILE", hold(f"{MARK}\n".encode()))
    message = refusal()
    assert message.startswith(f"TELEGRAM_BOT_TOKEN_FILE: what {planted.FILE} holds ")
    assert "is not a bot token" in message


def test_a_secret_that_is_set_twice_is_refused(put: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"sk-{MARK}")
    put("OPENAI_API_KEY_FILE", hold(b"sk-other"))
    assert refusal() == (
        "OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set: leave out one of them"
    )


def test_an_empty_value_counts_as_not_set(put: Place) -> None:
    put("OPENAI_API_KEY", "")
    put("TELEGRAM_BOT_TOKEN_FILE", "")
    put("OPENAI_API_KEY_FILE", hold(f"sk-{MARK}".encode()))
    settings = read_settings()
    assert settings.openai_api_key is not None
    assert settings.telegram_bot_token is None


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("OPENAI_API_KEY_FILE=/nowhere\n")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(hold(f"sk-{MARK}".encode())))
    assert read_settings().openai_api_key is not None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("OPENAI_API_KEYFILE", "OPENAI_API_KEY_FILE"),
        ("OPENAI_KEY_FILE", "OPENAI_API_KEY_FILE"),
        ("TELEGRAM_TOKEN_FILE", "TELEGRAM_BOT_TOKEN_FILE"),
        ("DATABASE_URI_FILE", "DATABASE_URL_FILE"),
    ],
)
def test_a_slip_of_the_pen_stops_the_start(put: Place, slip: str, meant: str) -> None:
    put(slip, "x")
    assert refusal() == f"{slip} is not a setting; did you mean {meant}?"


@pytest.mark.parametrize("name", ["CORPUS_DIR_FILE", "OPENAI_BASE_URL_FILE"])
def test_what_is_no_secret_is_not_read_from_a_file(put: Place, name: str) -> None:
    put(name, "x")
    assert refusal() == f"{name} is not a setting: only secrets are read from files"


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_API_KEY_FILE", "POSTGRES_PASSWORD_FILE", "LOG_FILE", "SSL_CERT_FILE"]
)
def test_files_of_others_are_left_alone(put: Place, name: str) -> None:
    put(name, "/nowhere")
    read_settings()


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "GROQ_API_KEY", "PGPASSWORD", "HF_TOKEN"])
def test_keys_of_others_are_blotted_out_as_well(put: Place, name: str) -> None:
    put(name, f"{MARK}-of-others")
    assert f"{MARK}-of-others" in read_settings().secrets


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["socks5://", "http://", ""])
def test_passwords_of_proxies_are_blotted_out_as_well(put: Place, name: str, scheme: str) -> None:
    put(name, f"{scheme}me:{MARK}-word@127.0.0.1:1080")
    assert f"{MARK}-word" in read_settings().secrets


def test_a_word_that_is_too_short_for_a_secret_is_not_blotted_out(put: Place) -> None:
    put("SORT_KEY", "date")
    assert read_settings().secrets == ()


def test_files_that_everybody_may_read_are_named(put: Place) -> None:
    path = hold(f"sk-{MARK}".encode())
    put("OPENAI_API_KEY_FILE", path)
    if Path(".env").exists():
        Path(".env").chmod(0o600)
    assert open_secret_files() == ()
    path.chmod(0o644)
    assert open_secret_files() == (path,)


def test_the_commands_tell_of_a_file_that_is_missing_in_one_line(baoda: Baoda) -> None:
    finished = baoda("status", OPENAI_API_KEY_FILE="/nowhere/key")
    assert finished.returncode == 2
    assert finished.stderr.decode() == (
        "baoda: OPENAI_API_KEY_FILE: /nowhere/key cannot be read (No such file or directory)\n"
    )
