"""/reload in the chat: what would change, how far it is, what came of it, and back again."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from retrieval import lock
from retrieval.index.generations import Generations
from tests.conftest import environment
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader, labels
from tests.e2e.running import RunningBot
from tests.e2e.stage import Stage
from tests.small import write

ADMIN, SECOND = 3101, 3102
TOWNS = "青石 白沙 云溪 柳林 古渡 石桥 松岭 梅山 荷塘 竹园 枫亭 桃源".split()


def fill(corpus: Path) -> None:
    """Twelve articles, one of each town."""
    corpus.mkdir()
    for number, town in enumerate(TOWNS):
        write(corpus / f"{number:02}.md", f"{town}修桥", f"{town}镇的新桥全长{100 + number}米。")


def indexed(folder: Path) -> None:
    """`folder`/data holds an index of `folder`/corpus."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "reload"],
        env=environment(CORPUS_DIR=folder / "corpus", DATA_DIR=folder / "data"),
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and its index; whoever writes takes a copy."""
    folder = tmp_path_factory.mktemp("prepared")
    fill(folder / "corpus")
    indexed(folder)
    return folder


@pytest.fixture(scope="module")
def running(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot with two admins."""
    folder = tmp_path_factory.mktemp("reloading")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    corpus = folder / "corpus"
    settings = {"CORPUS_DIR": corpus, "TELEGRAM_ADMIN_IDS": f"{ADMIN},{SECOND}"}
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings) as bot:
        bot.until_it_listens()
        yield Stage(api, bot, corpus)


def data_of(stage: Stage) -> Path:
    return stage.corpus.parent / "data"


@pytest.fixture
def stage(running: Stage, prepared: Path) -> Iterator[Stage]:
    """The same; afterwards corpus and live generation are as they were."""
    generations = Generations(data_of(running))
    first = generations.require_live()
    yield running
    shutil.rmtree(running.corpus)
    shutil.copytree(prepared / "corpus", running.corpus)
    (data_of(running) / "rollback.json").unlink(missing_ok=True)
    generations.point_to(first)
    generations.note_checked(first)


def is_over(message: SentMessage) -> bool:
    """Whether it is more than how far a reload has come."""
    data = [button.get("callback_data", "") for button in message.buttons]
    making = any(one.startswith("m:reload:cancel") for one in data)
    return not making and "⏳" not in message.text and "……" not in message.text


async def message_after(reader: Reader, before: int) -> SentMessage:
    """The message of a reload once it is a question or a report."""
    (message,) = await reader.api.wait_for_message(
        reader.id,
        timeout=SECONDS,
        matching=lambda one: one.message_id > before and is_over(one),
    )
    return message


async def reload(reader: Reader) -> SentMessage:
    """What /reload comes to: a question or a report."""
    before = reader.seen()
    reader.write("/reload")
    return await message_after(reader, before)


async def tapped(reader: Reader, message: SentMessage, button: str) -> SentMessage:
    """What a tap makes of the message, once that is a question or a report again."""
    before = reader.now(message)
    await reader.tap(message, button)
    (after,) = await reader.api.wait_for_message(
        reader.id,
        timeout=SECONDS,
        matching=lambda one: (
            one.message_id == message.message_id and one.edits > before.edits and is_over(one)
        ),
    )
    return after


async def message_of_tap(reader: Reader, message: SentMessage, button: str) -> SentMessage:
    """The message that a tap brings, once it is a report."""
    before = reader.seen()
    await reader.tap(message, button)
    return await message_after(reader, before)


def deeds(stage: Stage) -> list[tuple[int, str, str]]:
    """Who did what to what, oldest first."""
    with closing(sqlite3.connect(data_of(stage) / "baoda.sqlite3")) as database:
        return database.execute("SELECT admin_id, action, subject FROM deed ORDER BY id").fetchall()


def folders_of(stage: Stage) -> set[str]:
    """All folders of generations, whole or not."""
    return {one.name for one in (data_of(stage) / "generations").iterdir()}


def live(stage: Stage) -> str:
    return Generations(data_of(stage)).require_live()


def add_many(corpus: Path, count: int = 30) -> None:
    for number in range(count):
        write(corpus / f"new-{number:02}.md", f"第{number}号公告", f"第{number}号公告贴在东门。")


