"""Settings: typed, bounded, one line for each mistake."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, env_example, read_settings
from retrieval.types import Strictness
from tests.conftest import ROOT

NAMES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_env_example_is_equal_to_the_settings() -> None:
    assert (ROOT / ".env.example").read_text("utf-8") == env_example()


def test_every_example_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, example in re.findall(r"^# ([A-Z_]+)=(.+)$", env_example(), re.MULTILINE):
        monkeypatch.setenv(name, example)
    settings = read_settings()
    assert settings.telegram_admin_ids == {1001, 1002}
    assert settings.chat_extra_body == {"temperature": 0.2}


def test_the_readme_names_every_setting() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in NAMES if f"`{name}`" not in readme] == []


def test_without_anything_the_defaults_hold() -> None:
    settings = read_settings()
    assert settings.telegram_bot_token is None
    assert settings.embedding_model == "local"
    assert settings.rerank_model is None
    assert settings.strictness is Strictness.BALANCED
    assert settings.corpus_dir == Path("corpus")


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    assert read_settings() == Settings()


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TIMEZONE=Asia/Tokyo\nLOG_LEVEL=debug\n", "utf-8")
    monkeypatch.setenv("TIMEZONE", "Europe/Berlin")
    settings = read_settings()
    assert (settings.timezone, settings.log_level) == ("Europe/Berlin", "DEBUG")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", "my-secret-token"),
        ("TELEGRAM_ADMIN_IDS", "1001;1002"),
        ("TELEGRAM_ALLOWED_IDS", "@somebody"),
        ("TELEGRAM_API_BASE_URL", "127.0.0.1:8081"),
        ("TELEGRAM_PROXY_URL", "socks4://127.0.0.1:1080"),
        ("OPENAI_BASE_URL", "ftp://127.0.0.1"),
        ("OPENAI_BASE_URL", "http://"),
        ("OPENAI_BASE_URL", "http://host:99999"),
        ("CHAT_EXTRA_BODY", "temperature=0.2"),
        ("CHAT_EXTRA_BODY", "[1]"),
        ("CHAT_EXTRA_BODY", "[" * 99_999),
        ("CHAT_TIMEOUT_SECONDS", "0"),
        ("CHAT_TIMEOUT_SECONDS", "nan"),
        ("CHAT_TIMEOUT_SECONDS", "soon"),
        ("RERANK_BASE_URL", "api.jina.ai/v1"),
        ("RERANK_BASE_URL", "https://"),
        ("STRICTNESS", "sloppy"),
        ("DATABASE_URL", "my-secret-token"),
        ("DATABASE_URL", "cassandra://me:my-secret-token@127.0.0.1/baoda"),
        ("DATABASE_URL", "postgresql://me:my-secret-token@127.0.0.1:port/baoda"),
        ("DATABASE_URL", "mssql+pymssql://me:my-secret-token@127.0.0.1/baoda"),
        ("DATABASE_URL", "postgresql+asyncpg://me:my-secret-token@127.0.0.1/baoda"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("RETENTION_DAYS", "0"),
        ("RETENTION_DAYS", "1e9"),
        ("DAILY_TOKEN_BUDGET", "0"),
        ("USER_DAILY_TOKEN_BUDGET", "many"),
        ("TIMEZONE", "Shanghai"),
        ("TIMEZONE", "../../etc/passwd"),
        ("TIMEZONE", "+08:00"),
        ("CORPUS_DIR", "~nobody-of-that-name/articles"),
        ("DATA_DIR", "~nobody-of-that-name"),
        ("OPENAI_API_KEY", "my-secret-token-密钥"),
        ("EMBEDDING_API_KEY", " my-secret-token"),
        ("RERANK_API_KEY", "my secret-token my-secret-token"),
        ("LANGSMITH_API_KEY", "my-secret-token\t"),
        ("OPENAI_API_KEY", '"my-secret-token"'),
        ("OPENAI_API_KEY", "'my-secret-token'"),
        ("BOT_LANGUAGE", "fr"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_one_line_with_name_and_example(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert f"for example {name}=" in message
    assert "\n" not in message
    assert "my-secret-token" not in message


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("TELEGRAM_BOT_TOKN", "TELEGRAM_BOT_TOKEN"),
        ("TELEGRAM_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("TELEGRAM_ADMIN_ID", "TELEGRAM_ADMIN_IDS"),
        ("OPENAI_API_KEYS", "OPENAI_API_KEY"),
        ("OPENAI_BASEURL", "OPENAI_BASE_URL"),
        ("CHAT_MODELL", "CHAT_MODEL"),
        ("DATA_DIRS", "DATA_DIR"),
        ("RERANKER_MODEL", "RERANK_MODEL"),
        ("RERANK_BASEURL", "RERANK_BASE_URL"),
        ("RERANKER_API_KEY", "RERANK_API_KEY"),
        ("STRICTNES", "STRICTNESS"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("DAILY_TOKENS_BUDGET", "DAILY_TOKEN_BUDGET"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_slip_of_the_pen_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, slip: str, meant: str, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv(slip, "x")
    else:
        Path(".env").write_text(f"{slip}=x\n", "utf-8")
    with pytest.raises(SettingsError, match=f"^{slip} is not a setting; did you mean {meant}"):
        read_settings()


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "OPENAI_ORG_ID",
        "COHERE_API_KEY",
        "TEST_DATABASE_URL",
        "JINA_API_KEY",
        "LANGSMITH_API_KEY",
        "TZ",
        "LOGNAME",
    ],
)
def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    read_settings()


def test_names_count_in_small_letters_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("timezone", "Asia/Tokyo")
    Path(".env").write_text("Chat_Model=a\n")
    settings = read_settings()
    assert (settings.timezone, settings.chat_model) == ("Asia/Tokyo", "a")


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-PLANTED")
    monkeypatch.setenv("RERANK_API_KEY", "rk-PLANTED")
    monkeypatch.setenv("TELEGRAM_PROXY_URL", "socks5://me:PLANTED@127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///PLANTED.sqlite3")
    settings = read_settings()
    assert "PLANTED" not in repr(settings)
    assert len(settings.secrets) == 5


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("OPENAI_BASE_URL", "http://host/v1?api-key=PLANTED-word"),
        ("EMBEDDING_BASE_URL", "http://host/v1?version=v1&PLANTED-word"),
        ("RERANK_BASE_URL", "http://PLANTED-word@host/v1"),
        ("LANGSMITH_ENDPOINT", "http://me:PLANTED-word@host"),
        ("TELEGRAM_PROXY_URL", "http://host:1?key=PLANTED-word"),
        ("DATABASE_URL", "sqlite:////tmp/x?key=PLANTED-word"),
    ],
)
def test_keys_in_addresses_are_secrets(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    assert "PLANTED-word" in read_settings().secrets


def test_short_values_in_addresses_blot_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me@host/v1?version=v1&region=eu")
    assert read_settings().secrets == ()
