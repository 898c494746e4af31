"""The whole bot as a process of its own, over HTTP against the emulated Bot API."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot

from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from tests.conftest import CORPUS
from tests.e2e.bot_api import TOKEN, EmulatedBotApi, SentMessage
from tests.e2e.readers import is_final
from tests.e2e.running import RunningBot, Wire, calls_for, new_reader, until
from tests.e2e.stage import Stage, staged
from tests.model_server import EMBEDDINGS, Reply, StubModelServer

ADMIN, ALLOWED_USER, ALLOWED_CHAT = 2001, 2002, 2003
WHERE = "职工之家建在哪个小区?"
THERE = "铁路小区"
REFUSAL = "文章里没有说到这个问题的答案。"
UNPARSED = "Bad Request: can't parse entities: Unsupported start tag"
TINY = "---\ntitle: 小城新桥\nbyline: 记者 甲乙\n---\n\n青石镇的新桥在五月通车，全长三百二十米。\n"
SECONDS = 120
"""The longest that anything here may take on a busy machine."""


@pytest.fixture(scope="module")
def stage(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The bot for everybody, over the shipped corpus."""
    with staged(tmp_path_factory.mktemp("bot"), corpus_data_dir) as stage:
        yield stage


@pytest.fixture(scope="module")
def guarded(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot with an admin and an allow-list, in English, over a corpus that may be changed."""
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copytree(corpus_data_dir, folder / "data")
    corpus = shutil.copytree(CORPUS, folder / "corpus")
    settings = {
        "CORPUS_DIR": corpus,
        "TELEGRAM_ADMIN_IDS": ADMIN,
        "TELEGRAM_ALLOWED_IDS": f"{ALLOWED_USER}, {ALLOWED_CHAT}",
        "BOT_LANGUAGE": "en",
    }
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings) as bot:
        yield Stage(api, bot, corpus)


@pytest.fixture
def data(corpus_data_dir: Path, tmp_path: Path) -> Path:
    """A folder for a bot of one's own, with an index of the shipped corpus."""
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    return tmp_path


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A folder of one small article."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "bridge.md").write_text(TINY, "utf-8")
    return corpus


async def ask(
    api: EmulatedBotApi, question: str, reader: int | None = None, language: str | None = "zh-hans"
) -> SentMessage:
    """The reply to a question."""
    chat = reader or new_reader()
    asked = api.send_text(question, chat, language_code=language)
    return await reply_to(api, chat, asked)


async def reply_to(api: EmulatedBotApi, chat: int, asked: int) -> SentMessage:
    (reply,) = await api.wait_for_message(
        chat,
        timeout=SECONDS,
        matching=lambda message: message.reply_to == asked and is_final(message),
    )
    return reply


async def command(
    api: EmulatedBotApi, text: str, reader: int | None = None, language: str | None = "zh-hans"
) -> str:
    """The text of the message that follows a command."""
    chat = reader or new_reader()
    before = len(api.sent(chat))
    api.send_text(text, chat, language_code=language)
    return (await api.wait_for_message(chat, before + 1, timeout=SECONDS))[-1].text


def quotations(message: SentMessage) -> list[list[str]]:
    """The lines of each quotation that unfolds."""
    units = message.text.encode("utf-16-le")
    return [
        units[2 * one["offset"] : 2 * (one["offset"] + one["length"])]
        .decode("utf-16-le")
        .split("\n")
        for one in message.entities
        if one["type"] == "expandable_blockquote"
    ]


# What a reader sees


@pytest.mark.parametrize(
    ("language", "phrases"),
    [("zh-hans", SIMPLIFIED), ("zh-hant", TRADITIONAL), ("en", ENGLISH), (None, ENGLISH)],
)
async def test_start_and_help_are_in_the_readers_language(
    stage: Stage, language: str | None, phrases: Phrases
) -> None:
    assert await command(stage.api, "/start", language=language) == phrases.start
    help_ = await command(stage.api, "/help", language=language)
    assert help_.startswith(phrases.help)
    assert phrases.help_commands.format(name="baoda_test_bot") in help_


async def test_bot_language_goes_before_the_readers(guarded: Stage) -> None:
    assert await command(guarded.api, "/start", ALLOWED_USER, "zh-hans") == ENGLISH.start


async def test_only_admins_are_told_of_reload(guarded: Stage) -> None:
    assert "/reload" in await command(guarded.api, "/help", ADMIN)
    assert "/reload" not in await command(guarded.api, "/help", ALLOWED_USER)


async def test_id_tells_the_numbers_of_reader_and_chat(stage: Stage) -> None:
    stage.api.send_text("/id", user_id=71, chat_id=72)
    (message,) = await stage.api.wait_for_message(72, timeout=SECONDS)
    assert message.text == SIMPLIFIED.your_id.format(user_id=71, chat_id=72)


async def test_the_menu_holds_the_commands_of_each_place_in_both_languages(stage: Stage) -> None:
    await stage.bot.wait_for_line("is listening", timeout=SECONDS)
    await stage.api.wait_for(
        lambda calls: [one for one in calls if one.method == "getMyShortDescription"][1:], SECONDS
    )
    in_private = "new search latest sources language feedback privacy forget help id".split()
    for language in ("zh-hans", "en"):
        assert list(stage.api.menu(81, 81, language)) == in_private
        in_groups = list(stage.api.menu(81, -100, language))
        assert in_groups == "ask search latest sources new help".split()


async def test_typing_is_shown_before_the_answer(stage: Stage) -> None:
    reader = new_reader()
    await ask(stage.api, WHERE, reader)
    assert calls_for(stage.api, reader) == ["sendChatAction", "sendMessage"]
    assert {call.params.get("action") for call in stage.api.calls} >= {"typing"}


@pytest.mark.parametrize(
    ("question", "file", "expected"),
    [
        (WHERE, "zibo-zhigong-zhijia.md", THERE),
        ("徐州站台測量,車門總共有幾個點位要量完?", "xuzhou-chunyun-xianfenggang.md", "16"),
        (
            "How many minutes does the Shanghai–Xi'an train stop at Xuzhou East?",
            "xuzhou-chunyun-xianfenggang.md",
            "6分钟",
        ),
    ],
    ids=["simplified", "traditional", "english"],
)
async def test_an_answer_opens_at_the_exact_words(
    stage: Stage, question: str, file: str, expected: str
) -> None:
    message = await ask(stage.api, question)
    article = (CORPUS / file).read_text("utf-8")
    answer, _, _ = message.text.partition("\n\n")
    assert expected in answer
    assert re.findall(r"\[(\d+)\]$", answer, re.MULTILINE)[0] == "1"
    cited = quotations(message)
    assert [lines[0].partition(" ")[0] for lines in cited] == [
        f"[{number}]" for number in range(1, len(cited) + 1)
    ]
    fitting = next(lines for lines in cited if expected in lines[2])
    assert f"title: {fitting[0].partition(' ')[2]}\n" in article
    assert f"byline: {fitting[1]}\n" in article
    corpus = [path.read_text("utf-8") for path in CORPUS.glob("*.md")]
    for lines in cited:
        assert any("\n".join(lines[2:]) in text for text in corpus)
    assert message.parse_mode == "HTML"
    assert message.link_preview_options == {"is_disabled": True}


async def test_a_question_for_the_byline_is_answered_from_it(stage: Stage) -> None:
    message = await ask(stage.api, "铁路春运党员先锋岗那条消息是谁写的?")
    assert message.text.startswith("戴可欣[1]")
    assert quotations(message) == [["[1] 党员先锋岗筑牢春运安全防线", "戴可欣"]]


@pytest.mark.parametrize(
    ("question", "language", "refusal", "nearest"),
    [
        ("珠穆朗玛峰有多高?", "zh-hans", REFUSAL, SIMPLIFIED.nearest),
        ("珠穆朗瑪峰有多高？", "zh-hant", "文章裡沒有說到這個問題的答案。", TRADITIONAL.nearest),
        (
            "What is the exchange rate of the US dollar to the Japanese yen?",
            "en",
            "The articles do not answer this question.",
            ENGLISH.nearest,
        ),
    ],
)
async def test_a_refusal_offers_the_nearest_articles(
    stage: Stage, question: str, language: str, refusal: str, nearest: str
) -> None:
    message = await ask(stage.api, question, language=language)
    said, _, offered = message.text.partition("\n\n")
    assert said == refusal
    assert quotations(message) == []
    first, *titles = offered.split("\n")
    assert first == nearest
    headlines = "\n".join(path.read_text("utf-8") for path in CORPUS.glob("*.md"))
    assert len(titles) == 3
    assert all(f"title: {title.partition(' ')[2]}\n" in headlines for title in titles)


@pytest.mark.parametrize("length", [2001, 4096])
@pytest.mark.parametrize(("language", "phrases"), [("zh-hans", SIMPLIFIED), ("en", ENGLISH)])
async def test_a_question_that_is_too_long_is_told_so(
    stage: Stage, length: int, language: str, phrases: Phrases
) -> None:
    message = await ask(stage.api, "问" * length, language=language)
    assert message.text == phrases.question_too_long.format(limit=2000, length=length)


async def test_a_question_of_2000_characters_is_read(stage: Stage) -> None:
    message = await ask(stage.api, WHERE[:-1] + " " * (2000 - len(WHERE)) + "?")
    assert THERE in message.text


async def test_a_question_of_spaces_is_told_how_to_ask(stage: Stage) -> None:
    assert (await ask(stage.api, "\u3000\u3000")).text == SIMPLIFIED.help


@pytest.mark.parametrize(
    "question",
    [
        f"<b>{WHERE}</b></blockquote>",
        f"&lt;i&gt; & {WHERE} &nbsp;&#;",
        f"😀👩‍👩‍👧\u202e {WHERE}\u2069",
        f"[1] {WHERE} {{phrases}} %s \x00",
    ],
)
async def test_hostile_questions_are_answered(stage: Stage, question: str) -> None:
    assert THERE in (await ask(stage.api, question)).text


@pytest.mark.parametrize("text", ["/nothing", "/", "//", "💯", "?"])
async def test_whatever_a_reader_sends_does_not_stop_the_bot(stage: Stage, text: str) -> None:
    stage.api.send_text(text, new_reader())
    assert THERE in (await ask(stage.api, WHERE)).text


# Order, flood waits and faults


async def test_questions_of_one_chat_are_answered_in_order(stage: Stage) -> None:
    reader = new_reader()
    stage.api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 1})
    questions = ["问" * 3000, WHERE, "珠穆朗玛峰有多高?", "", WHERE, "x" * 2001]
    asked = [stage.api.send_text(question or WHERE, reader) for question in questions]
    answers = await stage.api.wait_for_message(reader, len(asked), timeout=SECONDS)
    assert [answer.reply_to for answer in answers] == asked


