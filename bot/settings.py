"""Every setting: its name, type, bounds and meaning. Read once, by the command line."""

import difflib
import ipaddress
import json
import os
import re
import zoneinfo
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal, Self, get_args
from urllib.parse import unquote_plus, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)

from bot import connections, env_file, secret_files
from retrieval.types import Strictness

_TOKEN = re.compile(r"\d+:[\w-]+")
_HOST = re.compile(r"(?!\d+(\.\d+)*$)[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_OF_LANGCHAIN = re.compile("LANGCHAIN_|LANGSMITH_(?:TRACING_|RUNS_)")
"""Names that LangChain knows and that count for nothing here, close to ours as they are."""

_READ_BY_LANGCHAIN = re.compile("LANGSMITH_|LANGCHAIN_|LC_OUTPUT_VERSION$")
_READ_BY_OPENAI = re.compile("OPENAI_")
_KEY = re.compile(r"(?!(['\"]).*\1$)[!-~]+")
"""What can be sent in a header. Quotes around it come of files that want none."""

_CLOSE = 0.86
"""Likeness of an unknown name to one of ours from which on it is taken for a slip of the pen."""

_SHORTEST_IN_ADDRESS = 8
"""Characters: shorter ones are names and versions, which stand elsewhere too."""

Ids = frozenset[int]


class SettingsError(Exception):
    """One line for each: the setting, what is wrong with it, an example. Never a secret."""


_SET_BY_BAODA = ("model", "messages", "stream", "n", "tools", "response_format")
"""Fields of a request that would break the answers."""


class Settings(BaseModel):
    """All settings."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    _secrets_of_others: tuple[str, ...] = PrivateAttr(())

    telegram_bot_token: SecretStr | None = Field(
        None,
        description="The bot's token from @BotFather. Empty: `baoda run` chats in the terminal.",
        examples=["123456789:AAH-the-rest-of-the-token"],
    )
    telegram_admin_ids: Ids = Field(
        frozenset(),
        description="Who may reload the articles: numeric user ids, separated by commas.",
        examples=["1001,1002"],
    )
    telegram_allowed_ids: Ids = Field(
        frozenset(),
        description="Who gets answers: user or chat ids. Empty: everybody. Others get silence; "
        "/id tells anyone theirs.",
        examples=["1001,-1001234567890"],
    )
    telegram_api_base_url: str | None = Field(
        None,
        description="A self-hosted Bot API server. Empty: Telegram's own.",
        examples=["http://127.0.0.1:8081"],
    )
    telegram_proxy_url: SecretStr | None = Field(
        None,
        description="Proxy for Telegram alone: http, https, socks5 or socks5h.",
        examples=["socks5://127.0.0.1:1080"],
    )
    telegram_webhook_url: str | None = Field(
        None,
        description="Where Telegram sends updates; a reverse proxy with TLS hands them on to "
        "TELEGRAM_WEBHOOK_LISTEN. Empty: the bot asks for them (polling).",
        examples=["https://bot.example.org/telegram"],
    )
    telegram_webhook_listen: str = Field(
        "127.0.0.1:8443",
        description="Host and port at which the bot receives them from the proxy.",
        examples=["127.0.0.1:8443"],
    )
    telegram_webhook_secret: SecretStr | None = Field(
        None,
        description="What Telegram has to send along, so that nobody else can: letters, digits, "
        "_ and -. Empty: made up at each start.",
        examples=["a-long-word-of-your-own"],
    )
    pending_hours: float = Field(
        24,
        gt=0,
        le=8_760,
        description="Questions that were open when the bot stopped are answered after its next "
        "start, unless they are older than so many hours.",
        examples=["24"],
    )
    openai_api_key: SecretStr | None = Field(
        None,
        description="Key of the chat model. Neither this nor OPENAI_BASE_URL: quotations.",
        examples=["sk-the-rest-of-the-key"],
    )
    openai_base_url: str | None = Field(
        None,
        description="Any OpenAI-compatible server. Empty: OpenAI's own.",
        examples=["http://127.0.0.1:11434/v1"],
    )
    chat_model: str | None = Field(
        None,
        description="Name of the chat model; gpt-5-mini unless set. `provider:model` for other "
        "LangChain providers, which turns the model on without OPENAI_API_KEY.",
        examples=["gpt-5-mini"],
    )
    chat_extra_body: dict[str, Any] = Field(
        default_factory=dict,
        description="JSON object added to every request to the chat model.",
        examples=['{"temperature": 0.2}'],
    )
    chat_timeout_seconds: float = Field(
        60,
        gt=0,
        le=600,
        description="Longest time a chat model may take for an answer.",
        examples=["60"],
    )
    chat_connect_seconds: float = Field(
        10,
        gt=0,
        le=600,
        description="Longest time to reach the chat model's server.",
        examples=["10"],
    )
    chat_first_token_seconds: float = Field(
        30,
        gt=0,
        le=600,
        description="Longest time until a chat model begins its answer.",
        examples=["30"],
    )
    chat_input_price: float | None = Field(
        None,
        ge=0,
        description="What a million tokens cost that the chat model reads, in any currency.",
        examples=["0.25"],
    )
    chat_output_price: float | None = Field(
        None,
        ge=0,
        description="What a million tokens cost that the chat model writes.",
        examples=["2"],
    )
    answer_cache: int = Field(
        500,
        ge=0,
        le=100_000,
        description="Answers of the chat model that are kept for the same question; 0: none.",
        examples=["500"],
    )
    embedding_model: str = Field(
        "local",
        description="`local` is the bundled model; else a model of EMBEDDING_BASE_URL.",
        examples=["local"],
    )
    embedding_base_url: str | None = Field(
        None,
        description="Server of the embedding model. Empty: OPENAI_BASE_URL.",
        examples=["http://127.0.0.1:8000/v1"],
    )
    embedding_api_key: SecretStr | None = Field(
        None,
        description="Key of the embedding model. Empty: OPENAI_API_KEY.",
        examples=["sk-the-rest-of-the-key"],
    )
    rerank_model: str | None = Field(
        None,
        description="Reranking model of RERANK_BASE_URL. Empty: none.",
        examples=["BAAI/bge-reranker-v2-m3"],
    )
    rerank_base_url: str | None = Field(
        None,
        description="Server of the reranking model; /rerank is added. Empty: OPENAI_BASE_URL.",
        examples=["http://127.0.0.1:8000/v1"],
    )
    rerank_api_key: SecretStr | None = Field(
        None,
        description="Key of the reranking model. Empty: OPENAI_API_KEY.",
        examples=["sk-the-rest-of-the-key"],
    )
    strictness: Strictness = Field(
        Strictness.BALANCED,
        description="When to say no: strict, balanced or generous.",
        examples=["balanced"],
    )
    corpus_dir: Path = Field(
        Path("corpus"), description="The folder of articles.", examples=["corpus"]
    )
    data_dir: Path = Field(
        Path(".baoda"), description="Where the index and its cache are kept.", examples=[".baoda"]
    )
    database_url: SecretStr | None = Field(
        None,
        description="Where conversations, feedback and the tokens spent are kept: any SQLAlchemy "
        "address, such as postgresql://user:password@host/baoda. Empty: SQLite in DATA_DIR.",
        examples=["sqlite:////var/lib/baoda/baoda.sqlite3"],
    )
    retention_days: int = Field(
        90,
        gt=0,
        le=36_500,
        description="After so many days what was asked, answered, rated and spent is deleted.",
        examples=["90"],
    )
    daily_token_budget: int | None = Field(
        None,
        ge=1,
        description="Tokens of the chat model that all readers together may use on one day of "
        "TIMEZONE; beyond them answers are quotations. Empty: no limit.",
        examples=["2000000"],
    )
    user_daily_token_budget: int | None = Field(
        None,
        ge=1,
        description="The same for each reader.",
        examples=["100000"],
    )
    user_questions_per_minute: int = Field(
        20,
        ge=1,
        le=10_000,
        description="Questions and commands of a reader within any minute; beyond them they are "
        "told how long to wait.",
        examples=["20"],
    )
    chat_questions_per_minute: int = Field(
        60,
        ge=1,
        le=10_000,
        description="The same for all readers of a group together.",
        examples=["60"],
    )
    user_daily_questions: int | None = Field(
        None,
        ge=1,
        description="Questions that a reader may ask on one day of TIMEZONE. Empty: no limit.",
        examples=["100"],
    )
    chat_daily_questions: int | None = Field(
        None,
        ge=1,
        description="The same for all readers of a group together.",
        examples=["500"],
    )
    watch_seconds: float | None = Field(
        None,
        ge=1,
        le=86_400,
        description="How often the folder of articles is looked at, to reload it when it changed. "
        "Empty: never.",
        examples=["10"],
    )
    golden_min_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Least share of the questions in golden.jsonl that an index must answer as it "
        "should to be published.",
        examples=["0.5"],
    )
    golden_max_drop: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Largest share of golden questions that an index may answer worse than the "
        "one before it.",
        examples=["0.1"],
    )
    bot_language: Literal["auto", "zh", "zh-hant", "en"] = Field(
        "auto",
        description="Language of the interface: zh, zh-hant (traditional Chinese) or en; auto: "
        "that of the reader's Telegram or locale.",
        examples=["auto"],
    )
    timezone: str = Field(
        "Asia/Shanghai", description="Decides what day is today.", examples=["Asia/Shanghai"]
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR.", examples=["INFO"]
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="text, or json: one JSON object a line of the log.",
        examples=["json"],
    )

    langsmith_tracing: bool = Field(
        False,
        description="true: what the chat model is asked and answers is sent to LangSmith.",
        examples=["true"],
    )
    langsmith_api_key: SecretStr | None = Field(
        None, description="Key of LangSmith.", examples=["lsv2_the-rest-of-the-key"]
    )
    langsmith_endpoint: str | None = Field(
        None,
        description="Address of a LangSmith of your own. Empty: LangChain's.",
        examples=["https://api.smith.langchain.com"],
    )
    langsmith_project: str = Field(
        "baoda", description="Project of LangSmith that traces go to.", examples=["baoda"]
    )
    chat_callbacks: tuple[str, ...] = Field(
        (),
        description="Callback handlers of LangChain for the chat model, made without arguments: "
        "package.module:Name, separated by commas.",
        examples=["my_package.my_module:MyHandler"],
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="Where /metrics, /healthz and /readyz can be asked for: an address of this "
        "machine, 0.0.0.0 for all of them.",
        examples=["127.0.0.1"],
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="Port of /metrics, /healthz and /readyz while `baoda run` speaks in Telegram. "
        "Empty: they are off.",
        examples=["9464"],
    )

    @field_validator("telegram_bot_token")
    @classmethod
    def _has_the_form_of_a_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("is not a bot token: digits, a colon, letters")
        return value

    @field_validator("telegram_admin_ids", "telegram_allowed_ids", mode="before")
    @classmethod
    def _are_numbers(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.replace("，", ",").split(",") if part.strip()]
        if not all(re.fullmatch(r"-?\d{1,19}", part) for part in parts):
            raise ValueError("must be numbers separated by commas")
        return frozenset(int(part) for part in parts)

    @field_validator(
        "telegram_api_base_url",
        "telegram_webhook_url",
        "openai_base_url",
        "embedding_base_url",
        "rerank_base_url",
        "langsmith_endpoint",
    )
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _is_url(value, ("http", "https")):
            raise ValueError("must be an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("telegram_proxy_url")
    @classmethod
    def _is_a_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        schemes = ("http", "https", "socks5", "socks5h")
        if value is not None and not _is_url(value.get_secret_value(), schemes):
            raise ValueError("must be an address that begins with http:// or socks5://")
        return value

    @field_validator("telegram_webhook_listen")
    @classmethod
    def _is_host_and_port(cls, value: str) -> str:
        try:
            parts = urlsplit(f"//{value}")
            complete = bool(parts.hostname) and (parts.port or 0) > 0 and not parts.path
        except ValueError:
            complete = False
        if not complete:
            raise ValueError("must be a host and a port")
        return value

    @field_validator("chat_callbacks", mode="before")
    @classmethod
    def _are_names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = tuple(part.strip() for part in value.split(",") if part.strip())
        if not all(re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", name) for name in names):
            raise ValueError("must be written package.module:Name")
        return names

    @field_validator("metrics_host")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        value = value.strip("[]")
        try:
            ipaddress.ip_address(value)
        except ValueError as error:
            if not _HOST.fullmatch(value):
                raise ValueError("must be the name or address of a host, without a port") from error
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _is_a_word(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[\w-]{1,256}", value.get_secret_value(), re.A):
            raise ValueError("must be at most 256 letters, digits, _ and -")
        return value

    @field_validator("openai_api_key", "embedding_api_key", "rerank_api_key", "langsmith_api_key")
    @classmethod
    def _can_be_sent(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _KEY.fullmatch(value.get_secret_value()):
            raise ValueError(
                "must be signs of ASCII without blanks, and without quotes around them"
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            from bot.store.address import checked_url

            checked_url(value.get_secret_value())
        return value

    @field_validator("chat_extra_body", mode="before")
    @classmethod
    def _is_an_object(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError) as error:
                raise ValueError("is not JSON") from error
        if not isinstance(value, dict):
            raise ValueError("must be a JSON object")
        if ours := [name for name in _SET_BY_BAODA if name in value]:
            raise ValueError(f"may not hold {ours[0]}, which Baoda sets itself")
        return value

    @field_validator("corpus_dir", "data_dir")
    @classmethod
    def _from_home(cls, value: Path) -> Path:
        return secret_files.from_home(value)

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                "is not the name of a time zone, which is spelled Area/City"
            ) from error
        return value

    @field_validator("log_format", mode="before")
    @classmethod
    def _in_small_letters(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def webhook_address(self) -> tuple[str, int]:
        """Host and port of TELEGRAM_WEBHOOK_LISTEN."""
        parts = urlsplit(f"//{self.telegram_webhook_listen}")
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed."""
        values = [getattr(self, name) for name in type(self).model_fields]
        ours = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        plain = [value for value in values if isinstance(value, str)]
        in_addresses = [found for value in (*ours, *plain) for found in _secrets_in(value)]
        found = (*ours, *in_addresses, *self._secrets_of_others)
        return tuple(dict.fromkeys(found))

    @classmethod
    def of(cls, names: Mapping[str, str]) -> Self:
        """The settings that `names` give, each in itself or in a file that NAME_FILE names.

        Raises ValidationError, and ValueError for such a file.
        """
        files = secret_files.find(names, SECRETS)
        found = {name: names[name.upper()] for name in cls.model_fields if name.upper() in names}
        found |= {name.lower(): secret_files.read(name, path) for name, path in files.items()}
        settings = cls.model_validate(found)
        settings._secrets_of_others = (*secret_files.of_others(names), *_secrets_in_proxies(names))
        return settings


SECRETS = [
    name.upper()
    for name, field in Settings.model_fields.items()
    if SecretStr in (field.annotation, *get_args(field.annotation))
]
"""The settings that may stand in files."""


def secret_paths() -> tuple[Path, ...]:
    """The files with secrets, `.env` among them, which need not exist."""
    names = _named_values(env_file.read())
    return (env_file.PATH, *secret_files.find(names, SECRETS).values())


def open_secret_files() -> tuple[Path, ...]:
    """The files with secrets that everybody on this machine may read."""
    return tuple(
        file for file in secret_paths() if file.exists() and secret_files.is_open_to_all(file)
    )


def read_settings() -> Settings:
    """The settings from the environment and `.env`. Raises SettingsError."""
    file = env_file.read()
    if file.fault:
        raise SettingsError(file.fault)
    _refuse_slips([*os.environ, *file.values])
    names = _named_values(file)
    try:
        settings = Settings.of(names)
        if _asks_by_proxy(settings):
            connections.check_proxies(os.environ)
        if _asks_by_proxy(settings) or settings.telegram_bot_token:
            connections.check_certificates(os.environ)
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error, names))) from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
    _refuse_secrets_among_articles(settings.corpus_dir, names)
    return settings


