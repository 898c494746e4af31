"""The process that draws: a Chart comes in as JSON, a PNG goes out. See chart.py."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.desk.chart import CHART, Chart, Panel

_INCHES = (7.2, 9.0)
_DOTS_AN_INCH = 150
"""Together 1,080 x 1,350 pixels, a phone's screen."""

_MARGINS = {"left": 0.1, "right": 0.94, "bottom": 0.05, "top": 0.88, "hspace": 0.42}
_MOST_LABELS = 6
_POINTS = 15
_MOST_APART = 45
"""Days that are drawn each by itself; more of them run together, and take less time so."""

_LEAST_ROOM = 7
"""Days that there is room for at least: a single one is no wall."""

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
        figure = Figure(figsize=_INCHES, dpi=_DOTS_AN_INCH)
        figure.subplots_adjust(**_MARGINS)
        figure.suptitle(chart.title, fontsize=_POINTS + 4)
        rows = figure.subplots(len(chart.panels), 1, squeeze=False)
        for axes, panel in zip(rows[:, 0], chart.panels, strict=True):
            _draw_panel(axes, panel, chart.days)
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
    return stream.getvalue()


def _draw_panel(axes: Axes, panel: Panel, days: Sequence[str]) -> None:
    places = range(len(days))
    base = [0.0] * len(days)
    for series in panel.series:
        if panel.is_lines:
            values = [float("nan") if one is None else one for one in series.values]
            marker = "o" if len(days) <= _MOST_APART else ""
            axes.plot(places, values, color=series.color, linewidth=2.5, marker=marker)
        else:
            tops = [low + (one or 0.0) for low, one in zip(base, series.values, strict=True)]
            if len(days) <= _MOST_APART:
                heights = [top - low for top, low in zip(tops, base, strict=True)]
                axes.bar(places, heights, bottom=base, color=series.color, width=0.85)
            else:
                axes.fill_between(places, base, tops, step="mid", color=series.color, linewidth=0)
            base = tops
    axes.set_title(panel.title, loc="left")
    handles = [Patch(color=series.color, label=series.label) for series in panel.series]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        frameon=False,
        borderaxespad=0.2,
        handlelength=0.8,
        columnspacing=1.0,
        fontsize=_POINTS - 1,
    )
    beside = 0.6 + max(0, _LEAST_ROOM - len(days)) / 2
    axes.set_xlim(-beside, len(days) - 1 + beside)
    highest = max(base) or max(_known(panel), default=0.0)
    axes.set_ylim(0, _ROOM_ABOVE * (highest or 1))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=not panel.is_lines))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    shown = _labelled(len(days))
    axes.set_xticks(shown, [days[place] for place in shown])
    axes.tick_params(length=0)


def _known(panel: Panel) -> list[float]:
    return [value for series in panel.series for value in series.values if value is not None]


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
