"""Figures drawn: SVG to be put into a page. Labels are ASCII, so that any font will do."""

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retrieval.evaluation.measures import (
    DEPTH,
    STAGES,
    Outcome,
    Verdict,
    certainty,
    refusal_curve,
)

Pairs = Sequence[tuple[Outcome, Verdict]]
_SIZE = (5.2, 3.6)
_LEAST_CONFIDENCE = 1e-4
"""Lower ones, 0 among them, are drawn there: the axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing and what it shows."""

    title: str
    caption: str
    svg: str


def draw_all(sets: Mapping[str, Pairs]) -> list[Plot]:
    """The drawings that can be made of these sets."""
    pairs = [pair for chosen in sets.values() for pair in chosen]
    kinds = {outcome.question.is_answerable for outcome, _ in pairs}
    plots = []
    if len(kinds) == 2:
        plots.append(_plot("Refusals", _CURVE, lambda axes: _refusals(axes, pairs)))
    plots.append(_plot("By threshold", _SWEEP, lambda axes: _by_threshold(axes, pairs)))
    plots.append(_plot("Confidence", _CONFIDENCE, lambda axes: _confidence(axes, pairs)))
    if any(verdict.ndcg is not None for _, verdict in pairs):
        plots.append(_plot("First right article", _RANKS, lambda axes: _ranks(axes, sets)))
    plots.append(_plot("Time", _TIME, lambda axes: _times(axes, pairs)))
    return plots


_CURVE = (
    "Share of the unanswerable questions refused against the share of the answerable ones refused, "
    "at every threshold of the confidence. The dot is what was done."
)
_SWEEP = "What would happen if every answer with less confidence than the threshold were refused."
_CONFIDENCE = "Questions by the confidence in the best sentence."
_RANKS = "Place of the first article that answers among the ten that were found."
_TIME = "Share of the questions answered within a time."


def _plot(title: str, caption: str, draw: Callable[[Axes], None]) -> Plot:
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    drawn = stream.getvalue()
    return Plot(title, caption, _responsive(drawn[drawn.index("<svg") :]))


def _responsive(svg: str) -> str:
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*"',
        r"\1",
        re.sub(r' height="[^"]*pt"', "", svg, count=1),
        count=1,
    )


def _refusals(axes: Axes, pairs: Pairs) -> None:
    low = [certainty(one.answer) for one, _ in pairs if one.question.is_answerable]
    high = [certainty(one.answer) for one, _ in pairs if not one.question.is_answerable]
    curve = refusal_curve(low, high)
    axes.plot([one[1] for one in curve], [one[2] for one in curve], drawstyle="steps-post")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey", linewidth=1)
    axes.plot(_refused(pairs, answerable=True), _refused(pairs, answerable=False), "o")
    axes.set(xlabel="wrongly refused", ylabel="rightly refused", xlim=(-0.02, 1), ylim=(0, 1.02))


def _refused(pairs: Pairs, *, answerable: bool) -> float:
    chosen = [one.answer.refused for one, _ in pairs if one.question.is_answerable is answerable]
    return sum(chosen) / len(chosen)


def _by_threshold(axes: Axes, pairs: Pairs) -> None:
    low = [certainty(one.answer) for one, _ in pairs if one.question.is_answerable]
    high = [certainty(one.answer) for one, _ in pairs if not one.question.is_answerable]
    right = [certainty(one.answer) for one, verdict in pairs if verdict.found]
    curve = refusal_curve(low, high)
    thresholds = [min(1.0, max(one[0], _LEAST_CONFIDENCE)) for one in curve]
    if low:
        axes.plot(thresholds, [one[1] for one in curve], label="answerable refused")
        kept = np.sort(np.asarray(right))
        share = [(len(kept) - np.searchsorted(kept, one[0])) / len(low) for one in curve]
        axes.plot(thresholds, share, label="answered rightly")
    if high:
        axes.plot(thresholds, [one[2] for one in curve], label="unanswerable refused")
    axes.set(xscale="log", xlabel="threshold", ylabel="share", ylim=(0, 1.02))
    axes.legend(frameon=False)


def _confidence(axes: Axes, pairs: Pairs) -> None:
    kinds = {
        "answerable, right": [one for one in pairs if one[1].found],
        "answerable, not right": [one for one in pairs if one[1].found is False],
        "unanswerable": [one for one in pairs if not one[0].question.is_answerable],
    }
    shown = {name: chosen for name, chosen in kinds.items() if chosen}
    values = [
        [max(certainty(one.answer), _LEAST_CONFIDENCE) for one, _ in chosen]
        for chosen in shown.values()
    ]
    bins = np.logspace(math.log10(_LEAST_CONFIDENCE), 0, 25)
    axes.hist(values, bins=bins.tolist(), stacked=True, label=list(shown))
    axes.set(xscale="log", xlabel="confidence", ylabel="questions")
    axes.legend(frameon=False)


def _ranks(axes: Axes, sets: Mapping[str, Pairs]) -> None:
    ranked = {
        name: [verdict.rank for _, verdict in pairs if verdict.ndcg is not None]
        for name, pairs in sets.items()
    }
    shown = {name: ranks for name, ranks in ranked.items() if ranks}
    width = 0.8 / len(shown)
    for index, (name, ranks) in enumerate(shown.items()):
        counts = [ranks.count(rank) / len(ranks) for rank in (*range(1, DEPTH + 1), None)]
        places = [one - 0.4 + (index + 0.5) * width for one in range(len(counts))]
        axes.bar(places, counts, width, label=name.encode("ascii", "replace").decode())
    labels = [*map(str, range(1, DEPTH + 1)), "none"]
    axes.set_xticks(range(len(labels)), labels)
    axes.set(xlabel="place", ylabel="share of questions", ylim=(0, 1.02))
    axes.legend(frameon=False)


def _times(axes: Axes, pairs: Pairs) -> None:
    for stage in STAGES:
        times = sorted(getattr(one.answer.timings_ms, stage) for one, _ in pairs)
        if times[-1] >= 1:
            shares = [number / len(times) for number in range(1, len(times) + 1)]
            axes.plot(times, shares, label=stage, drawstyle="steps-post")
    axes.set(xlabel="ms", ylabel="share of questions", ylim=(0, 1.02))
    if axes.lines:
        axes.set_xlim(left=0)
        axes.legend(frameon=False)
