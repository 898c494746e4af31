"""kill -9 at any moment of an upload: the draft is kept, no file is half or double, all is told."""

import contextlib
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from bot.store.address import FILE_NAME
from retrieval.corpus.markdown import read as read_markdown
from retrieval.types import Loaded
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.bot_api.server import DOWNLOAD
from tests.e2e.desks import ADMINS, NOTE, TEXT, TITLE, Editor, furnish, settings
from tests.e2e.readers import SECONDS, labels
from tests.e2e.running import RunningBot, until

ADMIN = ADMINS[0]
Moment = Callable[[EmulatedBotApi, Path], bool]


def called(method: str, words: str = "") -> Moment:
    """When the bot calls a method, with these words in what it sends."""
    return lambda api, folder: any(
        call.method == method and words in str(call.params) for call in list(api.calls)
    )


def written(api: EmulatedBotApi, folder: Path) -> bool:
    """When something stands in the inbox, be it half a file."""
    inbox = folder / "corpus" / "inbox"
    return inbox.is_dir() and any(inbox.iterdir())


def noted(api: EmulatedBotApi, folder: Path) -> bool:
    """When the deed is in the store."""
    return bool(deeds(folder))


def building(api: EmulatedBotApi, folder: Path) -> bool:
    """When the next generation is being made."""
    return len(list((folder / "data" / "generations").iterdir())) > 1


def published(api: EmulatedBotApi, folder: Path) -> bool:
    """When the next generation is live."""
    live = (folder / "data" / "CURRENT").read_text()
    return live != (folder / "before").read_text()


def deeds(folder: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(folder / "data" / FILE_NAME)) as store:
        return store.execute("SELECT action, subject FROM deed").fetchall()


BEFORE_A_TAP: dict[str, Moment] = {
    "reading is told": called("sendMessage"),
    "asked for the file": called("getFile"),
    "fetches the file": called(DOWNLOAD),
    "shows the card": called("editMessageText", TITLE),
}
AFTER_A_TAP: dict[str, Moment] = {
    "takes the tap": called("answerCallbackQuery"),
    "says that it adds": called("editMessageText", SIMPLIFIED.draft_adding),
    "writes the file": written,
    "notes the deed": noted,
    "builds the index": building,
    "has published it": published,
}
QUICK = ("fetches the file", "writes the file")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("furnished")
    furnish(folder)
    return folder


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.long)
        for name in (*BEFORE_A_TAP, *AFTER_A_TAP)
    ],
)
async def test_an_upload_outlives_a_kill(furnished: Path, tmp_path: Path, moment: str) -> None:
    folder = tmp_path
    shutil.copytree(furnished, folder, dirs_exist_ok=True)
    shutil.copy(folder / "data" / "CURRENT", folder / "before")
    with EmulatedBotApi() as api:
        editor = Editor(api, identity=ADMIN)
        with RunningBot(folder, api.base_url, **settings(folder)) as bot:
            bot.until_it_listens()
            sent = editor.send("灯塔.txt", NOTE.encode())
            if moment in AFTER_A_TAP:
                card = await editor.card(sent)
                api.press(ADMIN, card.message_id, SIMPLIFIED.draft_add)
            reached = (BEFORE_A_TAP | AFTER_A_TAP)[moment]
            await until(lambda: reached(api, folder), SECONDS)
            bot.process.send_signal(signal.SIGKILL)
            await bot.wait()
        check_files(folder)
        with RunningBot(folder, api.base_url, **settings(folder)) as bot:
            bot.until_it_listens()
            if moment in BEFORE_A_TAP:
                card = await editor.card(sent)
                await editor.tap(card, SIMPLIFIED.draft_add)
            done = await settled(editor)
            assert TITLE in (await editor.open(done, SIMPLIFIED.full_text)).text
            assert await bot.stop() == 0
        check_files(folder)
        assert [path.name for path in whole(folder)] == [f"{TITLE}.md"]
        assert deeds(folder) == [("add", f"inbox/{TITLE}.md")]
        assert not (folder / "data" / "uploads").exists() or not any(
            (folder / "data" / "uploads").iterdir()
        )


async def settled(editor: Editor) -> SentMessage:
    """The card once the article is added; no other one still asks for anything."""
    (done,) = await editor.api.wait_for_message(
        editor.id,
        timeout=SECONDS,
        matching=lambda one: one.text.startswith(SIMPLIFIED.draft_added),
    )
    assert SIMPLIFIED.draft_add not in labels(done)
    return done


def whole(folder: Path) -> list[Path]:
    """The files of the inbox that readers take."""
    inbox = folder / "corpus" / "inbox"
    return [path for path in inbox.glob("*") if not path.name.startswith(".")]


def check_files(folder: Path) -> None:
    """No half file is among them."""
    for file in whole(folder):
        (read,) = read_markdown(file, file.name)
        assert isinstance(read, Loaded)
        assert read.article.text == TEXT