async def test_a_flood_wait_of_one_chat_holds_up_no_other(stage: Stage) -> None:
    waiting, other = new_reader(), new_reader()
    stage.api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 2})
    asked = stage.api.send_text(WHERE, waiting)
    await stage.api.wait_for(lambda _: "sendMessage" in calls_for(stage.api, waiting), SECONDS)
    await ask(stage.api, WHERE, other)
    assert stage.api.sent(waiting) == []
    assert THERE in (await reply_to(stage.api, waiting, asked)).text


async def test_a_flood_wait_is_honoured_and_the_answer_comes_once(stage: Stage) -> None:
    reader = new_reader()
    stage.api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 1})
    await ask(stage.api, WHERE, reader)
    sends = [
        call.at
        for call in stage.api.calls
        if call.method == "sendMessage" and call.params["chat_id"] == reader
    ]
    assert len(sends) == 2
    assert sends[1] - sends[0] >= 1
    assert len(stage.api.sent(reader)) == 1


async def test_nothing_is_sent_to_a_chat_during_its_flood_wait(stage: Stage) -> None:
    reader = new_reader()
    stage.api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 5})
    await ask(stage.api, WHERE, reader)
    assert calls_for(stage.api, reader) == ["sendChatAction", "sendMessage", "sendMessage"]