def log_format() -> Literal["text", "json"]:
    """What LOG_FORMAT says, also where other settings are wrong; text where it is wrong itself."""
    said = _named_values(env_file.read()).get("LOG_FORMAT", "")
    return "json" if said.lower() == "json" else "text"


def ignore_environment(environment: MutableMapping[str, str]) -> None:
    """Take away what libraries would read from it by themselves, and stumble over.

    LangChain's: whom to ask, where to tell of it. httpx's: hosts that are none.
    """
    for name in list(environment):
        known = name.upper().removesuffix(secret_files.SUFFIX).lower() in Settings.model_fields
        if _READ_BY_LANGCHAIN.match(name.upper()) or (
            _READ_BY_OPENAI.match(name.upper()) and not known  # ours are for child processes
        ):
            del environment[name]
    connections.forget_exemptions(environment)


def env_example() -> str:
    """The text of .env.example."""
    blocks = [
        "# Copy to .env and fill in what you need. An empty value counts as not set.\n"
        "# Tokens, keys and addresses with passwords may stand in files of their own instead:\n"
        "# with _FILE after its name a setting is the path of such a file.\n"
    ]
    for name, field in Settings.model_fields.items():
        example = (field.examples or [""])[0]
        blocks.append(f"# {field.description}\n# {name.upper()}={example}\n")
    return "\n".join(blocks)


