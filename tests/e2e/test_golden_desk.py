"""Golden questions from a phone: made of answers by a tap, and asked all by /golden."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import SIMPLIFIED
from bot.telegram.buttons import Manage, pack
from retrieval.embedding import LocalEmbedder
from tests import small
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.groups import BOT, Group
from tests.e2e.readers import SECONDS, Reader, labels
from tests.e2e.running import RunningBot, new_reader
from tests.e2e.stage import Stage

ADMIN, COLLEAGUE, ADMINS = 7_340_000_001, 7_340_000_002, -1_003_400_000_001
APPLES, BOOKS = "东山果园今年收了多少吨苹果?", "城北图书馆里有多少册书?"
LENGTH, TREES = "青龙河上的新桥有多长?", "南湖公园里种了多少棵柳树?"
EMPEROR = "秦始皇是哪一年出生的?"
OPENING = "城北图书馆每天开放多少小时?"
LINES = [
    {"id": "apples", "question": APPLES, "article_id": "apples.md", "require": [["80吨"]]},
    {"id": "trees", "question": TREES, "article_id": "park.md", "require": [["260棵"]]},
    {"id": "length", "question": LENGTH, "article_id": "bridge.md", "require": [["99米"]]},
    {"id": "opening", "question": OPENING, "article_id": "library.md", "require": [["12小时"]]},
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of articles and a data folder in which two indexes follow each other."""
    ground = tmp_path_factory.mktemp("golden")
    corpus = ground / "corpus"
    corpus.mkdir()
    small.write(corpus / "apples.md", "果园的收成", "东山果园今年收了80吨苹果。果农们很高兴。")
    small.write(corpus / "bridge.md", "新桥通车", "青龙河上的新桥昨天通车。新桥长320米。")
    small.write(corpus / "library.md", "图书馆", "城北图书馆每天开放12小时。馆内有5万册书。")
    embedder = LocalEmbedder()
    lines = [json.dumps(one, ensure_ascii=False) for one in LINES]
    (corpus / "golden.jsonl").write_text("\n".join(lines), "utf-8")
    small.reload(corpus, ground / "data", embedder)
    small.write(corpus / "apples.md", "果园的收成", "东山果园今年收了75吨苹果。果农们很高兴。")
    small.write(corpus / "park.md", "南湖公园", "南湖公园里种了260棵柳树。游人都去乘凉。")
    small.reload(corpus, ground / "data", embedder)
    text = "\n".join([lines[0], "{ not a question", *lines[1:]])
    (corpus / "golden.jsonl").write_text(text, "utf-8")
    return ground


def settings_in(ground: Path) -> dict[str, object]:
    return {
        "CORPUS_DIR": ground / "corpus",
        "TELEGRAM_ADMIN_IDS": f"{ADMIN},{COLLEAGUE},{ADMINS}",
    }


@pytest.fixture(scope="module")
def stage(ground: Path) -> Iterator[Stage]:
    with (
        EmulatedBotApi() as api,
        RunningBot(ground, api.base_url, **settings_in(ground)) as bot,
    ):
        bot.until_it_listens()
        yield Stage(api, bot, ground / "corpus")


@pytest.fixture
def admin(stage: Stage) -> Reader:
    return Reader(stage.api, identity=ADMIN)


@pytest.fixture
def reader(stage: Stage) -> Reader:
    return Reader(stage.api)


@dataclass(frozen=True)
class File:
    """golden.jsonl."""

    path: Path

    def content(self) -> bytes:
        return self.path.read_bytes()

    def put(self, content: bytes) -> None:
        self.path.write_bytes(content)

    def link_to(self, other: Path) -> None:
        """Move it there and leave a link."""
        shutil.move(self.path, other)
        self.path.symlink_to(other)

    def last(self) -> dict[str, Any]:
        """The golden question of the last line."""
        line: dict[str, Any] = json.loads(self.content().split(b"\n")[-1])
        return line


@pytest.fixture
def file(stage: Stage) -> Iterator[File]:
    """golden.jsonl, which is as it was afterwards."""
    file = File(stage.corpus / "golden.jsonl")
    before = file.content()
    yield file
    file.path.unlink()
    file.put(before)


def deeds(ground: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(ground / "data" / "baoda.sqlite3")) as store:
        query = "SELECT admin_id, subject FROM deed WHERE action = 'golden' ORDER BY id"
        return store.execute(query).fetchall()


async def star(admin: Reader, answer: SentMessage, label: str = "⭐") -> tuple[str, list[str]]:
    """The word on a tap on the star of an answer, and the buttons that stand there then."""
    before = admin.now(answer)
    said = await admin.tap(answer, label)
    return said, labels(await admin.changed(before))


