"""What concerns a reader: forgetting, privacy, language, words to the editors, and the menus."""

import contextlib
import hashlib
import itertools
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import SIMPLIFIED
from bot.store.address import FILE_NAME
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader, is_final, labels
from tests.e2e.stage import Stage, staged
from tests.model_server import Reply, StubModelServer

WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
FIRST = "职工之家建在铁路小区。"
NAME = "@baoda_test_bot"
ADMIN, SILENT_ADMIN = 7_100_000_001, 7_100_000_002
NOTHING_KEPT = "0 个问题、0 个评价、0 条留言"

_identities = itertools.count(7_123_456_789, 1_000_003)
_groups = itertools.count(-1_002_000_000_001, -1)


@pytest.fixture(scope="module")
def models() -> Iterator[StubModelServer]:
    with StubModelServer() as models:
        models.respond_with(writes(FIRST))
        yield models


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bot runs; its data are in `data`."""
    return tmp_path_factory.mktemp("personal")


@pytest.fixture(scope="module")
def stage(folder: Path, corpus_data_dir: Path, models: StubModelServer) -> Iterator[Stage]:
    """A bot with a chat model, an admin, and one who never wrote to it."""
    settings = {
        "OPENAI_BASE_URL": models.base_url,
        "ANSWER_CACHE": 0,
        "TELEGRAM_ADMIN_IDS": f"{ADMIN},{SILENT_ADMIN}",
        "USER_QUESTIONS_PER_MINUTE": 60,
    }
    with staged(folder, corpus_data_dir, **settings) as stage:
        yield stage


@pytest.fixture
def api(stage: Stage, models: StubModelServer) -> Iterator[EmulatedBotApi]:
    """Its Telegram; the model writes at once again afterwards."""
    yield stage.api
    models.respond_with(writes(FIRST))


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "data"


def a_reader(api: EmulatedBotApi, language: str = "zh-hans") -> Reader:
    """Somebody whose number stands nowhere by chance."""
    return Reader(api, language, next(_identities))


def writes(*sentences: str, pause: threading.Event | None = None) -> Callable[[Any], Reply]:
    """A model that writes sentences about the passage with the answer, and then waits."""

    def reply(body: Any) -> Reply:
        prompt = json.dumps(body["messages"], ensure_ascii=False)
        passages = re.findall(r"<passage number=(\d+)>(.*?)</passage>", prompt)
        number = next((number for number, text in passages if THERE in text), "1")

        def chunks() -> Iterator[str]:
            for sentence in sentences:
                yield f"{sentence}[{number}]\n"
            while pause is not None and not pause.wait(0.05):
                yield "职"

        return Reply(chunks=chunks())

    return reply


# What is left of a person


def traces(data: Path, person: int, *words: str) -> list[str]:
    """Where a number or words stand: in any row, or in any byte of any file."""
    wanted = (str(person), *words)
    texts = [word.encode() for word in wanted] + [json.dumps(one)[1:-1].encode() for one in words]
    found = [
        f"{path.name}: {text.decode()}"
        for path in data.rglob("*")
        if path.is_file()
        for text in (*texts, person.to_bytes(6, "big"))
        if text in path.read_bytes()
    ]
    for table, rows in contents(data).items():
        for row in rows:
            if any(value == person or any(one in str(value) for one in wanted) for value in row):
                found.append(f"{table}: {row}")
    return found


def contents(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the store, by table."""
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as store:
        names = [
            name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {name: store.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def rows(data: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as store:
        return store.execute(query).fetchall()


def index_files(data: Path) -> dict[str, str]:
    """The hashes of everything that is not the store."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*")
        if path.is_file() and not path.name.startswith(FILE_NAME)
    }


async def forgotten(reader: Reader) -> SentMessage:
    """The confirmation of /forget."""
    before = reader.seen()
    reader.write("/forget")
    (said,) = await reader.api.wait_for_message(
        reader.id,
        timeout=SECONDS,
        matching=lambda one: one.message_id > before and one.text.startswith("都删除了"),
    )
    return said


async def in_group(
    api: EmulatedBotApi, chat: int, asker: int, text: str, **said: Any
) -> SentMessage:
    """The final reply to something said in a group."""
    asked = api.send_text(text, asker, chat, **said)
    (reply,) = await api.wait_for_message(
        chat, timeout=SECONDS, matching=lambda one: one.reply_to == asked and is_final(one)
    )
    return reply


@pytest.mark.long
async def test_nothing_is_left_of_a_person_who_asks_to_be_forgotten(
    api: EmulatedBotApi, data: Path
) -> None:
    reader, other = a_reader(api), a_reader(api)
    group, forum = next(_groups), next(_groups)
    words = [f"紫藤暗语{number}号" for number in "甲乙丙丁戊己庚辛壬癸子丑"]
    theirs = await other.ask(WHERE)
    await other.tap(theirs, "👍")
    kept = await in_group(api, group, other.id, f"{NAME} {WHERE}")
    index = index_files(data)

    answer = await reader.ask(f"{WHERE}{words[0]}")
    await reader.edit(answer, f"{WHERE}{words[1]}")
    rated = await reader.turn(answer, "👎")
    prompt = await reader.open(rated, SIMPLIFIED.write_reason)
    await reader.ask(f"不对{words[2]}", reply_to=prompt)
    await reader.command(f"/feedback 想说{words[3]}")
    await reader.command(f"/search 职工之家{words[4]}")
    await reader.command(f"/new {WHERE}{words[5]}")
    await reader.command("/language 简体")
    await api.wait_for_inline(api.inline_query(f"职工之家{words[6]}", reader.id), SECONDS)
    await in_group(api, group, reader.id, f"{NAME} {WHERE}{words[7]}")
    await in_group(api, forum, reader.id, f"/ask {WHERE}{words[8]}", topic_id=77)
    api.press(group, kept.message_id, "👎", reader.id)
    await in_group(api, group, reader.id, f"/feedback 留言{words[9]}", reply_to=kept.message_id)
    assert "个问题" in (await reader.command("/privacy")).text

    before = contents(data)
    await forgotten(reader)
    assert traces(data, reader.id, *words) == []
    after = contents(data)
    assert index_files(data) == index
    for table in ("message", "person", "feedback", "remark"):
        here = [row for row in before[table] if other.id in row or table == "person"]
        assert [row for row in here if row not in after[table] and reader.id not in row] == []
    assert len(after["message"]) == len([one for one in before["message"] if other.id in one])
    assert NOTHING_KEPT in (await reader.command("/privacy")).text
    assert await other.tap(theirs, "👎") == SIMPLIFIED.thanks


@pytest.mark.long
async def test_what_waits_and_is_written_is_ended_and_nothing_of_it_is_kept(
    api: EmulatedBotApi, data: Path, models: StubModelServer
) -> None:
    """Here the model never ends by itself; other people's words to the person wait as well."""
    never = threading.Event()
    models.respond_with(writes(FIRST, pause=never))
    reader, other = a_reader(api), a_reader(api)
    group, words = next(_groups), [f"银杏暗语{number}号" for number in "甲乙丙丁戊己"]
    reader.write(f"{WHERE}{words[0]}")
    reader.write(f"{WHERE}{words[1]}")
    changed = reader.write(f"{WHERE}{words[2]}")
    api.edit_text(reader.id, changed, f"{WHERE}{words[3]}")
    reader.write(f"/new {WHERE}{words[4]}")
    said = api.send_text(f"听说{words[5]}", reader.id, group)
    asked = api.send_text(f"{WHERE} {NAME}", other.id, group, reply_to=said)
    api.send_text(f"{NAME} {WHERE}{words[1]}", reader.id, group)
    await api.wait_for_message(
        group, timeout=SECONDS, matching=lambda one: SIMPLIFIED.stop in labels(one)
    )
    try:
        await forgotten(reader)
        assert traces(data, reader.id, *words) == []
    finally:
        never.set()
        models.respond_with(writes(FIRST))
    await in_group(api, group, other.id, f"{NAME} {WHERE}")
    (answer,) = [one for one in api.sent(group) if one.reply_to == asked]
    assert is_final(answer)
    assert traces(data, reader.id, *words) == []


async def test_what_replies_and_taps_of_others_hold_of_a_person_is_not_stored(
    api: EmulatedBotApi, data: Path
) -> None:
    reader, other = a_reader(api), a_reader(api)
    group, words = next(_groups), "海棠暗语一号"
    await in_group(api, group, other.id, f"{NAME} {WHERE}")
    answer = await in_group(api, group, reader.id, f"{NAME} {WHERE}{words}")
    api.send_text("/forget", reader.id, group)
    await api.wait_for_message(
        group, timeout=SECONDS, matching=lambda one: one.text.startswith("都删除了")
    )
    assert traces(data, reader.id, words) == []
    assert await tapped(api, group, answer, "👍", other.id) == SIMPLIFIED.answer_not_kept
    assert await tapped(api, group, answer, "[1]", other.id) == ""
    await in_group(api, group, other.id, f"{NAME} {WHERE}", reply_to=answer.reply_to)
    api.send_text(f"{NAME} {WHERE}", other.id, group, text_mentions={"职工": reader.id})
    await in_group(api, group, other.id, f"{NAME} {WHERE}")
    assert traces(data, reader.id, words) == []


async def tapped(
    api: EmulatedBotApi, chat: int, message: SentMessage, button: str, person: int
) -> str:
    """What a tap in a group was answered with."""
    query = api.press(chat, message.message_id, button, person)
    await api.wait_for(lambda _: query in api.toasts, SECONDS)
    return api.toasts[query]


async def test_a_pause_that_telegram_asks_for_with_the_confirmation_is_not_stored(
    api: EmulatedBotApi, data: Path
) -> None:
    reader = a_reader(api)
    await reader.ask(WHERE)
    api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 1})
    await forgotten(reader)
    assert traces(data, reader.id) == []
