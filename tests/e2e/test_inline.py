"""Questions asked after the bot's name in other people's chats: the bot over HTTP."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.telegram.buttons import OpenArticle, OpenCitation
from bot.telegram.links import parse_payload
from retrieval.index.keys import short_key
from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi, InlineAnswer, InlineResult, SentMessage
from tests.e2e.bot_api.entities import entity_text
from tests.e2e.readers import SECONDS, Reader, spans
from tests.e2e.running import RunningBot, new_reader
from tests.e2e.stage import Stage, staged
from tests.model_server import EMBEDDINGS, Reply, StubModelServer

Baoda = Callable[..., subprocess.CompletedProcess[bytes]]

WHERE = "职工之家建在哪个小区?"
QUOTED = (
    "城南社区的职工之家建在铁路小区“邻里中心”，面积有3000平方米，为组织建设提供了坚实的硬件条件。"
)
FILE = "zibo-zhigong-zhijia.md"
UNANSWERED = "珠穆朗玛峰有多高?"
AT_MOST_SECONDS = 2.0
ADMIN, MEMBER, STRANGER, GROUP = 2101, 2102, 2103, -2104
BRIDGE = "---\ntitle: 石桥\ndate: 2025-03-04\n---\n\n柳湾的石桥长{length}米，去年秋天通车。\n"


@pytest.fixture(scope="module")
def model() -> Iterator[StubModelServer]:
    """The chat model's server."""
    with StubModelServer() as server:
        server.respond_with(lambda _: "职工之家建在铁路小区[1]。")
        yield server


