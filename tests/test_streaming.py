"""Answers while the chat model writes them: over HTTP, against a local stub of a model server."""

import asyncio
import datetime
import gc
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from bot.wiring import make_answerer
from retrieval.answering.answerer import Answerer, whole
from retrieval.types import Answer, Partial, Turn
from tests.model_server import Reply, StubModelServer
from tests.personas import number_of

QUESTION = "东城区选派了多少名干部担任社区专员?"
TRUE = "东城区选派了150名干部担任社区专员[{n}]。"
ALSO_TRUE = "社区专员长期驻扎在社区[{n}]。"
FALSE = "东城区选派了1500名干部担任社区专员[{n}]。"
DAY = datetime.date(2025, 3, 5)


@pytest.fixture
def settings(server: StubModelServer, corpus_data_dir: Path) -> Settings:
    return Settings(
        data_dir=corpus_data_dir,
        openai_api_key=SecretStr("sk-PLANTED"),
        openai_base_url=server.base_url,
        chat_model="stub-model",
        chat_timeout_seconds=60,  # fifty at once take their time on a busy machine
        chat_first_token_seconds=60,
    )


@pytest.fixture
def answerer(settings: Settings) -> Iterator[Answerer]:
    made = make_answerer(settings)
    yield made
    made.close()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Without the garbage collector, which ends a request too, some time later."""
    gc.disable()
    yield
    gc.enable()


def sentences(server: StubModelServer, *texts: str) -> Iterator[str]:
    for text in texts:
        yield text.format(n=number_of(server.requests[-1].json, "150名"))


async def steps_of(answerer: Answerer, question: str = QUESTION) -> list[Partial | Answer]:
    return [step async for step in answerer.stream(question, asked_at=DAY)]


def final(steps: Sequence[Partial | Answer]) -> Answer:
    answer = steps[-1]
    assert isinstance(answer, Answer)
    return answer


async def test_a_sentence_is_shown_while_the_model_writes_the_next(
    server: StubModelServer, answerer: Answerer
) -> None:
    shown = threading.Event()

    def chunks() -> Iterator[str]:
        yield from sentences(server, TRUE)
        assert shown.wait(10)
        yield from sentences(server, ALSO_TRUE)

    server.queue(Reply(chunks=chunks()))
    texts = []
    async with aclosing(answerer.stream(QUESTION, asked_at=DAY)) as steps:
        async for step in steps:
            texts.append(step.text)
            shown.set()
    assert texts[0] == "东城区选派了150名干部担任社区专员。[1]"
    assert texts[-1] == texts[0] + "\n社区专员长期驻扎在社区。[1]"


async def test_pieces_without_text_hold_nothing_back(
    server: StubModelServer, answerer: Answerer
) -> None:
    shown = threading.Event()
    before_the_next: list[bool] = []

    def chunks() -> Iterator[str]:
        yield from sentences(server, TRUE)
        for _ in range(2_000):
            if shown.wait(0.001):
                break
            yield ""
        before_the_next.append(shown.is_set())
        yield from sentences(server, ALSO_TRUE)

    server.queue(Reply(chunks=chunks()))
    async with aclosing(answerer.stream(QUESTION, asked_at=DAY)) as steps:
        async for _ in steps:
            shown.set()
    assert before_the_next == [True]


async def test_a_mark_behind_the_full_stop_is_waited_for(
    server: StubModelServer, answerer: Answerer
) -> None:
    def chunks() -> Iterator[str]:
        number = number_of(server.requests[-1].json, "150名")
        yield from ("东城区选派了150名干部", "担任社区专员。", "[", str(number), "]", "\n")

    server.queue(Reply(chunks=chunks()))
    steps = await steps_of(answerer)
    assert {step.text for step in steps} == {"东城区选派了150名干部担任社区专员。[1]"}


@pytest.mark.parametrize("texts", [(TRUE, FALSE), (FALSE, TRUE)], ids=["after", "before"])
async def test_what_does_not_hold_is_never_shown(
    server: StubModelServer, answerer: Answerer, texts: tuple[str, str]
) -> None:
    server.queue(Reply(chunks=(one for one in sentences(server, *texts))))
    steps = await steps_of(answerer)
    assert not any("1500" in step.text for step in steps)
    answer = final(steps)
    assert (answer.mode, answer.withheld) == ("llm", 1)
    assert answer.text == "东城区选派了150名干部担任社区专员。[1]"


async def test_what_claims_nothing_is_left_out_and_does_not_count(
    server: StubModelServer, answerer: Answerer
) -> None:
    aside = "希望对您有帮助！如需更多信息请告诉我。"
    server.queue(Reply(chunks=(one for one in sentences(server, "以下是答案：\n", TRUE, aside))))
    answer = final(await steps_of(answerer))
    assert (answer.mode, answer.withheld) == ("llm", 0)
    assert answer.text == "东城区选派了150名干部担任社区专员。[1]"


@pytest.mark.usefixtures("no_collector")
async def test_a_model_in_a_loop_is_ended(server: StubModelServer, answerer: Answerer) -> None:
    def chunks() -> Iterator[str]:
        while not server.client_left.is_set() and not server.closing.wait(0.01):
            yield from sentences(server, TRUE)

    server.queue(Reply(chunks=chunks()))
    answer = final(await steps_of(answerer))
    assert answer.text == "东城区选派了150名干部担任社区专员。[1]"
    assert await asyncio.to_thread(server.client_left.wait, 10)


async def test_when_more_than_half_does_not_hold_the_articles_are_quoted(
    server: StubModelServer, answerer: Answerer
) -> None:
    other = FALSE.replace("1500", "250")
    server.queue(Reply(chunks=(one for one in sentences(server, TRUE, FALSE, other))))
    answer = final(await steps_of(answerer))
    assert (answer.mode, answer.withheld, answer.refused) == ("fallback", 2, False)
    assert "do not support 2 of its sentences" in answer.fault
    article = answer.citations[0]
    assert article.quote in answer.text


async def test_thinking_that_only_ends_is_taken_back(
    server: StubModelServer, answerer: Answerer
) -> None:
    def chunks() -> Iterator[str]:
        yield from sentences(server, ALSO_TRUE)
        yield "嗯。</thi"
        yield "nk>"
        yield from sentences(server, TRUE)

    server.queue(Reply(chunks=chunks()))
    assert final(await steps_of(answerer)).text == "东城区选派了150名干部担任社区专员。[1]"


async def test_a_sentence_cut_by_the_limit_of_tokens_is_left_out(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.queue(
        Reply(
            chunks=(one for one in sentences(server, TRUE, "社区专员长期")), finish_reason="length"
        )
    )
    answer = final(await steps_of(answerer))
    assert (answer.text, answer.mode) == ("东城区选派了150名干部担任社区专员。[1]", "llm")
    assert answer.withheld == 0


@pytest.mark.usefixtures("no_collector")
async def test_who_leaves_ends_the_request(server: StubModelServer, answerer: Answerer) -> None:
    def chunks() -> Iterator[str]:
        yield from sentences(server, TRUE)
        while not server.client_left.is_set() and not server.closing.wait(0.01):
            yield "。" * 2_000

    server.queue(Reply(chunks=chunks()))
    async with aclosing(answerer.stream(QUESTION, asked_at=DAY)) as steps:
        async for _ in steps:
            break
    assert await asyncio.to_thread(server.client_left.wait, 10)


def unfinished(server: StubModelServer, *texts: str) -> Reply:
    """What a model begins with that then writes nothing for as long as somebody reads."""

    def chunks() -> Iterator[str]:
        yield from sentences(server, *texts)
        while not server.client_left.is_set() and not server.closing.wait(0.01):
            yield ""

    return Reply(chunks=chunks())


async def stopped_at_once(
    answerer: Answerer,
    server: StubModelServer,
    reply: Reply,
    question: str = QUESTION,
    turns: Sequence[Turn] = (),
) -> Answer:
    """The answer of a reader who stops as soon as the model is asked."""
    asked = threading.Event()

    def respond(_: object) -> Reply:
        asked.set()
        return reply

    server.respond_with(respond)
    stop = asyncio.Event()
    steps = answerer.stream(question, asked_at=DAY, turns=turns, stop=stop)
    answering = asyncio.create_task(whole(steps))
    assert await asyncio.to_thread(asked.wait, 10)
    stop.set()
    return await answering


async def stopped_after_a_sentence(answerer: Answerer) -> Answer:
    stop = asyncio.Event()
    steps = []
    async with aclosing(answerer.stream(QUESTION, asked_at=DAY, stop=stop)) as stream:
        async for step in stream:
            steps.append(step)
            stop.set()
    return final(steps)


@pytest.mark.usefixtures("no_collector")
async def test_a_stopped_answer_is_what_has_passed(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.queue(unfinished(server, TRUE, "社区专员长期"))
    answer = await stopped_after_a_sentence(answerer)
    assert (answer.mode, answer.stopped, answer.withheld) == ("llm", True, 0)
    assert answer.text == "东城区选派了150名干部担任社区专员。[1]"
    assert answer.usage.prompt_tokens > 500
    assert answer.usage.completion_tokens > 0
    assert await asyncio.to_thread(server.client_left.wait, 10)


async def test_a_stopped_answer_is_not_given_again(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.queue(unfinished(server, TRUE))
    assert (await stopped_after_a_sentence(answerer)).stopped
    server.respond_with(lambda _: "".join(sentences(server, TRUE, ALSO_TRUE)))
    again = final(await steps_of(answerer))
    assert not again.stopped
    assert "长期驻扎" in again.text


@pytest.mark.usefixtures("no_collector")
async def test_where_nothing_has_passed_a_stopped_answer_quotes(
    server: StubModelServer, answerer: Answerer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await stopped_at_once(answerer, server, unfinished(server, "社区专员长期"))
    assert (answer.mode, answer.stopped, answer.refused) == ("fallback", True, False)
    assert (answer.fault, answer.notice) == ("", None)
    assert answer.citations[0].quote in answer.text
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert await asyncio.to_thread(server.client_left.wait, 10)


async def test_who_stopped_before_the_model_was_asked_gets_quotations(
    server: StubModelServer, answerer: Answerer
) -> None:
    stop = asyncio.Event()
    stop.set()
    answer = await whole(answerer.stream(QUESTION, asked_at=DAY, stop=stop))
    assert (answer.mode, answer.stopped, answer.refused) == ("extractive", True, False)
    assert server.requests == []


async def test_a_stop_does_not_wait_for_a_follow_up_to_be_completed(
    server: StubModelServer, answerer: Answerer
) -> None:
    late = Reply("东城区选派的150名干部担任什么?", delay_seconds=30)
    turns = [Turn(QUESTION, QUESTION, "东城区选派了150名干部担任社区专员。[1]", False)]
    started = time.perf_counter()
    answer = await stopped_at_once(answerer, server, late, "他们担任什么?", turns)
    assert time.perf_counter() - started < 10
    assert answer.stopped
    assert answer.standalone != answer.question  # completed by rules
    assert len(server.requests) == 1


async def test_the_same_question_is_answered_from_the_cache(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.respond_with(lambda _: "".join(sentences(server, TRUE)))
    first = await answerer.answer(QUESTION, asked_at=DAY)
    again = await answerer.answer("東城區選派了多少名幹部擔任社區專員？", asked_at=DAY)
    same = await answerer.answer(QUESTION.replace("?", "？"), asked_at=DAY)
    later = await answerer.answer(QUESTION, asked_at=DAY + datetime.timedelta(1))
    assert first.text == same.text == later.text
    assert (same.mode, same.usage.total, first.usage.total) == ("llm", 0, 18)
    assert again.usage.total == later.usage.total == 18
    assert len(server.requests) == 3


async def test_without_a_cache_every_question_is_written_anew(
    server: StubModelServer, settings: Settings
) -> None:
    answerer = make_answerer(settings.model_copy(update={"answer_cache": 0}))
    server.respond_with(lambda _: "".join(sentences(server, TRUE)))
    for _ in range(2):
        await answerer.answer(QUESTION, asked_at=DAY)
    answerer.close()
    assert len(server.requests) == 2


async def test_tokens_are_estimated_where_the_server_does_not_count_them(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.queue(Reply("不知道", cut_after=1, cut_cleanly=True))
    answer = await answerer.answer(QUESTION, asked_at=DAY)
    assert answer.usage.prompt_tokens > 500
    assert answer.usage.completion_tokens > 0


async def test_fifty_conversations_at_once_do_not_mix(
    server: StubModelServer, answerer: Answerer
) -> None:
    asked = [
        (QUESTION, "150名"),
        ("吉林石化炼油厂搭起了几对厂级共建桥梁?", "6对"),
        ("“社区合伙人”联盟里有多少家机构?", "20家"),
        ("徐州房建公寓段党委设立了多少个党员先锋岗?", "46个"),
        ("职工提出诉求后，网格在几小时内处理?", "2小时"),
    ]
    together = threading.Barrier(50, timeout=60)

    def reply(request: dict[str, object]) -> Reply:
        messages = request["messages"]
        assert isinstance(messages, list)
        prompt: str = messages[-1]["content"]
        passages, _, question = prompt.rpartition("问题：")
        words = next(words for one, words in asked if one.rstrip("?") in question)
        before = passages[: passages.index(words)]
        number = before.count("<passage number=")
        start = max(before.rfind("。"), before.rfind("\n")) + 1
        end = passages.index("。", start + len(words))

        def chunks() -> Iterator[str]:
            together.wait()  # all fifty are being written before one of them goes on
            yield from passages[start : max(end, passages.index(words))]
            yield f"[{number}]。"

        return Reply(chunks=chunks())

    server.respond_with(reply)
    questions = [
        (f"{question}{'?' * turn}", words) for turn in range(10) for question, words in asked
    ]
    answers = await asyncio.gather(
        *(answerer.answer(question, asked_at=DAY) for question, _ in questions)
    )
    for answer, (_, words) in zip(answers, questions, strict=True):
        assert answer.mode == "llm", answer.fault
        assert words in answer.text
    assert len(server.requests) == 50
