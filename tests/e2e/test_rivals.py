"""Two bots with one token, and what a bot says of itself when it starts again."""

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.bot_api.messages import Call
from tests.e2e.running import RunningBot, until
from tests.e2e.test_bot import SECONDS, THERE, WHERE, ask

CAME_LATER = "another program polls with the same bot token, and this one came later: it stops"
PEACEFUL_SECONDS = 12.0

DESCRIPTIONS = ("setMyDescription", "setMyShortDescription")

Folder = Callable[[str], Path]


@pytest.fixture
def folder(corpus_data_dir: Path, tmp_path: Path) -> Folder:
    """Makes folders for bots, each with an index of the shipped corpus."""

    def make(name: str) -> Path:
        shutil.copytree(corpus_data_dir, tmp_path / name / "data")
        return tmp_path / name

    return make


@pytest.mark.long
async def test_of_two_bots_with_one_token_the_one_that_came_later_stops(folder: Folder) -> None:
    with EmulatedBotApi() as api, RunningBot(folder("former"), api.base_url) as former:
        await former.wait_for_line("is listening", timeout=SECONDS)
        await asyncio.sleep(PEACEFUL_SECONDS)
        with RunningBot(folder("later"), api.base_url) as later:
            assert await later.wait(SECONDS) == 1
        assert len(later.matching(CAME_LATER)) == 1
        assert former.process.poll() is None
        answer = await ask(api, WHERE, 81)
        assert THERE in answer.text
        assert await former.stop() == 0
        assert len(api.sent(81)) == 1
        assert not former.matching(CAME_LATER)
        assert len(former.matching("another program polls")) == 1


@pytest.mark.long
async def test_of_two_bots_that_start_at_once_exactly_one_stops(folder: Folder) -> None:
    with (
        EmulatedBotApi() as api,
        RunningBot(folder("one"), api.base_url) as one,
        RunningBot(folder("other"), api.base_url) as other,
    ):
        bots = [one, other]
        await until(lambda: any(bot.process.poll() is not None for bot in bots), SECONDS)
        (ended,) = [bot for bot in bots if bot.process.poll() is not None]
        (left,) = [bot for bot in bots if bot is not ended]
        assert await ended.wait() == 1
        assert len(ended.matching(CAME_LATER)) == 1
        assert THERE in (await ask(api, WHERE, 82)).text
        assert await left.stop() == 0
        assert len(api.sent(82)) == 1


async def test_only_what_telegram_does_not_show_yet_is_set(folder: Folder) -> None:
    home, made = folder("home"), []
    with EmulatedBotApi() as api:
        for starts in (1, 2):
            before = len(api.calls)
            with RunningBot(home, api.base_url) as bot:
                await api.wait_for(partial(introduced, starts), SECONDS)
                await ask(api, WHERE)  # which takes longer than to set what was found to differ
                assert await bot.stop() == 0
            made.append([one.method for one in api.calls[before:] if "setMy" in one.method])
            api.validate("setMyDescription", {"description": "what stood there before"}, {})
    in_each_language = [*2 * ["setMyCommands"], *DESCRIPTIONS]  # in private chats, in groups
    assert sorted(made[0]) == sorted(2 * in_each_language)
    assert made[1] == ["setMyDescription"]


def introduced(starts: int, calls: list[Call]) -> bool:
    """Whether the last thing that is looked at was looked at by all."""
    answered = [call for call in calls if call.method == "getMyShortDescription" and call.ok]
    return len(answered) == 2 * starts


async def test_a_bot_that_cannot_introduce_itself_answers_all_the_same(folder: Folder) -> None:
    with EmulatedBotApi() as api:
        api.fail_next("setMyCommands", 400, "Bad Request: BOT_COMMAND_INVALID")
        with RunningBot(folder("home"), api.base_url) as bot:
            assert THERE in (await ask(api, WHERE)).text
            await bot.wait_for_line("commands and descriptions could not be set", timeout=SECONDS)
            assert await bot.stop() == 0