async def report_for(admin: Reader) -> SentMessage:
    """What /golden says in the end."""
    return await final(admin.api, admin.id, admin.write("/golden"))


async def final(api: EmulatedBotApi, chat_id: int, command: int) -> SentMessage:
    (report,) = await api.wait_for_message(
        chat_id,
        timeout=SECONDS,
        matching=lambda one: one.message_id > command and not one.text.startswith("⏳"),
    )
    return report


# A tap on the star


async def test_a_tap_writes_a_line_and_another_takes_it_away(admin: Reader, file: File) -> None:
    before = file.content()
    answer = await admin.ask(BOOKS)
    assert labels(answer) == ["[1]", "👍", "👎", "⭐"]
    said, buttons = await star(admin, answer)
    assert said.startswith(SIMPLIFIED.golden_added)
    assert "5万册" in said
    assert buttons == ["[1]", "👍", "👎", "✓ ⭐"]
    assert file.content().startswith(before + b"\n")
    line = file.last()
    assert re.fullmatch("life-[0-9a-f]{8}", line.pop("id"))
    assert line == {
        "question": BOOKS,
        "article_id": "library.md",
        "require": [["5万册", "50000册"]],
    }
    said, buttons = await star(admin, answer, "✓ ⭐")
    assert said == SIMPLIFIED.golden_removed
    assert file.content() == before
    assert buttons == ["[1]", "👍", "👎", "⭐"]


async def test_who_made_it_and_who_undid_it_is_kept(
    admin: Reader, file: File, ground: Path
) -> None:
    answer = await admin.ask(BOOKS)
    before = len(deeds(ground))
    await star(admin, answer)
    await star(admin, answer, "✓ ⭐")
    assert deeds(ground)[before:] == [(ADMIN, BOOKS), (ADMIN, f"− {BOOKS}")]


async def test_a_refusal_becomes_a_question_that_is_to_be_refused(
    admin: Reader, file: File
) -> None:
    said = await admin.tap(await admin.ask(EMPEROR), "⭐")
    assert SIMPLIFIED.golden_must_refuse in said
    line = file.last()
    assert (line["question"], line["article_id"], line["require"]) == (EMPEROR, None, [])


async def test_a_question_of_a_conversation_is_kept_so_that_it_stands_alone(
    admin: Reader, file: File
) -> None:
    await admin.command("/new")
    await admin.ask(BOOKS)
    await admin.tap(await admin.ask("它每天开放多少小时?"), "⭐")
    assert "图书馆" in file.last()["question"]


async def test_what_depends_on_the_day_is_kept_with_the_day(admin: Reader, file: File) -> None:
    await admin.tap(await admin.ask("昨天青龙河上的什么通车了?"), "⭐")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", file.last()["asked_at"])


async def test_the_same_question_is_not_written_twice(admin: Reader, file: File) -> None:
    first, second = await admin.ask(BOOKS), await admin.ask(BOOKS)
    await star(admin, first)
    written = file.content()
    said, buttons = await star(admin, second)
    assert said == SIMPLIFIED.golden_present.format(id=file.last()["id"])
    assert file.content() == written
    assert buttons[-1] == "✓ ⭐"


async def test_a_question_of_an_editors_is_left_to_them(admin: Reader, file: File) -> None:
    before, answer = file.content(), await admin.ask(OPENING)
    assert await admin.tap(answer, "⭐") == SIMPLIFIED.golden_present.format(id="opening")
    assert file.content() == before
    assert labels(admin.now(answer))[-1] == "⭐"


async def test_a_rating_keeps_the_star(admin: Reader, file: File) -> None:
    answer = await admin.ask(BOOKS)
    await star(admin, answer)
    rated = await admin.turn(answer, "👍")
    assert labels(rated)[1:] == ["✓ 👍", "👎", "✓ ⭐"]


async def test_a_link_that_leads_out_is_left_alone(
    admin: Reader, file: File, tmp_path: Path
) -> None:
    before = file.content()
    file.link_to(tmp_path / "golden.jsonl")
    answer = await admin.ask(BOOKS)
    assert await admin.tap(answer, "⭐") == SIMPLIFIED.golden_leads_out
    assert labels(admin.now(answer))[-1] == "⭐"
    assert file.content() == before


async def test_readers_see_no_star_and_a_forged_one_does_nothing(
    reader: Reader, file: File
) -> None:
    before, answer = file.content(), await reader.ask(BOOKS)
    assert labels(answer) == ["[1]", "👍", "👎"]
    answer_id = next(
        one["callback_data"].split(":")[1]
        for one in answer.buttons
        if one["callback_data"].startswith("r:")
    )
    forged = pack(Manage("golden", "add", answer_id))
    assert await reader.forge(answer, forged) == SIMPLIFIED.unknown_button
    assert file.content() == before


