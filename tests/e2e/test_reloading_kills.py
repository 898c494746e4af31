"""kill -9 of the bot at ten moments of /reload: nothing is lost, and one report tells the truth."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from retrieval import lock
from retrieval.index.generations import Generations
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader
from tests.e2e.running import RunningBot, until
from tests.e2e.test_reloading import fill, indexed, is_over
from tests.small import stored, write

ADMIN = 3201
COUNT = 30


class Desk:
    """An admin, and a collection that is to be reloaded."""

    def __init__(self, api: EmulatedBotApi, folder: Path) -> None:
        self.admin = Reader(api, identity=ADMIN)
        self.corpus, self.data = folder / "corpus", folder / "data"
        self.generations = Generations(self.data)
        self.before = self.generations.require_live()

    def shown(self) -> list[SentMessage]:
        return self.admin.messages()

    def is_told(self, text: str) -> bool:
        return any(text in one.text for one in self.shown())

    def asks(self) -> bool:
        """Whether the question stands there."""
        return self.is_told(SIMPLIFIED.reload_ask)

    def goes_on(self) -> bool:
        """Whether the question has given way to what follows the yes."""
        return bool(self.shown()) and not self.asks() and self.shown()[0].edits > 1

    def building(self) -> Path | None:
        """The folder of the generation that is being built."""
        names = (one.name for one in (self.data / "generations").iterdir())
        new = max(names)
        return self.data / "generations" / new if new > self.before else None

    def has_built(self, name: str) -> Callable[[], bool]:
        """Whether a file of the new generation is there; only the real one has it."""

        def has() -> bool:
            folder = self.building()
            return folder is not None and (folder / name).exists()

        return has

    def is_published(self) -> bool:
        return self.generations.live() != self.before

    def deeds(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.data / "baoda.sqlite3")) as database:
            return database.execute("SELECT action, subject FROM deed").fetchall()


MOMENTS: dict[str, Callable[[Desk], Callable[[], bool]]] = {
    "taken": lambda desk: lambda: bool(desk.shown()),
    "looking": lambda desk: lambda: desk.building() is not None,
    "asking": lambda desk: desk.asks,
    "agreed": lambda desk: desk.goes_on,
    "reading": lambda desk: desk.has_built("articles.sqlite3"),
    "copying": lambda desk: desk.has_built("chroma"),
    "keywords": lambda desk: desk.has_built("bm25"),
    "sentences": lambda desk: desk.has_built("sentences.npy"),
    "published": lambda desk: desk.is_published,
    "reported": lambda desk: lambda: desk.is_told("完成：新增"),
}
BEFORE_THE_YES = ("taken", "looking", "asking")
QUICK = ("keywords", "published")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and its index, and files that came since."""
    folder = tmp_path_factory.mktemp("prepared")
    fill(folder / "corpus")
    indexed(folder)
    for number in range(COUNT):
        write(folder / "corpus" / f"n{number}.md", f"第{number}号公告", f"第{number}号贴在东门。")
    return folder


async def agree(desk: Desk) -> None:
    """Say yes once it asks."""
    await until(desk.asks, SECONDS)
    (question,) = (one for one in desk.shown() if SIMPLIFIED.reload_ask in one.text)
    desk.admin.api.press(ADMIN, question.message_id, SIMPLIFIED.reload_go)


@pytest.mark.parametrize(
    "moment",
    [one if one in QUICK else pytest.param(one, marks=pytest.mark.long) for one in MOMENTS],
)
async def test_a_bot_that_is_killed_reports_once_when_it_is_back(
    moment: str, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    settings = {"CORPUS_DIR": tmp_path / "corpus", "TELEGRAM_ADMIN_IDS": ADMIN}
    with EmulatedBotApi() as api:
        desk = Desk(api, tmp_path)
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            bot.until_it_listens()
            desk.admin.write("/reload")
            if moment not in BEFORE_THE_YES:
                await agree(desk)
            await until(MOMENTS[moment](desk), SECONDS)
            bot.process.kill()
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            if moment in BEFORE_THE_YES:
                await agree(desk)
            (report,) = await api.wait_for_message(
                ADMIN,
                timeout=SECONDS,
                matching=lambda one: is_over(one) and "完成：" in one.text,
            )
            assert f"新增 {COUNT} 篇，改动 0 篇，删除 0 篇，未变 12 篇" in report.text
            assert "• 第0号公告" in report.text
            await desk.admin.command("/id")  # what was left open has been seen to
            await asyncio.sleep(0.2)
            assert await bot.stop() == 0
        assert [one.message_id for one in desk.shown() if "完成" in one.text] == [report.message_id]
        assert not any(SIMPLIFIED.reload_at_work in one.text for one in desk.shown())
    assert lock.held_by(desk.data) is None
    assert len(stored(desk.data)) == 12 + COUNT
    live = desk.generations.require_live()
    assert desk.deeds() == [("reload", live)]
    assert desk.generations.manifest(live).previous == desk.before


@pytest.mark.long
@pytest.mark.parametrize("moment", ["looking", "copying"])
async def test_a_bot_that_is_stopped_ends_soon_and_reports_once_in_all(
    moment: str, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    for number in range(4, COUNT):
        (tmp_path / "corpus" / f"n{number}.md").unlink()
    settings = {"CORPUS_DIR": tmp_path / "corpus", "TELEGRAM_ADMIN_IDS": ADMIN}
    with EmulatedBotApi() as api:
        desk = Desk(api, tmp_path)
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            bot.until_it_listens()
            desk.admin.write("/reload")
            await until(MOMENTS[moment](desk), SECONDS)
            assert await bot.stop() == 0
            assert lock.held_by(desk.data) is None
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            bot.until_it_listens()
            await until(lambda: desk.is_told("新增 4 篇"), SECONDS)
            assert await bot.stop() == 0
        assert len(desk.shown()) == 1
    assert len(stored(desk.data)) == 12 + 4
