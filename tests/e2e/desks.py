"""An admin at the desk: sends files and texts, corrects what was understood, and taps."""

import io
import itertools
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.phrases import SIMPLIFIED, Phrases
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader
from tests.e2e.running import RunningBot
from tests.e2e.stage import Stage
from tests.e2e.test_reloading import fill, indexed

ADMINS = range(7_200_000_001, 7_200_000_061)
ADMINS_CHAT = -1_007_200_000_001
TITLE, TEXT = (
    "灯塔重新点亮",
    "熄灭九年的石岬灯塔昨夜重新点亮，灯光射程二十四海里。\n渔民说回港不再绕路。",
)
NOTE = f"{TITLE}\n本报记者 林远舟\n\n{TEXT}"
"""A text as somebody pastes it: headline, byline, paragraphs."""

_admins = itertools.cycle(ADMINS)


class Editor(Reader):
    """An admin whom no other test uses at the same time."""

    def __init__(
        self, api: EmulatedBotApi, language: str = "zh-hans", identity: int | None = None
    ) -> None:
        super().__init__(api, language, next(_admins) if identity is None else identity)

    def send(self, name: str, data: bytes, **more: Any) -> int:
        """The number of a message with a file."""
        return self.api.send_document(name, data, self.id, language_code=self.language, **more)

    async def card(self, sent: int, phrases: Phrases = SIMPLIFIED) -> SentMessage:
        """The card of what was sent, once all of it is read."""
        (card,) = await self.api.wait_for_message(
            self.id,
            timeout=SECONDS,
            matching=lambda one: one.reply_to == sent and is_card(one, phrases),
        )
        return card

    async def until(self, message: SentMessage, words: str) -> SentMessage:
        """The message once these words stand in it."""
        (found,) = await self.api.wait_for_message(
            self.id,
            timeout=SECONDS,
            matching=lambda one: one.message_id == message.message_id and words in one.text,
        )
        return found

    async def correct(self, card: SentMessage, text: str) -> SentMessage:
        """The card after a reply that is followed."""
        before = self.now(card)
        self.write(text, reply_to=card)
        return await self.changed(before)


def is_card(message: SentMessage, phrases: Phrases = SIMPLIFIED) -> bool:
    """Whether it shows what was understood."""
    beginnings = (phrases.draft_head, phrases.draft_nothing, phrases.drafts_found(2)[:4])
    return message.text.startswith(beginnings)


@contextmanager
def opened_desk(folder: Path) -> Iterator[Stage]:
    """A bot with admins and their chat, over a small corpus of its own."""
    furnish(folder)
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings(folder)) as bot:
        bot.until_it_listens()
        yield Stage(api, bot, folder / "corpus")


def furnish(folder: Path, files: Mapping[str, bytes] = {}) -> None:
    """`folder` holds a corpus, with these files too, and its index."""
    fill(folder / "corpus")
    for name, content in files.items():
        (folder / "corpus" / name).write_bytes(content)
    indexed(folder)


def settings(folder: Path) -> dict[str, object]:
    """Those of a bot with admins."""
    admins = ",".join(map(str, (*ADMINS, ADMINS_CHAT)))
    return {"CORPUS_DIR": folder / "corpus", "TELEGRAM_ADMIN_IDS": admins}


def packed(members: Mapping[str, bytes]) -> bytes:
    """A .zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def markdown(title: str, text: str, **fields: str) -> bytes:
    """An article as a .md file."""
    front = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"---\ntitle: {title}\n{front}---\n\n{text}\n".encode()


def inbox(stage: Stage) -> list[str]:
    """The names of the files in the inbox, half ones too."""
    folder = stage.corpus / "inbox"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
