"""How much was asked, by days of the time zone, as a text and as a picture."""

import datetime
import importlib.util
import io
import random
import struct
import warnings
import zoneinfo
from collections.abc import AsyncIterator
from pathlib import Path

import numpy
import pytest
from PIL import Image

from bot.desk import chart as charts
from bot.desk.chart import CHART, Chart, DrawingError, Panel, Series, draw, font_path
from bot.desk.drawing import draw as drawn
from bot.desk.statistics import Day, Statistics, gather
from bot.journal import Journal
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.store import Tally
from bot.telegram.rendering import LIMIT, utf16_length
from bot.telegram.rendering.stats import chart_of, render_stats
from retrieval.types import Timings, Usage
from tests.store.exchanges import Clock, exchange, open_store
from tests.telegram_html import read_strictly

INTERFACES = (SIMPLIFIED, TRADITIONAL, ENGLISH)
TODAY = datetime.date(2026, 3, 5)
SHANGHAI, BERLIN = zoneinfo.ZoneInfo("Asia/Shanghai"), zoneinfo.ZoneInfo("Europe/Berlin")
SAO_PAULO = zoneinfo.ZoneInfo("America/Sao_Paulo")
NONE = Usage(0, 0)
ONE_DAY = datetime.timedelta(days=1)


def tally(questions: int = 0, **more: object) -> Tally:
    fields: dict[str, object] = {
        "refused": 0,
        "fallback": 0,
        "liked": 0,
        "disliked": 0,
        "askers": frozenset(),
        "milliseconds": (),
    }
    return Tally(questions=questions, **fields | more)  # type: ignore[arg-type]


def statistics(*tallies: Tally, tokens: Usage = NONE) -> Statistics:
    first = TODAY - (len(tallies) - 1) * ONE_DAY
    return Statistics(
        tuple(Day(first + number * ONE_DAY, one, tokens) for number, one in enumerate(tallies))
    )


