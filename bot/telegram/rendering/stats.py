"""Statistics as a text, and what stands in their picture."""

from collections.abc import Iterator, Sequence

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
_DARK = "#1d2440"


def render_stats(found: Statistics, phrases: Phrases, *, kept_days: int, remark: str = "") -> Part:
    """Figures of all days together and of the last of them, and buttons for other periods.

    What is older than `kept_days` is said to be deleted; `remark` stands at the end.
    """
    whole, many = found.whole, len(found.days)
    head = phrases.stats_head.format(
        first=found.days[0].date, last=found.days[-1].date, days=phrases.days(many)
    )
    blocks = [Block((Run(head, bold=True),))]
    if whole.tally.questions or whole.tokens.total:
        blocks += lines_of("\n".join(_figures(whole, phrases)), "\n\n")
        blocks += _by_day(found, phrases)
    else:
        blocks += lines_of(phrases.stats_none.format(days=phrases.days(many)), "\n\n")
    if many > kept_days:
        blocks += lines_of(phrases.stats_kept.format(days=phrases.days(kept_days)), "\n\n")
    if remark:
        blocks += lines_of(remark, "\n\n")
    buttons = tuple(
        Button(
            (_CHOSEN if days == many else "") + phrases.days(days),
            pack(Manage("stats", "days", str(days))),
        )
        for days in PERIODS
    )
    return part_of(blocks, (buttons,))


def chart_of(found: Statistics, phrases: Phrases) -> Chart:
    """Questions and people, times, ratings, and tokens if there are any, by day."""
    days = found.days
    tallies = [day.tally for day in days]

    def bars(label: str, values: list[int], color: str) -> Series:
        return Series(label, tuple(map(float, values)), color)

    def line(label: str, values: Sequence[float | None], color: str) -> Series:
        return Series(label, tuple(values), color, is_line=True)

    asked = (
        bars(phrases.chart_answered, [one.questions - one.refused for one in tallies], _GREEN),
        bars(phrases.chart_refused, [one.refused for one in tallies], _RED),
        line(phrases.chart_people, [len(one.askers) for one in tallies], _DARK),
    )
    times = (
        line(phrases.chart_median, [day.median for day in days], _BLUE),
        line(phrases.chart_most, [day.slow for day in days], _ORANGE),
    )
    ratings = (
        bars(phrases.chart_liked, [one.liked for one in tallies], _GREEN),
        bars(phrases.chart_disliked, [one.disliked for one in tallies], _RED),
    )
    tokens = (
        bars(phrases.chart_read, [day.tokens.prompt_tokens for day in days], _BLUE),
        bars(phrases.chart_written, [day.tokens.completion_tokens for day in days], _ORANGE),
    )
    title = phrases.stats_head.format(
        first=days[0].date, last=days[-1].date, days=phrases.days(len(days))
    )
    panels = [
        Panel(phrases.chart_questions, asked),
        Panel(phrases.chart_seconds, times),
        Panel(phrases.chart_ratings, ratings),
    ]
    if any(day.tokens.total for day in days):
        panels.append(Panel(phrases.chart_tokens, tokens))
    labels = tuple(f"{day.date.month}/{day.date.day}" for day in days)
    return Chart(title, labels, tuple(panels))


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


def _by_day(found: Statistics, phrases: Phrases) -> Iterator[Block]:
    """The last days one by one, the newest first; nothing if the figures are those of one day."""
    told = found.days[: -_TOLD_DAYS - 1 : -1]
    if len(told) == 1:
        return
    head = phrases.stats_days.format(days=phrases.days(len(told)))
    yield Block((Run(head, bold=True),), "\n\n")
    yield from lines_of("\n".join(_line(day, phrases) for day in told))


def _line(day: Day, phrases: Phrases) -> str:
    return f"{day.date:%m-%d}  " + (" · ".join(_figures_in_line(day, phrases)) or "–")


def _figures_in_line(day: Day, phrases: Phrases) -> Iterator[str]:
    """Those that are known and not nothing."""
    tally = day.tally
    answered, rated = tally.questions - tally.refused, tally.liked + tally.disliked
    if tally.questions:
        yield phrases.stats_day_questions.format(count=f"{tally.questions:,}")
    if tally.askers:
        yield phrases.people(len(tally.askers))
    if answered:
        yield f"{phrases.chart_answered} {answered:,}"
    if tally.refused:
        yield f"{phrases.chart_refused} {tally.refused:,}"
    if rated:
        yield f"👍 {_share(tally.liked, rated)}"
    if day.median is not None and day.slow is not None:
        yield phrases.stats_day_time.format(median=_time(day.median), p95=_time(day.slow))
    if day.tokens.total:
        yield phrases.stats_day_tokens.format(count=f"{day.tokens.total:,}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}"


def _time(seconds: float) -> str:
    """Seconds, one digit after the point below ten."""
    return f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:,.0f}"
