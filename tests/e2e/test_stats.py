"""/stats over HTTP: figures and a picture for admins, and for nobody else."""

import datetime
import shutil
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED
from retrieval.types import Timings, Usage
from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader, labels
from tests.e2e.running import RunningBot, until
from tests.e2e.stage import Stage, staged
from tests.store.exchanges import DAY, exchange, open_store

ADMIN, EDITOR = 7_400_000_001, 7_400_000_002
READERS = range(8_400_000_001, 8_400_000_011)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, corpus_data_dir: Path) -> Iterator[Stage]:
    """Ten readers asked yesterday, twice each; one of them long before."""
    folder = tmp_path_factory.mktemp("stats")
    with staged(folder, corpus_data_dir, TELEGRAM_ADMIN_IDS=f"{ADMIN},{EDITOR}") as stage:
        yesterday = datetime.datetime.now(datetime.UTC) - DAY
        with closing(open_store(folder / "data")) as store:
            for reader in READERS:
                took = Timings(1, 2, 3, 1500)
                for refused in (True, False):
                    one = exchange(
                        at=yesterday,
                        chat_id=reader,
                        asker_id=reader,
                        refused=refused,
                        timings_ms=took,
                    )
                    number = store.keep(one)
                store.rate(number, reader, 1 if reader % 2 else -1)
            store.keep(exchange(at=yesterday - 60 * DAY, chat_id=READERS[0], asker_id=READERS[0]))
            spent = Usage(12_000, 345)
            store.spend(spent, day=yesterday.date(), asker_id=None, model="m", purpose="answer")
        yield stage


@pytest.fixture
def api(stage: Stage) -> EmulatedBotApi:
    return stage.api


async def pictures(admin: Reader, count: int) -> list[SentMessage]:
    """Those that were sent, once there are so many."""
    return await admin.api.wait_for_message(
        admin.id, count, timeout=SECONDS, matching=lambda one: one.file is not None
    )


async def test_an_admin_gets_the_figures_and_a_picture(api: EmulatedBotApi) -> None:
    admin = Reader(api, identity=ADMIN)
    admin.write("/stats")
    (picture,) = await pictures(admin, 1)
    assert picture.file is not None
    assert picture.file.kind == "photo"
    assert struct.unpack(">II", picture.file.content[16:24]) == (1080, 1725)
    text = admin.messages()[0].text
    assert "提问 20，10 人" in text
    assert "答上 10（50%），答不上 10（50%）" in text
    assert "👍 5（50%），👎 5" in text
    assert "一半在 1.5 秒内" in text
    assert "词元 12,345（读 12,000，写 345）" in text
    assert "最近 7 天" in text
    assert " · ".join(("20 问", "10 人", "答上 10", "答不上 10", "👍 50%")) in text
    assert not [reader for reader in READERS if str(reader) in text]
    assert labels(admin.messages()[0]) == ["7 天", "✓ 30 天", "90 天"]


async def test_a_button_shows_another_period_with_its_picture(api: EmulatedBotApi) -> None:
    admin = Reader(api, "en", EDITOR)
    admin.write("/stats 7")
    await pictures(admin, 1)
    shown = admin.messages()[0]
    assert "Questions 20, 10 people" in shown.text
    longer = await admin.turn(shown, "90 days")
    assert "Questions 21, 10 people" in longer.text
    _, second = await pictures(admin, 2)
    assert second.reply_to == shown.message_id


async def test_a_picture_that_telegram_does_not_take_is_told(api: EmulatedBotApi) -> None:
    admin = Reader(api, identity=ADMIN)
    api.fail_next("sendPhoto", 400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    before = admin.seen()
    admin.write("/stats 30")
    (shown,) = await api.wait_for_message(
        ADMIN,
        timeout=SECONDS,
        matching=lambda one: (
            one.message_id > before and SIMPLIFIED.stats_picture_failed in one.text
        ),
    )
    assert "提问 20" in shown.text


@pytest.mark.parametrize("words", ["0", "366", "-7", "many", "7 30"])
async def test_what_is_no_number_of_days_is_told(api: EmulatedBotApi, words: str) -> None:
    shown = await Reader(api, "en", EDITOR).command(f"/stats {words}")
    assert shown.text == ENGLISH.stats_usage.format(most=365)


async def test_a_reader_is_told_of_an_unknown_command_and_of_an_unknown_button(
    api: EmulatedBotApi,
) -> None:
    reader = Reader(api)
    shown = await reader.command("/stats")
    assert shown.text == SIMPLIFIED.unknown_command
    assert await reader.forge(shown, "m:stats:days:7") == SIMPLIFIED.unknown_button
    assert [one for one in reader.messages() if one.file] == []


@pytest.mark.parametrize("data", ["m:stats:days:", "m:stats:days:0", "m:stats:eat:7"])
async def test_a_forged_button_does_nothing(api: EmulatedBotApi, data: str) -> None:
    admin = Reader(api, "en", EDITOR)
    shown = await admin.command("/stats x")
    said = await admin.forge(shown, data)
    assert said == ENGLISH.unknown_button


@pytest.mark.long
async def test_what_a_kill_breaks_off_is_done_anew_in_the_same_message(
    tmp_path: Path, corpus_data_dir: Path
) -> None:
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    with closing(open_store(tmp_path / "data")) as store:
        store.keep(exchange(at=datetime.datetime.now(datetime.UTC)))
    settings = {"CORPUS_DIR": CORPUS, "TELEGRAM_ADMIN_IDS": ADMIN}
    with EmulatedBotApi() as api:
        admin = Reader(api, identity=ADMIN)
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            bot.until_it_listens()
            admin.write("/stats")
            await until(lambda: bool(bot.children()), SECONDS)  # it is being drawn
            bot.process.kill()
        with RunningBot(tmp_path, api.base_url, **settings):
            await pictures(admin, 1)
            (text,) = [one for one in admin.messages() if one.file is None]
            assert "提问 1，1 人" in text.text
