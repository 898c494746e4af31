"""What concerns a reader: forgetting, privacy, language, words to the editors, and the menus."""

import asyncio
import contextlib
import hashlib
import itertools
import json
import re
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.store.address import FILE_NAME
from bot.telegram.addressing import ADMIN_COMMANDS
from tests.conftest import CORPUS
from tests.e2e.bot_api import Call, EmulatedBotApi, SentMessage
from tests.e2e.bot_api.contents import CONTENTS, WITH_CAPTION
from tests.e2e.readers import SECONDS, Reader, answer_of, is_final, labels
from tests.e2e.running import RunningBot
from tests.e2e.stage import staged
from tests.model_server import Reply, StubModelServer

ALLIES, HOW_MANY = "“社区合伙人”联盟有哪些机构?", "有多少家?"
REFUSAL = "文章里没有说到这个问题的答案。"
WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
FIRST = "职工之家建在铁路小区。"
NAME = "@baoda_test_bot"
ADMIN, SILENT_ADMIN = 7_100_000_001, 7_100_000_002
NOTHING_KEPT = "0 个问题、0 个评价、0 条留言"

_identities = itertools.count(7_123_456_789, 1_000_003)
_groups = itertools.count(-1_002_000_000_001, -1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bot runs; its data are in `data`."""
    return tmp_path_factory.mktemp("personal")


@pytest.fixture(scope="module")
def api(folder: Path, corpus_data_dir: Path) -> Iterator[EmulatedBotApi]:
    """The Telegram of a bot with an admin, and one who never wrote to it."""
    settings = {
        "TELEGRAM_ADMIN_IDS": f"{ADMIN},{SILENT_ADMIN}",
        "USER_QUESTIONS_PER_MINUTE": 20,
    }
    with EmulatedBotApi() as api:
        api.send_text("/id", ADMIN, language_code="en")
        shutil.copytree(corpus_data_dir, folder / "data")
        with RunningBot(folder, api.base_url, CORPUS_DIR=CORPUS, **settings):
            yield api


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "data"


@pytest.fixture
def reader(api: EmulatedBotApi) -> Reader:
    return a_reader(api)


def a_reader(api: EmulatedBotApi, language: str = "zh-hans") -> Reader:
    """Somebody whose number stands nowhere by chance."""
    return Reader(api, language, next(_identities))


def writes(*sentences: str, pause: threading.Event | None = None) -> Callable[[Any], Reply]:
    """A model that writes sentences about the passage with the answer, and then waits."""

    def reply(body: Any) -> Reply:
        prompt = json.dumps(body["messages"], ensure_ascii=False)
        passages = re.findall(r"<passage number=(\d+)>(.*?)</passage>", prompt)
        number = next((number for number, text in passages if THERE in text), "1")

        def chunks() -> Iterator[str]:
            for sentence in sentences:
                yield f"{sentence}[{number}]\n"
            while pause is not None and not pause.wait(0.05):
                yield "职"

        return Reply(chunks=chunks())

    return reply


# What is left of a person


def traces(data: Path, person: int, *words: str) -> list[str]:
    """Where a number or words stand: in any row, or in any byte of any file."""
    wanted = (str(person), *words)
    texts = [word.encode() for word in wanted] + [json.dumps(one)[1:-1].encode() for one in words]
    found = []
    for path in filter(Path.is_file, data.rglob("*")):
        held = path.read_bytes()
        found += [
            f"{path.name}: {text!r}" for text in (*texts, person.to_bytes(6, "big")) if text in held
        ]
    for table, rows in contents(data).items():
        for row in rows:
            if any(value == person or any(one in str(value) for one in wanted) for value in row):
                found.append(f"{table}: {row}")
    return found


def contents(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the store, by table."""
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as store:
        names = [
            name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {name: store.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def rows(data: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as store:
        return store.execute(query).fetchall()


def index_files(data: Path) -> dict[str, str]:
    """The hashes of everything that is not the store."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*")
        if path.is_file() and not path.name.startswith(FILE_NAME)
    }


async def forgotten(reader: Reader) -> SentMessage:
    """The confirmation of /forget."""
    before = reader.seen()
    reader.write("/forget")
    (said,) = await reader.api.wait_for_message(
        reader.id,
        timeout=SECONDS,
        matching=lambda one: one.message_id > before and one.text.startswith("都删除了"),
    )
    return said


async def in_group(
    api: EmulatedBotApi, chat: int, asker: int, text: str, **said: Any
) -> SentMessage:
    """The final reply to something said in a group."""
    asked = api.send_text(text, asker, chat, **said)
    (reply,) = await api.wait_for_message(
        chat, timeout=SECONDS, matching=lambda one: one.reply_to == asked and is_final(one)
    )
    return reply


@pytest.mark.long
async def test_nothing_is_left_of_a_person_who_asks_to_be_forgotten(
    api: EmulatedBotApi, data: Path
) -> None:
    reader, other = a_reader(api), a_reader(api)
    group, forum = next(_groups), next(_groups)
    words = [f"紫藤暗语{number}号" for number in "甲乙丙丁戊己庚辛壬癸子丑"]
    theirs = await other.ask(WHERE)
    await other.tap(theirs, "👍")
    kept = await in_group(api, group, other.id, f"{NAME} {WHERE}")
    index = index_files(data)

    answer = await reader.ask(f"{WHERE}{words[0]}")
    await reader.edit(answer, f"{WHERE}{words[1]}")
    rated = await reader.turn(answer, "👎")
    prompt = await reader.open(rated, SIMPLIFIED.write_reason)
    await reader.ask(f"不对{words[2]}", reply_to=prompt)
    await reader.command(f"/feedback 想说{words[3]}")
    await reader.command(f"/search 职工之家{words[4]}")
    await reader.command(f"/new {WHERE}{words[5]}")
    await reader.command("/language 简体")
    await api.wait_for_inline(api.inline_query(f"职工之家{words[6]}", reader.id), SECONDS)
    await in_group(api, group, reader.id, f"{NAME} {WHERE}{words[7]}")
    await in_group(api, forum, reader.id, f"/ask {WHERE}{words[8]}", topic_id=77)
    api.press(group, kept.message_id, "👎", reader.id)
    await in_group(api, group, reader.id, f"/feedback 留言{words[9]}", reply_to=kept.message_id)
    assert "个问题" in (await reader.command("/privacy")).text

    before = contents(data)
    await forgotten(reader)
    assert traces(data, reader.id, *words) == []
    after = contents(data)
    assert index_files(data) == index
    for table in ("message", "person", "feedback", "remark"):
        here = [row for row in before[table] if other.id in row or table == "person"]
        assert [row for row in here if row not in after[table] and reader.id not in row] == []
    assert len(after["message"]) == len([one for one in before["message"] if other.id in one])
    assert NOTHING_KEPT in (await reader.command("/privacy")).text
    assert await other.tap(theirs, "👎") == SIMPLIFIED.thanks


@pytest.mark.long
async def test_what_waits_and_is_written_is_ended_and_nothing_of_it_is_kept(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    """Here the model never ends by itself; what others said to the person waits as well."""
    never = threading.Event()
    with StubModelServer() as models:
        models.respond_with(writes(FIRST, pause=never))
        settings = {"OPENAI_BASE_URL": models.base_url, "ANSWER_CACHE": 0}
        with staged(tmp_path, corpus_data_dir, **settings) as stage:
            try:
                person, words = await forget_meanwhile(stage.api, tmp_path / "data", never)
                for trace in (str(person), *words):
                    assert not stage.bot.matching(trace)
            finally:
                never.set()
    assert traces(tmp_path / "data", person, *words) == []


async def forget_meanwhile(
    api: EmulatedBotApi, data: Path, never: threading.Event
) -> tuple[int, list[str]]:
    """The person who is forgotten while a model writes, and their words."""
    reader, other = a_reader(api), a_reader(api)
    group, words = next(_groups), [f"银杏暗语{number}号" for number in "甲乙丙丁戊己"]
    reader.write(f"{WHERE}{words[0]}")
    changed = reader.write(f"{WHERE}{words[2]}")
    api.edit_text(reader.id, changed, f"{WHERE}{words[3]}")
    reader.write(f"/new {WHERE}{words[4]}")
    said = api.send_text(f"听说{words[5]}", reader.id, group)
    asked = api.send_text(f"{WHERE} {NAME}", other.id, group, reply_to=said)
    api.send_text(f"{NAME} {WHERE}{words[1]}", reader.id, group)
    api.send_text(f"/feedback 留言{words[0]}", reader.id, group)
    api.send_text("/language en", reader.id, group)
    await api.wait_for_message(
        group, timeout=SECONDS, matching=lambda one: SIMPLIFIED.stop in labels(one)
    )
    await forgotten(reader)
    assert traces(data, reader.id, *words) == []
    never.set()
    await in_group(api, group, other.id, f"{NAME} {WHERE}")
    (answer,) = [one for one in api.sent(group) if one.reply_to == asked]
    assert is_final(answer)
    assert traces(data, reader.id, *words) == []
    return reader.id, words


async def test_what_replies_and_taps_of_others_hold_of_a_person_is_not_stored(
    api: EmulatedBotApi, data: Path
) -> None:
    reader, other = a_reader(api), a_reader(api)
    group, words = next(_groups), "海棠暗语一号"
    await in_group(api, group, other.id, "/id")
    answer = await in_group(api, group, reader.id, f"{NAME} {WHERE}{words}")
    api.send_text("/forget", reader.id, group, topic_id=77)
    await api.wait_for_message(
        group, timeout=SECONDS, matching=lambda one: one.text.startswith("都删除了")
    )
    assert traces(data, reader.id, words) == []
    assert await tapped(api, group, answer, "👍", other.id) == SIMPLIFIED.answer_not_kept
    assert await tapped(api, group, answer, "[1]", other.id) == ""
    mentions = {"职工": reader.id}
    await in_group(
        api,
        group,
        other.id,
        f"/search{NAME} 职工",
        reply_to=answer.reply_to,
        text_mentions=mentions,
    )
    assert traces(data, reader.id, words) == []


async def tapped(
    api: EmulatedBotApi, chat: int, message: SentMessage, button: str, person: int
) -> str:
    """What a tap in a group was answered with."""
    query = api.press(chat, message.message_id, button, person)
    await api.wait_for(lambda _: query in api.toasts, SECONDS)
    return api.toasts[query]


async def test_a_pause_that_telegram_asks_for_with_the_confirmation_is_not_stored(
    api: EmulatedBotApi, data: Path
) -> None:
    reader = a_reader(api)
    await reader.ask(WHERE)
    api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 1})
    await forgotten(reader)
    assert traces(data, reader.id) == []


async def test_a_store_that_is_held_for_a_moment_is_waited_for(reader: Reader, data: Path) -> None:
    await reader.ask(WHERE)
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as store:
        store.execute("BEGIN IMMEDIATE")
        reader.write("/forget")
        await asyncio.sleep(0.5)
        store.rollback()
    await reader.api.wait_for_message(
        reader.id, timeout=SECONDS, matching=lambda one: one.text.startswith("都删除了：1 个问题")
    )
    assert traces(data, reader.id) == []


async def test_a_store_that_fails_is_told_of_and_the_bot_goes_on(
    reader: Reader, data: Path
) -> None:
    await reader.ask(WHERE)
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as store:
        store.execute("ALTER TABLE remark RENAME TO lost")
        try:
            assert (await reader.command("/forget")).text == SIMPLIFIED.not_forgotten
            said = await reader.command("/feedback 很好")
            assert said.text == SIMPLIFIED.feedback_not_taken
            assert "现在保存着" not in (await reader.command("/privacy")).text
            assert THERE in (await reader.ask(WHERE)).text
        finally:
            store.execute("ALTER TABLE lost RENAME TO remark")
    assert (await forgotten(reader)).text.startswith("都删除了：2 个问题")
    assert traces(data, reader.id) == []


async def test_after_forgetting_all_begins_afresh(reader: Reader) -> None:
    allies = await reader.ask(ALLIES)
    assert "20家" in (await reader.ask(HOW_MANY)).text
    await forgotten(reader)
    assert await reader.tap(allies, "👍") == SIMPLIFIED.answer_not_kept
    assert labels(reader.now(allies))[-2:] == ["👍", "👎"]
    opened = await reader.open(allies, "[1]")
    assert "联盟" in opened.text
    assert answer_of(await reader.ask(HOW_MANY)) == REFUSAL
    await reader.ask(ALLIES)
    assert "20家" in (await reader.ask(HOW_MANY)).text


@pytest.mark.long
async def test_nothing_comes_back_after_a_kill_and_what_telegram_shows_is_not_set_again(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    data, words = tmp_path / "data", "山茶暗语一号"
    with EmulatedBotApi() as api:
        reader, other = a_reader(api), a_reader(api)
        with RunningBot(tmp_path, api.base_url, CORPUS_DIR=CORPUS) as bot:
            await reader.ask(f"{WHERE}{words}")
            await other.command("/language english")
            await forgotten(reader)
            bot.process.send_signal(signal.SIGKILL)
            await bot.wait()
        assert traces(data, reader.id, words) == []
        shown, seen = len(api.calls), reader.messages()
        with RunningBot(tmp_path, api.base_url, CORPUS_DIR=CORPUS) as bot:
            assert (await other.command("/new")).text == ENGLISH.begun_anew
            await api.wait_for(
                lambda calls: [
                    one for one in calls[shown:] if one.method == "getMyShortDescription"
                ][1:],
                SECONDS,
            )
            assert not [one for one in api.calls[shown:] if one.method.startswith("setMy")]
            assert await bot.stop() == 0
        assert reader.messages() == seen
        assert traces(data, reader.id, words) == []


def introductions(calls: list[Call]) -> int:
    """In how many languages the bot has looked at all that Telegram shows of it."""
    return len([one for one in calls if one.method == "getMyShortDescription"])


# What is stored


async def test_privacy_counts_what_is_kept(reader: Reader) -> None:
    answer = await reader.ask(WHERE)
    await reader.tap(answer, "👍")
    await reader.command("/feedback 很好")
    said = (await reader.command("/privacy")).text
    assert said == "\n\n".join(
        (
            SIMPLIFIED.privacy.format(days="90 天"),
            SIMPLIFIED.kept_now.format(counted="1 个问题、1 个评价、1 条留言"),
        )
    )


async def test_in_a_group_privacy_tells_nobody_what_is_kept_of_whom(
    api: EmulatedBotApi, reader: Reader
) -> None:
    said = await in_group(api, next(_groups), reader.id, "/privacy")
    assert said.text == SIMPLIFIED.privacy.format(days="90 天")


# Languages


@pytest.mark.parametrize(
    ("name", "phrases"),
    [("English", ENGLISH), ("繁體中文", TRADITIONAL), ("zh-TW", TRADITIONAL), ("中文", SIMPLIFIED)],
)
async def test_a_language_is_chosen_by_name_until_it_is_given_up(
    api: EmulatedBotApi, name: str, phrases: Phrases
) -> None:
    reader = a_reader(api, "fr")
    assert (await reader.command(f"/language {name}")).text == phrases.language_chosen
    assert (await reader.command("/search")).text == phrases.search_usage
    assert (await reader.command("/language AUTO")).text == ENGLISH.language_follows
    assert (await reader.command("/search")).text == ENGLISH.search_usage


async def test_a_language_is_chosen_by_its_button(reader: Reader) -> None:
    asked = await reader.command("/language 火星文")
    assert (asked.text, labels(asked)[-1]) == (SIMPLIFIED.which_language, "✓ 跟随 Telegram")
    chosen = await reader.turn(asked, "English")
    assert (chosen.text, "✓ English" in labels(chosen)) == (ENGLISH.which_language, True)
    assert await reader.forge(chosen, "unknown") == ENGLISH.unknown_button
    back = await reader.turn(chosen, ENGLISH.language_auto)
    assert back.text == SIMPLIFIED.which_language


async def test_in_a_group_everybody_has_a_language_of_their_own(api: EmulatedBotApi) -> None:
    first, second = a_reader(api), a_reader(api)
    group = next(_groups)
    asked = await in_group(api, group, first.id, "/language")
    await in_group(api, group, second.id, "/search")
    assert await tapped(api, group, asked, "English", first.id) == ENGLISH.language_chosen
    assert await tapped(api, group, asked, "繁體中文", second.id) == TRADITIONAL.language_chosen
    assert (await in_group(api, group, first.id, "/search")).text == ENGLISH.search_usage
    assert (await in_group(api, group, second.id, "/search")).text == TRADITIONAL.search_usage
    assert api.sent(group)[0].text == SIMPLIFIED.which_language


async def test_nobody_knows_whose_language_to_set_for_an_anonymous_admin(
    api: EmulatedBotApi,
) -> None:
    group = next(_groups)
    for command in ("/language", "/language en", "/forget"):
        said = await in_group(api, group, ADMIN, command, anonymous=True)
        assert said.text == ENGLISH.nobody


async def test_traditional_readers_have_traditional_words_around_simplified_quotations(
    api: EmulatedBotApi,
) -> None:
    reader = a_reader(api, "zh-hant")
    answer = await reader.ask("職工之家建在哪個小區?")
    assert answer_of(answer).startswith(TRADITIONAL.in_their_words)
    assert THERE in answer.text
    rated = await reader.turn(answer, "👎")
    assert TRADITIONAL.unfaithful in labels(rated)
    assert await reader.tap(rated, TRADITIONAL.misses_question) == TRADITIONAL.thanks
    opened = await reader.open(answer, "[1]")
    assert {TRADITIONAL.full_text, TRADITIONAL.close} <= set(labels(opened))
    refused = await reader.ask("珠穆朗瑪峰有多高?")
    assert refused.text.startswith("文章裡沒有說到這個問題的答案。")
    assert TRADITIONAL.nearest in refused.text
    assert (await reader.ask("問" * 2001)).text == TRADITIONAL.question_too_long.format(
        limit=2000, length=2001
    )


# Words to the editors


async def test_a_remark_is_kept_and_told_to_admins_without_a_name(
    api: EmulatedBotApi, reader: Reader, data: Path
) -> None:
    answer = await reader.ask(WHERE)
    before = {one.message_id for one in api.sent(ADMIN)}
    reader.write("/feedback 第三版 <b> 错了", reply_to=answer)
    (told,) = await api.wait_for_message(
        ADMIN, timeout=SECONDS, matching=lambda one: one.message_id not in before
    )
    about = SIMPLIFIED.feedback_about.format(question=WHERE, words="第三版 <b> 错了")
    assert told.text == about
    assert reader.messages()[-1].text == SIMPLIFIED.reason_taken
    kept = "SELECT text, answer_id IS NOT NULL FROM remark WHERE user_id = " + str(reader.id)
    assert rows(data, kept) == [("第三版 <b> 错了", 1)]


async def test_a_remark_may_be_as_long_as_a_message_and_not_empty(
    api: EmulatedBotApi, reader: Reader
) -> None:
    assert (await reader.command("/feedback")).text == SIMPLIFIED.feedback_usage
    before = {one.message_id for one in api.sent(ADMIN)}
    long = "错" * (4096 - len("/feedback "))
    assert (await reader.command(f"/feedback {long}")).text == SIMPLIFIED.reason_taken
    told = await api.wait_for_message(
        ADMIN, timeout=SECONDS, matching=lambda one: one.message_id not in before
    )
    assert told[0].text.startswith("读者留言：错")


async def test_ids_are_those_that_the_settings_take(api: EmulatedBotApi, reader: Reader) -> None:
    group, channel = next(_groups), next(_groups)
    writers: list[tuple[dict[str, Any], object]] = [
        ({}, reader.id),
        ({"anonymous": True}, "–"),
        ({"as_channel": channel}, channel),
    ]
    for said, author in writers:
        first, second = (await in_group(api, group, reader.id, "/id", **said)).text.splitlines()
        assert re.split("[：:] ?| ", first)[-1] == str(author)
        assert second.endswith(str(group))


# What can be done, and what is no question


async def test_new_and_ask_take_a_question_with_them(reader: Reader) -> None:
    await reader.ask(ALLIES)
    assert answer_of(await reader.ask(f"/new {HOW_MANY}")) == REFUSAL
    assert THERE in (await reader.ask(f"/ask {WHERE}")).text
    assert THERE in (await reader.ask(f"/ask{WHERE}")).text
    assert (await reader.ask("/ask")).text.startswith(SIMPLIFIED.help.partition("\n")[0])


async def test_help_is_by_role_and_place(api: EmulatedBotApi, reader: Reader) -> None:
    group = next(_groups)
    assert SIMPLIFIED.help_admin not in (await reader.command("/help")).text
    assert ENGLISH.help_admin in (await Reader(api, "en", ADMIN).command("/help")).text
    in_groups = SIMPLIFIED.help_in_groups.format(name=NAME[1:])
    for command in ("/help", "/start", f"/start{NAME}", NAME, "/ask"):
        assert (await in_group(api, group, reader.id, command)).text == in_groups


async def test_what_is_no_text_has_one_friendly_word(api: EmulatedBotApi) -> None:
    senders = {kind: a_reader(api) for kind in sorted(CONTENTS)}
    for kind, sender in senders.items():
        api.send_other(kind, sender.id)
    album = a_reader(api)
    for _ in range(4):
        api.send_other("photo", album.id, media_group_id="album", caption=WHERE)
    assert THERE in (await album.ask(WHERE)).text
    assert [one.text for one in album.messages()][:-1] == [SIMPLIFIED.only_text]
    for sender in senders.values():
        (said,) = await api.wait_for_message(sender.id, timeout=SECONDS)
        assert said.text == SIMPLIFIED.only_text


async def test_nothing_is_said_to_changed_captions_and_pinned_messages(
    api: EmulatedBotApi, reader: Reader
) -> None:
    photo = api.send_other("photo", reader.id, caption=WHERE)
    await api.wait_for_message(reader.id, timeout=SECONDS)
    with api._lock:
        changed = api._chats[reader.id].incoming[photo] | {"caption": ALLIES, "edit_date": 1}
    api.send_update({"edited_message": changed})
    api.send_service("pinned_message", reader.id, photo, reader.id)
    await reader.ask(WHERE)
    assert len(reader.messages()) == 2


async def test_in_a_group_only_what_is_said_to_the_bot_is_answered(
    api: EmulatedBotApi, reader: Reader
) -> None:
    group = next(_groups)
    first = await in_group(api, group, reader.id, f"{NAME} {WHERE}")
    for kind in sorted(CONTENTS):
        caption = f"{NAME} {WHERE}" if kind in WITH_CAPTION else None
        api.send_other(kind, reader.id, group, caption=caption, reply_to=first.message_id)
    for text in ("/nosuch", f"/nosuch{NAME}", "/reload", "/weather@other_bot"):
        api.send_text(text, reader.id, group)
    await in_group(api, group, reader.id, f"{NAME} {WHERE}")
    assert len(api.sent(group)) == 2


async def test_a_command_that_there_is_none_of_is_told_of(reader: Reader) -> None:
    for command in ("/nosuch", "/NoSuch 职工之家", "/reload"):
        assert (await reader.command(command)).text == SIMPLIFIED.unknown_command


# Menus


@pytest.mark.long
async def test_one_language_for_all_is_that_of_menus_and_of_everybody_who_chose_none(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    with staged(tmp_path, corpus_data_dir, BOT_LANGUAGE="zh-hant") as stage:
        reader = a_reader(stage.api, "en")
        assert (await reader.command("/search")).text == TRADITIONAL.search_usage
        answer = await reader.ask(WHERE)
        assert "👎" in labels(answer)
        assert await reader.forge(answer, "unknown") == TRADITIONAL.unknown_button
        await stage.api.wait_for(lambda calls: introductions(calls) == 2, SECONDS)
        for code in ("en", "zh-hans"):
            menu = stage.api.menu(reader.id, reader.id, code)
            assert menu["forget"] == TRADITIONAL.command_forget
        assert (await reader.command("/language en")).text == ENGLISH.language_chosen
        assert await reader.forge(answer, "unknown") == ENGLISH.unknown_button
        assert (await reader.command("/language auto")).text == TRADITIONAL.language_chosen


async def test_menus_are_by_place_role_and_language(api: EmulatedBotApi, reader: Reader) -> None:
    await api.wait_for(lambda calls: introductions(calls) == 2, SECONDS)
    private, group = api.menu(reader.id, reader.id), next(_groups)
    api.join(group, reader.id)
    assert private["forget"] == SIMPLIFIED.command_forget
    assert api.menu(reader.id, reader.id, "zh-hant") == private
    assert api.menu(reader.id, reader.id, "de")["forget"] == ENGLISH.command_forget
    assert "reload" not in private
    of_admins = {name: getattr(SIMPLIFIED, f"command_{name}") for name in ADMIN_COMMANDS}
    assert api.menu(ADMIN, ADMIN) == private | of_admins
    assert api.menu(ADMIN, ADMIN, "en")["reload"] == ENGLISH.command_reload
    assert api.menu(SILENT_ADMIN, SILENT_ADMIN) == private
    in_groups = api.menu(reader.id, group)
    assert in_groups["ask"] == SIMPLIFIED.command_ask
    assert not {"forget", "language", "reload", "id"} & set(in_groups)
