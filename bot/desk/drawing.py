"""The process that draws: a Chart comes in as JSON, a PNG goes out. See chart.py."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.desk.chart import CHART, Chart, Panel, Series

_DOTS_AN_INCH = 150
_WIDTH, _PANEL, _ABOVE, _BELOW = 7.2, 2.5, 1.05, 0.45
"""Inches: 1,080 pixels, a phone's screen; each panel with what parts it; the heading; the foot."""

_HEADING = 0.2
"""Inches above the heading."""

_SIDES = {"left": 0.1, "right": 0.94, "hspace": 0.42}
_MOST_LABELS = 6
_LINE, _MARKER = 2.5, 6.0
_POINTS = 15
_MOST_APART = 45
"""Days that are drawn each by itself; more of them run together, and take less time so."""

_LEAST_ROOM = 7
"""Days that there is room for at least: a single one is no wall."""

_LEAST_BESIDE = 0.6
"""Days from the middle of the last to the end of the axis."""

_BESIDE = 0.055
"""Of all days, what half the label of the last takes."""

_ROOM_ABOVE = 1.12
_NICENESS = 5
_THOUSAND, _MILLION = 1_000, 1_000_000


def draw(chart: Chart, font: Path) -> bytes:
    """The PNG of a chart."""
    font_manager.fontManager.addfont(str(font))
    family = font_manager.FontProperties(fname=str(font)).get_name()
    style: dict[Any, Any] = {
        "font.family": family,
        "font.size": _POINTS,
        "axes.unicode_minus": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": "#e3e3e3",
    }
    with matplotlib.rc_context(style):
        height = _ABOVE + len(chart.panels) * _PANEL + _BELOW
        figure = Figure(figsize=(_WIDTH, height), dpi=_DOTS_AN_INCH)
        figure.subplots_adjust(**_SIDES, bottom=_BELOW / height, top=1 - _ABOVE / height)
        figure.suptitle(chart.title, y=1 - _HEADING / height, va="top", fontsize=_POINTS + 4)
        rows = figure.subplots(len(chart.panels), 1, squeeze=False)
        for axes, panel in zip(rows[:, 0], chart.panels, strict=True):
            _draw_panel(axes, panel, chart.days)
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
    return stream.getvalue()


def _draw_panel(axes: Axes, panel: Panel, days: Sequence[str]) -> None:
    places = range(len(days))
    is_apart = len(days) <= _MOST_APART
    base = [0.0] * len(days)
    for series in panel.series:
        if series.is_line:
            values = [float("nan") if one is None else one for one in series.values]
            size = _MARKER if is_apart else _LINE
            axes.plot(places, values, "o-", color=series.color, linewidth=_LINE, markersize=size)
            continue
        heights = [one or 0.0 for one in series.values]
        tops = [low + high for low, high in zip(base, heights, strict=True)]
        if is_apart:
            axes.bar(places, heights, bottom=base, color=series.color, width=0.85)
        else:
            edges = [place - 0.5 for place in range(len(days) + 1)]
            axes.stairs(tops, edges, baseline=base, fill=True, color=series.color, linewidth=0)
        base = tops
    axes.set_title(panel.title, loc="left")
    handles = [_handle(series) for series in panel.series]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.0,
        columnspacing=1.0,
        fontsize=_POINTS - 1,
    )
    beside = max(_LEAST_BESIDE + (_LEAST_ROOM - len(days)) / 2, _LEAST_BESIDE, _BESIDE * len(days))
    axes.set_xlim(-beside, len(days) - 1 + beside)
    highest = max([*base, *_drawn_as_lines(panel)])
    axes.set_ylim(0, _ROOM_ABOVE * (highest or 1))
    has_bars = not all(series.is_line for series in panel.series)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=has_bars))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    shown = _labelled(len(days))
    axes.set_xticks(shown, [days[place] for place in shown])
    axes.tick_params(length=0)


def _handle(series: Series) -> Artist:
    """What stands before its label."""
    if series.is_line:
        return Line2D([], [], color=series.color, linewidth=_LINE, label=series.label)
    return Patch(color=series.color, label=series.label)


def _drawn_as_lines(panel: Panel) -> list[float]:
    """The values that are known."""
    lines = [series for series in panel.series if series.is_line]
    return [value for series in lines for value in series.values if value is not None]


def _labelled(many: int) -> list[int]:
    """The days that have room for a label, the last always among them."""
    step = -(-many // _MOST_LABELS)
    return sorted(range(many - 1, -1, -step))


def _short(value: float) -> str:
    """A number in few characters."""
    for size, letter in ((_MILLION, "M"), (_THOUSAND * 10, "k")):
        if value >= size:
            return f"{value / (_MILLION if letter == 'M' else _THOUSAND):g}{letter}"
    return f"{value:g}"


def main() -> None:
    """Read a chart, write its picture."""
    os.nice(_NICENESS)
    chart = CHART.validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(draw(chart, Path(sys.argv[1])))


if __name__ == "__main__":
    main()
