"""Whatever a chat model does: one final answer, in time, and one line that names the cause."""

import datetime
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from bot.wiring import make_answerer
from retrieval.answering.answerer import Answerer
from retrieval.answering.model.breaker import FAILURES, Breaker, Call
from retrieval.answering.model.faults import Fault
from retrieval.types import Answer, Notice
from tests.model_server import Reply, StubModelServer
from tests.personas import number_of

QUESTION = "东城区选派了多少名干部担任社区专员?"
DAY = datetime.date(2025, 3, 5)
KEY = "sk-PLANTED-secret"
TRUE = "东城区选派了150名干部担任社区专员。"
WHOLE_SECONDS, FIRST_SECONDS = 4.0, 2.0
SSE = {"Content-Type": "text/event-stream"}


@pytest.fixture
def settings(server: StubModelServer, corpus_data_dir: Path) -> Settings:
    return Settings(
        data_dir=corpus_data_dir,
        openai_api_key=SecretStr(KEY),
        openai_base_url=server.base_url,
        chat_model="stub-model",
        chat_timeout_seconds=WHOLE_SECONDS,
        chat_first_token_seconds=FIRST_SECONDS,
        answer_cache=0,
    )


@pytest.fixture
def answerer(settings: Settings) -> Iterator[Answerer]:
    made = make_answerer(settings)
    yield made
    made.close()


async def ask(answerer: Answerer) -> Answer:
    return await answerer.answer(QUESTION, asked_at=DAY)


def true_answer(server: StubModelServer) -> Reply:
    return Reply(f"{TRUE}[{number_of(server.requests[-1].json, '150名')}]")


def stalled(server: StubModelServer, *pieces: str) -> Iterator[str]:
    yield from pieces
    server.closing.wait(20)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


FAULTS: dict[str, tuple[Callable[[StubModelServer], Reply], Fault, int]] = {
    "401": (lambda _: Reply(status=401, text=f"bad key {KEY}"), Fault.KEY, 1),
    "403": (lambda _: Reply(status=403, text="not for you"), Fault.KEY, 1),
    "404": (lambda _: Reply(status=404, text="no such model"), Fault.MODEL, 1),
    "402": (lambda _: Reply(status=402, text="Insufficient Balance"), Fault.QUOTA, 1),
    "429": (lambda _: Reply(status=429, text="slow down"), Fault.RATE, 2),
    "429 at once": (
        lambda _: Reply(status=429, text="slow down", headers={"Retry-After": "0"}),
        Fault.RATE,
        2,
    ),
    "429 much later": (
        lambda _: Reply(status=429, text="slow down", headers={"Retry-After": "3600"}),
        Fault.RATE,
        1,
    ),
    "429 on a date": (
        lambda _: Reply(
            status=429, text="slow", headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}
        ),
        Fault.RATE,
        2,
    ),
    "429 used up": (
        lambda _: Reply(
            status=429, error={"error": {"message": "quota", "code": "insufficient_quota"}}
        ),
        Fault.QUOTA,
        1,
    ),
    "400": (lambda _: Reply(status=400, text="temperature is not supported"), Fault.REQUEST, 1),
    "400 filter": (
        lambda _: Reply(
            status=400, error={"error": {"message": "risk", "code": "data_inspection_failed"}}
        ),
        Fault.FILTER,
        1,
    ),
    "context": (
        lambda _: Reply(status=400, text="maximum context length is 4096 tokens"),
        Fault.CONTEXT,
        2,
    ),
    "413": (lambda _: Reply(status=413, text="too large"), Fault.CONTEXT, 2),
    "500": (lambda _: Reply(status=500, text="broken"), Fault.SERVER, 2),
    "503": (lambda _: Reply(status=503, text="overloaded"), Fault.SERVER, 2),
    "a page": (lambda _: Reply(body=[b"<html>Welcome to nginx</html>"]), Fault.GARBAGE, 2),
    "no JSON": (lambda _: Reply(body=[b"data: {oops\n\n"], headers=SSE), Fault.GARBAGE, 2),
    "other JSON": (lambda _: Reply(body=[b"data: [1, 2]\n\n"], headers=SSE), Fault.GARBAGE, 2),
    "other fields": (
        lambda _: Reply(body=[b'data: {"choices": [{"delta": 7}]}\n\n'], headers=SSE),
        Fault.GARBAGE,
        2,
    ),
    "an error in the stream": (
        lambda _: Reply(
            body=[b'data: {"error": {"message": "CUDA out of memory"}}\n\n'], headers=SSE
        ),
        Fault.GARBAGE,
        2,
    ),
    "bytes": (lambda _: Reply(body=[bytes(range(256))], headers=SSE), Fault.GARBAGE, 2),
    "broken off": (
        lambda server: Reply(
            chunks=["东城区", "选派了", f"150名[{number_of(server.requests[-1].json, '150名')}]。"],
            cut_after=2,
        ),
        Fault.BROKE_OFF,
        1,
    ),
    "no finish reason": (
        lambda server: Reply(
            chunks=[f"{TRUE}[{number_of(server.requests[-1].json, '150名')}]", "他"],
            cut_after=2,
            cut_cleanly=True,
        ),
        Fault.BROKE_OFF,
        1,
    ),
    "empty": (lambda _: Reply(""), Fault.EMPTY, 1),
    "blank": (lambda _: Reply(" \n "), Fault.EMPTY, 1),
    "marks alone": (lambda _: Reply("[1][2]\n。"), Fault.EMPTY, 1),
    "thinking alone": (lambda _: Reply("<think>150?"), Fault.EMPTY, 1),
    "filter": (lambda _: Reply("东城区", finish_reason="content_filter"), Fault.FILTER, 1),
    "slow start": (lambda _: Reply("zu spät", delay_seconds=20), Fault.SLOW_START, 1),
    "role alone": (lambda server: Reply(chunks=stalled(server)), Fault.SLOW_START, 1),
    "stalled": (lambda server: Reply(chunks=stalled(server, "东城区", "选派")), Fault.SLOW, 1),
}


