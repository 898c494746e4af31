"""Questions changed, followed up and stopped, and answers that show while they are written."""

import asyncio
import itertools
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import SIMPLIFIED
from tests.conftest import CORPUS
from tests.e2e.bot_api import Call, EmulatedBotApi, SentMessage, parse_telegram_html
from tests.e2e.readers import SECONDS, Reader, answer_of, labels, spans
from tests.e2e.running import RunningBot, new_reader
from tests.model_server import Reply, StubModelServer

WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
FUNCTIONS, ROOMS = "职工之家里的功能区有哪些?", "心灵驿站"
ALLIES, HOW_MANY = "“社区合伙人”联盟有哪些机构?", "有多少家?"
NOWHERE, REFUSAL = "珠穆朗玛峰有多高?", "文章里没有说到这个问题的答案。"
FIRST, SECOND = "职工之家建在铁路小区。", "职工之家的面积有3000平方米。"
UNSUPPORTED = "职工之家的面积有9999平方米。"


@pytest.fixture(scope="module")
def api(
    corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmulatedBotApi]:
    """The Telegram of a bot without a chat model."""
    folder = tmp_path_factory.mktemp("asking")
    shutil.copytree(corpus_data_dir, folder / "data")
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, CORPUS_DIR=CORPUS):
        yield api


@pytest.fixture
def reader(api: EmulatedBotApi) -> Reader:
    return Reader(api)


# Questions that are changed


async def test_a_changed_question_is_answered_where_the_answer_stands(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    changed = await reader.edit(answer, FUNCTIONS)
    assert ROOMS in answer_of(changed)
    assert THERE not in answer_of(changed)
    assert (changed.message_id, changed.reply_to) == (answer.message_id, answer.reply_to)
    assert len(reader.messages()) == 1


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (NOWHERE, REFUSAL),
        ("\u3000 ", SIMPLIFIED.help.partition("\n\n")[0]),
        ("问" * 2001, SIMPLIFIED.question_too_long.format(limit=2000, length=2001)),
    ],
    ids=["nonsense", "empty", "too long"],
)
async def test_a_question_changed_to_no_good_one_is_told_so_and_may_be_changed_back(
    reader: Reader, question: str, said: str
) -> None:
    answer = await reader.ask(WHERE)
    changed = await reader.edit(answer, question)
    assert answer_of(changed) == said
    back = await reader.edit(changed, WHERE)
    assert (back.text, labels(back)) == (answer.text, labels(answer))
    assert len(reader.messages()) == 1


