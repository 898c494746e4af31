"""/search, /latest and /sources: lists in pages, in private chats and groups, over HTTP."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL
from bot.telegram.buttons import OpenArticle
from bot.telegram.links import parse_payload
from retrieval.index.keys import short_key
from tests.e2e.bot_api import EmulatedBotApi, SentMessage, links_of
from tests.e2e.readers import SECONDS, Reader, labels, spans
from tests.e2e.running import RunningBot, new_reader
from tests.e2e.stage import Stage

Baoda = Callable[..., subprocess.CompletedProcess[bytes]]

BOATS = [
    {
        "id": f"boat-{number:02}",
        "title": f"渡口见闻之{number}",
        "byline": "记者 甲乙",
        "date": f"2025-03-{number:02}",
        "source": "湾报" if number % 3 else "岸报",
        "text": f"清早有{number}条摆渡船靠上芦苇湾的渡口。\n\n船工说今年水涨得早。",
    }
    for number in range(1, 13)
]
OTHERS = [
    {"id": "reeds", "title": "没有日期的稻田", "text": "稻田边上立着稻草人。"},
    {
        "id": "song",
        "title": "<b>“渔歌”</b> & 😀 שלום",
        "byline": "<i>丙</i>",
        "date": "2025-02-01",
        "source": "湾报",
        "text": "渔民<b>唱</b>着 & 喊着 😀，孩子们跟着学。",
    },
    {
        "id": "lantern",
        "title": "橋頭燈會",
        "date": "2025-01-15",
        "source": "岸报",
        "text": "村裡的橋頭掛滿了紅燈籠。",
    },
    {
        "id": "orchard",
        "title": "The pear orchard",
        "date": "2025-01-10",
        "source": "Bay News",
        "text": "Farmers planted forty pear trees on the northern slope.",
    },
]
ALL = len(BOATS) + len(OTHERS)


def write_corpus(folder: Path) -> Path:
    folder.mkdir(parents=True)
    lines = (json.dumps(one, ensure_ascii=False) for one in (*BOATS, *OTHERS))
    (folder / "all.jsonl").write_text("\n".join(lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot over a collection of several pages, which it indexes first."""
    folder = tmp_path_factory.mktemp("lists")
    corpus = write_corpus(folder / "corpus")
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, CORPUS_DIR=corpus) as bot:
        yield Stage(api, bot, corpus)


@pytest.fixture
async def reader(stage: Stage) -> Reader:
    await stage.bot.wait_for_line(f"indexed {ALL} articles", timeout=SECONDS)
    return Reader(stage.api)


def entries(message: SentMessage) -> list[tuple[int, str]]:
    """Number and title of what is listed."""
    found = re.findall(r"^(\d+)\. (.+)$", message.text, re.MULTILINE)
    return [(int(number), title.strip("\u2068\u2069")) for number, title in found]


# /search


async def test_a_search_lists_titles_dates_and_passages(reader: Reader) -> None:
    found = await reader.command("/search 摆渡船")
    head, _, listed = found.text.partition("\n\n")
    assert head == f"搜索：摆渡船 · {SIMPLIFIED.articles(12)}"
    assert spans(found, "bold")[0] == "摆渡船"
    first = listed.split("\n\n")[0].split("\n")
    title = dict(entries(found))[1]
    article = next(one for one in BOATS if one["title"] == title)
    assert first[:2] == [f"1. {title}", f"{article['date']} · 记者 甲乙 · {article['source']}"]
    assert "摆渡船靠上芦苇湾的渡口" in first[2]
    assert spans(found, "expandable_blockquote")[0] == first[2]
    assert labels(found) == ["1", "2", "3", "4", "5", "1/3", "▶"]


async def test_every_listed_title_leads_to_its_article(reader: Reader) -> None:
    found = await reader.command("/search 摆渡船")
    for (_, title), (words, address) in zip(entries(found), links_of(found), strict=True):
        assert words == title
        opened = parse_payload(address.rpartition("=")[2])
        assert isinstance(opened, OpenArticle)
        other = Reader(reader.api)
        other.api.follow_link(other.id, address)
        (shown,) = await other.api.wait_for_message(other.id, timeout=SECONDS)
        assert title in spans(shown, "bold")


