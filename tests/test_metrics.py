"""What is counted, as Prometheus reads it."""

import re
import socket

import pytest
from pydantic import SecretStr

from bot.doctor import _watching
from bot.metrics import Metrics
from bot.settings import Settings
from retrieval.answering.model.faults import Fault
from retrieval.index.generations import Manifest
from retrieval.types import Usage


def value(metrics: Metrics, series: str) -> float:
    text = metrics.exposition("")[0].decode()
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    assert found is not None, series
    return float(found[1])


def manifest(name: str, articles: int) -> Manifest:
    created = "2026-01-02T03:04:05+00:00"
    return Manifest(name, created, "stub", 8, "5", "4", articles, 2 * articles, 3 * articles)


def test_faults_of_the_chat_model_are_told_apart() -> None:
    metrics = Metrics()
    metrics.model_failed(Fault.RATE)
    assert value(metrics, 'baoda_chat_model_errors_total{fault="rate"}') == 1
    assert value(metrics, 'baoda_chat_model_errors_total{fault="slow"}') == 0


def test_tokens_are_counted_by_purpose() -> None:
    metrics = Metrics()
    metrics.spent(Usage(11, 7), "answer")
    assert (
        value(metrics, 'baoda_chat_model_tokens_total{direction="prompt",purpose="answer"}') == 11
    )
    assert (
        value(metrics, 'baoda_chat_model_tokens_total{direction="completion",purpose="answer"}')
        == 7
    )


def test_the_generation_is_that_which_serves_and_changes_are_counted() -> None:
    metrics = Metrics()
    for name, articles in (("first", 8), ("first", 8), ("second", 9)):
        metrics.serving(manifest(name, articles), 17.0)
    text = metrics.exposition("")[0].decode()
    assert 'generation="second"' in text
    assert 'generation="first"' not in text
    assert value(metrics, "baoda_generation_articles") == 9
    assert value(metrics, "baoda_generation_changes_total") == 1
    assert value(metrics, "baoda_generation_created_timestamp_seconds") == 1767323045


def test_a_method_that_is_none_does_not_become_a_label() -> None:
    metrics = Metrics()
    metrics.called("bot7:AAH-secret", "ok")
    assert value(metrics, 'baoda_telegram_calls_total{method="other",outcome="ok"}') == 1


def test_two_bots_in_a_process_count_apart() -> None:
    one, another = Metrics(), Metrics()
    one.flooded(3)
    assert value(one, "baoda_telegram_flood_wait_seconds_total") == 3
    assert value(another, "baoda_telegram_flood_wait_seconds_total") == 0


def test_the_doctor_says_that_nobody_watches() -> None:
    found = _watching(Settings())
    assert (found.state, found.detail) == ("note", "/metrics is off")


def test_the_doctor_says_where_traces_go() -> None:
    found = _watching(Settings(langsmith_tracing=True, langsmith_api_key=SecretStr("lsv2_x")))
    assert "sent to https://api.smith.langchain.com" in found.detail
    assert "lsv2_x" not in found.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1", "a..b"])
def test_the_doctor_finds_an_address_that_cannot_be_listened_at(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.settimeout(0)
        settings = Settings(metrics_host=host, metrics_port=taken.getsockname()[1])
        found = _watching(settings)
    assert found.state == "problem"
    assert "METRICS_PORT" in found.detail
    assert "while" not in found.detail


@pytest.mark.parametrize("host", ["http://here", "here:9464", "a b", "999.1.1.1", ""])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    with pytest.raises(ValueError, match="must be the name or address of a host"):
        Settings(metrics_host=host)