async def test_an_answer_whose_markup_is_refused_comes_without_it(stage: Stage) -> None:
    wanted = await ask(stage.api, WHERE)
    reader = new_reader()
    stage.api.fail_next("sendMessage", 400, UNPARSED)
    message = await ask(stage.api, WHERE, reader)
    assert message.parse_mode is None
    assert message.text == wanted.text
    assert len(stage.api.sent(reader)) == 1


async def test_an_answer_survives_failures_of_the_server(stage: Stage) -> None:
    reader = new_reader()
    stage.api.fail_next("sendMessage", 500, f"Internal Server Error at /bot{TOKEN}/sendMessage")
    stage.api.fail_next("sendMessage", 502, "Bad Gateway")
    assert THERE in (await ask(stage.api, WHERE, reader)).text
    assert len(stage.api.sent(reader)) == 1


async def test_an_answer_survives_a_broken_connection(stage: Stage) -> None:
    reader = new_reader()
    stage.api.drop_next("sendChatAction", carried_out=False)
    stage.api.drop_next("sendMessage", carried_out=False)
    assert THERE in (await ask(stage.api, WHERE, reader)).text
    assert len(stage.api.sent(reader)) == 1


async def test_a_reader_who_blocked_the_bot_does_not_stop_it(stage: Stage) -> None:
    reader = new_reader()
    stage.api.fail_next("sendMessage", 403, "Forbidden: bot was blocked by the user")
    stage.api.send_text(WHERE, reader)
    await stage.api.wait_for(lambda _: "sendMessage" in calls_for(stage.api, reader), SECONDS)
    assert THERE in (await ask(stage.api, WHERE)).text
    assert stage.api.sent(reader) == []