async def test_the_pages_together_hold_every_article_once(reader: Reader) -> None:
    shown = await reader.command("/search 摆渡船")
    seen = entries(shown)
    for page in (2, 3):
        shown = await reader.turn(shown, "▶")
        assert shown.text.startswith(f"搜索：摆渡船 · {SIMPLIFIED.articles(12)}\n\n")
        assert f"{page}/3" in labels(shown)
        seen += entries(shown)
    assert [number for number, _ in seen] == list(range(1, 13))
    assert {title for _, title in seen} == {one["title"] for one in BOATS}
    assert labels(shown) == ["11", "12", "◀", "3/3"]
    back = await reader.turn(await reader.turn(shown, "◀"), "◀")
    assert entries(back) == seen[:5]
    assert len(reader.messages()) == 1


async def test_a_number_opens_the_passage(reader: Reader) -> None:
    second = await reader.turn(await reader.command("/search 摆渡船"), "▶")
    opened = await reader.open(second, "7")
    title = dict(entries(second))[7]
    assert spans(opened, "bold")[0] == title
    assert "摆渡船靠上芦苇湾的渡口" in spans(opened, "bold")[1]
    assert reader.now(second).text == second.text


async def test_a_tap_on_the_number_of_the_page_changes_nothing(reader: Reader) -> None:
    found = await reader.command("/search 摆渡船")
    assert await reader.tap(found, "1/3") == ""
    assert (await reader.turn(found, "▶")).edits == 1


async def test_a_page_beyond_the_last_is_the_last(reader: Reader) -> None:
    for command, page in (("/search 摆渡船", "f:999999999"), ("/latest", "n:999999999")):
        found = await reader.command(command)
        await reader.forge(found, page)
        shown = await reader.changed(found)
        assert "▶" not in labels(shown)
        assert entries(shown)


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("没有日期", "没有日期的稻田"),
        ("稻草人", "没有日期的稻田"),
        ("桥头灯会", "橋頭燈會"),
        ("紅燈籠", "橋頭燈會"),
        ("红灯笼", "橋頭燈會"),
        ("pear orchard", "The pear orchard"),
        ("PEAR trees", "The pear orchard"),
        ("渔歌", "<b>“渔歌”</b> & 😀 שלום"),
        ("<b>“渔歌”</b> & 😀", "<b>“渔歌”</b> & 😀 שלום"),
    ],
)
async def test_words_of_a_title_or_a_text_find_it_in_any_script(
    reader: Reader, words: str, title: str
) -> None:
    found = await reader.command(f"/search {words}")
    assert spans(found, "bold")[0] == words
    assert entries(found)[0] == (1, title)


async def test_the_head_of_a_list_is_in_the_readers_language(reader: Reader) -> None:
    for language, phrases in (("en", ENGLISH), ("zh-hant", TRADITIONAL)):
        other = Reader(reader.api, language)
        found = await other.command("/search 摆渡船")
        assert found.text.startswith(f"{phrases.search_results}摆渡船 · {phrases.articles(12)}\n")
        assert (await other.command("/latest")).text.startswith(phrases.latest_articles)


@pytest.mark.parametrize(
    "words",
    [
        "🚀🛸",
        "<div>",
        "&lt;",
        "？！",
        "qzxvwjkp",
        "مرحبا",
        "\u202eabc\u2067",
        "{words}",
        "%s",
        "/",
    ],
)
async def test_words_that_find_nothing_are_named(reader: Reader, words: str) -> None:
    said = await reader.command(f"/search {words}")
    head, tail = SIMPLIFIED.nothing_found.split("{words}")
    assert said.text.startswith(head)
    assert said.text.endswith(tail)
    assert not said.buttons


