"""What people say to each other: no word to Telegram about it, no byte of it kept."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.bot_api import Call, SentMessage
from tests.e2e.groups import BOT, BOT_ID, Group
from tests.e2e.readers import SECONDS, Reader
from tests.e2e.running import until
from tests.e2e.stage import Stage, staged
from tests.e2e.traces import traces

WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
MESSAGES = 200
CHANNEL = -1001000000088
_LANGUAGES = 2
"""In which the bot describes itself."""

MARKS = ("茄子炒肉", "zanzibar", "海棠依旧")
"""Words that stand in all that is said."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bot runs."""
    return tmp_path_factory.mktemp("silence")


@pytest.fixture(scope="module")
def stage(corpus_data_dir: Path, folder: Path) -> Iterator[Stage]:
    """The bot for everybody, over the shipped corpus."""
    with staged(folder, corpus_data_dir) as stage:
        yield stage


class Chatter:
    """People, bots and a channel of one group, who say something but nothing to the bot."""

    def __init__(self, group: Group, answer: SentMessage) -> None:
        self.people = [7_310_000_000 + number for number in range(8)]
        self._group = group
        self._answer = answer
        self._said: list[int] = []
        self._chance = random.Random(7)
        self._ways: list[Callable[[], int | None]] = [
            self._text,
            self._text,
            self._reply,
            self._mention,
            self._command,
            self._other,
            self._with_caption,
            self._edit,
            self._service,
            self._quote,
            self._bot,
            self._bot_with_our_name,
            self._post,
            self._by_inline_mode,
            self._in_a_topic,
            self._anonymous,
        ]

    def say(self, number: int) -> None:
        """One message or one change of a former one."""
        said = self._ways[number % len(self._ways)]()
        if said is not None:
            self._said.append(said)

    def _words(self) -> str:
        talk = (
            "今晚吃什么",
            "明天去哪儿？",
            "看到了吗",
            "职工之家在哪个小区?",
            "哈哈哈",
            "what now?",
        )
        return f"{self._chance.choice(talk)} {self._chance.choice(MARKS)}"

    def _someone(self) -> int:
        return self._chance.choice(self.people)

    def _text(self) -> int:
        return self._group.write(self._words(), self._someone())

    def _reply(self) -> int:
        to = self._chance.choice(self._said)
        return self._group.write(self._words(), self._someone(), reply_to=to)

    def _mention(self) -> int:
        whom = self._chance.choice(("@zhangsan", "@baoda_test_bot2", "mail@baoda_test_bot"))
        return self._group.write(f"{whom} {self._words()}", self._someone())

    def _command(self) -> int:
        command = self._chance.choice(
            ("/weather", "/ask@weather_bot", "/start@weather_bot", "/roll", "/stats", "/add")
        )
        return self._group.write(f"{command} {self._words()}", self._someone())

    def _other(self) -> int:
        kinds = ("photo", "sticker", "voice", "video", "document", "location", "poll", "dice")
        kind = self._chance.choice(kinds)
        return self._group.api.send_other(kind, self._someone(), self._group.id)

    def _with_caption(self) -> int:
        caption = f"{BOT} {self._words()}"
        return self._group.api.send_other("photo", self._someone(), self._group.id, caption=caption)

    def _edit(self) -> None:
        said = self._group.write(self._words(), self._someone())
        self._group.api.edit_text(self._group.id, said, f"{self._words()}！")

    def _service(self) -> int:
        kind = self._chance.choice(("new_chat_members", "left_chat_member"))
        return self._group.api.send_service(kind, self._group.id, self._someone())

    def _quote(self) -> int:
        return self._group.write(f"机器人说：{self._answer.text} {self._words()}", self._someone())

    def _bot(self) -> int:
        return self._group.write(self._words(), BOT_ID + 1, is_bot=True, username="weather_bot")

    def _bot_with_our_name(self) -> int:
        words = f"{BOT} {self._words()}"
        return self._group.write(words, BOT_ID + 1, is_bot=True, username="weather_bot")

    def _post(self) -> int:
        words = f"{BOT} {self._words()}"
        return self._group.api.forward_from_channel(self._group.id, CHANNEL, words)

    def _by_inline_mode(self) -> int:
        words = f"{self._answer.text} {self._words()}"
        return self._group.write(words, self._someone(), via_bot=BOT[1:])

    def _in_a_topic(self) -> None:
        self._group.write(self._words(), self._someone(), topic_id=77)

    def _anonymous(self) -> int:
        return self._group.write(self._words(), anonymous=True)


async def test_a_lively_group_is_met_with_silence_and_nothing_of_it_is_kept(
    stage: Stage, folder: Path
) -> None:
    group = Group(stage.api)
    answer = await group.ask(f"{BOT} {WHERE}")
    await settled(stage)
    before = len(stage.api.calls)
    chatter = Chatter(group, answer)
    for number in range(MESSAGES):
        chatter.say(number)
    await until(lambda: stage.api.pending_updates == 0, SECONDS)
    reader = Reader(stage.api)
    assert THERE in (await reader.ask(WHERE)).text
    others = [call for call in stage.api.calls[before:] if call.method != "getUpdates"]
    assert [(call.method, call.chat_id) for call in others] == [
        ("sendChatAction", reader.id),
        ("sendMessage", reader.id),
    ]
    assert group.messages() == [answer]
    assert await stage.bot.stop() == 0
    assert traces(folder, words=MARKS, people=chatter.people) == []
    assert not [line for line in stage.bot.lines if any(one in line for one in MARKS)]


async def settled(stage: Stage) -> None:
    """Return when the bot has introduced itself to Telegram and nothing is under way."""

    def is_quiet(calls: list[Call]) -> bool:
        done = [call.method for call in calls if call.ok]
        under_way = [one for one in calls if one.method != "getUpdates" and one.ok is None]
        return done.count("setMyShortDescription") == _LANGUAGES and not under_way

    await stage.api.wait_for(is_quiet, SECONDS)
