"""Links of citations, followed by whoever reads a quoted answer: the bot over HTTP."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED, Phrases
from bot.telegram.buttons import OpenArticle, OpenCitation
from bot.telegram.links import Links, parse_payload
from retrieval.index.keys import short_key
from tests.conftest import CORPUS
from tests.e2e.bot_api import EmulatedBotApi, SentMessage, links_of
from tests.e2e.readers import SECONDS, Reader, copied, labels, spans
from tests.e2e.running import RunningBot, new_reader
from tests.e2e.stage import Stage, staged

Baoda = Callable[..., subprocess.CompletedProcess[bytes]]

LINKS = Links("baoda_test_bot")
WHERE = "职工之家建在哪个小区?"
SEVERAL = "职工之家建在哪个小区?流动党课是谁办的?"
QUOTED = (
    "城南社区的职工之家建在铁路小区“邻里中心”，面积有3000平方米，为组织建设提供了坚实的硬件条件。"
)
HEADLINE = "让服务“看得见、摸得着、用得上”"
FILE = "zibo-zhigong-zhijia.md"
KEY = short_key(FILE)
BRIDGE_ASKED, BRIDGE_QUOTED = "柳湾的石桥有多长?", "柳湾的石桥长38米。"
BRIDGE = f"---\ntitle: 石桥\ndate: 2025-03-04\n---\n\n{BRIDGE_QUOTED}桥边有一棵老柳树。\n"
FERRY_ASKED, FERRY_QUOTED = "芦苇湾的渡船每天开几班?", "芦苇湾的渡船每天开16班。"
FERRY = f"---\ntitle: 渡船\ndate: 2025-03-05\n---\n\n{FERRY_QUOTED}船票两元。\n"


@pytest.fixture(scope="module")
def stage(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot for everybody over the shipped corpus."""
    with staged(tmp_path_factory.mktemp("links"), corpus_data_dir) as stage:
        yield stage


@pytest.fixture
def reader(stage: Stage) -> Reader:
    return Reader(stage.api)


async def follow(reader: Reader, address: str) -> SentMessage:
    """What somebody else sees who follows a link."""
    before = reader.seen()
    reader.api.follow_link(reader.id, address, language_code=reader.language)
    found = await reader.api.wait_for_message(
        reader.id, timeout=SECONDS, matching=lambda one: one.message_id > before
    )
    return found[-1]


def marks(answer: SentMessage) -> dict[str, str]:
    """The links of an answer by the number that they stand on."""
    return {words: url for words, url in links_of(answer) if url.startswith("https://t.me/")}


async def test_every_number_of_an_answer_opens_its_words_for_whoever_reads_it(
    reader: Reader,
) -> None:
    answer = await reader.ask(SEVERAL)
    found = marks(answer)
    assert list(found) == [one for one in labels(answer) if one.startswith("[")]
    assert len(found) >= 2
    for address in found.values():
        opened = await follow(Reader(reader.api), address)
        words = spans(opened, "bold")[-1]
        assert words in answer.text
        assert any(words in file.read_text("utf-8") for file in CORPUS.glob("*.md"))
        assert labels(opened) == ["📄 全文", "📋 复制引文", "✕ 收起"]


async def test_an_answer_quoted_in_a_group_is_checked_in_private(reader: Reader) -> None:
    group = -new_reader()
    asked = reader.api.send_text(f"@baoda_test_bot {WHERE}", reader.id, group)
    (answer,) = await reader.api.wait_for_message(
        group, timeout=SECONDS, matching=lambda one: one.reply_to == asked and bool(one.buttons)
    )
    opened = await follow(Reader(reader.api), marks(answer)["[1]"])
    assert spans(opened, "bold") == [HEADLINE, QUOTED]


async def test_what_a_link_opened_can_be_read_on_and_closed(reader: Reader) -> None:
    address = marks(await Reader(reader.api).ask(WHERE))["[1]"]
    opened = await follow(reader, address)
    page = await reader.turn(opened, "📄 全文")
    assert QUOTED in spans(page, "bold")
    await reader.tap(page, "✕ 收起")
    await reader.api.wait_for(lambda _: not reader.messages(), SECONDS)


async def test_a_copied_quotation_brings_its_link_with_it(reader: Reader) -> None:
    address = marks(await reader.ask(WHERE))["[1]"]
    opened = await follow(reader, address)
    quote, _, _, link = copied(opened).partition("\n")[0], *copied(opened).rpartition("\n")
    assert (quote, link) == (QUOTED, address)


async def test_a_link_to_an_article_opens_its_first_page(reader: Reader) -> None:
    opened = await follow(reader, LINKS.to(OpenArticle(KEY, "")))
    assert spans(opened, "bold") == [HEADLINE]
    assert labels(opened) == ["1/2", "▶", "✕ 收起"]


