"""Learning rates as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from components.whole_file import whole_file
from pipeline.learning_rates import RateCurve, needs_logarithm

_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")
_STYLES = ("-", "--", ":", "-.")
_GREY = "#8a8f98"


def write(path: Path, title: str, curves: Sequence[RateCurve], steps_per_epoch: int) -> None:
    """Writes a PNG, beside and then renamed.

    Args:
        path: The file.
        title: What stands above the curves.
        curves: The curves.
        steps_per_epoch: Steps of an epoch, for the second axis.
    """
    with whole_file(path) as beside:
        FigureCanvasAgg(plot(title, curves, steps_per_epoch)).print_png(beside)


def plot(title: str, curves: Sequence[RateCurve], steps_per_epoch: int) -> Figure:
    """Draws a line per rule, which has a gap where the rule trains nothing, over steps and epochs."""
    figure = Figure(figsize=(8.0, 4.0), dpi=110)
    # A constrained layout draws everything once more to measure it.
    figure.subplots_adjust(left=0.12, right=0.96, top=0.78, bottom=0.13)
    axes = figure.add_subplot()
    rules = list(dict.fromkeys(curve.rule for curve in curves))
    for number, rule in enumerate(rules):
        colour, style = _COLOURS[number % len(_COLOURS)], _STYLES[number // len(_COLOURS) % len(_STYLES)]
        for stage, curve in enumerate(curve for curve in curves if curve.rule == rule):
            label = None if stage else rule
            axes.plot(*zip(*curve.points, strict=True), color=colour, linestyle=style, label=label)
    for start in {curve.first_step for curve in curves} - {0}:
        axes.axvline(start, color=_GREY, linewidth=1, linestyle=":")
    if len(rules) > 1:
        axes.legend(frameon=False, fontsize="small")
    axes.set_title(title, loc="left", fontsize="medium")
    _x_axis(axes, curves[-1].first_step + curves[-1].steps, steps_per_epoch)
    _y_axis(axes, curves)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _x_axis(axes: Axes, steps: int, steps_per_epoch: int) -> None:
    def epoch(step: Any) -> Any:
        return step / steps_per_epoch

    def step(epoch: Any) -> Any:
        return epoch * steps_per_epoch

    axes.set_xlim(0, steps)
    axes.set_xlabel("step")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    above = axes.secondary_xaxis("top", functions=(epoch, step))
    above.xaxis.set_major_locator(MaxNLocator(integer=True))
    above.set_xlabel("epoch", fontsize="small")


def _y_axis(axes: Axes, curves: Sequence[RateCurve]) -> None:
    axes.set_ylabel("learning rate")
    if needs_logarithm(curves):
        axes.set_yscale("log")
        axes.set_ylim(bottom=min(max(curve.rates) for curve in curves) / 100)
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
