"""What readers do with the buttons under an answer: the bot as a process, over HTTP."""

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import SIMPLIFIED
from retrieval.index.keys import short_key
from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader, copied, labels, spans
from tests.e2e.running import RunningBot, calls_for

Baoda = Callable[..., subprocess.CompletedProcess[bytes]]

WHERE = "职工之家建在哪个小区?"
FUNCTIONS = "职工之家里的功能区有哪些?"
QUOTED = (
    "城南社区的职工之家建在铁路小区“邻里中心”，面积有3000平方米，为组织建设提供了坚实的硬件条件。"
)
HEADLINE, BYLINE = "让服务“看得见、摸得着、用得上”", "本报记者 田国奎 本报通讯员 王元菊"
FILE = "zibo-zhigong-zhijia.md"
FERRY_ASKED, FERRY_QUOTED = "芦苇湾的渡船每天开几班?", "芦苇湾的渡船每天开16班。"
ADDRESS = "https://paper.example/ferry"
FERRY = (
    f"---\ntitle: 渡船\nbyline: 记者 丁戊\ndate: 2025-03-04\nsource: 湾报\nurl: {ADDRESS}\n---\n\n"
    f"码头上有一家茶馆。{FERRY_QUOTED}船票两元。\n\n对岸是一片果园。\n"
)


@dataclass(frozen=True)
class Stage:
    """A bot that runs, the Telegram it is connected to, and where it keeps things."""

    api: EmulatedBotApi
    bot: RunningBot
    data_dir: Path

    def feedback(self, reader: Reader) -> list[tuple[Any, ...]]:
        """Answer, value and reason of what is kept of a reader's feedback."""
        query = "SELECT message_id, value, reason FROM feedback WHERE user_id = ?"
        return self.rows(query, reader.id)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the store."""
        with closing(sqlite3.connect(self.data_dir / "baoda.sqlite3")) as store:
            return store.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def stage(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot over the shipped corpus."""
    folder = tmp_path_factory.mktemp("taps")
    shutil.copytree(corpus_data_dir, folder / "data")
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, CORPUS_DIR=CORPUS) as bot:
        yield Stage(api, bot, folder / "data")


@pytest.fixture
def reader(stage: Stage) -> Reader:
    return Reader(stage.api)


def is_there(reader: Reader, message: SentMessage) -> bool:
    return any(one.message_id == message.message_id for one in reader.messages())


def rating(message: SentMessage) -> int:
    """The number of the kept answer that its buttons rate."""
    data = (one.get("callback_data", "") for one in message.buttons)
    return int(next(one for one in data if one.startswith("r:")).split(":")[1])


# A citation, and its article


async def test_a_citation_opens_in_its_paragraph_with_the_quoted_words_bold(reader: Reader) -> None:
    opened = await reader.open(await reader.ask(WHERE), "[1]")
    assert spans(opened, "bold") == [HEADLINE, QUOTED]
    assert opened.text.startswith(f"{HEADLINE}\n{BYLINE}\n\n没有阵地，工会服务就落不了地，")
    assert opened.text.endswith(f"{QUOTED}职工之家既供职工开展活动，又是工会为职工服务的前沿堡垒。")
    assert labels(opened) == ["📄 全文", "📋 复制引文", "✕ 收起"]


async def test_the_copy_button_holds_the_quotation_its_source_and_its_link(reader: Reader) -> None:
    opened = await reader.open(await reader.ask(WHERE), "[1]")
    quote, source, address = copied(opened).split("\n")
    assert (quote, source) == (QUOTED, f"《{HEADLINE}》，{BYLINE}")
    assert address.startswith("https://t.me/baoda_test_bot?start=c_")


async def test_the_whole_article_is_paged_through_in_one_message(reader: Reader) -> None:
    opened = await reader.open(await reader.ask(WHERE), "[1]")
    count = len(reader.messages())
    first = await reader.turn(opened, "📄 全文")
    assert labels(first) == ["1/2", "▶", "✕ 收起"]
    second = await reader.turn(first, "▶")
    assert labels(second) == ["◀", "2/2", "✕ 收起"]
    again = await reader.turn(second, "◀")
    assert (again.text, labels(again)) == (first.text, labels(first))
    assert len(reader.messages()) == count
    read = re.sub(r"\s", "", first.text + second.text)
    article = (CORPUS / FILE).read_text("utf-8").split("---", 2)[2]
    assert all(paragraph in read for paragraph in article.split())