@pytest.fixture(scope="module")
def stage(
    model: StubModelServer, corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A bot for everybody over the shipped corpus, with a chat model."""
    settings = {
        "OPENAI_API_KEY": "sk-PLANTED-inline",
        "OPENAI_BASE_URL": model.base_url,
        "CHAT_MODEL": "stub-model",
    }
    with staged(tmp_path_factory.mktemp("inline"), corpus_data_dir, **settings) as stage:
        asyncio.run(_is_warm(stage.api))
        yield stage


async def _is_warm(api: EmulatedBotApi) -> None:
    """Return once choices come: the very first look-up may take too long on a busy machine."""
    for number in range(10):
        query = api.inline_query(f"{WHERE}{'?' * number}", new_reader())
        if (await api.wait_for_inline(query, SECONDS)).results:
            return
    raise TimeoutError("no choices came")


@pytest.fixture(scope="module")
def guarded(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot for the people of one group and an admin."""
    settings = {"TELEGRAM_ADMIN_IDS": ADMIN, "TELEGRAM_ALLOWED_IDS": GROUP}
    folder = tmp_path_factory.mktemp("inline-guarded")
    with staged(folder, corpus_data_dir, **settings) as stage:
        yield stage


async def ask(
    api: EmulatedBotApi, words: str, person: int | None = None, language: str = "zh-hans"
) -> InlineAnswer:
    """What there is to choose from."""
    query = api.inline_query(words, person or new_reader(), language)
    return await api.wait_for_inline(query, SECONDS)


def addresses(result: InlineResult) -> list[tuple[str, str]]:
    """The links in what is sent: words and address."""
    return [
        (entity_text(result.text, one), one["url"])
        for one in result.entities
        if one["type"] == "text_link"
    ]


def buttons(result: InlineResult) -> list[dict[str, str]]:
    rows = (result.reply_markup or {"inline_keyboard": ()})["inline_keyboard"]
    return [button for row in rows for button in row]


def opened_by(address: str) -> OpenCitation | OpenArticle | None:
    (start,) = parse_qs(urlsplit(address).query)["start"]
    return parse_payload(start)


def quoted_in(article: Path, opened: OpenCitation) -> str:
    text = article.read_text("utf-8").split("---\n", 2)[2].strip()
    return text[opened.start : opened.end]


async def follow(api: EmulatedBotApi, address: str) -> SentMessage:
    """What somebody sees who follows a link."""
    reader = Reader(api)
    api.follow_link(reader.id, address)
    return (await api.wait_for_message(reader.id, timeout=SECONDS))[-1]


def said(answer: InlineAnswer) -> tuple[str, str]:
    """What the button above the choices says, and where it leads."""
    assert answer.button is not None
    return answer.button["text"], answer.button["start_parameter"]


# What there is to choose from


async def test_the_quoted_answer_comes_first_and_then_the_articles(stage: Stage) -> None:
    answer = await ask(stage.api, WHERE)
    first, *others = answer.results
    assert (first.title, first.description) == (SIMPLIFIED.inline_answer, QUOTED)
    question, line, *_ = first.text.replace("\n\n", "\n").split("\n")
    assert (question, line) == (WHERE, f"{QUOTED}[1]")
    assert others[0].title == "让服务“看得见、摸得着、用得上”"
    assert len({one.title for one in others}) == len(others) <= 10
    assert said(answer) == (SIMPLIFIED.inline_button, "inline")
    assert answer.is_personal
    assert answer.cache_time <= 10


async def test_every_mark_leads_to_its_very_words(stage: Stage) -> None:
    first, *_ = (await ask(stage.api, "职工之家里的功能区有哪些?")).results
    links = addresses(first)
    assert {words for words, _ in links} == {one["text"] for one in buttons(first)}
    assert first.text.count("[1]") == [words for words, _ in links].count("[1]") >= 2
    seen = {}
    for address in {address for _, address in links}:
        opened = opened_by(address)
        assert isinstance(opened, OpenCitation)
        (file,) = (one for one in CORPUS.glob("*.md") if short_key(one.name) == opened.key)
        shown = await follow(stage.api, address)
        assert spans(shown, "bold")[-1] == quoted_in(file, opened)
        seen[address] = spans(shown, "bold")[-1]
    for words in seen.values():
        assert words in first.text


async def test_every_article_leads_to_its_passage_and_to_the_whole(stage: Stage) -> None:
    for result in (await ask(stage.api, WHERE)).results[1:]:
        ((title, passage),) = addresses(result)
        assert title == result.title
        (whole,) = buttons(result)
        assert whole["text"] == SIMPLIFIED.full_text
        opened = opened_by(passage)
        assert isinstance(opened, OpenCitation)
        shown = await follow(stage.api, passage)
        assert spans(shown, "bold")[-1] in result.text
        assert result.title in spans(await follow(stage.api, whole["url"]), "bold")


async def test_without_words_the_newest_articles_come(stage: Stage) -> None:
    for words in ("", "   "):
        answer = await ask(stage.api, words)
        assert len(answer.results) == 8
        for result in answer.results:
            ((title, address),) = addresses(result)
            assert title == result.title
            assert isinstance(opened_by(address), OpenArticle)
        assert said(answer)[0] == SIMPLIFIED.inline_button


async def test_what_the_articles_do_not_say_is_said_above_the_nearest(stage: Stage) -> None:
    answer = await ask(stage.api, "流动党课的票价是多少?")
    assert said(answer) == (SIMPLIFIED.inline_nothing, "inline")
    (nearest,) = answer.results
    assert nearest.title == "“流动党课”让思政教育入人心"
    ((_, address),) = addresses(nearest)
    assert isinstance(opened_by(address), OpenCitation)


@pytest.mark.parametrize("words", [UNANSWERED, "？？？", "🤷", "asdf"])
async def test_where_nothing_has_to_do_with_the_words_no_answer_is_offered(
    stage: Stage, words: str
) -> None:
    answer = await ask(stage.api, words)
    assert said(answer) == (SIMPLIFIED.inline_nothing, "inline")
    assert "answer" not in {one.id for one in answer.results}
    for result in answer.results:
        ((title, address),) = addresses(result)
        assert title == result.title in spans(await follow(stage.api, address), "bold")


async def test_where_nothing_can_be_seen_the_button_alone_comes(stage: Stage) -> None:
    answer = await ask(stage.api, "\u200b\u2060")
    assert answer.results == []
    assert said(answer) == (SIMPLIFIED.inline_nothing, "inline")


@pytest.mark.parametrize(
    "words",
    [
        WHERE + "字" * (256 - len(WHERE)),
        "😀" * 128,
        f"{WHERE} 👩‍👩‍👧🏳️‍🌈",
        f"<b>{WHERE}</b> & <a href='x'>",
        f"\u202e{WHERE}\u2067 שלום عربي",
        "[1][2] 职工之家建在哪个小区?",
        f"{WHERE}\n\n第二行\x00\x07",
        "/start c_a2a2a2a2a2a2_01234567_0_1_2",
        "'; DROP TABLE article; --",
    ],
)
async def test_whatever_is_typed_is_answered(stage: Stage, words: str) -> None:
    answer = await ask(stage.api, words)
    assert answer.button is not None
    assert answer.button["start_parameter"] == "inline"
    for result in answer.results:
        assert result.text


async def test_marks_in_the_question_are_no_links(stage: Stage) -> None:
    first, *_ = (await ask(stage.api, "职工之家[9]建在哪个小区?")).results
    assert first.text.startswith("职工之家[9]建在哪个小区?\n")
    assert "[9]" not in {words for words, _ in addresses(first)}


@pytest.mark.parametrize(
    ("words", "language", "interface", "around"),
    [
        ("職工之家建在哪個小區?", "en", ENGLISH, TRADITIONAL),
        ("In which housing estate is the staff home?", "zh-hant", TRADITIONAL, ENGLISH),
        (WHERE, "en", ENGLISH, SIMPLIFIED),
    ],
)
async def test_choices_are_in_the_persons_language_and_the_answer_in_the_questions(
    stage: Stage, words: str, language: str, interface: Phrases, around: Phrases
) -> None:
    answer = await ask(stage.api, words, language=language)
    assert said(answer)[0] in (interface.inline_button, interface.inline_nothing)
    if said(answer)[0] == interface.inline_button:
        assert answer.results[0].title == interface.inline_answer
        foreign = around is not SIMPLIFIED
        assert (around.in_their_words in answer.results[0].text) == foreign
    assert buttons(answer.results[-1])[0]["text"] == interface.full_text


# How soon


async def test_the_chat_model_is_asked_in_private_and_never_here(
    stage: Stage, model: StubModelServer
) -> None:
    before = len(model.requests)
    for words in (WHERE, UNANSWERED, ""):
        await ask(stage.api, words)
    assert len(model.requests) == before
    await Reader(stage.api).ask(WHERE)
    assert len(model.requests) > before


async def test_it_comes_within_two_seconds_while_others_ask(stage: Stage) -> None:
    readers = [Reader(stage.api) for _ in range(4)]
    asked = [
        (reader, reader.write(f"{WHERE} 请说第{number}次")) for number, reader in enumerate(readers)
    ]
    typed = [f"职工之家有{what}吗?" for what in ("书屋", "食堂", "健身房", "电影院")]
    answers = await asyncio.gather(*(ask(stage.api, words) for words in typed))
    assert max(one.seconds for one in answers) <= AT_MOST_SECONDS
    for reader, number in asked:
        await reader.reply_to(number)


async def test_the_same_words_are_looked_up_once(stage: Stage) -> None:
    words = "流动党课是谁办的?"
    first = await ask(stage.api, words)
    looked_up = stage.bot.matching("answered in .*passages")
    assert looked_up
    second = await ask(stage.api, f" {words} ")
    assert second.results == first.results
    assert stage.bot.matching("answered in .*passages") == looked_up


async def test_of_words_typed_quickly_the_newest_are_answered(stage: Stage) -> None:
    person = new_reader()
    whole = "红领志愿者清理了哪里?"
    typed = [stage.api.inline_query(whole[: number + 2], person) for number in range(10)]
    newest = await stage.api.wait_for_inline(typed[-1], SECONDS)
    assert newest.seconds <= AT_MOST_SECONDS
    assert newest.results[0].text.startswith(whole[:11])
    again = await ask(stage.api, whole, person)
    assert again.results[0].text.startswith(whole)


# What Telegram does


async def test_choices_are_given_plainly_where_telegram_refuses_the_markup(stage: Stage) -> None:
    for reason in (
        "Bad Request: can't parse entities: Unsupported start tag",
        "Bad Request: can't parse inline query result: can't parse entities",
    ):
        stage.api.fail_next("answerInlineQuery", 400, reason)
        answer = await ask(stage.api, WHERE)
        first = answer.results[0]
        assert first.entities == []
        assert first.text.startswith(f"{WHERE}\n\n{QUOTED}[1]")
        assert buttons(first)[0]["url"].startswith("https://t.me/baoda_test_bot?start=c_")


async def test_an_answer_that_comes_too_late_harms_nothing(stage: Stage) -> None:
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    stage.api.fail_next("answerInlineQuery", 400, too_old)
    calls = len(stage.api.calls)
    lost = stage.api.inline_query(WHERE, new_reader())
    await stage.api.wait_for(
        lambda made: any(one.error and one.method == "answerInlineQuery" for one in made[calls:]),
        SECONDS,
    )
    assert (await ask(stage.api, WHERE)).results
    assert lost not in stage.api.inline_answers


async def test_while_telegram_wants_no_answers_none_are_sent(stage: Stage) -> None:
    stage.api.fail_next("answerInlineQuery", 429, "Too Many Requests", {"retry_after": 1})
    lost = stage.api.inline_query(WHERE, new_reader())
    await stage.api.wait_for(lambda calls: [one for one in calls if one.retry_after], SECONDS)
    await asyncio.sleep(1.2)
    assert (await ask(stage.api, WHERE)).results
    assert lost not in stage.api.inline_answers


# What becomes of it


async def test_a_choice_sent_to_the_bot_itself_is_no_question(stage: Stage) -> None:
    reader = Reader(stage.api)
    query = stage.api.inline_query(WHERE, reader.id, chat_type="sender")
    answer = await stage.api.wait_for_inline(query, SECONDS)
    for result in answer.results[:2]:
        stage.api.choose_inline(query, result.id, reader.id)
    await reader.command("/help")
    assert len(reader.messages()) == 1


async def test_a_choice_sent_to_a_group_is_no_question(stage: Stage) -> None:
    reader, group = new_reader(), -new_reader()
    stage.api.send_text("大家好", reader, group)
    query = stage.api.inline_query(WHERE, reader)
    await stage.api.wait_for_inline(query, SECONDS)
    stage.api.choose_inline(query, "answer", group)
    stage.api.send_text("/help@baoda_test_bot", reader, group)
    sent = await stage.api.wait_for_message(group, timeout=SECONDS)
    assert len(sent) == 1


@pytest.mark.parametrize("language", ["zh-hans", "en"])
async def test_the_button_leads_to_a_greeting(stage: Stage, language: str) -> None:
    reader = Reader(stage.api, language)
    greeting = await reader.command("/start inline")
    assert greeting.text == {"zh-hans": SIMPLIFIED, "en": ENGLISH}[language].start


# Who may


async def test_strangers_get_nothing_and_members_of_an_allowed_group_do(guarded: Stage) -> None:
    api = guarded.api
    api.send_text("/id", ADMIN, GROUP)
    api.send_text("大家好", MEMBER, GROUP)
    strange = api.inline_query(WHERE, STRANGER)
    for person in (ADMIN, MEMBER):
        assert (await ask(api, WHERE, person)).results[0].title == SIMPLIFIED.inline_answer
    await api.wait_for(
        lambda calls: any(one.params.get("user_id") == STRANGER for one in calls), SECONDS
    )
    await ask(api, UNANSWERED, MEMBER)
    assert strange not in api.inline_answers


async def test_a_member_who_types_quickly_is_asked_after_and_answered(guarded: Stage) -> None:
    person = new_reader()
    guarded.api.send_text("/id", ADMIN, GROUP)
    guarded.api.send_text("大家好", person, GROUP)
    typed = [guarded.api.inline_query(WHERE[: number + 2], person) for number in range(5)]
    assert (await guarded.api.wait_for_inline(typed[-1], SECONDS)).button


# Other collections


@pytest.mark.long
async def test_without_an_index_the_button_alone_comes(tmp_path: Path) -> None:
    settings = {"CORPUS_DIR": tmp_path / "missing"}
    with EmulatedBotApi() as api, RunningBot(tmp_path, api.base_url, **settings) as bot:
        await bot.wait_for_line("could not be indexed", timeout=SECONDS)
        for words in (WHERE, ""):
            answer = await ask(api, words)
            assert answer.results == []
            assert said(answer) == (SIMPLIFIED.inline_later, "inline")
            assert answer.cache_time == 0


@pytest.mark.long
async def test_after_a_reload_the_new_text_comes(baoda: Baoda, tmp_path: Path) -> None:
    corpus, data = tmp_path / "corpus", tmp_path / "data"
    corpus.mkdir()
    article = corpus / "bridge.md"

    def reload(length: int) -> None:
        article.write_text(BRIDGE.format(length=length), "utf-8")
        done = baoda("reload", CORPUS_DIR=corpus, DATA_DIR=data)
        assert done.returncode == 0, done.stderr.decode()

    reload(38)
    question = "柳湾的石桥有多长?"
    with EmulatedBotApi() as api, RunningBot(tmp_path, api.base_url, CORPUS_DIR=corpus):
        await Reader(api).command("/start")
        before = await ask(api, question)
        assert "38米" in before.results[0].text
        reload(45)
        after = await ask(api, question)
        assert "45米" in after.results[0].text
        assert "45米" in after.results[1].text
        assert "45米" in (await ask(api, "")).results[0].text
        ((_, address), *_) = addresses(before.results[0])
        former = await follow(api, address)
        assert SIMPLIFIED.former_version in former.text
        assert "38米" in spans(former, "bold")[-1]


@pytest.mark.long
async def test_who_looks_for_long_is_told_so_and_answered_when_asking_again(
    tmp_path: Path,
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "bridge.md").write_text(BRIDGE.format(length=38), "utf-8")
    with EmulatedBotApi() as api, StubModelServer() as models:
        settings = {
            "CORPUS_DIR": corpus,
            "EMBEDDING_MODEL": "stub",
            "EMBEDDING_BASE_URL": models.base_url,
            "EMBEDDING_API_KEY": "sk-PLANTED-slow",
        }
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            await bot.wait_for_line("indexed 1 articles", timeout=SECONDS)
            models.queue(Reply(delay_seconds=2.3), path=EMBEDDINGS)
            late = await ask(api, "柳湾的石桥有多长?")
            assert late.results == []
            assert (said(late)[0], late.cache_time) == (SIMPLIFIED.inline_later, 0)
            assert late.seconds <= AT_MOST_SECONDS
            await bot.wait_for_line("answered in", timeout=SECONDS)
            again = await ask(api, "柳湾的石桥有多长?")
            assert again.results
            assert again.seconds <= AT_MOST_SECONDS / 4

            models.queue(Reply("no", status=401, delay_seconds=2.0), path=EMBEDDINGS)
            failed = await ask(api, "石桥哪年通车?")
            assert said(failed)[0] == SIMPLIFIED.inline_later
            await bot.wait_for_line("an inline question has no answer", timeout=SECONDS)