def made_up(days: int, scale: float) -> Statistics:
    dice = random.Random(days)
    found = []
    for _ in range(days):
        many = int(dice.random() ** 2 * scale)
        times = tuple(scale * dice.lognormvariate(3, 1) for _ in range(min(many, 50)))
        found.append(
            tally(
                many,
                refused=many // 5,
                liked=many // 6,
                disliked=many // 9,
                askers=frozenset(range(min(many, 500) // 2)),
                milliseconds=times,
            )
        )
    return statistics(*found, tokens=Usage(int(scale) * 999, int(scale) * 99))


def text(found: Statistics, phrases: Phrases = SIMPLIFIED, kept_days: int = 90) -> str:
    return render_stats(found, phrases, kept_days=kept_days).plain


# Days


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(open_store(tmp_path, Clock()))
    yield opened
    opened.close()


async def keep(journal: Journal, *answered_at: str) -> None:
    for number, moment in enumerate(answered_at):
        at = datetime.datetime.fromisoformat(moment)
        one = exchange(str(number), at=at, took=datetime.timedelta(), chat_id=number)
        await journal.run(lambda store, one=one: store.keep(one))  # type: ignore[misc]


async def questions_by_day(
    journal: Journal, zone: zoneinfo.ZoneInfo, today: datetime.date, days: int
) -> list[int]:
    found = await gather(journal, days, zone, today)
    return [day.tally.questions for day in found.days]


async def test_days_are_those_of_the_time_zone(journal: Journal) -> None:
    await keep(
        journal,
        "2026-03-03T15:59:59Z",
        "2026-03-03T16:00:00Z",
        "2026-03-04T15:59:59.999999Z",
        "2026-03-04T16:00:00Z",
        "2026-03-05T16:00:00Z",
    )
    assert await questions_by_day(journal, SHANGHAI, TODAY, 3) == [1, 2, 1]


async def test_days_of_23_and_of_25_hours_are_counted_whole(journal: Journal) -> None:
    await keep(
        journal,
        "2026-03-28T22:59:59Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:59Z",
        "2026-03-29T22:00:00Z",
    )
    spring = datetime.date(2026, 3, 30)
    assert await questions_by_day(journal, BERLIN, spring, 3) == [1, 2, 1]
    await keep(journal, "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z")
    autumn = datetime.date(2026, 10, 26)
    assert await questions_by_day(journal, BERLIN, autumn, 3) == [1, 2, 0]


async def test_a_day_without_its_first_hour_is_counted_whole(journal: Journal) -> None:
    await keep(journal, "2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z", "2018-11-05T01:59:59Z")
    day = datetime.date(2018, 11, 4)
    assert await questions_by_day(journal, SAO_PAULO, day, 2) == [1, 2]


async def test_tokens_are_those_of_the_day(journal: Journal) -> None:
    for day, tokens in ((TODAY, 5), (TODAY - ONE_DAY, 7), (TODAY - 9 * ONE_DAY, 100)):
        spent = Usage(tokens, 1)
        await journal.run(
            lambda store, day=day, spent=spent: store.spend(  # type: ignore[misc]
                spent, day=day, asker_id=5, model="m", purpose="answer"
            )
        )
    found = await gather(journal, 2, SHANGHAI, TODAY)
    assert [day.tokens for day in found.days] == [Usage(7, 1), Usage(5, 1)]
    assert found.whole.tokens == Usage(12, 2)


async def test_a_person_who_asks_on_two_days_is_one(journal: Journal) -> None:
    await keep(journal, "2026-03-04T08:00:00Z", "2026-03-05T08:00:00Z")
    found = await gather(journal, 7, SHANGHAI, TODAY)
    assert len(found.whole.tally.askers) == 1
    assert found.whole.tally.milliseconds == (Timings(1.5, 2.5, 0.5, 4.5).total,) * 2


@pytest.mark.parametrize(
    ("times", "median", "slow"),
    [((), None, None), ((1000,), 1, 1), ((1000, 2000), 1, 2), (range(0, 101_000, 1000), 50, 95)],
)
def test_times_are_told_by_rank(times: tuple[float, ...], median: float, slow: float) -> None:
    day = Day(TODAY, tally(milliseconds=tuple(times)), Usage(0, 0))
    assert (day.median, day.slow) == (median, slow)


# The text


def test_the_text_tells_of_all_and_of_the_last_days() -> None:
    older = tally(
        1200, refused=300, askers=frozenset(range(50)), milliseconds=(400,) * 10 + (90_000,)
    )
    today = tally(
        4,
        refused=1,
        fallback=2,
        liked=3,
        disliked=1,
        askers=frozenset({1, 2}),
        milliseconds=(400, 1200, 90_000, 100),
    )
    found = statistics(older, tally(), today, tokens=Usage(1000, 100))
    assert text(found).splitlines() == [
        "2026-03-03 至 2026-03-05（3 天）",
        "",
        "提问 1,204，50 人",
        "答上 903（75%），答不上 301（25%）",
        "模型失败、改用原文 2",
        "👍 3（75%），👎 1",
        "用时：一半在 0.4 秒内，95% 在 90 秒内",
        "词元 3,300（读 3,000，写 300）",
        "",
        "最近 3 天（用时：一半/95% 在此之内）",
        "03-05  4 问 · 2 人 · 答上 3 · 答不上 1 · 👍 75% · 0.4/90 秒 · 1,100 词元",
        "03-04  1,100 词元",
        "03-03  1,200 问 · 50 人 · 答上 900 · 答不上 300 · 0.4/90 秒 · 1,100 词元",
    ]


def test_a_day_is_told_without_what_is_nothing() -> None:
    refused = tally(1, refused=1, disliked=1, askers=frozenset({1}), milliseconds=(400,))
    answered = tally(1, askers=frozenset({1}), milliseconds=(12_000,))
    assert text(statistics(tally(), refused, answered)).splitlines()[-3:] == [
        "03-05  1 问 · 1 人 · 答上 1 · 12/12 秒",
        "03-04  1 问 · 1 人 · 答不上 1 · 👍 0% · 0.4/0.4 秒",
        "03-03  –",
    ]


@pytest.mark.parametrize(
    ("phrases", "heading"),
    [(SIMPLIFIED, "最近 7 天"), (TRADITIONAL, "最近 7 天"), (ENGLISH, "Last 7 days")],
)
def test_that_only_the_last_days_are_told_one_by_one_is_said(
    phrases: Phrases, heading: str
) -> None:
    lines = text(statistics(*[tally(1)] * 30), phrases).splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.startswith(heading)]
    days = [line[:5] for line in lines[place + 1 :]]
    assert days == [f"{TODAY - ago * ONE_DAY:%m-%d}" for ago in range(7)]


def test_a_single_day_is_told_once() -> None:
    assert text(statistics(tally(4))).count("4") == 2


def test_tokens_are_not_translated_for_taiwan() -> None:
    said = text(statistics(tally(4), tally(2), tokens=Usage(20, 3)), TRADITIONAL)
    assert "token 46" in said
    assert "23 token" in said


@pytest.mark.parametrize("phrases", INTERFACES)
def test_without_questions_it_says_so(phrases: Phrases) -> None:
    said = text(statistics(*[tally()] * 30), phrases)
    assert phrases.stats_none.format(days=phrases.days(30)) in said
    assert "%" not in said


def test_what_is_deleted_already_is_told() -> None:
    found = statistics(*[tally(1)] * 91)
    assert SIMPLIFIED.stats_kept.format(days="90 天") in text(found)
    assert "删除" not in text(found, kept_days=91)


@pytest.mark.parametrize("phrases", INTERFACES)
@pytest.mark.parametrize(("days", "scale"), [(1, 9), (30, 50), (365, 1e12), (90, 0)])
def test_the_text_fits_and_names_nobody(phrases: Phrases, days: int, scale: float) -> None:
    found = made_up(days, scale)
    known = [tally(3, askers=frozenset({987_654_321}), milliseconds=(1,)) for _ in range(days)]
    for one in (found, statistics(*known)):
        part = render_stats(one, phrases, kept_days=90, remark=phrases.stats_no_picture)
        assert utf16_length(part.plain) <= LIMIT
        assert read_strictly(part.markup).text == part.plain
        assert "987" not in part.plain.replace(",", "") or one is found


def test_the_period_that_is_shown_is_marked() -> None:
    part = render_stats(statistics(*[tally()] * 30), ENGLISH, kept_days=90)
    assert [button.label for button in part.keyboard[0]] == ["7 days", "✓ 30 days", "90 days"]


# The picture


def size_of(picture: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


AXIS = range(108, 1016)
"""The pixels from left to right that the axis takes."""

IN_THE_BARS = 300
"""A row of pixels amid the bars of the first panel, if all days are alike."""

GREEN = (0x3A, 0x8F, 0x5C)


@pytest.fixture(scope="module")
def font() -> Path:
    found = font_path()
    assert found is not None
    return found


@pytest.mark.parametrize("phrases", INTERFACES)
def test_every_character_of_a_picture_has_a_glyph(phrases: Phrases, font: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        assert size_of(drawn(chart_of(made_up(30, 50), phrases), font)) == (1080, 1725)


@pytest.mark.parametrize(("days", "scale"), [(1, 9), (2, 0), (365, 50), (7, 1e12)])
def test_any_number_of_days_and_questions_is_drawn(days: int, scale: float, font: Path) -> None:
    picture = drawn(chart_of(made_up(days, scale), SIMPLIFIED), font)
    assert size_of(picture) == (1080, 1725 if scale else 1350)


def test_a_picture_shows_people_and_tokens() -> None:
    today = tally(4, refused=1, askers=frozenset({1, 2}))
    chart = chart_of(statistics(tally(), today, tokens=Usage(20, 3)), SIMPLIFIED)
    asked, *_, spent = chart.panels
    assert [(one.label, one.values) for one in asked.series if one.is_line] == [("人数", (0, 2))]
    assert spent.title == "词元"
    assert [(one.label, one.values) for one in spent.series] == [("读", (20, 20)), ("写", (3, 3))]


def test_a_picture_without_tokens_has_no_panel_for_them() -> None:
    titles = [panel.title for panel in chart_of(statistics(tally(4)), SIMPLIFIED).panels]
    assert titles == ["每天提问", "用时（秒）", "评价"]


@pytest.mark.parametrize("days", [1, 30, 46, 90])
def test_the_first_and_the_last_bar_are_whole_and_nothing_leaves_the_axis(
    days: int, font: Path
) -> None:
    picture = drawn(chart_of(statistics(*[tally(4)] * days), SIMPLIFIED), font)
    pixels = numpy.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
    bars = [x for x in AXIS if tuple(pixels[IN_THE_BARS, x]) == GREEN]
    assert abs(bars[0] - AXIS[0] - (AXIS[-1] - bars[-1])) <= 2
    assert (pixels[:, AXIS.stop :] == 255).all()


async def test_it_is_drawn_by_a_process_of_its_own(font: Path) -> None:
    picture = await draw(chart_of(made_up(7, 9), ENGLISH), font)
    assert size_of(picture) == (1080, 1725)


async def test_what_cannot_be_drawn_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match="nowhere") as caught:
        await draw(chart_of(made_up(7, 9), ENGLISH), tmp_path / "nowhere.ttf")
    assert "\n" not in str(caught.value)


async def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, font: Path) -> None:
    monkeypatch.setattr(charts, "_SECONDS", 0.01)
    with pytest.raises(DrawingError, match="more than"):
        await draw(chart_of(made_up(7, 9), ENGLISH), font)


@pytest.mark.parametrize("missing", ["zhplot", "matplotlib"])
def test_without_its_packages_nothing_is_drawn(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    assert font_path() is None


def test_a_chart_comes_through_json() -> None:
    series = Series("答上", (1.0, None, 3.5), "#123456", is_line=True)
    chart = Chart("题", ("3/4", "3/5", "3/6"), (Panel("时", (series,)),))
    assert CHART.validate_json(CHART.dump_json(chart)) == chart
