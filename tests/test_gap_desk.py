"""What readers did not get: as it is shown, as a table, and what is kept for it."""

import asyncio
import csv
import io
import zoneinfo
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.desk.board import Board, Gaps
from bot.desk.gap_table import table
from bot.desk.gaps import Gap, group
from bot.journal import Journal
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.store import Missed
from bot.telegram.links import Links
from bot.telegram.rendering import LIMIT, utf16_length
from bot.telegram.rendering.gaps import render_gaps
from retrieval.errors import ModelUnavailableError
from retrieval.types import NearestArticle, Vectors
from tests.fakes import FakeEmbedder
from tests.store.exchanges import DAY, HOUR, MORNING, Clock, exchange, open_store
from tests.telegram_html import read_strictly
from tests.test_gaps import missed

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
LINKS = Links("baoda_bot")
INTERFACES = (SIMPLIFIED, TRADITIONAL, ENGLISH)


def shown(gaps: Sequence[Gap], page: int = 0, phrases: Phrases = SIMPLIFIED) -> str:
    found = Gaps(tuple(gaps), by_meaning=True, is_all=True)
    return render_gaps(found, page, SHANGHAI, phrases, LINKS).plain


def rows(gaps: Sequence[Gap], phrases: Phrases = SIMPLIFIED) -> list[list[str]]:
    text = table(gaps, SHANGHAI, phrases).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_gap_is_shown_with_its_figures_examples_and_articles() -> None:
    bridge = NearestArticle("桥.md", "新桥通车", "2026-03-04")
    asked = [
        missed(1, "新桥何时通车？", 987654, articles=(bridge,)),
        missed(2, "请问新桥何时通车", 987655, refused=False, fallback=True, articles=(bridge,)),
        missed(30, "新桥何时通车", 987655, disliked=2, reasons=("misses", "misses")),
    ]
    assert shown(group(asked, None)).splitlines() == [
        "读者问了没答上的：1 组，共 3 次",
        "",
        "1. 新桥何时通车？",
        "3 次 · 2 人 · 答不上 2 · 模型失败 1 · 👎 2 · 答非所问 2",
        "2026-03-05 起，最近 2026-03-06",
        "– 请问新桥何时通车",
        "最接近：新桥通车",
        "",
        SIMPLIFIED.gaps_hint,
    ]


@pytest.mark.parametrize("phrases", INTERFACES)
def test_a_page_of_the_longest_fits_into_a_message(phrases: Phrases) -> None:
    articles = tuple(NearestArticle(f"{n}", "题" * 300, "") for n in range(9))
    gaps = [
        Gap(
            tuple(missed(10 * n + k, f"{n}{k}" + "😀问" * 999, articles=articles) for k in range(9))
        )
        for n in range(12)
    ]
    found = Gaps(tuple(gaps), by_meaning=False, is_all=False)
    part = render_gaps(found, 1, SHANGHAI, phrases, LINKS, closed=gaps[0])
    assert utf16_length(part.plain) <= LIMIT
    assert read_strictly(part.markup).text == part.plain
    assert part.plain.startswith(phrases.gaps_head.split("{")[0])
    assert "\n6. " in part.plain
    assert "\n11. " not in part.plain


def test_a_page_that_is_not_there_is_the_last() -> None:
    gaps = [Gap((missed(n, f"第{n}问"),)) for n in range(7)]
    assert "7. 第6问" in shown(gaps, 99)


@pytest.mark.parametrize("phrases", INTERFACES)
def test_without_gaps_it_says_so(phrases: Phrases) -> None:
    assert shown([], 0, phrases) == phrases.gaps_none


def test_the_table_has_a_row_for_each_wording() -> None:
    bridge = NearestArticle("桥.md", "新桥通车", "2026-03-04")
    asked = [
        missed(1, "新桥何时通车", articles=(bridge,)),
        missed(2, "新桥何时通车？"),
        missed(20, "请问新桥何时通车"),
        missed(3, "校长是谁", disliked=1, refused=False),
    ]
    first, *others = rows(group(asked, None))
    assert first == ["组", "问题", "次数", "首次", "最近", "类型", "最接近的文章"]
    assert others == [
        ["1", "新桥何时通车", "2", "2026-03-05 17:00", "2026-03-05 18:00", "答不上 2", "新桥通车"],
        [
            "1",
            "请问新桥何时通车",
            "1",
            "2026-03-06 12:00",
            "2026-03-06 12:00",
            "答不上 1",
            "新桥通车",
        ],
        ["2", "校长是谁", "1", "2026-03-05 19:00", "2026-03-05 19:00", "👎 1", ""],
    ]


@pytest.mark.parametrize(
    "question", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1+1", "\ufeff=1", "\r-1"]
)
def test_nothing_in_the_table_is_a_formula(question: str) -> None:
    article = NearestArticle("a", question, "")
    cells = rows([Gap((missed(1, question, articles=(article,)),))])[1]
    assert [cells[1][0], cells[6][0]] == ["'", "'"]