def _named_values(file: env_file.EnvFile) -> dict[str, str]:
    """What the environment and `.env` set, by names in capitals; the environment goes before.

    An empty value counts as not set.
    """
    both = [*file.values.items(), *os.environ.items()]
    return {name.upper(): value for name, value in both if value}


def _asks_by_proxy(settings: Settings) -> bool:
    """Whether servers are asked that a proxy of the environment may lead to."""
    return settings.embedding_model != "local" or any(
        (
            settings.telegram_bot_token and not settings.telegram_proxy_url,
            settings.chat_model,
            settings.openai_api_key,
            settings.openai_base_url,
            settings.rerank_model,
        )
    )


def _refuse_slips(names: list[str]) -> None:
    plain = [name.upper() for name in Settings.model_fields]
    ours = [*plain, *(name + secret_files.SUFFIX for name in SECRETS)]
    for name in names:
        if name.upper() not in ours and not _OF_LANGCHAIN.match(name.upper()):
            setting = name.upper().removesuffix(secret_files.SUFFIX)
            if setting in plain:
                raise SettingsError(f"{name} is not a setting: only secrets are read from files")
            close = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=_CLOSE)
            if close:
                raise SettingsError(f"{name} is not a setting; did you mean {close[0]}?")


def _refuse_secrets_among_articles(corpus_dir: Path, names: Mapping[str, str]) -> None:
    """A file there may be taken for an article, and quoted."""
    for name, path in secret_files.find(names, SECRETS).items():
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(corpus_dir)):
            raise SettingsError(
                f"{name}{secret_files.SUFFIX}: {path} lies in the folder of articles: keep secrets "
                "elsewhere, readers may be shown what stands there"
            )


