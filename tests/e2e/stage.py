"""A bot that runs over an index, and the Telegram it is connected to."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.running import RunningBot


@dataclass(frozen=True)
class Stage:
    """A bot that runs, and the Telegram it is connected to."""

    api: EmulatedBotApi
    bot: RunningBot
    corpus: Path = CORPUS


@contextmanager
def staged(folder: Path, data_dir: Path, **settings: object) -> Iterator[Stage]:
    """A bot with these settings over a copy of an index of the shipped corpus, once it listens."""
    shutil.copytree(data_dir, folder / "data")
    settings = {"CORPUS_DIR": CORPUS, **settings}
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings) as bot:
        bot.until_it_listens()
        yield Stage(api, bot)
