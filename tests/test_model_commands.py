"""The commands with a chat model: over HTTP, against a local stub of a model server."""

import json
from pathlib import Path

import pytest

from tests.conftest import CORPUS, Baoda
from tests.model_server import CHAT, EMBEDDINGS, Reply, StubModelServer
from tests.personas import number_of
from tests.planted import TOKEN

QUESTION = "东城区选派了多少名干部担任社区专员?"


@pytest.fixture
def data_dir(corpus_data_dir: Path, tmp_path: Path) -> Path:
    """A folder of one's own: the index is linked to, tokens are entered beside it."""
    own = tmp_path / "data"
    own.mkdir()
    for path in corpus_data_dir.iterdir():
        if not path.name.startswith("baoda.sqlite3"):
            (own / path.name).symlink_to(path)
    return own


def true_answer(body: dict[str, object]) -> Reply:
    number = number_of(body, "150名")
    return Reply(f"东城区选派了150名干部担任社区专员[{number}]。", usage=(700, 20))


@pytest.mark.long
def test_what_an_answer_costs_is_entered_and_told_by_status(
    baoda: Baoda, server: StubModelServer, data_dir: Path
) -> None:
    server.respond_with(true_answer)
    settings = {"DATA_DIR": data_dir, "OPENAI_BASE_URL": server.base_url}
    assert json.loads(baoda("status", "--json", **settings).stdout)["tokens"] == []
    asked = baoda("ask", QUESTION, "--json", LOG_LEVEL="INFO", **settings)
    assert json.loads(asked.stdout)["mode"] == "llm"
    assert "700 + 20 tokens" in asked.stderr.decode()
    (day,) = json.loads(baoda("status", "--json", **settings).stdout)["tokens"]
    assert (day["calls"], day["prompt_tokens"], day["completion_tokens"]) == (1, 700, 20)
    assert "720 (700 read, 20 written)" in baoda("status", **settings).stdout.decode()


def test_the_budget_of_the_day_holds_for_the_commands_too(
    baoda: Baoda, server: StubModelServer, data_dir: Path
) -> None:
    server.respond_with(true_answer)
    lines = "\n".join(
        json.dumps({"question": f"{QUESTION}{mark}"}) for mark in ("", "请问", "谢谢")
    )
    finished = baoda(
        "ask",
        "--jsonl",
        stdin=lines.encode(),
        DATA_DIR=data_dir,
        OPENAI_BASE_URL=server.base_url,
        DAILY_TOKEN_BUDGET=720,
        ANSWER_CACHE=0,
    )
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [one["mode"] for one in answers] == ["llm", "extractive", "extractive"]
    assert set(answers[0]) == set(answers[1])
    said = baoda(
        "ask",
        QUESTION,
        DATA_DIR=data_dir,
        OPENAI_BASE_URL=server.base_url,
        DAILY_TOKEN_BUDGET=720,
        BOT_LANGUAGE="en",
    )
    assert "budget for today is spent" in said.stdout.decode()


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (Reply(status=401, text="bad key"), "OPENAI_API_KEY"),
        pytest.param(Reply(status=404, text="no such model"), "CHAT_MODEL", marks=pytest.mark.long),
        pytest.param(Reply(body=[b"<html></html>"]), "/v1", marks=pytest.mark.long),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_doctor_says_what_to_do_about_the_chat_model(
    baoda: Baoda, server: StubModelServer, data_dir: Path, reply: Reply, advice: str
) -> None:
    server.respond_with(lambda _: reply)
    finished = baoda(
        "doctor",
        "--json",
        DATA_DIR=data_dir,
        CORPUS_DIR=CORPUS,
        OPENAI_BASE_URL=server.base_url,
    )
    findings = json.loads(finished.stdout)["findings"]
    (found,) = (one for one in findings if one["check"] == "chat model")
    assert found["state"] == "problem"
    assert advice in found["advice"]
    assert finished.returncode == 1


def test_doctor_asks_each_server_once_and_logs_nothing(
    baoda: Baoda, server: StubModelServer, data_dir: Path
) -> None:
    server.respond_with(lambda _: "OK")
    finished = baoda(
        "doctor",
        "--json",
        DATA_DIR=data_dir,
        CORPUS_DIR=CORPUS,
        CHAT_MODEL="stub-model",
        OPENAI_BASE_URL=server.base_url,
        EMBEDDING_MODEL="stub-model",
        EMBEDDING_BASE_URL=server.base_url,
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_API_BASE_URL="http://127.0.0.1:9",
    )
    assert finished.stderr == b""
    findings = {one["check"]: one["state"] for one in json.loads(finished.stdout)["findings"]}
    assert (findings["chat model"], findings["embedding model"]) == ("ok", "ok")
    assert sorted(one.path for one in server.requests) == [CHAT, EMBEDDINGS]
