"""kill -9 while a file goes into the bin or comes back: it is in one place, and all is told."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.desks import ADMINS, Editor, furnish, settings
from tests.e2e.running import RunningBot, until
from tests.e2e.test_inbox_kills import deeds, noted

ADMIN = ADMINS[0]
FILE = "01.md"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("furnished")
    furnish(folder)
    return folder


def gone(api: EmulatedBotApi, folder: Path) -> bool:
    return not (folder / "corpus" / FILE).exists()


@pytest.mark.long
@pytest.mark.parametrize("reached", [gone, noted])
async def test_a_removal_outlives_a_kill(
    furnished: Path, tmp_path: Path, reached: Callable[[EmulatedBotApi, Path], bool]
) -> None:
    folder = tmp_path
    shutil.copytree(furnished, folder, dirs_exist_ok=True)
    content = (folder / "corpus" / FILE).read_bytes()
    with EmulatedBotApi() as api:
        editor = Editor(api, identity=ADMIN)
        with RunningBot(folder, api.base_url, **settings(folder)) as bot:
            bot.until_it_listens()
            asked = await editor.command("/remove 白沙修桥")
            api.press(ADMIN, asked.message_id, SIMPLIFIED.remove_confirm)
            await until(lambda: reached(api, folder))
            bot.process.send_signal(signal.SIGKILL)
            await bot.wait()
        with RunningBot(folder, api.base_url, **settings(folder)) as bot:
            bot.until_it_listens()
            await editor.until(asked, SIMPLIFIED.removed.partition("{")[0])
            assert deeds(folder) == [("remove", FILE)]
            binned = await editor.command("/restore")
            await editor.tap(binned, "1")
            await editor.until(binned, SIMPLIFIED.restored.format(file=FILE))
            assert await bot.stop() == 0
    assert (folder / "corpus" / FILE).read_bytes() == content
    assert deeds(folder) == [("remove", FILE), ("restore", FILE)]
