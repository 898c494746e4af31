"""What the chat model is asked goes to LangSmith, or to other callbacks, only when told to."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler

from bot.settings import Settings, SettingsError
from bot.tracing import Aside, make_callbacks
from tests.conftest import Baoda
from tests.model_server import StubModelServer
from tests.planted import TOKEN

QUESTION = "东城区选派了多少名干部担任社区专员?"
MODEL_KEY, TRACE_KEY = "sk-of-the-model-server", "lsv2_of-the-tracer"
JUNK = {
    "LANGCHAIN_TRACING_V2": "true",
    "LANGSMITH_TRACING_V2": "true",
    "LANGCHAIN_API_KEY": "lsv2_lying-about",
}


class Recorder:
    """A LangSmith on loopback that keeps the bodies it is sent."""

    def __init__(self, seconds: float = 0) -> None:
        self.bodies: list[str] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                recorder.bodies.append(f"{self.command} {self.path} {body.decode()}")
                time.sleep(seconds)
                self.send_response(202)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_PATCH = do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def langsmith() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(baoda: Baoda, corpus_data_dir: Path, tmp_path: Path, server: StubModelServer) -> Ask:
    """The answer object of a question that the model is asked, with more settings."""

    def run(**settings: object) -> dict[str, Any]:
        server.respond_with(lambda _: "选派了干部 [1]。")
        done = baoda(
            "ask",
            QUESTION,
            "--json",
            DATA_DIR=corpus_data_dir,
            DATABASE_URL=f"sqlite:///{tmp_path}/kept.sqlite3",
            OPENAI_API_KEY=MODEL_KEY,
            OPENAI_BASE_URL=server.base_url,
            STRICTNESS="generous",
            **settings,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert "Traceback" not in done.stderr.decode()
        result: dict[str, Any] = json.loads(done.stdout)
        assert len(server.requests) == 1
        return result

    return run


def test_what_lies_about_in_the_environment_sends_nothing(ask: Ask, langsmith: Recorder) -> None:
    ask(**JUNK, LANGCHAIN_ENDPOINT=langsmith.url, LANGSMITH_ENDPOINT=langsmith.url)
    assert langsmith.bodies == []


def test_traces_are_sent_where_the_settings_say_without_secrets(
    ask: Ask, langsmith: Recorder
) -> None:
    ask(
        **JUNK,
        LANGSMITH_TRACING="true",
        LANGSMITH_API_KEY=TRACE_KEY,
        LANGSMITH_ENDPOINT=langsmith.url,
        LANGSMITH_PROJECT="newsroom",
        CHAT_EXTRA_BODY=json.dumps({"user": MODEL_KEY}),
    )
    sent = "\n".join(langsmith.bodies)
    assert "newsroom" in sent
    assert QUESTION in sent
    assert "选派了干部" in sent
    for secret in (MODEL_KEY, TRACE_KEY, "lying-about"):
        assert secret not in sent


def test_an_answer_does_not_wait_for_a_tracer_that_is_away(ask: Ask) -> None:
    away = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": TRACE_KEY}
    result = ask(**away, LANGSMITH_ENDPOINT="http://127.0.0.1:9")
    assert result["timings_ms"]["total"] < 20_000


def test_tracing_without_a_key_is_a_wrong_setting(baoda: Baoda) -> None:
    nowhere = "http://127.0.0.1:9"
    servers = {"OPENAI_BASE_URL": nowhere, "TELEGRAM_API_BASE_URL": nowhere}
    done = baoda("run", TELEGRAM_BOT_TOKEN=TOKEN, LANGSMITH_TRACING="true", **servers)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("baoda: LANGSMITH_TRACING: needs a key")
    assert len(done.stderr.splitlines()) == 1


class Slow(BaseCallbackHandler):
    def __init__(self) -> None:
        self.told: list[str] = []

    def on_llm_error(self, error: BaseException, **_: Any) -> None:
        time.sleep(0.2)
        self.told.append(str(error))
        raise RuntimeError("a bug of others")


def test_a_handler_that_is_slow_and_fails_holds_up_nobody() -> None:
    slow = Slow()
    aside = Aside(slow)
    started = time.monotonic()
    for token in "报答杯":
        aside.on_llm_error(ValueError(token), run_id=uuid.uuid4())
    assert time.monotonic() - started < 0.2
    aside.close()
    assert slow.told == list("报答杯")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_such_module_here:Handler", "cannot be made"),
        ("json:NoSuchHandler", "cannot be made"),
        ("pathlib:Path", "is no BaseCallbackHandler"),
    ],
)
def test_a_wrong_handler_names_the_setting(name: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"CHAT_CALLBACKS: {name} {reason}"):
        make_callbacks(Settings(chat_callbacks=(name,)))


def test_no_handler_by_default() -> None:
    assert make_callbacks(Settings()) == []