@pytest.mark.parametrize("piece", ["摆渡船", "摆渡船 😀", "<b>摆渡船</b> & ", "摆渡船 שלום "])
async def test_very_long_words_are_cut_and_stay_the_same_on_every_page(
    reader: Reader, piece: str
) -> None:
    found = await reader.command(f"/search {piece * 150}")
    assert len(spans(found, "bold")[0]) <= 202
    turned = await reader.turn(found, "▶")
    assert spans(turned, "bold")[0] == spans(found, "bold")[0]
    assert turned.text.split("\n")[0] == found.text.split("\n")[0]


async def test_words_are_one_line_whatever_was_typed(reader: Reader) -> None:
    found = await reader.command("/search\n 摆渡船 \n\n 渡口\t")
    assert spans(found, "bold")[0] == "摆渡船 渡口"


async def test_words_that_telegram_divides_are_searched_for_whole(reader: Reader) -> None:
    words = "摆渡船 @some_bot 渡口"
    found = await reader.command(f"/search {words}")
    start = len("搜索：")
    pieces = [(start, 4), (start + 4, 9), (start + 13, 3)]
    bold = [{"type": "bold", "offset": at, "length": length} for at, length in pieces]
    rest = [one for one in found.entities if one["offset"] > start + len(words)]
    _press(reader, found, "f:1", text=found.text, entities=[*rest, *bold])
    turned = await reader.changed(found)
    assert spans(turned, "bold")[0] == words


@pytest.mark.parametrize("command", ["/search", "/search   ", "/search@baoda_test_bot"])
async def test_a_search_for_nothing_says_how(reader: Reader, command: str) -> None:
    assert (await reader.command(command)).text == SIMPLIFIED.search_usage


# /latest, /sources


async def test_the_newest_come_first_and_those_without_a_date_last(reader: Reader) -> None:
    shown = await reader.command("/latest")
    assert shown.text.startswith(f"{SIMPLIFIED.latest_articles}\n\n1. 渡口见闻之12\n2025-03-12 · ")
    seen = entries(shown)
    while "▶" in labels(shown):
        shown = await reader.turn(shown, "▶")
        seen += entries(shown)
    assert labels(shown) == ["16", "◀", "4/4"]
    boats = [str(one["title"]) for one in reversed(BOATS)]
    others = [OTHERS[index]["title"] for index in (1, 2, 3, 0)]
    assert [title for _, title in seen] == [*boats, *others]
    opened = await reader.open(shown, "16")
    assert spans(opened, "bold") == ["没有日期的稻田"]


async def test_sources_tell_how_many_of_what_time_and_from_where(reader: Reader) -> None:
    assert (await reader.command("/sources")).text.split("\n") == [
        SIMPLIFIED.articles(ALL),
        SIMPLIFIED.span_held.format(first="2025-01-10", last="2025-03-12"),
        SIMPLIFIED.undated_held(1),
        "",
        f"• 湾报 {SIMPLIFIED.articles(9)}",
        f"• 岸报 {SIMPLIFIED.articles(5)}",
        f"• Bay News {SIMPLIFIED.articles(1)}",
    ]


# In groups


@pytest.mark.parametrize("command", ["/search 摆渡船", "/latest", "/sources@baoda_test_bot"])
async def test_in_a_group_a_list_replies_to_its_command(reader: Reader, command: str) -> None:
    group = -new_reader()
    asked = reader.api.send_text(command, reader.id, group)
    (shown,) = await reader.api.wait_for_message(group, timeout=SECONDS)
    assert shown.reply_to == asked
    if not shown.buttons:
        return
    another = new_reader()
    reader.api.press(group, shown.message_id, "▶", another)
    (turned,) = await reader.api.wait_for_message(
        group, timeout=SECONDS, matching=lambda one: one.edits > 0
    )
    assert "2/" in "".join(labels(turned))
    reader.api.press(group, shown.message_id, "6", another)
    opened = (await reader.api.wait_for_message(group, 2, timeout=SECONDS))[-1]
    assert opened.reply_to == shown.message_id


