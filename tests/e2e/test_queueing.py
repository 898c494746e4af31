"""Two questions of a person are worked on at a time; the others wait and are told their place."""

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import SIMPLIFIED
from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.groups import BOT, Group
from tests.e2e.readers import SECONDS, Reader, is_final, labels
from tests.e2e.running import RunningBot, new_reader
from tests.model_server import Reply, StubModelServer

WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
FIRST = "职工之家建在铁路小区。"


class SlowModel:
    """A model that begins its answers and finishes one whenever it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_silent = False
        """Whether it is told to finish before it begins."""
        self._finished = threading.Semaphore(0)
        self._lock = threading.Lock()

    def finish(self, answers: int = 1) -> None:
        """Let so many answers come to their end."""
        self._finished.release(answers)

    def __call__(self, body: Any) -> Reply:
        prompt = json.dumps(body["messages"], ensure_ascii=False)
        passages = re.findall(r"<passage number=(\d+)>(.*?)</passage>", prompt)
        number = next((number for number, text in passages if THERE in text), None)
        if number is None:  # asked what a question is about that follows another one
            return Reply(WHERE)
        with self._lock:
            self.asked += 1

        def chunks() -> Iterator[str]:
            if self.is_silent:
                self._finished.acquire(timeout=SECONDS)
            yield f"{FIRST}[{number}]\n"
            if not self.is_silent:
                self._finished.acquire(timeout=SECONDS)
            yield " "

        return Reply(chunks=chunks())


@pytest.fixture(scope="module")
def models() -> Iterator[StubModelServer]:
    with StubModelServer() as models:
        yield models


@pytest.fixture(scope="module")
def api(
    corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory, models: StubModelServer
) -> Iterator[EmulatedBotApi]:
    """The Telegram of a bot with a chat model."""
    folder = tmp_path_factory.mktemp("queueing")
    shutil.copytree(corpus_data_dir, folder / "data")
    with EmulatedBotApi() as api, running_bot(folder, api, models):
        yield api


def running_bot(folder: Path, api: EmulatedBotApi, models: StubModelServer) -> RunningBot:
    settings = {"OPENAI_BASE_URL": models.base_url, "ANSWER_CACHE": 0, "CORPUS_DIR": CORPUS}
    return RunningBot(folder, api.base_url, **settings)


@pytest.fixture
def model(models: StubModelServer) -> Iterator[SlowModel]:
    model = SlowModel()
    models.respond_with(model)
    yield model
    model.finish(100)


async def standing(api: EmulatedBotApi, chat: int, asked: int, text: str) -> SentMessage:
    """The message that replies to a question, once it holds a text."""
    (found,) = await api.wait_for_message(
        chat, 1, SECONDS, lambda one: one.reply_to == asked and text in one.text
    )
    return found


async def answer_to(api: EmulatedBotApi, chat: int, asked: int) -> SentMessage:
    """The answer to a question, once it is whole: neither a notice nor a beginning."""
    (found,) = await api.wait_for_message(
        chat, 1, SECONDS, lambda one: one.reply_to == asked and THERE in one.text and is_final(one)
    )
    return found


def is_being_written(message: SentMessage) -> bool:
    return SIMPLIFIED.stop in labels(message)


async def test_in_a_chat_one_is_told_the_place_until_the_turn_comes(
    api: EmulatedBotApi, model: SlowModel
) -> None:
    reader = Reader(api)
    asked = [reader.write(WHERE) for _ in range(3)]
    await standing(api, reader.id, asked[0], FIRST)
    second = await standing(api, reader.id, asked[1], SIMPLIFIED.queued(1))
    await standing(api, reader.id, asked[2], SIMPLIFIED.queued(2))
    model.finish()
    await standing(api, reader.id, asked[2], SIMPLIFIED.queued(1))
    assert is_being_written(await standing(api, reader.id, asked[1], FIRST))
    assert second.message_id not in [one.message_id for one in reader.messages()]
    model.finish(2)
    answers = [await answer_to(api, reader.id, one) for one in asked]
    assert reader.messages() == answers


async def test_answers_stand_in_the_order_of_their_questions_also_when_the_first_begins_late(
    api: EmulatedBotApi, model: SlowModel
) -> None:
    model.is_silent = True
    reader = Reader(api)
    asked = [reader.write(WHERE) for _ in range(2)]
    await standing(api, reader.id, asked[1], SIMPLIFIED.queued(1))
    model.finish(2)
    answers = [await answer_to(api, reader.id, one) for one in asked]
    assert reader.messages() == answers


@pytest.mark.long
async def test_after_a_kill_a_notice_of_before_goes_too(
    model: SlowModel, models: StubModelServer, corpus_data_dir: Path, tmp_path: Path
) -> None:
    model.is_silent = True
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    with EmulatedBotApi() as api:
        reader = Reader(api)
        with running_bot(tmp_path, api, models) as bot:
            asked = [reader.write(WHERE) for _ in range(2)]
            await standing(api, reader.id, asked[1], SIMPLIFIED.queued(1))
            await asyncio.sleep(1)  # its number is noted
            bot.process.kill()
        with running_bot(tmp_path, api, models):
            model.finish(4)  # two for those that were broken off
            answers = [await answer_to(api, reader.id, one) for one in asked]
            assert reader.messages() == answers


async def test_in_three_topics_at_once_two_are_worked_on_and_others_do_not_wait(
    api: EmulatedBotApi, model: SlowModel
) -> None:
    group, other = Group(api), Group(api)
    asked = [group.write(f"{BOT} {WHERE}", topic_id=topic) for topic in (11, 12, 13)]
    third = await standing(api, group.id, asked[2], SIMPLIFIED.queued(1))
    assert (third.topic_id, model.asked) == (13, 2)
    theirs = other.write(f"{BOT} {WHERE}", new_reader())
    await standing(api, other.id, theirs, FIRST)
    assert model.asked == 3
    model.finish(4)
    answers = [await answer_to(api, group.id, one) for one in asked]
    assert [one.topic_id for one in answers] == [11, 12, 13]
    assert group.messages() == answers
    await answer_to(api, other.id, theirs)


async def test_in_a_group_only_the_asker_may_stop_an_answer(
    api: EmulatedBotApi, model: SlowModel
) -> None:
    group = Group(api)
    asked = group.write(f"{BOT} {WHERE}")
    group.write("我也想知道", other := new_reader())
    message = await standing(api, group.id, asked, FIRST)
    assert is_being_written(message)
    assert await group.tap(message, SIMPLIFIED.stop, other) == SIMPLIFIED.only_the_asker
    assert is_being_written(group.now(message))
    assert await group.tap(message, SIMPLIFIED.stop) == ""
    assert SIMPLIFIED.stopped in (await group.reply_to(asked)).text


@pytest.mark.parametrize("told", [True, False])
async def test_a_group_that_moves_while_an_answer_is_written_gets_it_where_it_is_now(
    api: EmulatedBotApi, model: SlowModel, told: bool
) -> None:
    former = Group(api, -4011 - told, chat_type="group")
    asked = former.write(f"{BOT} {WHERE}")
    await standing(api, former.id, asked, FIRST)
    moved = former.move(told=told)
    model.finish(1)
    assert THERE in (await moved.sees(lambda _: True)).text
    model.finish(1)
    assert THERE in (await moved.ask(f"{BOT} {WHERE}")).text
    assert len(moved.messages()) == 2