def _lines(error: ValidationError, names: Mapping[str, str]) -> Iterator[str]:
    in_files = secret_files.find(names, SECRETS)
    for one in error.errors(include_url=False, include_context=False):
        name = str(one["loc"][0])
        reason = one["msg"].removeprefix("Value error, ")
        example = (Settings.model_fields[name].examples or [""])[0]
        setting = name.upper()
        said = f"{reason[0].lower()}{reason[1:]}; for example {setting}={example}"
        path = in_files.get(setting)
        yield f"{setting}: {said}" if path is None else f"{setting}_FILE: what {path} holds {said}"


def _secrets_in_proxies(names: Mapping[str, str]) -> Iterator[str]:
    """Of HTTP_PROXY and the like."""
    for name, value in names.items():
        if name.endswith("_PROXY"):
            yield from _secrets_in(connections.with_scheme(value))


def _secrets_in(address: str) -> Iterator[str]:
    """What may be a password or a key in an address; nothing in other texts."""
    if "://" not in address:
        return
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    values = [one.split("=", 1)[-1] for one in parts.query.split("&")]
    if parts.password:
        yield parts.password
    elif parts.username and parts.scheme in ("http", "https"):  # a key, as some servers want it
        values.append(parts.username)
    yield from (
        spelled
        for value in values
        if len(value) >= _SHORTEST_IN_ADDRESS
        for spelled in (value, unquote_plus(value))
    )


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