async def test_a_question_changed_twice_quickly_has_the_answer_to_the_last(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    assert answer.reply_to is not None
    reader.api.edit_text(reader.id, answer.reply_to, NOWHERE)
    reader.api.edit_text(reader.id, answer.reply_to, FUNCTIONS)
    await reader.api.wait_for_message(
        reader.id, timeout=SECONDS, matching=lambda one: ROOMS in one.text
    )
    await reader.ask(WHERE)
    assert ROOMS in reader.now(answer).text
    assert len(reader.messages()) == 2


async def test_a_question_changed_before_it_is_answered_has_one_answer(reader: Reader) -> None:
    reader.api.fail_next("sendMessage", 500, "Internal Server Error")
    asked = reader.write(WHERE)
    reader.api.edit_text(reader.id, asked, FUNCTIONS)
    (answer,) = await reader.api.wait_for_message(
        reader.id, timeout=SECONDS, matching=lambda one: ROOMS in one.text
    )
    assert answer.reply_to == asked
    assert len(reader.messages()) == 1


async def test_a_question_that_is_as_it_was_keeps_its_answer(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    assert answer.reply_to is not None
    reader.api.edit_text(reader.id, answer.reply_to, WHERE)
    await reader.ask(FUNCTIONS)
    assert reader.now(answer) == answer


async def test_changed_commands_and_questions_changed_to_commands_do_nothing(
    reader: Reader,
) -> None:
    command = reader.write("/start")
    (greeting,) = await reader.api.wait_for_message(reader.id, timeout=SECONDS)
    answer = await reader.ask(WHERE)
    assert answer.reply_to is not None
    reader.api.edit_text(reader.id, command, "/help")
    reader.api.edit_text(reader.id, command, FUNCTIONS)
    reader.api.edit_text(reader.id, answer.reply_to, "/new")
    await reader.ask(FUNCTIONS)
    assert reader.messages()[:2] == [greeting, answer]
    assert len(reader.messages()) == 3


# Follow-ups to an older answer


async def test_a_reply_to_an_older_answer_is_about_that_one(reader: Reader) -> None:
    older = await reader.ask(ALLIES)
    await reader.ask("东城区的“文化金三角”是哪三个地方?")
    assert "20家" in (await reader.ask(HOW_MANY, reply_to=older)).text
    assert (await reader.command("/new")).text == SIMPLIFIED.begun_anew
    assert "20家" in (await reader.ask(HOW_MANY, reply_to=older)).text
    assert answer_of(await Reader(reader.api).ask(HOW_MANY)) == REFUSAL


@pytest.mark.long
async def test_a_reply_to_an_answer_is_about_it_after_a_restart(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    with EmulatedBotApi() as api:
        reader = Reader(api, identity=new_reader())
        with RunningBot(tmp_path, api.base_url):
            older = await reader.ask(ALLIES)
            await reader.ask(WHERE)
        with RunningBot(tmp_path, api.base_url):
            assert "20家" in (await reader.ask(HOW_MANY, reply_to=older)).text
            assert ROOMS in (await reader.edit(older, FUNCTIONS)).text


# Answers of a chat model, while they are written


@pytest.fixture(scope="module")
def models() -> Iterator[StubModelServer]:
    with StubModelServer() as models:
        yield models


@pytest.fixture(scope="module")
def writing(
    corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory, models: StubModelServer
) -> Iterator[EmulatedBotApi]:
    """The Telegram of a bot with a chat model."""
    folder = tmp_path_factory.mktemp("writing")
    shutil.copytree(corpus_data_dir, folder / "data")
    settings = {"OPENAI_BASE_URL": models.base_url, "ANSWER_CACHE": 0}
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings):
        yield api


def writes(*sentences: str, seconds: float = 0.0) -> Callable[[Any], Reply]:
    """A model that writes sentences about the passage with the answer, with pauses before them."""

    def reply(body: Any) -> Reply:
        prompt = json.dumps(body["messages"], ensure_ascii=False)
        passages = re.findall(r"<passage number=(\d+)>(.*?)</passage>", prompt)
        number = next(number for number, text in passages if THERE in text)

        def chunks() -> Iterator[str]:
            for sentence in sentences:
                yield f"{sentence}[{number}]\n"
                time.sleep(seconds)

        return Reply(chunks=chunks())

    return reply


def shown(reader: Reader) -> list[Call]:
    """The calls that put a text into the reader's chat."""
    methods = ("sendMessage", "editMessageText")
    return [
        call for call in reader.api.calls if call.method in methods and call.chat_id == reader.id
    ]


async def being_written(reader: Reader, text: str) -> SentMessage:
    """The message that shows what there is of an answer, once it has the text."""
    (message,) = await reader.api.wait_for_message(
        reader.id,
        timeout=SECONDS,
        matching=lambda one: text in one.text and SIMPLIFIED.stop in labels(one),
    )
    return message


async def test_an_answer_grows_in_one_message_and_shows_only_what_holds(
    writing: EmulatedBotApi, models: StubModelServer
) -> None:
    models.respond_with(writes(FIRST, UNSUPPORTED, SECOND, FIRST[:-1] + "！", seconds=1.2))
    reader = Reader(writing)
    asked = reader.write(WHERE)
    first = await being_written(reader, FIRST)
    assert SECOND not in first.text
    answer = await reader.reply_to(asked)
    assert answer.message_id == first.message_id
    assert answer_of(answer).startswith(f"{FIRST}[1]\n{SECOND}")
    assert SIMPLIFIED.stop not in labels(answer)
    calls = shown(reader)
    assert [call.method for call in calls[:2]] == ["sendMessage", "editMessageText"]
    assert all("9999" not in call.params["text"] for call in calls)
    previews = [call for call in calls if SIMPLIFIED.stop in str(call.params["reply_markup"])]
    gaps = [after.at - before.at for before, after in itertools.pairwise(previews)]
    assert all(gap > 1.45 for gap in gaps)
    for call in previews:
        text, _ = parse_telegram_html(call.params["text"])
        assert re.fullmatch(r"(?:.+[。！]\[\d+\]\n?)+ …", text), text


async def test_a_stopped_answer_is_what_there_is_of_it_with_its_sources(
    writing: EmulatedBotApi, models: StubModelServer
) -> None:
    models.client_left.clear()
    models.respond_with(writes(FIRST, "职工之家", *["的面积" for _ in range(40)], seconds=0.4))
    reader = Reader(writing)
    asked = reader.write(WHERE)
    message = await being_written(reader, FIRST)
    assert await reader.tap(message, SIMPLIFIED.stop) == ""
    answer = await reader.reply_to(asked)
    assert answer.message_id == message.message_id
    assert answer_of(answer) == f"{FIRST}[1]\n{SIMPLIFIED.stopped}"
    assert len(spans(answer, "expandable_blockquote")) == 1
    assert labels(answer) == ["[1]"]
    assert await asyncio.to_thread(models.client_left.wait, SECONDS)


async def test_stop_pressed_too_late_leaves_the_answer_as_it_is(
    writing: EmulatedBotApi, models: StubModelServer
) -> None:
    models.respond_with(writes(FIRST, SECOND))
    reader = Reader(writing)
    answer = await reader.ask(WHERE)
    for update_id in (1, 10**6):
        assert await reader.forge(answer, f"s:{update_id}") == SIMPLIFIED.not_being_written
    await reader.ask(WHERE)
    assert reader.now(answer) == answer


async def test_a_flood_wait_ends_previews_and_the_whole_answer_comes(
    writing: EmulatedBotApi, models: StubModelServer
) -> None:
    models.respond_with(writes(FIRST, *[FIRST[:-1] + "！"] * 3, SECOND, seconds=0.8))
    reader = Reader(writing)
    asked = reader.write(WHERE)
    message = await being_written(reader, FIRST)
    reader.api.fail_next("editMessageText", 429, "Too Many Requests", {"retry_after": 4})
    answer = await reader.reply_to(asked)
    assert answer.message_id == message.message_id
    assert SECOND in answer.text
    calls = shown(reader)
    waits = [call for call in calls if call.retry_after]
    assert len(waits) == 1
    after = calls[calls.index(waits[0]) + 1 :]
    assert len(after) == 1
    assert after[0].at - waits[0].at >= 4


async def test_a_question_changed_while_its_answer_is_written_has_one_answer(
    writing: EmulatedBotApi, models: StubModelServer
) -> None:
    models.respond_with(writes(FIRST, SECOND, seconds=0.8))
    reader = Reader(writing)
    asked = reader.write(WHERE)
    message = await being_written(reader, FIRST)
    models.respond_with(writes(SECOND))
    reader.api.edit_text(reader.id, asked, "职工之家的面积有多大?")
    (answer,) = await reader.api.wait_for_message(
        reader.id,
        timeout=SECONDS,
        matching=lambda one: answer_of(one) == f"{SECOND}[1]",
    )
    assert answer.message_id == message.message_id
    assert len(reader.messages()) == 1


async def test_parts_of_an_answer_come_and_go_with_its_length(
    writing: EmulatedBotApi, models: StubModelServer
) -> None:
    many = [FIRST[:-1] + "！" * (1 + more) for more in range(110)]
    models.respond_with(writes(*many))
    reader = Reader(writing)
    await reader.ask(WHERE)
    long = await reader.api.wait_for_message(reader.id, 2, timeout=SECONDS)
    said = "".join(one.text for one in long)
    for sentence in many:
        assert f"{sentence}[1]" in said
    for message in long:
        parse_telegram_html(message.source)
        assert not re.search(r"\[\d*$", message.text)
    models.respond_with(writes(SECOND))
    short = await reader.edit(long[0], "职工之家的面积有多大?")
    await reader.api.wait_for(lambda _: len(reader.messages()) == 1, SECONDS)
    assert reader.messages() == [short]
    models.respond_with(writes(*many))
    await reader.edit(short, WHERE)
    again = await reader.api.wait_for_message(reader.id, len(long), timeout=SECONDS)
    assert [one.text for one in again] == [one.text for one in long]
