"""The course of a training as JSON and as a picture."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from components.trainer.config import CallbacksConfig
from components.whole_file import whole_file

JSON_FILE = "history.json"
PLOT_FILE = "history.png"

History = Mapping[str, Sequence[float]]

_WIDTH, _HEIGHT = 5.0, 2.8
_TRAIN, _VALIDATION, _BEST = "#8a8f98", "#1f6feb", "#d1242f"


def best_epoch(history: History, monitor: str, mode: str, first_epoch: int = 0) -> int:
    """Returns the first epoch, counted from 0, with the best value of a metric.

    Args:
        history: Name to value of each epoch.
        monitor: The metric.
        mode: `min` or `max`, whichever is better.
        first_epoch: The epoch from which on to look, counted from 0.

    Example:
        >>> best_epoch({"val_loss": [0.5, 0.3, 0.3, 0.4]}, "val_loss", "min")
        1
    """
    values = history[monitor]
    return values.index(min(values[first_epoch:]) if mode == "min" else max(values[first_epoch:]), first_epoch)


def write(folder: Path, history: History, config: CallbacksConfig, stages: Sequence[int] = (0,)) -> None:
    """Writes `history.json` and `history.png`, each beside and then renamed.

    Args:
        folder: Where to; it must exist.
        history: Name to value of each epoch, as Keras gives it.
        config: Knows which metric decides on the best epoch.
        stages: The first epoch of each stage, counted from 0. The best epoch is one of the last stage.
    """
    best = best_epoch(history, config.monitor, config.mode, stages[-1])
    content = {
        "epochs": len(history["loss"]),
        "stages": [first_epoch + 1 for first_epoch in stages],
        "best_epoch": best + 1,
        "monitor": config.monitor,
        "mode": config.mode,
        "history": dict(history),
    }
    with whole_file(folder / JSON_FILE) as beside:
        beside.write_text(json.dumps(content, indent=2) + "\n")
    with whole_file(folder / PLOT_FILE) as beside:
        FigureCanvasAgg(plot(history, best, stages)).print_png(beside)


def plot(history: History, best: int, stages: Sequence[int] = (0,)) -> Figure:
    """Draws a panel for the loss and for each metric, training and validation, and one for the learning rate.

    Args:
        history: Name to value of each epoch.
        best: The epoch to mark, counted from 0.
        stages: The first epoch of each stage, counted from 0; a line is drawn before each but the first.
    """
    rate = [name for name in history if name == "learning_rate"]
    left_out = ("loss", "input_wait", *rate)
    names = ["loss", *(name for name in history if name not in left_out and not name.startswith("val_")), *rate]
    columns = min(2, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(_WIDTH * columns, _HEIGHT * rows), dpi=110)
    # A constrained layout draws everything once more to measure it.
    top, bottom = 1 - 0.3 / (_HEIGHT * rows), 0.55 / (_HEIGHT * rows)
    figure.subplots_adjust(left=0.12 / columns, right=0.98, top=top, bottom=bottom, hspace=0.45)
    for position, name in enumerate(names, start=1):
        _panel(figure.add_subplot(rows, columns, position), name, history, best, stages[1:])
    return figure


def _panel(axes: Axes, name: str, history: History, best: int, borders: Sequence[int]) -> None:
    epochs = range(1, len(history[name]) + 1)
    axes.plot(epochs, history[name], color=_TRAIN, marker="o", markersize=3, label="training")
    if validation := history.get(f"val_{name}"):
        axes.plot(epochs, validation, color=_VALIDATION, marker="o", markersize=3, label="validation")
    axes.axvline(best + 1, color=_BEST, linewidth=1, linestyle=":", label="best epoch")
    for first_epoch in borders:
        axes.axvline(first_epoch + 0.5, color=_TRAIN, linewidth=0.8, alpha=0.5)
    if name == "learning_rate":
        axes.set_yscale("log")
    else:
        axes.legend(frameon=False, fontsize="small")
    axes.set_title(name.replace("_", " "), loc="left", fontsize="medium")
    axes.set_xlim(0.5, len(epochs) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", fontsize="small")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