async def test_in_a_topic_a_list_stays_there(reader: Reader) -> None:
    group = -new_reader()
    reader.api.send_text("/latest", reader.id, group, topic_id=7)
    (shown,) = await reader.api.wait_for_message(group, timeout=SECONDS)
    assert shown.topic_id == 7


# Messages that Telegram does not show any more


def _press(reader: Reader, message: SentMessage, data: str, **more: Any) -> str:
    """A tap of which Telegram tells the message so; the id of the query."""
    chat = {"id": reader.id, "type": "private", "first_name": "Reader"}
    user = {"id": reader.id, "is_bot": False, "first_name": "Reader", "language_code": "zh-hans"}
    shown = {"chat": chat, "message_id": message.message_id, "date": 0, **more}
    if more:
        shown |= {"date": 1, "from": user}
    query = f"{message.message_id}{len(data)}"
    told = {"id": query, "from": user, "chat_instance": "1", "data": data, "message": shown}
    reader.api.send_update({"callback_query": told})
    return query


async def test_the_newest_are_turned_on_a_message_that_is_too_old(reader: Reader) -> None:
    shown = await reader.command("/latest")
    _press(reader, shown, "n:1")
    assert entries(await reader.changed(shown))[0][0] == 6


async def test_a_search_is_not_turned_where_its_words_are_not_told(reader: Reader) -> None:
    found = await reader.command("/search 摆渡船")
    _press(reader, found, "f:1")
    said = await reader.api.wait_for(
        lambda calls: [
            one.params.get("text")
            for one in calls
            if one.method == "answerCallbackQuery"
            and one.params.get("callback_query_id") == f"{found.message_id}3"
        ],
        SECONDS,
    )
    assert said == [SIMPLIFIED.search_again]
    assert reader.now(found).edits == 0


async def test_a_button_of_a_list_under_another_message_harms_nothing(reader: Reader) -> None:
    help_ = await reader.command("/help")
    assert await reader.forge(help_, "f:1") == SIMPLIFIED.search_again
    assert reader.now(help_).edits == 0


# Other collections


@pytest.mark.long
async def test_before_the_first_index_lists_say_so(tmp_path: Path) -> None:
    settings = {"CORPUS_DIR": tmp_path / "missing"}
    with EmulatedBotApi() as api, RunningBot(tmp_path, api.base_url, **settings):
        reader = Reader(api)
        for command in ("/search 船", "/latest", "/sources", f"/start a_{short_key('boat-01')}"):
            assert (await reader.command(command)).text == SIMPLIFIED.indexing


@pytest.mark.long
async def test_pages_are_turned_after_a_restart_and_a_reload(baoda: Baoda, tmp_path: Path) -> None:
    corpus, data = write_corpus(tmp_path / "corpus"), tmp_path / "data"
    settings = {"CORPUS_DIR": corpus}
    assert baoda("reload", CORPUS_DIR=corpus, DATA_DIR=data).returncode == 0
    with EmulatedBotApi() as api:
        reader = Reader(api)
        with RunningBot(tmp_path, api.base_url, **settings):
            found, newest = await reader.command("/search 摆渡船"), await reader.command("/latest")
        with RunningBot(tmp_path, api.base_url, **settings):
            second = await reader.turn(found, "▶")
            assert [number for number, _ in entries(second)] == [6, 7, 8, 9, 10]
            assert entries(await reader.turn(newest, "▶"))[0] == (6, "渡口见闻之7")

            left = (json.dumps(one, ensure_ascii=False) for one in (*BOATS[:3], *OTHERS))
            (corpus / "all.jsonl").write_text("\n".join(left), "utf-8")
            done = baoda("reload", "--force", CORPUS_DIR=corpus, DATA_DIR=data)
            assert done.returncode == 0, done.stderr.decode()
            fewer = await reader.turn(second, "▶")
            assert [number for number, _ in entries(fewer)] == [1, 2, 3]
            assert labels(fewer) == ["1", "2", "3"]