@pytest.mark.parametrize(
    ("status", "description", "line"),
    [
        (409, "Conflict: terminated by other getUpdates request", "another program polls"),
        (500, f"Internal Server Error at /bot{TOKEN}/getUpdates", "Telegram cannot be reached"),
        (429, "Too Many Requests: retry after 1", "Telegram asks to wait 1 s"),
    ],
)
async def test_trouble_while_polling_is_one_line_and_passes(
    stage: Stage, status: int, description: str, line: str
) -> None:
    await ask(stage.api, WHERE)
    written = len(stage.bot.matching(line))
    parameters = {"retry_after": 1} if status == 429 else None
    stage.api.fail_next("getUpdates", status, description, parameters)
    stage.api.send_text("/id", new_reader())  # ends the poll that is under way
    assert THERE in (await ask(stage.api, WHERE)).text
    await stage.bot.wait_for_line(line, written + 1)
    assert len(stage.bot.matching(line)) == written + 1


# Who is admitted


async def test_a_stranger_meets_silence(guarded: Stage) -> None:
    stranger = new_reader()
    for text in (WHERE, "/start", "/help", "/reload", "/nothing"):
        guarded.api.send_text(text, stranger)
    await ask(guarded.api, WHERE, ALLOWED_USER)
    assert calls_for(guarded.api, stranger) == []


async def test_a_stranger_is_told_the_id_to_be_admitted_by(guarded: Stage) -> None:
    stranger = new_reader()
    text = await command(guarded.api, "/id", stranger)
    assert text == ENGLISH.your_id.format(user_id=stranger, chat_id=stranger)


@pytest.mark.parametrize(
    ("user", "chat"),
    [(ALLOWED_USER, ALLOWED_USER), (4711, ALLOWED_CHAT), (ADMIN, ADMIN)],
    ids=["user", "chat", "admin"],
)
async def test_those_on_the_list_are_served(guarded: Stage, user: int, chat: int) -> None:
    asked = guarded.api.send_text(WHERE, user, chat)
    assert THERE in (await reply_to(guarded.api, chat, asked)).text


# Reload


async def report_of_reload(stage: Stage) -> str:
    """What /reload says at the end."""
    before = max((one.message_id for one in stage.api.sent(ADMIN)), default=0)
    stage.api.send_text("/reload", ADMIN)
    (done,) = await stage.api.wait_for_message(
        ADMIN,
        timeout=SECONDS,
        matching=lambda message: message.message_id > before and is_report(message),
    )
    return done.text


def is_report(message: SentMessage) -> bool:
    """Whether a reload has come to its end."""
    return all(button["text"] != ENGLISH.reload_cancel for button in message.buttons)


async def test_reload_says_that_nothing_has_changed(guarded: Stage) -> None:
    assert await report_of_reload(guarded) == ENGLISH.reload_unchanged.format(articles="8 articles")


async def test_reload_reports_the_difference_and_the_files_that_failed(guarded: Stage) -> None:
    changed = guarded.corpus / "xinlu-pingyou.md"
    changed.write_text(changed.read_text("utf-8").replace("蓉娟还提醒", "蓉娟再提醒"), "utf-8")
    (guarded.corpus / "hangzhou-nuanxin-jishi.md").unlink()
    (guarded.corpus / "old & <new>.pdf").write_bytes(b"%PDF")
    (guarded.corpus / "lines.jsonl").write_text(
        '{"id": "n", "title": "", "text": "新闻。"}\n{"id": 1\n'
    )
    text = await report_of_reload(guarded)
    assert text.startswith("Done: 1 added, 1 changed, 1 removed, 6 unchanged; 8 articles in ")
    heading, *problems = text.split("\n\n")[-1].split("\n")
    assert heading == ENGLISH.reload_problems
    assert [problem.partition(" — ")[0] for problem in problems] == [
        "• lines.jsonl:2",
        "• old & <new>.pdf",
    ]
    assert all(problem.partition(" — ")[2] for problem in problems)


