"""Many who ask at once, each more than is theirs: nobody gets more than that, and nobody less."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.groups import BOT, Group
from tests.e2e.readers import SECONDS, Reader, is_final
from tests.e2e.running import RunningBot, new_reader
from tests.e2e.stage import staged

WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
PEOPLE = pytest.mark.parametrize("people", [8, pytest.param(50, marks=pytest.mark.long)])


def words(phrase: str) -> str:
    """What comes before the time in a refusal."""
    return phrase.partition("{wait}")[0]


async def replies(api: EmulatedBotApi, chat: int, asked: list[int]) -> list[str]:
    """The texts that reply to questions, in their order."""
    found = await api.wait_for_message(
        chat, len(asked), SECONDS, lambda one: one.reply_to in asked and is_final(one)
    )
    texts = {one.reply_to: one.text for one in found}
    assert len(texts) == len(found) == len(asked)
    return [texts[one] for one in asked]


@contextmanager
def bounded(folder: Path, data_dir: Path, **settings: object) -> Iterator[EmulatedBotApi]:
    with staged(folder, data_dir, **settings) as stage:
        yield stage.api


@pytest.mark.long
@PEOPLE
async def test_in_private_chats_everybody_gets_what_is_theirs_in_a_minute(
    corpus_data_dir: Path, tmp_path: Path, people: int
) -> None:
    told = words(SIMPLIFIED.own_rate_reached.replace("{most}", "2"))
    with bounded(tmp_path, corpus_data_dir, USER_QUESTIONS_PER_MINUTE=2) as api:

        async def ask(reader: Reader) -> list[str]:
            return await replies(api, reader.id, [reader.write(WHERE) for _ in range(4)])

        for texts in await asyncio.gather(*(ask(Reader(api)) for _ in range(people))):
            assert [THERE in text for text in texts] == [True, True, False, False]
            assert all(text.startswith(told) for text in texts[2:])


@PEOPLE
async def test_on_a_day_everybody_gets_what_is_theirs_in_groups_too_and_after_a_restart(
    corpus_data_dir: Path, tmp_path: Path, people: int
) -> None:
    """Each asks in a group of their own and in private; what is theirs is so in all chats."""
    told = words(SIMPLIFIED.own_day_spent.replace("{most}", "2"))
    settings = {"USER_DAILY_QUESTIONS": 2}
    with staged(tmp_path, corpus_data_dir, **settings) as stage:
        readers = [Reader(stage.api) for _ in range(people)]

        async def ask(reader: Reader) -> list[str]:
            group = Group(stage.api)
            there = [group.write(f"{BOT} {WHERE}", reader.id) for _ in range(2)]
            here = [reader.write(WHERE) for _ in range(2)]
            both = await asyncio.gather(
                replies(stage.api, group.id, there), replies(stage.api, reader.id, here)
            )
            return [text for texts in both for text in texts]

        for texts in await asyncio.gather(*map(ask, readers)):
            assert [THERE in text for text in texts].count(True) == 2
            assert sum(text.startswith(told) for text in texts) == 2
        assert await stage.bot.stop() == 0
        with RunningBot(tmp_path, stage.api.base_url, **settings):
            again = await asyncio.gather(*(one.ask(WHERE) for one in readers[:8]))
            assert all(one.text.startswith(told) for one in again)
            assert THERE in (await Reader(stage.api).ask(WHERE)).text


@PEOPLE
@pytest.mark.parametrize(
    ("setting", "phrase"),
    [
        pytest.param(
            "CHAT_QUESTIONS_PER_MINUTE", SIMPLIFIED.chat_rate_reached, marks=pytest.mark.long
        ),
        ("CHAT_DAILY_QUESTIONS", SIMPLIFIED.chat_day_spent),
    ],
)
async def test_a_group_gets_what_is_the_groups_and_no_other_is_the_worse_for_it(
    corpus_data_dir: Path, tmp_path: Path, people: int, setting: str, phrase: str
) -> None:
    """Telegram lets a bot write twenty messages a minute into a group: there are several."""
    told = words(phrase.replace("{most}", "3"))
    with bounded(tmp_path, corpus_data_dir, **{setting: 3}) as api:
        groups = [Group(api) for _ in range(people // 4)]

        async def ask(group: Group) -> list[str]:
            asked = [group.write(f"{BOT} {WHERE}", new_reader(), topic_id=n) for n in (1, 2, 3, 4)]
            return await replies(api, group.id, asked)

        for texts in await asyncio.gather(*map(ask, groups)):
            assert [THERE in text for text in texts].count(True) == 3
            assert sum(text.startswith(told) for text in texts) == 1
        assert THERE in (await Reader(api).ask(WHERE)).text


async def test_a_refused_edit_leaves_the_answer_and_commands_leave_room_for_others(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    settings = {"USER_DAILY_QUESTIONS": 1, "USER_QUESTIONS_PER_MINUTE": 3}
    with bounded(tmp_path, corpus_data_dir, **settings) as api:
        reader = Reader(api)
        answer = await reader.ask(WHERE)
        assert answer.reply_to is not None
        api.edit_text(reader.id, answer.reply_to, f"{WHERE}?")
        told = words(SIMPLIFIED.own_day_spent.replace("{most}", "1"))
        await api.wait_for_message(
            reader.id, timeout=SECONDS, matching=lambda one: one.text.startswith(told)
        )
        assert THERE in reader.now(answer).text
        group, hasty = Group(api), new_reader()
        for _ in range(6):
            group.write(f"/sources{BOT}", hasty)
        assert THERE in (await group.ask(f"{BOT} {WHERE}", new_reader())).text
        too_fast = words(SIMPLIFIED.own_rate_reached.replace("{most}", "3"))
        assert [one.text.startswith(too_fast) for one in group.messages()].count(True) == 1
        assert len(group.messages()) == 5
