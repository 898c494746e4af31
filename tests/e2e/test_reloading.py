"""/reload in the chat: what would change, how far it is, what came of it, and back again."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from retrieval.index.generations import Generations
from tests.conftest import environment
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader, labels
from tests.e2e.running import RunningBot
from tests.e2e.stage import Stage
from tests.small import write

ADMIN, SECOND, READER = 3101, 3102, 3103
TOWNS = (
    "青石",
    "白沙",
    "云溪",
    "柳林",
    "古渡",
    "石桥",
    "松岭",
    "梅山",
    "荷塘",
    "竹园",
    "枫亭",
    "桃源",
)


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
    """The same with the corpus and the live generation as at first."""
    yield running
    shutil.rmtree(running.corpus)
    shutil.copytree(prepared / "corpus", running.corpus)
    indexed_again = subprocess.run(
        [sys.executable, "-m", "bot", "reload", "--force"],
        env=environment(CORPUS_DIR=running.corpus, DATA_DIR=data_of(running)),
        cwd=running.corpus.parent,
        capture_output=True,
        check=False,
    )
    assert indexed_again.returncode == 0, indexed_again.stderr.decode()


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


def heading(text: str) -> str:
    """A text up to its first number or name."""
    return re.split(r"\{", text)[0]


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
    print(report.text)
    assert report.text.startswith(
        "完成：新增 1 篇，改动 1 篇，删除 1 篇，未变 10 篇；现有 12 篇文章"
    )
    assert "新增 1 篇：\n• 南门新桥通车" in report.text
    assert "改动 1 篇：\n• 青石修桥" in report.text
    assert "删除 1 篇：\n• 桃源修桥" in report.text
    assert labels(report) == [SIMPLIFIED.roll_back]
    reader = Reader(stage.api)
    assert "三百米" in (await reader.ask("南门新桥全长多少米?")).text


async def test_much_is_asked_first_and_done_on_a_tap(stage: Stage) -> None:
    admin = Reader(stage.api, identity=ADMIN)
    add_many(stage.corpus)
    before = live(stage)
    question = await reload(admin)
    print(question.text)
    assert question.text.startswith(
        "更新后会有这些变化（未变 12 篇）：\n\n新增 30 篇：\n• 第0号公告\n"
    )
    assert "\n… +20\n" in question.text
    assert labels(question) == [SIMPLIFIED.reload_go, SIMPLIFIED.reload_leave]
    assert live(stage) == before
    report = await tapped(admin, question, SIMPLIFIED.reload_go)
    print(report.text)
    assert report.text.startswith("完成：新增 30 篇")
    assert live(stage) != before
    assert [one.message_id for one in admin.messages()][-1] == question.message_id
