"""The reranking model over real HTTP: what is sent, what is read, and everything that can fail."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import Settings, SettingsError
from bot.wiring import make_reranker
from retrieval.errors import ModelUnavailableError
from retrieval.reranking import MAX_TEXT_CHARACTERS, RemoteReranker
from retrieval.types import Reranker
from tests.conftest import Baoda
from tests.model_server import RERANK, TEI_RERANK, Reply, StubModelServer

KEY = "rk-planted-secret"
QUESTION = "东城区"
TEXTS = ["天气晴", "东城区", "东城"]
IN_ORDER = [0, 1, pytest.approx(2 / 3)]


@pytest.fixture
def reranker(server: StubModelServer) -> RemoteReranker:
    return reranker_at(server.base_url)


def reranker_at(base_url: str, *, timeout_seconds: float = 10) -> RemoteReranker:
    return RemoteReranker(
        model="bge-reranker", base_url=base_url, api_key=KEY, timeout_seconds=timeout_seconds
    )


def results(*pairs: tuple[Any, Any]) -> Any:
    return {"results": [{"index": index, "relevance_score": score} for index, score in pairs]}


def body(value: Any) -> Reply:
    return Reply(body=[json.dumps(value).encode()])


def failure(reranker: Reranker) -> str:
    with pytest.raises(ModelUnavailableError) as caught:
        reranker.rerank(QUESTION, TEXTS)
    line = str(caught.value)
    assert line.startswith("RERANK_MODEL bge-reranker: ")
    assert "\n" not in line
    assert KEY not in line
    return line


def test_scores_come_in_the_order_of_the_texts(
    server: StubModelServer, reranker: RemoteReranker
) -> None:
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    (request,) = server.requests
    assert request.path == RERANK
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": "bge-reranker",
        "query": QUESTION,
        "documents": TEXTS,
        "top_n": 3,
    }


def test_no_texts_mean_no_request(server: StubModelServer, reranker: RemoteReranker) -> None:
    assert reranker.rerank(QUESTION, []) == []
    assert server.requests == []


def test_without_a_key_none_is_sent(server: StubModelServer) -> None:
    RemoteReranker(model="m", base_url=server.base_url, api_key=None, timeout_seconds=10).rerank(
        QUESTION, TEXTS
    )
    assert "authorization" not in server.requests[0].headers


def test_long_texts_and_questions_are_cut(
    server: StubModelServer, reranker: RemoteReranker
) -> None:
    reranker.rerank("问" * 2_000, ["长" * 9_000])
    assert server.requests[0].json["documents"] == ["长" * MAX_TEXT_CHARACTERS]
    assert len(server.requests[0].json["query"]) == 500


def test_half_a_surrogate_pair_does_no_harm(
    server: StubModelServer, reranker: RemoteReranker
) -> None:
    assert reranker.rerank("甲\ud800", ["甲\ud800"]) == [1]


@pytest.mark.parametrize(
    ("reply", "scores"),
    [
        (results((2, 0.5), (0, -7), (1, 3.25)), [-7, 3.25, 0.5]),
        (
            [{"index": 1, "score": 0.9}, {"index": 0, "score": 0}, {"index": 2, "score": 1}],
            [0, 0.9, 1],
        ),
        ({"results": [{"index": n, "score": n, "document": None} for n in range(3)]}, [0, 1, 2]),
    ],
    ids=["common", "bare list", "score"],
)
def test_the_replies_of_different_servers_are_read(
    server: StubModelServer, reranker: RemoteReranker, reply: Any, scores: list[float]
) -> None:
    server.queue(body(reply), RERANK)
    assert reranker.rerank(QUESTION, TEXTS) == scores


@pytest.mark.parametrize("suffix", ["/v1", "/v1/", "", "/", "/v1/rerank"])
def test_the_address_may_be_given_with_or_without_its_end(
    server: StubModelServer, suffix: str
) -> None:
    reranker = reranker_at(server.base_url.removesuffix("/v1") + suffix)
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER


def test_where_the_server_answers_is_remembered(server: StubModelServer) -> None:
    reranker = reranker_at(server.base_url.removesuffix("/v1"))
    server.queue(Reply("no such path", status=404), TEI_RERANK)
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    assert [request.path for request in server.requests] == [TEI_RERANK, RERANK, RERANK]


def test_text_embeddings_inference_is_asked_in_its_own_way(server: StubModelServer) -> None:
    server.queue(Reply(status=404), RERANK)
    reranker = reranker_at(server.base_url)
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    assert [request.path for request in server.requests] == [RERANK, *[TEI_RERANK] * 3]
    assert server.requests[-1].json["texts"] == TEXTS
    assert server.requests[-1].json["truncate"] is True


def test_too_many_texts_for_the_server_are_asked_in_parts(server: StubModelServer) -> None:
    reranker = reranker_at(server.base_url.removesuffix("/v1"))
    texts = ["东城区"[: n % 4] for n in range(70)]
    assert reranker.rerank(QUESTION, texts) == [pytest.approx(n % 4 / 3) for n in range(70)]
    sizes = [len(one.json.get("texts") or one.json["documents"]) for one in server.requests]
    assert sizes == [70, 70, 35, 17, 18, 35, 17, 18]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_that_may_pass_is_waited_out(
    server: StubModelServer, reranker: RemoteReranker, status: int
) -> None:
    server.queue(Reply("later", status=status), RERANK)
    server.queue(Reply(body=[b"{"], headers={"Content-Length": "100"}), RERANK)
    assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "requests", "advice"),
    [
        (301, 1, "RERANK_BASE_URL"),
        (400, 1, "is it a reranking model?"),
        (401, 1, "RERANK_API_KEY"),
        (404, 2, "RERANK_BASE_URL"),
        (413, 2, "is it a reranking model?"),
        (422, 2, "is it a reranking model?"),
        (429, 3, "the server's limit"),
        (500, 3, "look at the server"),
    ],
)
def test_a_refusal_is_named_with_what_to_do(
    server: StubModelServer, status: int, requests: int, advice: str
) -> None:
    for _ in range(3):
        for path in (RERANK, TEI_RERANK):
            server.queue(Reply("so\nit is", status=status), path)
    line = failure(reranker_at(server.base_url))
    assert f"the server answered {status}: so it is; " in line
    assert advice in line
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": f"bad key {KEY}"}},
        {"message": f"invalid input: {QUESTION}"},
        {"detail": [{"msg": "wrong", "input": QUESTION}]},
        {"error": None},
    ],
    ids=["key", "question", "list", "nothing"],
)
def test_the_server_is_not_quoted_where_it_repeats_what_it_was_sent(
    server: StubModelServer, reranker: RemoteReranker, error: dict[str, Any]
) -> None:
    server.queue(Reply(status=400, error=error), RERANK)
    assert "the server answered 400; " in failure(reranker)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"<html>welcome</html>", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"", "is not JSON"),
        (b"null", "no results"),
        (b'{"results": {}}', "no results"),
        (b'{"results": [1, 2, 3]}', "no scores"),
        (b'{"results": [{"index": 0}, {"index": 1}, {"index": 2}]}', "not numbers"),
    ],
)
def test_a_reply_that_is_none_is_named(
    server: StubModelServer, reranker: RemoteReranker, reply: bytes, reason: str
) -> None:
    server.queue(Reply(body=[reply]), RERANK)
    assert reason in failure(reranker)


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([(0, 0.1), (1, 0.2)], "2 scores came for 3 texts"),
        ([(0, 0.1), (1, 0.2), (2, 0.3), (3, 0.4)], "4 scores came for 3 texts"),
        ([(0, 0.1), (1, 0.2), (1, 0.3)], "not those of the texts"),
        ([(0, 0.1), (1, 0.2), (3, 0.3)], "not those of the texts"),
        ([(0, 0.1), (1, 0.2), (-1, 0.3)], "not those of the texts"),
        ([(0, 0.1), (1, 0.2), (None, 0.3)], "no index"),
        ([(0, 0.1), (1, 0.2), (True, 0.3)], "no index"),
        ([(0, 0.1), (1, 0.2), (2.0, 0.3)], "no index"),
        ([(0, 0.1), (1, 0.2), (2, "0.3")], "not numbers"),
        ([(0, 0.1), (1, 0.2), (2, True)], "not numbers"),
        ([(0, 0.1), (1, 0.2), (2, float("nan"))], "not finite"),
        ([(0, 0.1), (1, 0.2), (2, float("-inf"))], "not finite"),
        ([(0, 0.1), (1, 0.2), (2, 10**400)], "not finite"),
    ],
    ids=str,
)
def test_scores_that_cannot_be_used_are_named(
    server: StubModelServer,
    reranker: RemoteReranker,
    pairs: list[tuple[Any, Any]],
    reason: str,
) -> None:
    server.queue(body(results(*pairs)), RERANK)
    assert reason in failure(reranker)


def test_a_reply_without_end_is_given_up(server: StubModelServer, reranker: RemoteReranker) -> None:
    server.queue(Reply(body=(b" " * 1_000_000 for _ in range(100))), RERANK)
    assert "the reply is too long" in failure(reranker)


def test_a_late_answer_is_given_up(server: StubModelServer) -> None:
    server.queue(Reply(delay_seconds=5), RERANK)
    started = time.monotonic()
    assert "no answer within 0.3 s" in failure(reranker_at(server.base_url, timeout_seconds=0.3))
    assert time.monotonic() - started < 3


def test_an_answer_that_trickles_in_is_given_up(server: StubModelServer) -> None:
    def trickle() -> Iterator[bytes]:
        while not server.closing.wait(0.05):
            yield b" "

    server.queue(Reply(body=trickle()), RERANK)
    assert "no answer within 0.4 s" in failure(reranker_at(server.base_url, timeout_seconds=0.4))


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "http://127.0.0.1:9\u2603/v1"])
def test_a_server_that_is_not_there_is_named(address: str) -> None:
    line = failure(reranker_at(address))
    assert "RERANK_BASE_URL" in line


def test_threads_share_a_reranker(server: StubModelServer, reranker: RemoteReranker) -> None:
    barrier = threading.Barrier(8)

    def ask(number: int) -> list[float]:
        barrier.wait()
        return reranker.rerank(QUESTION, ["东城区"[:number], "东城区"])

    with ThreadPoolExecutor(8) as pool:
        scores = list(pool.map(ask, [number % 4 for number in range(8)]))
    assert scores == [[pytest.approx(number % 4 / 3), 1] for number in range(8)]


def test_the_key_is_not_logged(
    server: StubModelServer, reranker: RemoteReranker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reranker.rerank(QUESTION, TEXTS)
    assert KEY not in caplog.text


def test_no_model_means_no_reranker() -> None:
    assert make_reranker(Settings(rerank_base_url="http://127.0.0.1:9")) is None


def test_a_model_without_a_server_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match=r"^RERANK_MODEL: .*for example RERANK_BASE_URL="):
        make_reranker(Settings(rerank_model="m", openai_api_key=SecretStr("k")))


def test_address_and_key_are_those_of_openai_unless_set(server: StubModelServer) -> None:
    settings = Settings(
        rerank_model="m", openai_base_url=server.base_url, openai_api_key=SecretStr("shared")
    )
    own = {"openai_base_url": "http://127.0.0.1:9", "rerank_base_url": server.base_url}
    for values in ({}, own | {"rerank_api_key": SecretStr("own")}):
        reranker = make_reranker(settings.model_copy(update=values))
        assert reranker is not None
        assert reranker.rerank(QUESTION, TEXTS) == IN_ORDER
    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == ["Bearer shared", "Bearer own"]


def test_doctor_asks_the_reranking_model(baoda: Baoda, server: StubModelServer) -> None:
    def finding(check: str, **settings: str) -> dict[str, str]:
        finished = baoda("doctor", "--json", **settings)
        assert KEY.encode() not in finished.stdout + finished.stderr
        findings: list[dict[str, str]] = json.loads(finished.stdout)["findings"]
        return next(one for one in findings if one["check"] == check)

    assert finding("reranking model")["state"] == "note"
    assert finding("reranking model", RERANK_MODEL="bge-reranker")["state"] == "problem"
    well = {"RERANK_MODEL": "bge-reranker", "RERANK_BASE_URL": server.base_url}
    assert finding("reranking model", **well)["detail"] == "bge-reranker answers"
    server.queue(Reply(status=401, error={"message": f"bad key {KEY}"}), RERANK)
    wrong = finding("reranking model", **well, RERANK_API_KEY=KEY)
    assert wrong["state"] == "problem"
    assert "401" in wrong["detail"]
    assert "RERANK_API_KEY" in wrong["advice"]


def test_status_names_the_reranking_model(baoda: Baoda) -> None:
    settings = {"RERANK_MODEL": "bge-reranker", "RERANK_BASE_URL": "http://127.0.0.1:9"}
    assert (
        json.loads(baoda("status", "--json", **settings).stdout)["rerank_model"] == "bge-reranker"
    )
    assert "reranking  bge-reranker" in baoda("status", **settings).stdout.decode()