async def test_a_little_change_is_made_unasked_and_named(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    write(stage.corpus / "00.md", "青石修桥", "青石镇的新桥全长九百米。")
    (stage.corpus / "11.md").unlink()
    report = await reload(admin)
    assert report.text.startswith(
        "完成：新增 1 篇，改动 1 篇，删除 1 篇，未变 10 篇；现有 12 篇文章"
    )
    assert "新增 1 篇：\n• 南门新桥通车" in report.text
    assert "改动 1 篇：\n• 青石修桥" in report.text
    assert "删除 1 篇：\n• 桃源修桥" in report.text
    assert labels(report) == [SIMPLIFIED.roll_back]
    reader = Reader(stage.api)
    assert "三百米" in (await reader.ask("南门新桥全长多少米?")).text


@pytest.mark.long
async def test_much_is_asked_first_and_done_on_a_tap(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    add_many(stage.corpus)
    before = live(stage)
    question = await reload(admin)
    assert question.text.startswith(
        "更新后会有这些变化（未变 12 篇）：\n\n新增 30 篇：\n• 第0号公告\n"
    )
    assert "\n… +20\n" in question.text
    assert labels(question) == [SIMPLIFIED.reload_go, SIMPLIFIED.reload_leave]
    assert live(stage) == before
    report = await tapped(admin, question, SIMPLIFIED.reload_go)
    assert report.text.startswith("完成：新增 30 篇")
    assert live(stage) != before
    assert [one.message_id for one in admin.messages()][-1] == question.message_id


async def test_what_was_asked_may_be_left(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    add_many(stage.corpus)
    before = live(stage)
    question = await reload(admin)
    left = await tapped(admin, question, SIMPLIFIED.reload_leave)
    assert (left.text, labels(left)) == (SIMPLIFIED.reload_left_alone, [])
    assert live(stage) == before


@pytest.mark.long
async def test_a_yes_to_what_is_no_longer_so_asks_anew(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    add_many(stage.corpus)
    before = live(stage)
    question = await reload(admin)
    write(stage.corpus / "late.md", "迟到的公告", "迟到的公告贴在西门。")
    again = await tapped(admin, question, SIMPLIFIED.reload_go)
    assert "新增 31 篇" in again.text
    assert labels(again) == [SIMPLIFIED.reload_go, SIMPLIFIED.reload_leave]
    assert live(stage) == before


async def test_nothing_changed_ends_with_the_files_that_failed(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    (stage.corpus / "扫描 <1>.pdf").write_bytes(b"%PDF")
    report = await reload(admin)
    first, *rest = report.text.split("\n\n")
    assert first == SIMPLIFIED.reload_unchanged.format(articles="12 篇文章")
    assert rest[0].startswith(f"{SIMPLIFIED.reload_problems}\n• 扫描 <1>.pdf — ")
    assert labels(report) == []


@pytest.mark.long
async def test_articles_whose_file_broke_are_asked_about_and_stay(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    (stage.corpus / "00.md").write_bytes(b"---\ntitle: [\n---\n\n\xff")
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    question = await reload(admin)
    assert SIMPLIFIED.reload_held.format(articles="1 篇文章") in question.text
    report = await tapped(admin, question, SIMPLIFIED.reload_go)
    assert report.text.startswith("完成：新增 1 篇，改动 0 篇，删除 0 篇，未变 12 篇")
    assert "• 00.md — " in report.text


@pytest.mark.long
async def test_many_articles_gone_are_published_only_after_two_taps(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    before = live(stage)
    for number in range(5):
        (stage.corpus / f"{number:02}.md").unlink()
    question = await reload(admin)
    assert SIMPLIFIED.reload_many_gone.format(before=12, gone=5) in question.text
    assert "• 青石修桥" in question.text
    assert labels(question) == [SIMPLIFIED.reload_force, SIMPLIFIED.reload_leave]
    sure = await tapped(admin, question, SIMPLIFIED.reload_force)
    assert sure.text == SIMPLIFIED.reload_sure
    assert live(stage) == before
    report = await tapped(admin, sure, SIMPLIFIED.reload_surely)
    assert report.text.startswith("完成：新增 0 篇，改动 0 篇，删除 5 篇，未变 7 篇")


async def test_a_forged_yes_does_not_get_by_the_guard(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    before = live(stage)
    for number in range(5):
        (stage.corpus / f"{number:02}.md").unlink()
    question = await reload(admin)
    digest = next(one["callback_data"] for one in question.buttons).rpartition(":")[2]
    word = await admin.forge(question, f"m:reload:surely:{digest}")
    assert word == SIMPLIFIED.reload_not_running
    assert live(stage) == before


@pytest.mark.long
async def test_a_roll_back_says_what_it_makes_different(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    before = live(stage)
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    report = await reload(admin)
    back = await message_of_tap(admin, report, SIMPLIFIED.roll_back)
    assert live(stage) == before
    assert "多了 0 篇，不同 0 篇，少了 1 篇；现有 12 篇文章" in back.text
    assert "删除 1 篇：\n• 南门新桥通车" in back.text
    assert labels(admin.now(report)) == []
    assert deeds(stage)[-1] == (ADMIN, "roll_back", before)


@pytest.mark.long
async def test_a_roll_back_can_be_undone(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    report = await reload(admin)
    after = live(stage)
    back = await message_of_tap(admin, report, SIMPLIFIED.roll_back)
    await message_of_tap(admin, back, SIMPLIFIED.roll_back_undo)
    assert live(stage) == after


@pytest.mark.long
async def test_a_roll_back_of_what_is_not_live_any_more_does_nothing(stage: Stage) -> None:
    admin, second = Reader(stage.api, identity=ADMIN), Reader(stage.api, identity=SECOND)
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    first = await reload(admin)
    write(stage.corpus / "tower.md", "钟楼修好了", "钟楼高四十米。")
    await reload(second)
    after = live(stage)
    word = await admin.tap(first, SIMPLIFIED.roll_back)
    assert word.startswith(SIMPLIFIED.roll_back_other.partition("{")[0])
    assert live(stage) == after


@pytest.mark.long
async def test_two_admins_see_one_reload_and_one_of_them_is_noted(stage: Stage) -> None:
    admin, second = Reader(stage.api, identity=ADMIN), Reader(stage.api, identity=SECOND)
    before, seen = live(stage), second.seen()
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    started = admin.seen()
    admin.write("/reload")
    await stage.api.wait_for_message(ADMIN, matching=lambda one: one.message_id > started)
    second.write("/reload")
    theirs = await message_after(second, seen)
    mine = await message_after(admin, started)
    assert mine.text == theirs.text
    assert mine.text.startswith("完成：新增 1 篇")
    made = Generations(data_of(stage)).manifest(live(stage))
    assert made.previous == before
    assert deeds(stage)[-1] == (ADMIN, "reload", made.id)
    assert [who for who, _, subject in deeds(stage) if subject == made.id] == [ADMIN]


async def test_who_looks_on_may_cancel(stage: Stage) -> None:
    admin, second = Reader(stage.api, identity=ADMIN), Reader(stage.api, identity=SECOND)
    before, folders = live(stage), folders_of(stage)
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    started, seen = admin.seen(), second.seen()
    admin.write("/reload")
    await stage.api.wait_for_message(ADMIN, matching=lambda one: one.message_id > started)
    second.write("/reload")
    (shown,) = await stage.api.wait_for_message(
        SECOND, timeout=SECONDS, matching=lambda one: one.message_id > seen
    )
    assert labels(shown) == [SIMPLIFIED.reload_cancel]
    assert await second.tap(shown, SIMPLIFIED.reload_cancel) == SIMPLIFIED.reload_cancelling
    for reader, since in ((admin, started), (second, seen)):
        assert (await message_after(reader, since)).text == SIMPLIFIED.reload_cancelled
    assert live(stage) == before
    assert lock.held_by(data_of(stage)) is None
    assert folders_of(stage) <= folders


async def test_a_reload_of_another_program_is_told_of(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    with lock.exclusive(data_of(stage)):
        told = await reload(admin)
    assert told.text.startswith(SIMPLIFIED.reload_elsewhere.partition("{")[0])
    assert f"进程 {os.getpid()}" in told.text


async def test_readers_have_no_reload_and_no_buttons_of_it(stage: Stage) -> None:
    reader = Reader(stage.api)
    assert (await reader.command("/reload")).text == SIMPLIFIED.unknown_command
    answer = await reader.ask("青石镇的新桥全长多少米?")
    for data in ("m:reload:go:000000000000", "m:reload:cancel:1", "m:reload:back:x.y"):
        assert await reader.forge(answer, data) == SIMPLIFIED.unknown_button


@pytest.mark.long
async def test_golden_questions_that_fail_stop_it_and_may_be_overruled(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    before = live(stage)
    line = {"id": "tower", "question": "钟楼高多少米?", "article_id": "x", "require": [["四十"]]}
    (stage.corpus / "golden.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    write(stage.corpus / "bridge.md", "南门新桥通车", "南门新桥全长三百米。")
    question = await reload(admin)
    assert question.text.startswith(SIMPLIFIED.reload_golden_fails)
    assert "黄金问题 0/1" in question.text
    assert "• 钟楼高多少米?" in question.text
    assert live(stage) == before
    sure = await tapped(admin, question, SIMPLIFIED.reload_force)
    report = await tapped(admin, sure, SIMPLIFIED.reload_surely)
    assert report.text.startswith("完成：新增 1 篇")
    assert "黄金问题 0/1" in report.text