def test_the_table_is_utf_8_with_a_mark() -> None:
    assert table([], SHANGHAI, SIMPLIFIED).startswith(b"\xef\xbb\xbf")


def test_nobody_who_asked_is_named() -> None:
    asked = [missed(n, f"第{n}问", 987654321 + n) for n in range(9)]
    for phrases in INTERFACES:
        gaps = group(asked, None)
        assert "98765" not in shown(gaps, 0, phrases)
        assert "98765" not in table(gaps, SHANGHAI, phrases).decode()


class Mute(FakeEmbedder):
    """A model that does not answer while it is `mute`."""

    mute = True

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self.mute:
            raise ModelUnavailableError("no answer")
        return super().embed_passages(texts)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(open_store(tmp_path, Clock()))
    yield opened
    opened.close()


async def keep(journal: Journal, *questions: str) -> list[int]:
    return [
        await journal.run(
            lambda store, at=MORNING - number * HOUR, question=question: store.keep(  # type: ignore[misc]
                exchange(question, at=at, refused=True)
            )
        )
        for number, question in enumerate(questions)
    ]


def labels(found: Gaps) -> list[str]:
    return [gap.label for gap in found.gaps]


async def test_what_was_embedded_is_not_embedded_again_after_a_restart(journal: Journal) -> None:
    await keep(journal, "新桥何时通车", "新桥何时通车", "校长是谁")
    first, second = FakeEmbedder(), FakeEmbedder()
    found = await Board(journal, first).look()
    assert first.embedded.count("新桥何时通车") == 1
    assert labels(await Board(journal, second).look()) == labels(found)
    assert "新桥何时通车" not in second.embedded


async def test_another_model_embeds_anew(journal: Journal) -> None:
    await keep(journal, "新桥何时通车")
    await Board(journal, FakeEmbedder()).look()
    other = FakeEmbedder("other")
    assert (await Board(journal, other).look()).by_meaning
    assert "新桥何时通车" in other.embedded


async def test_without_an_answer_of_the_model_words_decide_until_it_answers(
    journal: Journal,
) -> None:
    await keep(journal, "新桥何时通车", "请问新桥何时通车？")
    model = Mute()
    board = Board(journal, model)
    found = await board.look()
    assert (len(found.gaps), found.by_meaning) == (1, False)
    assert SIMPLIFIED.gaps_by_words in render_gaps(found, 0, SHANGHAI, SIMPLIFIED, LINKS).plain
    model.mute = False
    assert (await board.look()).by_meaning


async def test_what_is_closed_comes_back_when_it_is_asked_again(journal: Journal) -> None:
    await keep(journal, "新桥何时通车", "请问新桥何时通车？", "校长是谁")
    board = Board(journal, FakeEmbedder())
    (bridge,) = [gap for gap in (await board.look()).gaps if "新桥" in gap.label]
    await board.close(bridge)
    assert labels(await board.look()) == ["校长是谁"]
    await keep(journal, "新桥何时通车呢")
    assert set(labels(await board.look())) == {"校长是谁", "新桥何时通车呢"}


async def test_a_closing_can_be_undone(journal: Journal) -> None:
    number, _ = await keep(journal, "新桥何时通车", "请问新桥何时通车？")
    board = Board(journal, FakeEmbedder())
    (gap,) = (await board.look()).gaps
    await board.close(gap)
    assert await board.reopen(number)
    assert (await board.look()).times == 2


async def test_several_who_look_at_once_have_it_done_once(journal: Journal) -> None:
    await keep(journal, "新桥何时通车", "校长是谁")
    model = FakeEmbedder()
    board = Board(journal, model)
    first, second = await asyncio.gather(board.look(), board.look())
    assert first is second
    assert len(model.embedded) == len(set(model.embedded))


async def test_nothing_missed_needs_no_model(journal: Journal) -> None:
    model = FakeEmbedder()
    assert (await Board(journal, model).look()).gaps == ()
    assert model.embedded == []


def test_times_are_those_of_the_time_zone() -> None:
    late = missed(1, "问", asked_at=MORNING.replace(hour=23))
    assert "2026-03-06" in shown([Gap((late,))])
    assert rows([Gap((late,))])[1][3] == "2026-03-06 07:00"


def test_what_is_older_is_told_to_be_left_out() -> None:
    found = Gaps((Gap((missed(1, "问"),)),), by_meaning=True, is_all=False)
    assert "2,000" in render_gaps(found, 0, SHANGHAI, SIMPLIFIED, LINKS).plain


@pytest.mark.parametrize("text", ["\u200b", "", "‮abc", "<b>&amp;"])
def test_odd_questions_and_titles_are_shown(text: str) -> None:
    article = NearestArticle("a", text, "")
    one: Missed = missed(1, text, articles=(article,), asked_at=MORNING - DAY)
    part = render_gaps(Gaps((Gap((one,)),), True, True), 0, SHANGHAI, ENGLISH, LINKS)
    assert read_strictly(part.markup).text == part.plain
