"""A comparison as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from components.whole_file import whole_file
from pipeline.comparison.comparison import LOSS, Comparison, Standing

# Told apart without red and green (Okabe and Ito), and by their markers.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LABELS, _LETTER, _PANEL, _GAP, _HEIGHT = 1.45, 0.1, 3.4, 0.6, 3.6


def write(folder: Path, comparison: Comparison) -> Path:
    """Writes `optimizers.png` or `variants.png`, beside and then renamed, and returns its path."""
    path = folder / f"{comparison.kind}.png"
    with whole_file(path) as beside:
        FigureCanvasAgg(plot(comparison)).print_png(beside)
    return path


def plot(comparison: Comparison) -> Figure:
    """Draws each training's best epoch beside the metric and the loss over the epochs.

    The best contender is on top. A line is the mean over the seeds, the band around it goes from the lowest to the
    highest.
    """
    courses = list(dict.fromkeys([comparison.monitor, LOSS]))
    panels = 1 + len(courses)
    finished = [one for one in comparison.standings() if one.finished]
    labels = max([_LABELS, *(_LETTER * len(one.contender) for one in finished)])
    width = labels + panels * _PANEL + len(courses) * _GAP + 0.2
    figure = Figure(figsize=(width, _HEIGHT), dpi=110)
    # A constrained layout draws everything once more to measure it.
    figure.subplots_adjust(left=labels / width, right=1 - 0.2 / width, top=0.82, bottom=0.14, wspace=_GAP / _PANEL)
    _points(figure.add_subplot(1, panels, 1), comparison, finished)
    for position, name in enumerate(courses, start=2):
        _course(figure.add_subplot(1, panels, position), comparison, finished, name)
    seeds = f"{len(comparison.seeds)} seed{'' if len(comparison.seeds) == 1 else 's'}"
    figure.suptitle(f"{comparison.task}: {comparison.kind} on {seeds}", x=0.1 / width, y=0.97, ha="left")
    return figure


def _points(axes: Axes, comparison: Comparison, finished: Sequence[Standing]) -> None:
    for row, one in enumerate(finished):
        values = [comparison.best(training)[comparison.monitor] for training in comparison.of(one.contender)]
        axes.plot(values, [row] * len(values), linestyle="", markersize=6, alpha=0.8, **_style(row))
        axes.plot(
            [sum(values) / len(values)], [row], linestyle="", marker="|", markersize=16, color=_style(row)["color"]
        )
    labels = axes.set_yticks(range(len(finished)), [one.contender for one in finished])
    for row, label in enumerate(labels):
        label.label1.set_color(_style(row)["color"])
    axes.set_ylim(len(finished) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    _finish(axes, f"{comparison.monitor}, best epoch", "a point for each seed, | their mean")


def _course(axes: Axes, comparison: Comparison, finished: Sequence[Standing], name: str) -> None:
    for row, one in enumerate(finished):
        course = comparison.course(one.contender, name)
        epochs = range(1, len(course) + 1)
        axes.plot(epochs, [spread.mean for spread in course], markersize=4, linewidth=1.3, **_style(row))
        lows, highs = [spread.low for spread in course], [spread.high for spread in course]
        axes.fill_between(epochs, lows, highs, color=_style(row)["color"], alpha=0.15, linewidth=0)
    axes.set_xlim(0.8, comparison.epochs + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(axes, name, "epoch; the band goes from the lowest to the highest seed")


def _style(row: int) -> dict[str, Any]:
    return {"color": _COLOURS[row % len(_COLOURS)], "marker": _MARKERS[row % len(_MARKERS)]}


def _finish(axes: Axes, title: str, x: str) -> None:
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_xlabel(x, fontsize="small")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
