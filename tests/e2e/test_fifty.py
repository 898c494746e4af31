"""Fifty people at once."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.running import RunningBot, new_reader
from tests.e2e.test_bot import SECONDS, THERE, WHERE, ask

PEOPLE = 50
UNKNOWN = "珠穆朗玛峰有多高?"


@pytest.mark.long
async def test_fifty_people_are_answered_at_once_and_each_in_order(
    corpus_data_dir: Path, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    with EmulatedBotApi() as api, RunningBot(tmp_path, api.base_url) as bot:
        await ask(api, WHERE)
        await bot.wait_for_line("is listening", timeout=SECONDS)
        readers = [new_reader() for _ in range(PEOPLE)]
        begun = time.monotonic()
        firsts = [api.send_text(WHERE, reader) for reader in readers]
        seconds = [api.send_text(UNKNOWN, reader) for reader in readers]
        for reader in readers:
            await api.wait_for_message(reader, 2, timeout=SECONDS)
        ends = {
            asked: call.answered_at - begun
            for call in api.calls
            if call.method == "sendMessage" and call.answered_at is not None
            for asked in [call.params.get("reply_parameters", {}).get("message_id")]
        }
        assert await bot.stop() == 0
    for reader, first, second in zip(readers, firsts, seconds, strict=True):
        answers = api.sent(reader)
        assert [answer.reply_to for answer in answers] == [first, second]
        assert THERE in answers[0].text
        assert THERE not in answers[1].text
    assert api.flood_violations == []
    assert api.rate_violations() == []
    tell(
        f"{PEOPLE} people with two questions each: the last of the first answers after "
        f"{max(ends[one] for one in firsts):.1f} s, of all after "
        f"{max(ends[one] for one in seconds):.1f} s"
    )
