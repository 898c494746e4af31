"""/gaps over HTTP: what readers did not get, shown to admins and to nobody else."""

import csv
import datetime
import io
import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED
from bot.store import Store
from retrieval.types import NearestArticle
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.readers import SECONDS, Reader, labels
from tests.e2e.stage import Stage, staged
from tests.store.exchanges import DAY, HOUR, exchange, open_store

ADMIN, EDITOR = 7_300_000_001, 7_300_000_002
EDITORS = -1_003_000_000_001
READERS = range(8_200_000_001, 8_200_000_020)
BRIDGE = NearestArticle("支部.md", "新桥何时通车的报道", "2026-03-04")
TOPICS = (
    "新桥什么时候通车？",
    "图书馆周末几点开门？",
    "谁是新任的校长？",
    "地铁三号线延长到哪里？",
    "台风造成了多少损失？",
    "养老金今年涨了多少？",
    "哪家医院开了夜间门诊？",
)
"""Each is asked by one reader less than the one before it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gaps")


@pytest.fixture(scope="module")
def stage(folder: Path, corpus_data_dir: Path) -> Iterator[Stage]:
    with staged(folder, corpus_data_dir, TELEGRAM_ADMIN_IDS=f"{ADMIN},{EDITOR},{EDITORS}") as stage:
        now = datetime.datetime.now(datetime.UTC)
        with closing(open_store(folder / "data")) as store:
            for number, topic in enumerate(TOPICS):
                for reader in READERS[: len(TOPICS) - number]:
                    words = f"请问{topic}" if reader % 2 else topic
                    keep(store, words, now - number * DAY - HOUR, reader)
        yield stage


def keep(store: Store, question: str, at: datetime.datetime, reader: int) -> int:
    return store.keep(
        exchange(question, at=at, chat_id=reader, asker_id=reader, refused=True, nearest=(BRIDGE,))
    )


@pytest.fixture
def store(stage: Stage, folder: Path) -> Iterator[Store]:
    """That of the bot, which goes on meanwhile."""
    with closing(open_store(folder / "data")) as opened:
        yield opened


@pytest.fixture
def api(stage: Stage) -> EmulatedBotApi:
    return stage.api


@pytest.fixture
def admin(api: EmulatedBotApi) -> Reader:
    return Reader(api, identity=ADMIN)


async def listed(admin: Reader) -> SentMessage:
    """The list, once it is there."""
    before = admin.seen()
    admin.write("/gaps")
    (found,) = await admin.api.wait_for_message(
        admin.id,
        timeout=SECONDS,
        matching=lambda one: one.message_id > before and SIMPLIFIED.gaps_hint in one.text,
    )
    return found


def headings(message: SentMessage) -> list[str]:
    """The questions that stand for the groups."""
    bold = [one for one in message.entities if one["type"] == "bold"]
    return [
        message.text.encode("utf-16-le")[2 * one["offset"] : 2 * (one["offset"] + one["length"])]
        .decode("utf-16-le")
        .removeprefix("请问")
        for one in bold
    ]


async def test_an_admin_sees_the_most_asked_first_and_turns_pages(admin: Reader) -> None:
    shown = await listed(admin)
    assert headings(shown) == list(TOPICS[:5])
    assert "7 次 · 7 人 · 答不上 7" in shown.text
    assert "最接近：新桥何时通车的报道" in shown.text
    assert labels(shown) == ["✓ 1", "✓ 2", "✓ 3", "✓ 4", "✓ 5", "1/2", "▶", "导出表格"]
    second = await admin.turn(shown, "▶")
    assert headings(second) == list(TOPICS[5:])
    assert labels(second) == ["✓ 6", "✓ 7", "◀", "2/2", "导出表格"]
    assert headings(await admin.turn(second, "◀")) == list(TOPICS[:5])


async def test_the_table_is_sent_as_a_file(admin: Reader) -> None:
    shown = await listed(admin)
    await admin.tap(shown, "导出表格")
    (sent,) = await admin.api.wait_for_message(
        ADMIN, timeout=SECONDS, matching=lambda one: one.file is not None
    )
    assert sent.file is not None
    assert sent.reply_to == shown.message_id
    assert (sent.file.kind, sent.file.name[:5]) == ("document", "gaps-")
    rows = list(csv.reader(io.StringIO(sent.file.content.decode("utf-8-sig"))))
    assert {row[1].removeprefix("请问") for row in rows[1:]} == set(TOPICS)
    assert rows[1][0] == "1"


async def test_no_reader_is_named(admin: Reader) -> None:
    shown = await listed(admin)
    second = await admin.turn(shown, "▶")
    data = [button.get("callback_data", "") for one in (shown, second) for button in one.buttons]
    everything = shown.text + second.text + " ".join(data)
    assert not [reader for reader in READERS if str(reader) in everything]


async def test_what_is_closed_is_gone_and_noted_and_comes_back_when_undone(
    admin: Reader, store: Store
) -> None:
    shown = await listed(admin)
    closed = await admin.turn(shown, "✓ 3")
    assert TOPICS[2] not in headings(closed)
    assert headings(closed)[4] == TOPICS[5]
    deed = store.deeds(0, 1)[0]
    assert (deed.action, deed.subject.removeprefix("请问")) == ("close_gap", TOPICS[2])
    (undo,) = [label for label in labels(closed) if label.startswith("撤销")]
    assert headings(await admin.turn(closed, undo))[2] == TOPICS[2]


async def test_a_button_closes_what_it_was_shown_for_though_others_moved_up(
    admin: Reader, api: EmulatedBotApi, store: Store
) -> None:
    other = Reader(api, identity=EDITOR)
    shown, others = await listed(admin), await listed(other)
    await other.turn(others, "✓ 1")
    closed = await admin.turn(shown, "✓ 2")
    assert headings(closed)[0] == TOPICS[2]
    stale = shown.buttons[0]["callback_data"]
    assert await admin.forge(shown, stale) == SIMPLIFIED.gap_gone
    for who, first in ((admin, TOPICS[1]), (other, TOPICS[0])):
        (gone,) = [one for one in store.deeds(0, 2) if one.subject.removeprefix("请问") == first]
        assert gone.admin_id == who.id
    await admin.forge(shown, shown.buttons[1]["callback_data"].replace("close:0.", "reopen:"))
    await other.forge(others, stale.replace("close:0.", "reopen:"))
    assert headings(await listed(admin)) == list(TOPICS[:5])


async def test_an_admins_chat_is_served_and_a_group_of_readers_is_not(
    admin: Reader, api: EmulatedBotApi
) -> None:
    api.send_text("/gaps@baoda_test_bot", EDITOR, EDITORS, language_code="zh-hans")
    (shown,) = await api.wait_for_message(
        EDITORS, timeout=SECONDS, matching=lambda one: SIMPLIFIED.gaps_hint in one.text
    )
    assert headings(shown) == list(TOPICS[:5])
    group = EDITORS - 1
    api.send_text("/gaps@baoda_test_bot", ADMIN, group, language_code="zh-hans")
    api.send_text("/help@baoda_test_bot", ADMIN, group, language_code="zh-hans")
    await api.wait_for_message(group, timeout=SECONDS)
    assert not [one for one in api.sent(group) if TOPICS[0] in one.text]


@pytest.mark.parametrize("data", ["m:gaps:page:1.1", "m:gaps:close:0.1", "m:gaps:export:"])
async def test_a_reader_is_told_of_an_unknown_command_and_of_an_unknown_button(
    api: EmulatedBotApi, data: str
) -> None:
    reader = Reader(api)
    shown = await reader.command("/gaps")
    assert shown.text == SIMPLIFIED.unknown_command
    assert await reader.forge(shown, data) == SIMPLIFIED.unknown_button


@pytest.mark.parametrize("data", ["m:gaps:page:x", "m:gaps:close:", "m:gaps:eat:1.1"])
async def test_a_forged_button_does_nothing(admin: Reader, data: str) -> None:
    assert await admin.forge(await listed(admin), data) == SIMPLIFIED.unknown_button


async def test_the_list_is_in_the_admins_language(api: EmulatedBotApi) -> None:
    admin = Reader(api, "en", EDITOR)
    before = admin.seen()
    admin.write("/gaps")
    (shown,) = await api.wait_for_message(
        EDITOR,
        timeout=SECONDS,
        matching=lambda one: one.message_id > before and ENGLISH.gaps_hint in one.text,
    )
    assert "7 times · 7 people · refused 7" in shown.text


async def test_when_all_is_closed_it_says_so(admin: Reader, store: Store) -> None:
    missed = store.missed(100)
    store.close_gap([one.message_id for one in missed])
    before = admin.seen()
    admin.write("/gaps")
    (shown,) = await admin.api.wait_for_message(
        ADMIN, timeout=SECONDS, matching=lambda one: one.message_id > before
    )
    assert shown.text == SIMPLIFIED.gaps_none
    for _, (first, *_) in itertools.groupby(missed, key=lambda one: one.question):
        store.reopen_gap(first.message_id)