async def test_a_reload_names_twenty_of_the_files_that_failed(guarded: Stage) -> None:
    scans = [guarded.corpus / f"scan-{number:02}.pdf" for number in range(25)]
    for scan in scans:
        scan.write_bytes(b"%PDF")
    failed = (await report_of_reload(guarded)).split(ENGLISH.reload_problems)[1]
    for scan in scans:
        scan.unlink()
    listed = [line for line in failed.splitlines() if line.startswith("• ")]
    rest = int(failed.rpartition("… +")[2])
    assert len(listed) == 20
    assert rest >= 5


async def test_readers_are_served_during_a_reload_and_from_the_new_articles_after_it(
    guarded: Stage,
) -> None:
    question = "青石镇的新桥全长多少米?"
    assert not quotations(await ask(guarded.api, question, ALLOWED_USER))
    (guarded.corpus / "bridge.md").write_text(TINY, "utf-8")
    before = len(guarded.api.sent(ADMIN))
    guarded.api.send_text("/reload", ADMIN)
    begun = (await guarded.api.wait_for_message(ADMIN, before + 1, timeout=SECONDS))[-1]
    assert THERE in (await ask(guarded.api, WHERE, ALLOWED_USER)).text
    (now,) = (one for one in guarded.api.sent(ADMIN) if one.message_id == begun.message_id)
    assert not is_report(now)
    await guarded.api.wait_for_message(
        ADMIN,
        timeout=SECONDS,
        matching=lambda one: one.message_id == begun.message_id and is_report(one),
    )
    assert "三百二十米" in (await ask(guarded.api, question, ALLOWED_USER)).text


@pytest.mark.long
async def test_a_button_of_before_a_reload_opens_what_was_quoted(guarded: Stage) -> None:
    bridge = guarded.corpus / "bridge.md"
    bridge.write_text(TINY, "utf-8")
    await report_of_reload(guarded)
    answer = await ask(guarded.api, "青石镇的新桥全长多少米?", ALLOWED_USER)
    bridge.write_text(TINY.replace("三百二十", "三百三十"), "utf-8")
    await report_of_reload(guarded)
    guarded.api.press(ALLOWED_USER, answer.message_id, "[1]")
    (opened,) = await guarded.api.wait_for_message(
        ALLOWED_USER,
        timeout=SECONDS,
        matching=lambda message: message.reply_to == answer.message_id,
    )
    assert ENGLISH.former_version in opened.text
    assert "三百二十米" in opened.text


async def test_a_reload_that_fails_says_why(guarded: Stage, tmp_path: Path) -> None:
    aside = shutil.move(guarded.corpus, tmp_path / "aside")
    try:
        text = await report_of_reload(guarded)
    finally:
        shutil.move(aside, guarded.corpus)
    start = ENGLISH.reload_failed.partition("{")[0]
    assert text.startswith(f"{start}no folder of articles at ")


@pytest.mark.long
async def test_the_report_comes_as_a_new_message_when_the_old_one_is_gone(guarded: Stage) -> None:
    guarded.api.fail_next("editMessageText", 400, "Bad Request: message to edit not found")
    before = len(guarded.api.sent(ADMIN))
    guarded.api.send_text("/reload", ADMIN)
    report = (
        await guarded.api.wait_for_message(ADMIN, before + 1, timeout=SECONDS, matching=is_report)
    )[-1]
    assert report.text.startswith(("Nothing has changed", "Done"))
    assert len(guarded.api.sent(ADMIN)) == before + 1


async def test_reload_does_not_exist_for_others(guarded: Stage) -> None:
    for name in ("/reload", "/nothing"):
        assert await command(guarded.api, name, ALLOWED_USER) == ENGLISH.unknown_command


# Without an index


async def test_readers_are_told_of_the_first_indexing_and_served_after_it(tiny: Path) -> None:
    question = "青石镇的新桥全长多少米?"
    with EmulatedBotApi() as api:
        early = api.send_text(question, 61)
        with RunningBot(tiny.parent, api.base_url, CORPUS_DIR=tiny) as bot:
            assert (await reply_to(api, 61, early)).text == SIMPLIFIED.indexing
            await bot.wait_for_line("indexed 1 articles", timeout=SECONDS)
            assert "三百二十米" in (await ask(api, question, 61)).text
            assert await bot.stop() == 0