async def test_a_tap_on_the_number_of_the_page_changes_nothing(reader: Reader) -> None:
    page = await reader.turn(await reader.open(await reader.ask(WHERE), "[1]"), "📄 全文")
    assert await reader.tap(page, "1/2") == ""
    assert await reader.turn(page, "▶")
    assert reader.now(page).edits == page.edits + 1


async def test_a_page_beyond_the_last_is_the_last(reader: Reader) -> None:
    opened = await reader.open(await reader.ask(WHERE), "[1]")
    key = short_key(FILE)
    await reader.forge(opened, f"a:{key}::99")
    assert labels(await reader.changed(opened)) == ["◀", "2/2", "✕ 收起"]


async def test_what_was_opened_can_be_closed_and_the_answer_stays(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    opened = await reader.open(answer, "[1]")
    await reader.tap(opened, "✕ 收起")
    await reader.api.wait_for(lambda _: not is_there(reader, opened), SECONDS)
    assert is_there(reader, answer)


async def test_the_articles_that_a_refusal_offers_open(reader: Reader) -> None:
    refusal = await reader.ask("珠穆朗玛峰有多高?")
    titles = re.findall(r"^([123])\. (.+)$", refusal.text, re.MULTILINE)
    assert len(titles) == 3
    for number, title in titles:
        assert title in spans(await reader.open(refusal, number), "bold")


# What readers think of an answer


async def test_a_thumb_up_is_kept_and_marked(stage: Stage, reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    before = reader.now(answer)
    assert await reader.tap(answer, "👍") == SIMPLIFIED.thanks
    changed = await reader.changed(before)
    assert labels(changed) == ["[1]", "✓ 👍", "👎"]
    assert changed.text == answer.text
    assert stage.feedback(reader) == [(rating(answer), 1, None)]


async def test_a_thumb_down_asks_for_a_reason_which_is_kept(stage: Stage, reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    asked = await reader.turn(answer, "👎")
    assert labels(asked)[1:] == [
        "👍",
        "✓ 👎",
        SIMPLIFIED.misses_question,
        SIMPLIFIED.unfaithful,
        SIMPLIFIED.incomplete,
        SIMPLIFIED.wrong_article,
        SIMPLIFIED.write_reason,
    ]
    assert stage.feedback(reader) == [(rating(answer), -1, None)]
    given = await reader.turn(asked, SIMPLIFIED.incomplete)
    assert f"✓ {SIMPLIFIED.incomplete}" in labels(given)
    assert stage.feedback(reader) == [(rating(answer), -1, "incomplete")]


async def test_a_reader_may_think_again(stage: Stage, reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    down = await reader.turn(await reader.turn(answer, "👎"), SIMPLIFIED.unfaithful)
    up = await reader.turn(down, "👍")
    assert labels(up) == ["[1]", "✓ 👍", "👎"]
    assert stage.feedback(reader) == [(rating(answer), 1, None)]


async def test_a_reason_in_words_is_kept_and_not_answered(stage: Stage, reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    asked = await reader.open(await reader.turn(answer, "👎"), SIMPLIFIED.write_reason)
    assert asked.text == SIMPLIFIED.what_is_wrong
    assert asked.reply_markup is not None
    assert asked.reply_markup["force_reply"] is True
    taken = await reader.ask("门牌号<b>呢</b>？", reply_to=asked)
    assert taken.text == SIMPLIFIED.reason_taken
    assert stage.feedback(reader) == [(rating(answer), -1, "门牌号<b>呢</b>？")]
    kept = "SELECT count(*) FROM message WHERE asker_id = ?"
    assert stage.rows(kept, reader.id) == [(1,)]


async def test_an_answer_that_is_not_kept_any_more_cannot_be_rated(
    stage: Stage, reader: Reader
) -> None:
    answer = await reader.ask(WHERE)
    with closing(sqlite3.connect(stage.data_dir / "baoda.sqlite3", timeout=SECONDS)) as store:
        store.execute("DELETE FROM message WHERE asker_id = ?", [reader.id])
        store.commit()
    assert await reader.tap(answer, "👍") == SIMPLIFIED.answer_not_kept
    assert reader.now(answer).edits == 0
    assert stage.feedback(reader) == []
    assert await reader.forge(answer, f"w:{rating(answer)}") == SIMPLIFIED.answer_not_kept
    assert (await reader.open(answer, "[1]")).text.startswith(HEADLINE)


async def test_the_buttons_of_one_reader_rate_for_no_other(stage: Stage, reader: Reader) -> None:
    answer, other = await reader.ask(WHERE), Reader(stage.api)
    theirs = await other.ask(WHERE)
    await other.forge(theirs, f"r:{rating(answer)}:-1:")
    assert stage.feedback(reader) == []


# Taps that come twice, early, or from nowhere


async def test_a_double_tap_opens_once(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    for _ in range(3):
        reader.api.press(reader.id, answer.message_id, "[1]")
    await reader.api.wait_for_message(reader.id, 2, timeout=SECONDS)
    await reader.ask(FUNCTIONS)
    opened = [one for one in reader.messages() if one.reply_to == answer.message_id]
    assert len(opened) == 1


@pytest.mark.parametrize(
    "data",
    [
        "",
        " ",
        "x ",
        "c:",
        "a:aaaaaaaaaaaa:0",
        "a:aaaaaaaaaaaa::-1",
        "r:1:2:",
        "r:1:-1:nonsense",
        "c:aaaaaaaaaaaa::9:0:1",
        "s:99999999999999999999",
        "r:9223372036854775808:1:",
        "w:-9999999999999999999",
        "page_2",
        '{"a": 1}',
        "'; DROP TABLE feedback; --",
        "一" * 21,
        "\x00",
        "../../etc/passwd",
    ],
)
async def test_buttons_that_are_not_ours_are_said_to_be_none(reader: Reader, data: str) -> None:
    answer = await _some_answer(reader)
    assert await reader.forge(answer, data) == SIMPLIFIED.unknown_button
    assert reader.messages() == [answer]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a:aaaaaaaaaaaa::0", SIMPLIFIED.article_gone),
        ("c:aaaaaaaaaaaa:00000000:0:0:5", SIMPLIFIED.article_gone),
        ("r:999999999:1:", SIMPLIFIED.answer_not_kept),
        ("r:-1:1:", SIMPLIFIED.answer_not_kept),
        ("r:9223372036854775807:1:", SIMPLIFIED.answer_not_kept),
        ("w:-9223372036854775807", SIMPLIFIED.answer_not_kept),
        ("s:1", SIMPLIFIED.not_being_written),
    ],
)
async def test_buttons_that_name_nothing_say_so(reader: Reader, data: str, said: str) -> None:
    answer = await _some_answer(reader)
    assert await reader.forge(answer, data) == said
    assert [one.text for one in reader.messages()] == [answer.text]


async def _some_answer(reader: Reader) -> SentMessage:
    return await reader.command("/start")


@pytest.mark.parametrize("offsets", ["0:0", "5:2", "0:999999999", "999999998:999999999"])
async def test_a_citation_with_impossible_offsets_opens_its_article(
    reader: Reader, offsets: str
) -> None:
    answer = await _some_answer(reader)
    version = _version(await reader.ask(WHERE))
    await reader.forge(answer, f"c:{short_key(FILE)}:{version}:0:{offsets}")
    (opened,) = await reader.api.wait_for_message(
        reader.id, timeout=SECONDS, matching=lambda one: one.reply_to == answer.message_id
    )
    assert HEADLINE in opened.text


def _version(answer: SentMessage) -> str:
    data = (one.get("callback_data", "") for one in answer.buttons)
    return str(next(one.split(":")[2] for one in data if one.startswith("c:")))


async def test_a_tap_on_a_message_that_is_gone_harms_nothing(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    page = await reader.turn(await reader.open(answer, "[1]"), "📄 全文")
    reader.api.press(reader.id, page.message_id, "▶")
    reader.api.delete_text(reader.id, page.message_id)
    reader.api.press(reader.id, answer.message_id, "👍")
    reader.api.delete_text(reader.id, answer.message_id)
    assert (await reader.ask(WHERE)).text == answer.text


async def test_a_tap_on_a_message_that_telegram_does_not_show_is_obeyed(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    chat = {"id": reader.id, "type": "private", "first_name": "Reader"}
    hidden = {"chat": chat, "message_id": answer.message_id, "date": 0}
    citation = next(one["callback_data"] for one in answer.buttons if one["text"] == "[1]")
    user = {"id": reader.id, "is_bot": False, "first_name": "Reader", "language_code": "zh-hans"}
    query = {"id": "1", "from": user, "chat_instance": "1", "data": citation, "message": hidden}
    reader.api.send_update({"callback_query": query})
    (opened,) = await reader.api.wait_for_message(
        reader.id, timeout=SECONDS, matching=lambda one: one.reply_to == answer.message_id
    )
    assert opened.text.startswith(HEADLINE)


async def test_a_tap_does_not_wait_for_an_answer_that_waits(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    reader.api.fail_next("sendChatAction", 500, "Internal Server Error")
    reader.api.fail_next("sendMessage", 500, "Internal Server Error", times=3)
    asked = reader.write(FUNCTIONS)
    await reader.api.wait_for(
        lambda _: calls_for(reader.api, reader.id).count("sendMessage") == 2, SECONDS
    )
    assert await reader.tap(answer, "👍") == SIMPLIFIED.thanks
    assert [one.reply_to for one in reader.messages()] == [answer.reply_to]
    assert await reader.reply_to(asked)


# After a restart and after reloads


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder for bots of one's own, with a corpus that may be changed."""
    (tmp_path / "corpus").mkdir()
    return tmp_path


def reload(baoda: Baoda, places: Path, file: str, text: str) -> None:
    (places / "corpus" / file).write_text(text, "utf-8")
    done = baoda("reload", CORPUS_DIR=places / "corpus", DATA_DIR=places / "data")
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.long
async def test_buttons_outlive_a_restart_and_reloads(baoda: Baoda, places: Path) -> None:
    reload(baoda, places, "ferry.md", FERRY)
    with EmulatedBotApi() as api:
        reader = Reader(api)
        settings = {"CORPUS_DIR": places / "corpus"}
        with RunningBot(places, api.base_url, **settings):
            answer = await reader.ask(FERRY_ASKED)
            opened = await reader.open(answer, "[1]")
        assert ADDRESS in {one.get("url") for one in opened.entities}
        assert ADDRESS in {one.get("url") for one in answer.entities}
        assert copied(opened).startswith(f"{FERRY_QUOTED}\n《渡船》，记者 丁戊，湾报，2025-03-04\n")
        with RunningBot(places, api.base_url, **settings):
            again = await reader.open(answer, "[1]")
            assert (again.text, again.entities) == (opened.text, opened.entities)
            assert await reader.turn(answer, "👎")

            reload(baoda, places, "ferry.md", FERRY.replace("16班", "18班"))
            former = await reader.open(answer, "[1]")
            assert SIMPLIFIED.former_version in former.text
            assert spans(former, "bold") == ["渡船", FERRY_QUOTED]
            page = await reader.turn(former, "📄 全文")
            assert SIMPLIFIED.former_version in page.text
            assert FERRY_QUOTED in page.text

            for number in range(3):
                reload(baoda, places, f"other{number}.md", "---\ntitle: 题\n---\n\n新的一篇。\n")
            superseded = await reader.open(answer, "[1]")
            assert SIMPLIFIED.changed_since in superseded.text
            assert FERRY_QUOTED not in superseded.text
            whole = await reader.turn(superseded, "📄 全文")
            assert "18班" in whole.text

            (places / "corpus" / "ferry.md").unlink()
            reload(baoda, places, "other3.md", "---\ntitle: 题\n---\n\n新的一篇。\n")
            count = len(reader.messages())
            assert await reader.tap(answer, "[1]") == SIMPLIFIED.article_gone
            assert len(reader.messages()) == count
