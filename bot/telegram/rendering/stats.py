"""Statistics as a text, and what stands in their picture."""

from collections.abc import Iterator

from bot.desk.chart import Chart, Panel, Series
from bot.desk.statistics import Day, Statistics
from bot.phrases import Phrases
from bot.telegram.buttons import Manage, pack
from bot.telegram.rendering.blocks import Block, Run, lines_of, part_of
from bot.telegram.rendering.parts import Button, Part

PERIODS = (7, 30, 90)
_TOLD_DAYS = 7
_CHOSEN = "✓ "
_GREEN, _RED, _BLUE, _ORANGE = "#3a8f5c", "#cf5b4c", "#3b6fb6", "#e0942f"


def render_stats(found: Statistics, phrases: Phrases, *, kept_days: int, remark: str = "") -> Part:
    """Figures of all days together and of the last of them, and buttons for other periods.

    What is older than `kept_days` is said to be deleted; `remark` stands at the end.
    """
    whole, many = found.whole, len(found.days)
    lines = []
    if whole.tally.questions or whole.tokens.total:
        lines = [*_figures(whole, phrases), "", *(_line(day, phrases) for day in _told(found))]
    else:
        lines = [phrases.stats_none.format(days=phrases.days(many))]
    if many > kept_days:
        lines += ["", phrases.stats_kept.format(days=phrases.days(kept_days))]
    if remark:
        lines += ["", remark]
    head = phrases.stats_head.format(
        first=found.days[0].date, last=found.days[-1].date, days=phrases.days(many)
    )
    blocks = [Block((Run(head, bold=True),)), *lines_of("\n".join(lines), "\n\n")]
    buttons = tuple(
        Button(
            (_CHOSEN if days == many else "") + phrases.days(days),
            pack(Manage("stats", "days", str(days))),
        )
        for days in PERIODS
    )
    return part_of(blocks, (buttons,))


def chart_of(found: Statistics, phrases: Phrases) -> Chart:
    """Questions, times and ratings by day."""
    days = found.days
    tallies = [day.tally for day in days]

    def bars(label: str, values: list[int], color: str) -> Series:
        return Series(label, tuple(map(float, values)), color)

    asked = (
        bars(phrases.chart_answered, [one.questions - one.refused for one in tallies], _GREEN),
        bars(phrases.chart_refused, [one.refused for one in tallies], _RED),
    )
    times = (
        Series(phrases.chart_median, tuple(day.median for day in days), _BLUE),
        Series(phrases.chart_most, tuple(day.slow for day in days), _ORANGE),
    )
    ratings = (
        bars(phrases.chart_liked, [one.liked for one in tallies], _GREEN),
        bars(phrases.chart_disliked, [one.disliked for one in tallies], _RED),
    )
    title = phrases.stats_head.format(
        first=days[0].date, last=days[-1].date, days=phrases.days(len(days))
    )
    return Chart(
        title,
        tuple(f"{day.date.month}/{day.date.day}" for day in days),
        (
            Panel(phrases.chart_questions, asked),
            Panel(phrases.chart_seconds, times, is_lines=True),
            Panel(phrases.chart_ratings, ratings),
        ),
    )


def _figures(whole: Day, phrases: Phrases) -> Iterator[str]:
    tally = whole.tally
    answered = tally.questions - tally.refused
    yield phrases.stats_questions.format(
        questions=f"{tally.questions:,}", people=phrases.people(len(tally.askers))
    )
    if tally.questions:
        yield phrases.stats_answered.format(
            answered=f"{answered:,}",
            answered_share=_share(answered, tally.questions),
            refused=f"{tally.refused:,}",
            refused_share=_share(tally.refused, tally.questions),
        )
    if tally.fallback:
        yield phrases.stats_fallback.format(count=f"{tally.fallback:,}")
    rated = tally.liked + tally.disliked
    if rated:
        yield phrases.stats_ratings.format(
            liked=f"{tally.liked:,}",
            disliked=f"{tally.disliked:,}",
            share=_share(tally.liked, rated),
        )
    else:
        yield phrases.stats_no_ratings
    if whole.median is not None and whole.slow is not None:
        yield phrases.stats_time.format(median=_time(whole.median), p95=_time(whole.slow))
    if whole.tokens.total:
        yield phrases.stats_tokens.format(
            total=f"{whole.tokens.total:,}",
            prompt=f"{whole.tokens.prompt_tokens:,}",
            completion=f"{whole.tokens.completion_tokens:,}",
        )


def _told(found: Statistics) -> tuple[Day, ...]:
    """The days that are told of one by one, the newest first."""
    return found.days[: -_TOLD_DAYS - 1 : -1]


def _line(day: Day, phrases: Phrases) -> str:
    date = f"{day.date:%m-%d}"
    if day.median is None:
        return f"{date}  –"
    return phrases.stats_day.format(
        day=date,
        questions=f"{day.tally.questions:,}",
        refused=f"{day.tally.refused:,}",
        liked=f"{day.tally.liked:,}",
        disliked=f"{day.tally.disliked:,}",
        median=_time(day.median),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}"


def _time(seconds: float) -> str:
    """Seconds, one digit after the point below ten."""
    return f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:,.0f}"