@pytest.mark.long
async def test_readers_are_told_while_an_index_of_another_version_is_built_anew(
    data: Path,
) -> None:
    generations = data / "data" / "generations"
    for manifest in generations.glob("*/manifest.json"):
        fields = json.loads(manifest.read_text("utf-8"))
        manifest.write_text(json.dumps(fields | {"schema": "1"}), "utf-8")
    with EmulatedBotApi() as api:
        early = api.send_text(WHERE, 67)
        with RunningBot(data, api.base_url, CORPUS_DIR=CORPUS) as bot:
            assert (await reply_to(api, 67, early)).text == SIMPLIFIED.indexing
            assert bot.matching("readers are told meanwhile")
            assert await bot.stop() == 0


@pytest.mark.long
async def test_an_index_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    settings = {"CORPUS_DIR": tmp_path / "missing"}
    with EmulatedBotApi() as api, RunningBot(tmp_path, api.base_url, **settings) as bot:
        (line,) = await bot.wait_for_line("could not be indexed", timeout=SECONDS)
        assert "no folder of articles" in line
        assert (await ask(api, WHERE)).text == SIMPLIFIED.indexing
        assert await bot.stop() == 0


@pytest.mark.long
async def test_readers_are_told_when_the_embedding_model_does_not_answer(tiny: Path) -> None:
    with EmulatedBotApi() as api, StubModelServer() as models:
        settings = {
            "EMBEDDING_MODEL": "stub",
            "EMBEDDING_BASE_URL": models.base_url,
            "EMBEDDING_API_KEY": "sk-PLANTED-key",
        }
        with RunningBot(tiny.parent, api.base_url, CORPUS_DIR=tiny, **settings) as bot:
            await bot.wait_for_line("indexed 1 articles", timeout=SECONDS)
            for _ in range(3):
                models.queue(Reply("no sk-PLANTED-key", status=401), path=EMBEDDINGS)
            assert (await ask(api, WHERE)).text == SIMPLIFIED.model_unavailable
            assert bot.matching("did not answer")


@pytest.mark.long
async def test_sigterm_during_indexing_ends_the_child_too(tiny: Path) -> None:
    with EmulatedBotApi() as api, StubModelServer() as models:
        models.queue(Reply(status=500, delay_seconds=60), path=EMBEDDINGS)
        settings = {"EMBEDDING_MODEL": "stub", "EMBEDDING_BASE_URL": models.base_url}
        with RunningBot(tiny.parent, api.base_url, CORPUS_DIR=tiny, **settings) as bot:
            await bot.wait_for_line("is listening", timeout=SECONDS)
            await until(lambda: bool(models.requests), SECONDS)
            (child,) = bot.children()
            assert await bot.stop() == 0
            with pytest.raises(ProcessLookupError):
                os.kill(child, 0)


# Beginning and end


async def test_sigterm_ends_the_bot_and_nothing_comes_again(data: Path) -> None:
    with EmulatedBotApi() as api:
        with RunningBot(data, api.base_url) as bot:
            await ask(api, WHERE)
            assert await bot.stop() == 0
        async with Bot(TOKEN, f"{api.base_url}/bot") as client:
            assert await client.get_updates(timeout=0) == ()


@pytest.mark.long
async def test_the_bot_ends_after_the_answers_under_way_but_waits_for_none_too_long(
    data: Path,
) -> None:
    with EmulatedBotApi() as api, StubModelServer() as models:
        models.respond_with(lambda body: Reply(written(body), delay_seconds=1))
        settings = {"OPENAI_BASE_URL": models.base_url, "ANSWER_CACHE": 0}
        with RunningBot(data, api.base_url, **settings) as bot:
            api.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": 3600})
            api.send_text(WHERE, 62)
            await bot.wait_for_line("asks to wait 3600 s", timeout=SECONDS)
            asked = api.send_text(WHERE, 63)
            await until(lambda: len(models.requests) == 2, SECONDS)
            assert await bot.stop() == 0
            assert bot.matching("1 questions are left open")
        (answer,) = api.sent(63)
        assert answer.reply_to == asked
        assert answer.text.startswith("职工之家建在铁路小区。[1]")


