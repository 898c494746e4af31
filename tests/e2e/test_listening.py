"""/metrics, /healthz and /readyz of a bot that serves."""

import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import environment
from tests.e2e.bot_api import TOKEN
from tests.e2e.readers import Reader
from tests.e2e.running import RunningBot, until
from tests.e2e.stage import Stage, staged

QUESTION = "报答杯是哪一年开始的?"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Page:
    status: int
    headers: dict[str, str]
    text: str


def fetch(port: int, path: str, method: str = "GET", **headers: str) -> Page:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return Page(response.status, dict(response.getheaders()), response.read().decode())
    finally:
        connection.close()


def figures(port: int) -> dict[tuple[str, str], float]:
    """By name and labels."""
    return {
        (
            sample.name,
            ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(fetch(port, "/metrics").text)
        for sample in family.samples
    }


@dataclass(frozen=True)
class Watched:
    stage: Stage
    port: int
    data_dir: Path


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, corpus_data_dir: Path) -> Iterator[Watched]:
    port = free_port()
    folder = tmp_path_factory.mktemp("watched")
    with staged(folder, corpus_data_dir, METRICS_PORT=port, LOG_FORMAT="json") as stage:
        yield Watched(stage, port, folder / "data")


async def test_it_is_ready_once_it_listens(watched: Watched) -> None:
    await until(lambda: fetch(watched.port, "/readyz").status == 200)
    page = fetch(watched.port, "/readyz")
    assert json.loads(page.text)["ready"] is True
    assert page.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Server" not in page.headers


def test_it_is_alive(watched: Watched) -> None:
    page = fetch(watched.port, "/healthz")
    assert page.status == 200
    assert json.loads(page.text)["alive"] is True


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/healthz", 200),
        ("HEAD", "/metrics", 200),
        ("POST", "/metrics", 405),
        ("DELETE", "/readyz", 405),
        ("GET", "/", 404),
        ("POST", "/metrics/more", 404),
        ("GET", "/healthz?verbose=1", 200),
    ],
)
def test_other_requests_get_a_status_that_fits(
    watched: Watched, method: str, path: str, status: int
) -> None:
    page = fetch(watched.port, path, method)
    assert page.status == status
    assert ("Allow" in page.headers) == (status == 405)
    if method == "HEAD":
        assert page.text == ""
    elif status >= 400:
        assert "error" in json.loads(page.text)


async def test_a_question_is_counted_with_its_stages_and_its_line(watched: Watched) -> None:
    await until(lambda: fetch(watched.port, "/readyz").status == 200)
    before = figures(watched.port)
    reader = Reader(watched.stage.api)
    await reader.ask(QUESTION)
    bot = watched.stage.bot
    (*_, line) = await bot.wait_for_line("a question is done")
    written = json.loads(line)
    after = figures(watched.port)

    def grown(name: str, labels: str = "") -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    outcome, mode = written["outcome"], written["mode"]
    assert (outcome, mode) in (("answered", "extractive"), ("refused", "extractive"))
    assert grown("baoda_questions_total", f"mode={mode},outcome={outcome}") == 1
    for stage in ("wait", "retrieve", "write", "check", "total"):
        assert grown("baoda_question_stage_seconds_count", f"stage={stage}") == 1
        assert stage in written["timings_ms"]
    assert grown("baoda_delivery_seconds_count") == 1
    assert grown("baoda_telegram_calls_total", "method=sendMessage,outcome=ok") >= 1
    # an update is settled after its answer is counted
    await until(lambda: figures(watched.port)["baoda_queue_length", "queue=journal"] == 0)
    of_it = [json.loads(one) for one in bot.matching(written["request"])]
    assert {"retrieval.answering.answerer", "bot.telegram.handlers.course"} <= {
        one["logger"] for one in of_it
    }
    assert re.fullmatch(r"u\d+", written["request"])


async def test_an_index_that_a_start_would_not_find_is_told_while_it_still_answers(
    watched: Watched,
) -> None:
    current = watched.data_dir / "CURRENT"
    aside = current.rename(watched.data_dir / "aside")
    try:
        await until(lambda: "a start would find none" in fetch(watched.port, "/readyz").text)
        answer = await Reader(watched.stage.api).ask("职工之家建在哪个小区？")
        assert "铁路小区" in answer.text
    finally:
        aside.rename(current)
    await until(lambda: fetch(watched.port, "/readyz").status == 200)


def test_the_figures_tell_what_serves_and_nothing_of_readers(watched: Watched) -> None:
    text = fetch(watched.port, "/metrics").text
    assert re.search(r'baoda_generation_info\{.*generation="\d{8}T\d{12}-[0-9a-f]{4}"', text)
    assert figures(watched.port)["baoda_generation_articles", ""] > 0
    assert "process_resident_memory_bytes" in text
    assert "报" not in text
    assert TOKEN not in text


def test_all_lines_of_the_log_are_objects(watched: Watched) -> None:
    for line in list(watched.stage.bot.lines):
        one: dict[str, Any] = json.loads(line)
        assert {"time", "level", "logger", "message"} <= one.keys()


async def test_pages_come_before_telegram_is_reached_and_say_why(
    tmp_path: Path,
) -> None:
    port = free_port()
    nowhere = f"http://127.0.0.1:{free_port()}"
    with RunningBot(tmp_path, nowhere, METRICS_PORT=port, CORPUS_DIR=tmp_path) as bot:
        await bot.wait_for_line("Telegram cannot be reached", timeout=60)
        await until(lambda: "indexed yet" in fetch(port, "/readyz").text)
        page = fetch(port, "/readyz")
        assert page.status == 503
        parts = json.loads(page.text)["parts"]
        assert "getMe" in parts["telegram"]["reason"]
        assert parts["store"]["ready"]
        assert fetch(port, "/healthz").status == 200


def refused(tmp_path: Path, **settings: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=environment(TELEGRAM_BOT_TOKEN=TOKEN, DATA_DIR=tmp_path / "data", **settings),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def test_a_port_in_use_is_one_line_and_status_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = refused(tmp_path, METRICS_PORT=taken.getsockname()[1])
    assert status == 1
    (line,) = said.splitlines()
    assert "METRICS_PORT" in line
    assert "Address already in use" in line
