"""A measurement of the input as a picture."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from components.whole_file import whole_file
from pipeline.input.finding import Finding

PLOT_FILE = "input.png"

_STAGE, _SETTING, _BEST = "#56b4e9", "#999999", "#0072b2"


def write(folder: Path, finding: Finding) -> Path:
    """Writes `input.png`, beside and then renamed, and returns its path."""
    path = folder / PLOT_FILE
    with whole_file(path) as beside:
        FigureCanvasAgg(plot(finding)).print_png(beside)
    return path


def plot(finding: Finding) -> Figure:
    """Draws the time of each stage, and that of the stream of batches before and after, beside the step."""
    figure = Figure(figsize=(10, 3.6), dpi=110, layout="constrained")
    stages = [one for one in finding.stages if one.milliseconds is not None]
    left, right = figure.subplots(1, 2)
    _bars(left, {one.name: one.milliseconds or 0.0 for one in stages}, [_STAGE] * len(stages), "stages, each by itself")
    colours = [_BEST if number == finding.best else _SETTING for number in range(len(finding.settings))]
    _bars(right, {one.name: one.milliseconds for one in finding.settings}, colours, "the input, and the step (dotted)")
    step = next((one.milliseconds for one in stages if one.name == "step"), None)
    if step:
        right.axvline(step, color="black", linewidth=1, linestyle=":")
    figure.suptitle(f"{finding.task}: batches of {finding.batch_size}", x=0.01, ha="left")
    return figure


def _bars(axes: Axes, values: dict[str, float], colours: list[str], title: str) -> None:
    axes.barh(list(values), list(values.values()), color=colours)
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_xlabel("ms a batch", fontsize="small")
    axes.grid(axis="x", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