async def test_an_unknown_token_is_one_clear_line(tmp_path: Path) -> None:
    right = "700000001:the-right-one"
    with EmulatedBotApi(right) as api, RunningBot(tmp_path, api.base_url) as bot:
        assert await bot.wait(SECONDS) == 1
        (line,) = bot.lines
        assert "does not know the bot token" in line


async def test_a_token_that_is_revoked_ends_the_bot(data: Path) -> None:
    with EmulatedBotApi() as api, RunningBot(data, api.base_url) as bot:
        await ask(api, WHERE)
        api.fail_next("getUpdates", 401, "Unauthorized", times=3)
        api.send_text("/id")
        assert await bot.wait(SECONDS) == 1
        assert len(bot.matching("does not know the bot token")) == 1


async def test_the_bot_waits_for_telegram_in_growing_pauses(data: Path) -> None:
    with EmulatedBotApi() as api:
        async with Wire(api) as wire:
            with RunningBot(data, wire.base_url) as bot:
                lines = await bot.wait_for_line("cannot be reached", 2, timeout=SECONDS)
                assert [line.rpartition("next try in ")[2] for line in lines] == ["1 s", "2 s"]
                assert bot.lines == lines
                await wire.mend()
                assert THERE in (await ask(api, WHERE)).text
                assert await bot.stop() == 0


async def test_sigterm_ends_the_bot_when_it_is_half_connected(tmp_path: Path) -> None:
    with EmulatedBotApi() as api:
        api.fail_next("deleteWebhook", 502, "Bad Gateway", times=100)
        with RunningBot(tmp_path, api.base_url) as bot:
            await bot.wait_for_line("cannot be reached.*next try in 1 s", timeout=SECONDS)
            assert await bot.stop() == 0


async def polling(api: EmulatedBotApi) -> None:
    """Nothing, once the bot waits for updates."""
    await api.wait_for(lambda calls: calls[-1:] and calls[-1].method == "getUpdates", SECONDS)


async def test_the_bot_outlives_a_connection_that_is_lost(data: Path) -> None:
    with EmulatedBotApi() as api:
        async with Wire(api) as wire:
            await wire.mend()
            with RunningBot(data, wire.base_url) as bot:
                await polling(api)
                await wire.cut()
                lines = await bot.wait_for_line("cannot be reached", 2, timeout=SECONDS)
                assert bot.lines[-2:] == lines
                await wire.mend()
                assert THERE in (await ask(api, WHERE)).text
                assert await bot.stop() == 0


async def test_sigterm_ends_the_bot_when_its_connection_is_lost(tiny: Path) -> None:
    with EmulatedBotApi() as api:
        async with Wire(api) as wire:
            await wire.mend()
            with RunningBot(tiny.parent, wire.base_url, CORPUS_DIR=tiny) as bot:
                await polling(api)
                await wire.cut()
                await bot.wait_for_line("cannot be reached", timeout=SECONDS)
                assert await bot.stop() == 0


async def test_telegram_is_reached_through_a_proxy(data: Path) -> None:
    with EmulatedBotApi() as api:
        proxy = api.base_url.replace("://", "://reader:pass%2Dword@")
        nowhere = "http://telegram.invalid"
        with RunningBot(data, nowhere, TELEGRAM_PROXY_URL=proxy) as bot:
            assert THERE in (await ask(api, WHERE)).text
            assert await bot.stop() == 0


@pytest.mark.long
async def test_sigterm_ends_the_wait_for_a_proxy_that_cannot_be_reached(tmp_path: Path) -> None:
    with EmulatedBotApi() as api:
        async with Wire(api) as wire:
            proxy = wire.base_url.replace("http://", "socks5://reader:pass-word@")
            with RunningBot(tmp_path, api.base_url, TELEGRAM_PROXY_URL=proxy) as bot:
                await bot.wait_for_line("next try in 1 s", timeout=SECONDS)
                assert await bot.stop() == 0
                assert len(bot.matching("cannot be reached")) == 1


# With a chat model


def written(body: Any, sentence: str = "职工之家建在铁路小区。") -> str:
    """A model's sentence with the number of the passage that says so."""
    prompt = json.dumps(body["messages"], ensure_ascii=False)
    passages = re.findall(r"<passage number=(\d+)>(.*?)</passage>", prompt)
    number = next(number for number, text in passages if THERE in text)
    return f"{sentence}[{number}]"


@pytest.fixture(scope="module")
def models() -> Iterator[StubModelServer]:
    with StubModelServer() as models:
        yield models