@pytest.mark.parametrize(
    ("verb", "subject"), [("add", "999999"), ("add", ""), ("drop", "9" * 30), ("add", "x")]
)
async def test_a_tap_for_an_answer_that_is_not_there_says_so(
    admin: Reader, file: File, verb: str, subject: str
) -> None:
    before, answer = file.content(), await admin.ask(BOOKS)
    said = await admin.forge(answer, pack(Manage("golden", verb, subject)))
    assert said == SIMPLIFIED.answer_not_kept
    assert file.content() == before


async def test_the_star_is_shown_in_groups_of_admins_alone(stage: Stage) -> None:
    answers = [
        await Group(stage.api, identity).ask(f"{BOT} {BOOKS}", ADMIN) for identity in (ADMINS, None)
    ]
    assert ["⭐" in labels(one) for one in answers] == [True, False]


# /golden


@pytest.mark.long
async def test_golden_says_what_broke_what_is_mended_and_what_was_wrong_before(
    admin: Reader,
) -> None:
    report = await report_for(admin)
    text = report.text.replace("\u2068", "").replace("\u2069", "")
    head, *rest = re.split(r"\n\n", text)
    assert head.startswith("黄金问题：4 题，答对 2 题\n与上一版（20")
    assert rest == [
        "❌ 新出错 1 题",
        f"1. {APPLES} · apples\n应含：80吨\n实答：东山果园今年收了75吨苹果。[1]",
        "⚠️ 原来就答错 1 题",
        f"2. {LENGTH} · length\n应含：99米\n实答：新桥长320米。[1]",
        f"✅ 新答对 1 题\n• {TREES} · trees",
        "golden.jsonl 里没有提问的行：\n• 第 2 行：格式不对，或 id 重复",
    ]
    assert labels(report) == ["1", "2"]
    opened = await admin.open(report, "1")
    assert "75吨" in opened.text


@pytest.mark.long
async def test_golden_asks_what_was_added_since(admin: Reader, file: File) -> None:
    await admin.tap(await admin.ask(BOOKS), "⭐")
    report = await report_for(admin)
    assert report.text.startswith("黄金问题：5 题，答对 3 题")


@pytest.mark.long
async def test_an_expected_article_that_is_gone_is_named(admin: Reader, file: File) -> None:
    gone = {"id": "gone", "question": BOOKS, "article_id": "gone.md", "require": []}
    file.put(json.dumps(gone).encode())
    report = await report_for(admin)
    assert "应引用的文章不在了：gone.md" in report.text
    assert labels(report) == []


async def test_without_questions_golden_says_how_to_make_one(admin: Reader, file: File) -> None:
    file.put(b"")
    report = await report_for(admin)
    assert report.text == SIMPLIFIED.golden_none


@pytest.mark.long
async def test_two_admins_are_shown_the_same_asking(stage: Stage, admin: Reader) -> None:
    colleague = Reader(stage.api, "en", COLLEAGUE)
    first, second = await asyncio.gather(report_for(admin), report_for(colleague))
    assert first.text.startswith("黄金问题：4 题，答对 2 题")
    assert second.text.startswith("Golden questions: 2 of 4 right")
    assert len(stage.bot.children()) == 0


async def test_for_readers_there_is_no_such_command(stage: Stage, reader: Reader) -> None:
    assert (await reader.command("/golden")).text == SIMPLIFIED.unknown_command
    group, admins = Group(stage.api), Group(stage.api, ADMINS)
    before = len(group.api.sent(group.id))
    group.write(f"/golden{BOT}", new_reader())
    await group.ask(f"{BOT} {BOOKS}")
    assert len(group.api.sent(group.id)) == before + 1
    report = await final(stage.api, ADMINS, admins.write(f"/golden{BOT}", ADMIN))
    assert "黄金问题" in report.text


@pytest.mark.long
async def test_golden_is_asked_anew_after_a_kill(ground: Path, tmp_path: Path) -> None:
    shutil.copytree(ground / "data", tmp_path / "data")
    with EmulatedBotApi() as api:
        admin = Reader(api, identity=ADMIN)
        with RunningBot(tmp_path, api.base_url, **settings_in(ground)) as bot:
            bot.until_it_listens()
            asked = admin.write("/golden")
            await api.wait_for(lambda _: bool(admin.messages()), SECONDS)
            await asyncio.sleep(0.5)
            bot.process.kill()
            await bot.wait()
        with RunningBot(tmp_path, api.base_url, **settings_in(ground)):
            report = await final(api, ADMIN, asked)
        assert [one.message_id for one in admin.messages()] == [report.message_id]
