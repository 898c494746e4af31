"""Variables of others in the environment: heeded, refused by name, or without any effect."""

import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from bot.settings import SettingsError, ignore_environment, read_settings
from bot.telegram.delivery.wire import Wire
from tests.conftest import Baoda
from tests.model_server import StubModelServer
from tests.planted import MARK, TOKEN
from tests.test_model_commands import QUESTION, data_dir, true_answer

__all__ = ["data_dir"]


MODEL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
REFUSED = {
    "ALL_PROXY": f"socks://me:{MARK}@127.0.0.1:1080",
    "all_proxy": "socks4://127.0.0.1:1080",
    "HTTPS_PROXY": "http://127.0.0.1:99999",
    "http_proxy": "http://",
    "https_proxy": "http://proxy:3128\r",
    "SSL_CERT_FILE": "/nowhere",
}


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def one_line(finished: subprocess.CompletedProcess[bytes]) -> str:
    assert finished.returncode == 2
    (line,) = finished.stderr.decode().splitlines()
    assert MARK not in line
    return line


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", TOKEN),
        ("OPENAI_API_KEY", "sk-x"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("CHAT_MODEL", "ollama:qwen"),
        ("EMBEDDING_MODEL", "e"),
        ("RERANK_MODEL", "r"),
    ],
)
def test_what_no_connection_can_be_made_with_is_refused_where_one_is_made(
    monkeypatch: pytest.MonkeyPatch, name: str, asked: str, value: str
) -> None:
    monkeypatch.setenv(name, REFUSED[name])
    read_settings()
    monkeypatch.setenv(asked, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        read_settings()
    assert "\n" not in str(caught.value)
    assert MARK not in str(caught.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"ALL_PROXY": "socks5h://127.0.0.1:1080", "HTTP_PROXY": "127.0.0.1:3128"},
        {"ALL_PROXY": "socks://127.0.0.1:1080", "NO_PROXY": "localhost, *"},
        {"http_proxy": "", "HTTP_PROXY": "http://127.0.0.1:3128"},
        {"HTTPS_PROXY": "", "FTP_PROXY": "ftp://127.0.0.1", "SSL_CERT_FILE": ""},
    ],
)
def test_proxies_that_can_be_used_are(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in (variables | MODEL).items():
        monkeypatch.setenv(name, value)
    read_settings()


def test_a_file_that_holds_no_certificates_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("certificates").write_text("none\n")
    monkeypatch.setenv("SSL_CERT_FILE", "certificates")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE: certificates cannot be used"):
        read_settings()


def test_telegram_s_own_proxy_leaves_those_of_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:1080")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_PROXY_URL", "socks5://127.0.0.1:1080")
    read_settings()


def test_telegram_s_own_proxy_needs_certificates_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_PROXY_URL", "socks5://127.0.0.1:1080")
    with pytest.raises(SettingsError, match=r"^SSL_CERT_FILE: "):
        read_settings()


@pytest.mark.parametrize("exempted", ["[::1]", "fe80::/10", "host:port", "中国.cn:x"])
def test_exempted_hosts_that_are_none_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, exempted: str
) -> None:
    hosts = f"localhost, ::1,10.0.0.0/8,{exempted},.example.org:8080"
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, hosts)
    with pytest.raises(httpx.InvalidURL):
        Wire(None)
    ignore_environment(os.environ)
    Wire(None)
    assert os.environ["NO_PROXY"] == "localhost,::1,10.0.0.0/8,.example.org:8080"


def test_commands_say_so_in_one_line(baoda: Baoda) -> None:
    refused = {"ALL_PROXY": REFUSED["ALL_PROXY"]}
    line = one_line(baoda("ask", QUESTION, **MODEL, **refused))
    assert line.startswith("baoda: ALL_PROXY: must be an address that begins with")
    finished = baoda("doctor", **MODEL, **refused)
    assert (finished.returncode, finished.stderr) == (1, b"")
    assert finished.stdout.decode().startswith("✗ settings: ALL_PROXY: ")


def test_what_is_not_ours_changes_nothing(
    baoda: Baoda, data_dir: Path, server: StubModelServer, tmp_path: Path
) -> None:
    server.respond_with(true_answer)
    (tmp_path / ".env").write_text("CHROMA_API_IMPL=nothing\nALLOW_RESET=2\nOPENAI_LOG=debug\n")
    finished = baoda(
        "ask",
        QUESTION,
        "--json",
        DATA_DIR=data_dir,
        OPENAI_BASE_URL=server.base_url,
        OPENAI_PROXY="http://127.0.0.1:9",
        OPENAI_API_BASE="http://127.0.0.1:9",
        OPENAI_ORG_ID="others",
        OPENAI_PROJECT_ID="others",
        LC_OUTPUT_VERSION="v1",
        HTTPS_PROXY="http://127.0.0.1:9",
        CHROMA_API_IMPL="nothing",
        CHROMA_SERVER_NOFILE="many",
        IS_PERSISTENT="foo",
        ALLOW_RESET="2",
        MIGRATIONS="none",
    )
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert json.loads(finished.stdout)["mode"] == "llm"
    assert not [name for name in server.requests[-1].headers if name.startswith("openai-")]


def test_our_own_settings_stay_for_child_processes() -> None:
    ours = {
        "OPENAI_API_KEY": "a",
        "OPENAI_API_KEY_FILE": "b",
        "openai_base_url": "c",
        "LC_ALL": "d",
    }
    others = {"OPENAI_ORG_ID": "a", "OPENAI_PROXY": "b", "LANGSMITH_API_KEY": "c"}
    environment = ours | others
    ignore_environment(environment)
    assert environment == ours


def test_an_index_is_built_without_heeding_them_too(baoda: Baoda, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "桥.md").write_text("---\ntitle: 新桥通车\n---\n新桥通车。\n", "utf-8")
    (tmp_path / ".env").write_text("LANGSMITH_TRACING=true\n")  # its key is not for children
    finished = baoda(
        "reload",
        CORPUS_DIR="articles",
        LANGSMITH_API_KEY="lsv2_x",
        CHROMA_API_IMPL="nothing",
        IS_PERSISTENT="foo",
    )
    assert finished.returncode == 0, finished.stderr
    assert list((tmp_path / ".baoda" / "generations").iterdir())