@pytest.fixture(scope="module")
def writing(
    corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory, models: StubModelServer
) -> Iterator[Stage]:
    """A bot with a chat model."""
    folder = tmp_path_factory.mktemp("writing")
    shutil.copytree(corpus_data_dir, folder / "data")
    settings = {
        "OPENAI_BASE_URL": models.base_url,
        "OPENAI_API_KEY": "sk-PLANTED-key",
        "ANSWER_CACHE": 0,
    }
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings) as bot:
        yield Stage(api, bot)


async def test_the_answer_is_the_models_with_its_citation(
    writing: Stage, models: StubModelServer
) -> None:
    models.respond_with(written)
    message = await ask(writing.api, WHERE)
    assert message.text.startswith("职工之家建在铁路小区。[1]\n\n[1] 让服务")
    ((*_, quote),) = quotations(message)
    assert THERE in quote
    assert quote in (CORPUS / "zibo-zhigong-zhijia.md").read_text("utf-8")


async def test_a_sentence_that_no_passage_supports_does_not_reach_the_reader(
    writing: Stage, models: StubModelServer
) -> None:
    models.respond_with(lambda body: f"{written(body)}职工之家有9999平方米。[1]")
    message = await ask(writing.api, WHERE)
    assert message.text.partition("\n\n")[0] == "职工之家建在铁路小区。[1]"


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Internal Server Error", status=500),
        Reply("Incorrect API key provided: sk-PLANTED-key", status=401),
        Reply(cut_after=0),
    ],
    ids=["failed", "refused", "cut"],
)
async def test_a_model_that_fails_is_replaced_by_quotations(
    writing: Stage, models: StubModelServer, reply: Reply
) -> None:
    models.respond_with(written)
    await ask(writing.api, WHERE)  # failures in a row would have the model left alone
    models.respond_with(lambda _: reply)
    before = len(writing.bot.matching("answered by quoting instead"))
    message = await ask(writing.api, WHERE)
    assert THERE in message.text
    assert quotations(message)
    # the line is read on a thread of its own, maybe after the message
    await writing.bot.wait_for_line("answered by quoting instead", before + 1)
    assert len(writing.bot.matching("answered by quoting instead")) == before + 1


async def test_a_conversation_goes_on_until_it_is_begun_anew(stage: Stage) -> None:
    reader = new_reader()
    await ask(stage.api, "“社区合伙人”联盟有哪些机构?", reader)
    assert "20家" in (await ask(stage.api, "有多少家?", reader)).text
    assert await command(stage.api, "/new", reader) == SIMPLIFIED.begun_anew
    assert (await ask(stage.api, "有多少家?", reader)).text.startswith(REFUSAL)


async def test_a_follow_up_is_looked_up_as_the_model_completes_it(
    writing: Stage, models: StubModelServer
) -> None:
    models.respond_with(
        lambda body: written(body) if "<passage" in str(body) else "职工之家建在哪个小区?"
    )
    reader = new_reader()
    await ask(writing.api, "职工之家的面积有多大?", reader)
    message = await ask(writing.api, "它建在哪个小区?", reader)
    assert message.text.startswith("职工之家建在铁路小区。[1]")


async def test_letters_that_cannot_be_sent_do_not_stop_an_answer(
    writing: Stage, models: StubModelServer
) -> None:
    models.respond_with(lambda body: "\ud83d\x00" + written(body))
    message = await ask(writing.api, WHERE)
    assert THERE in message.text


async def test_a_long_answer_comes_in_several_messages(
    writing: Stage, models: StubModelServer
) -> None:
    sentence = "职工之家建在铁路小区“邻里中心”，面积有3000平方米。"
    models.respond_with(
        lambda body: "\n".join(written(body, sentence + "！" * more) for more in range(120))
    )
    reader = new_reader()
    await ask(writing.api, WHERE, reader)
    messages = await writing.api.wait_for_message(reader, 3, timeout=SECONDS)
    assert "".join(message.text for message in messages).count(sentence) == 120
    assert [message.reply_to is None for message in messages] == [False, True, True]


async def test_markup_of_a_model_reaches_no_reader(writing: Stage, models: StubModelServer) -> None:
    models.respond_with(lambda body: written(body, "职工之家建在<b>铁路小区</b>&amp;。"))
    message = await ask(writing.api, WHERE)
    assert THERE in message.text
    assert "<b>" not in message.text
    assert message.parse_mode == "HTML"