@pytest.mark.parametrize(("language", "phrases"), [("zh-hans", SIMPLIFIED), ("en", ENGLISH)])
async def test_what_has_gone_is_said_in_the_readers_language(
    stage: Stage, language: str, phrases: Phrases
) -> None:
    other = Reader(stage.api, language)
    for opened in (OpenArticle("a2" * 6, ""), OpenCitation("a2" * 6, "0" * 8, "text", 0, 5)):
        assert (await follow(other, LINKS.to(opened))).text == phrases.article_gone


async def test_a_version_that_never_was_is_said_to_be_kept_no_more(reader: Reader) -> None:
    opened = await follow(reader, LINKS.to(OpenCitation(KEY, "0" * 8, "text", 0, 5)))
    assert opened.text.endswith(SIMPLIFIED.changed_since)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 2), (0, 999_999_999)])
async def test_forged_offsets_open_the_article_all_the_same(
    reader: Reader, start: int, end: int
) -> None:
    version = _version(marks(await Reader(reader.api).ask(WHERE))["[1]"])
    opened = await follow(reader, LINKS.to(OpenCitation(KEY, version, "text", start, end)))
    assert opened.text.startswith(HEADLINE)


def _version(address: str) -> str:
    opened = parse_payload(address.rpartition("=")[2])
    assert isinstance(opened, OpenCitation)
    return opened.version


@pytest.mark.parametrize(
    "payload",
    [
        "inline",
        "c_",
        "a_0",
        "c_a2a2a2a2a2a2_00000000_9_0_5",
        "x" * 64,
        "a_A2A2A2A2A2A2",
        "<b>",
        "../x",
    ],
)
async def test_what_is_no_link_of_ours_is_greeted(reader: Reader, payload: str) -> None:
    assert (await reader.command(f"/start {payload}")).text == SIMPLIFIED.start


async def test_in_a_group_a_link_opens_nothing(reader: Reader) -> None:
    group = -new_reader()
    reader.api.send_text(f"/start@baoda_test_bot a_{KEY}", reader.id, group)
    (said,) = await reader.api.wait_for_message(group, timeout=SECONDS)
    assert said.text == SIMPLIFIED.help_in_groups.format(name="baoda_test_bot")


# After reloads


@pytest.mark.long
async def test_links_of_former_generations_say_what_became_of_the_article(
    baoda: Baoda, tmp_path: Path
) -> None:
    corpus, data = tmp_path / "corpus", tmp_path / "data"
    corpus.mkdir()

    def reload(**files: str | None) -> None:
        for name, text in files.items():
            path = corpus / f"{name}.md"
            if text is None:
                path.unlink()
            else:
                path.write_text(text, "utf-8")
        done = baoda("reload", "--force", CORPUS_DIR=corpus, DATA_DIR=data)
        assert done.returncode == 0, done.stderr.decode()

    reload(bridge=BRIDGE, ferry=FERRY, stays="---\ntitle: 题\n---\n\n后山的果园种了梨树。\n")
    with EmulatedBotApi() as api, RunningBot(tmp_path, api.base_url, CORPUS_DIR=corpus):
        asker, reader = Reader(api), Reader(api)
        bridge = marks(await asker.ask(BRIDGE_ASKED))["[1]"]
        ferry = marks(await asker.ask(FERRY_ASKED))["[1]"]
        whole = LINKS.to(OpenArticle(short_key("bridge.md"), _version(bridge)))
        ferry_whole = LINKS.to(OpenArticle(short_key("ferry.md"), _version(ferry)))
        assert spans(await follow(reader, bridge), "bold") == ["石桥", BRIDGE_QUOTED]

        reload(bridge=BRIDGE.replace("38", "45"), ferry=None)
        for address, title, words in (
            (bridge, "石桥", BRIDGE_QUOTED),
            (ferry, "渡船", FERRY_QUOTED),
        ):
            former = await follow(reader, address)
            assert SIMPLIFIED.former_version in former.text
            assert spans(former, "bold") == [title, words]
        for address, words in ((whole, BRIDGE_QUOTED), (ferry_whole, FERRY_QUOTED)):
            page = await follow(reader, address)
            assert SIMPLIFIED.former_version in page.text
            assert words in page.text

        for number in range(3):
            reload(**{f"other{number}": f"---\ntitle: 题\n---\n\n河边第{number}棵柳树。\n"})
        changed = await follow(reader, bridge)
        assert changed.text == f"石桥\n2025-03-04\n\n{SIMPLIFIED.changed_since}"
        assert "45米" in (await reader.turn(changed, "📄 全文")).text
        told, page = await _both(reader, whole)
        assert told.text == SIMPLIFIED.changed_since
        assert "45米" in page.text
        for address in (ferry, ferry_whole):
            assert (await follow(reader, address)).text == SIMPLIFIED.article_gone


async def _both(reader: Reader, address: str) -> list[SentMessage]:
    before = reader.seen()
    reader.api.follow_link(reader.id, address)
    return await reader.api.wait_for_message(
        reader.id, 2, timeout=SECONDS, matching=lambda one: one.message_id > before
    )
