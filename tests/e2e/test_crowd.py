"""What the crowd finds wrong with the answers in its chats."""

from collections.abc import AsyncIterator, Iterator

import pytest
from telegram import Bot

from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.crowd import Asked, Dialogue, dialogues

READER, OTHER = 1001, 1002
ANSWERS = (("甲一", "甲二"), ("乙",), ("乙",))


@pytest.fixture
def api() -> Iterator[EmulatedBotApi]:
    with EmulatedBotApi() as api:
        yield api


@pytest.fixture
async def bot(api: EmulatedBotApi) -> AsyncIterator[Bot]:
    async with Bot(api.token, base_url=f"{api.base_url}/bot") as bot:
        yield bot


@pytest.fixture
def asked(api: EmulatedBotApi) -> Asked:
    """Three questions, the last two with the same answer."""
    dialogue = Dialogue(("一?", "二?", "三?"), ANSWERS)
    return Asked(READER, dialogue, [api.send_text(one, READER) for one in dialogue.questions])


async def say(bot: Bot, asked: Asked, *said: tuple[int, str]) -> None:
    """Send texts, each as the reply to the question of that number; 0: to none."""
    for question, text in said:
        reply_to = asked.message_ids[question - 1] if question else None
        await bot.send_message(READER, text, reply_to_message_id=reply_to)


async def test_nothing_is_wrong_with_all_answers_in_order(
    api: EmulatedBotApi, bot: Bot, asked: Asked
) -> None:
    await say(bot, asked, (1, "甲一"), (0, "甲二"), (2, "乙"))
    assert asked.answered(api) == 3
    await say(bot, asked, (3, "乙"))
    assert asked.findings(api, most=1) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(1, "甲一"), (2, "乙"), (3, "乙")], "0 times, to 1: '甲二'"),
        ([(1, "甲一"), (0, "甲二"), (2, "乙"), (2, "乙"), (3, "乙")], "2 times, to 2: '乙'"),
        ([(1, "甲一"), (0, "甲二"), (3, "乙"), (2, "乙")], "out of order: [0, 1, 3, 2]"),
        ([(1, "甲一"), (0, "甲二"), (2, "乙"), (3, "乙"), (0, "甲")], "not an answer of"),
    ],
)
async def test_what_is_missing_double_out_of_order_or_strange_is_found(
    api: EmulatedBotApi, bot: Bot, asked: Asked, said: list[tuple[int, str]], expected: str
) -> None:
    await say(bot, asked, *said)
    (finding,) = asked.findings(api, most=1)
    assert expected in finding


async def test_as_many_as_are_allowed_are_not_found(
    api: EmulatedBotApi, bot: Bot, asked: Asked
) -> None:
    await say(bot, asked, (1, "甲一"), (0, "甲二"), (0, "甲二"), (2, "乙"), (2, "乙"), (3, "乙"))
    assert asked.findings(api, most=2) == []


async def test_an_answer_in_another_chat_is_found_in_both(
    api: EmulatedBotApi, bot: Bot, asked: Asked
) -> None:
    other = Asked(OTHER, Dialogue(("四?",), (("丁",),)), [api.send_text("四?", OTHER)])
    await say(bot, asked, (1, "甲一"), (0, "甲二"), (2, "乙"), (3, "乙"), (0, "丁"))
    assert len(asked.findings(api, most=1)) == 1
    assert "0 times" in other.findings(api, most=1)[0]


def test_readers_ask_as_many_questions_as_wanted_and_not_the_same() -> None:
    made = dialogues(7, 30)
    assert sum(len(one.questions) for one in made) == 30
    assert len({one.questions for one in made}) == 7
    assert all(len(set(one.questions)) == len(one.questions) for one in made)