@pytest.mark.echoes_secrets
@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_ends_in_a_quoted_answer_and_one_line(
    name: str, server: StubModelServer, answerer: Answerer, caplog: pytest.LogCaptureFixture
) -> None:
    reply, fault, requests = FAULTS[name]
    server.respond_with(lambda _: reply(server))
    started = time.monotonic()
    answer = await ask(answerer)
    assert time.monotonic() - started < WHOLE_SECONDS + 2
    assert (answer.mode, answer.refused, answer.notice) == ("fallback", False, None)
    assert answer.text == "东城区选派150名科级实职优秀干部担任社区专员，长期驻扎在社区。[1]"
    (line,) = told(caplog)
    assert line.startswith(fault)
    assert line.endswith("answered by quoting instead")
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, text="broken"),
        Reply(status=429, text="slow down", headers={"Retry-After": "0.2"}),
        Reply(body=[b"data: {oops\n\n"], headers=SSE),
    ],
    ids=["500", "429", "garbage"],
)
async def test_what_may_pass_is_tried_once_more(
    server: StubModelServer, answerer: Answerer, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    server.queue(reply)
    server.respond_with(lambda _: true_answer(server))
    answer = await ask(answerer)
    assert (answer.mode, answer.text) == ("llm", f"{TRUE}[1]")
    assert told(caplog) == []


async def test_after_the_first_token_nothing_is_tried_again(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.queue(Reply(chunks=["东城区", "选派了"], cut_after=1))
    server.respond_with(lambda _: true_answer(server))
    assert (await ask(answerer)).mode == "fallback"
    assert len(server.requests) == 1


async def test_passages_too_long_are_reduced_and_tried_once_more(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.queue(Reply(status=400, text="This model's maximum context length is 2048 tokens"))
    server.respond_with(lambda _: true_answer(server))
    answer = await ask(answerer)
    assert (answer.mode, answer.text) == ("llm", f"{TRUE}[1]")
    first, second = (
        one.json["messages"][-1]["content"].count("<passage number=") for one in server.requests
    )
    assert second == first // 2 > 0


async def test_a_server_that_is_not_there_is_told_from_one_that_is_slow(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings.model_copy(update={"openai_base_url": "http://127.0.0.1:9/v1"})
    answerer = make_answerer(away)
    assert (await ask(answerer)).mode == "fallback"
    answerer.close()
    (line,) = told(caplog)
    assert line.startswith(Fault.UNREACHABLE)


async def test_after_repeated_failures_the_model_is_left_alone(
    server: StubModelServer, answerer: Answerer, caplog: pytest.LogCaptureFixture
) -> None:
    server.respond_with(lambda _: Reply(status=401, text="bad key"))
    answers = [await ask(answerer) for _ in range(FAILURES + 2)]
    assert len(server.requests) == FAILURES
    assert {answer.mode for answer in answers} == {"fallback"}
    assert [one.notice for one in answers] == [None] * FAILURES + [Notice.MODEL_RESTS] * 2
    assert len(told(caplog)) == FAILURES


async def test_what_is_of_one_question_does_not_count_against_the_model(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.respond_with(lambda _: Reply("东城区", finish_reason="content_filter"))
    for _ in range(FAILURES + 1):
        assert (await ask(answerer)).notice is None
    assert len(server.requests) == FAILURES + 1


async def test_no_key_is_ever_logged(
    server: StubModelServer, answerer: Answerer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.respond_with(lambda _: Reply(status=401, text="bad key"))
    await ask(answerer)
    assert KEY not in caplog.text


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def begun(breaker: Breaker) -> Call:
    call = breaker.begin()
    assert call is not None
    return call


def fails(breaker: Breaker, times: int = FAILURES, wait: float | None = None) -> None:
    for _ in range(times):
        begun(breaker).failed(wait)


def test_a_breaker_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(Clock())
    fails(breaker, FAILURES - 1)
    begun(breaker).succeeded()
    fails(breaker, FAILURES)
    assert breaker.begin() is None


def test_after_a_rest_one_call_tells_how_things_stand() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    fails(breaker)
    clock.now += 31
    trial = begun(breaker)
    assert breaker.begin() is None
    trial.failed()
    clock.now += 31
    assert breaker.begin() is None, "it rests longer each time"
    clock.now += 30
    begun(breaker).succeeded()
    assert begun(breaker) is not begun(breaker)


def test_a_call_that_was_given_up_leaves_the_place_to_the_next() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    fails(breaker)
    clock.now += 31
    begun(breaker).given_up()
    begun(breaker).succeeded()
    assert breaker.begin() is not None


def test_calls_from_before_do_not_speak_for_the_one_that_tries() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    late = begun(breaker)
    fails(breaker)
    clock.now += 31
    trial = begun(breaker)
    late.failed()
    assert breaker.begin() is None
    trial.succeeded()
    assert breaker.begin() is not None


def test_a_server_may_ask_for_a_longer_rest_but_not_for_ever() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    fails(breaker, wait=120)
    clock.now += 119
    assert breaker.begin() is None
    clock.now += 2
    fails(breaker, 1, wait=1e9)
    clock.now += 601
    assert breaker.begin() is not None
