"""The curves of a training."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.lineage.curves import curves
from pipeline.report.charts import LineChart, line_chart
from pipeline.report.material import Material
from pipeline.report.section import Section

HISTORY_FILE = "history.json"

_VALIDATION = "val_"
_LEFT_OUT = "input_wait"

History = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Training:
    """The course of a training.

    Args:
        epochs: How many epochs there were.
        best: The epoch with the best value of what was watched, from 1 on; None where nobody has noted it.
        monitor: What was watched.
        charts: A chart for each metric, training and validation.
        missing: Why there are none.
    """

    epochs: int
    best: int | None
    monitor: str
    charts: tuple[LineChart, ...]
    missing: str


def section(material: Material) -> Section | None:
    """Returns the training curves of a run; None for a run that trained nothing."""
    content = _noted(material)
    history = _history(content.get("history")) or _told(material)
    if not history and not material.made("Model"):
        return None
    missing = "" if history else "Neither history.json beside the training nor the events of the run tell its epochs."
    epochs = max((len(values) for values in history.values()), default=0)
    best, monitor = content.get("best_epoch"), str(content.get("monitor", ""))
    facts = Training(epochs, best if isinstance(best, int) else None, monitor, tuple(_charts(history)), missing)
    return Section("training", "Training", "sections/training.html", facts)


def _noted(material: Material) -> Mapping[str, Any]:
    """Returns what the training has written beside its checkpoints; empty where it cannot be read."""
    folders = [path for artifact in material.made("ModelRun") if (path := material.path_of(artifact))]
    return _read(folders[-1] / HISTORY_FILE) if folders else {}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _history(told: Any) -> History:
    pairs = told.items() if isinstance(told, dict) else ()
    return {str(name): values for name, values in pairs if isinstance(values, list) and all(map(_is_number, values))}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _told(material: Material) -> History:
    return {name: values[0] for name, values in curves([material.told_events]).items()}


def _charts(history: History) -> list[LineChart]:
    names = dict.fromkeys(name.removeprefix(_VALIDATION) for name in history if name != _LEFT_OUT)
    ordered = sorted(names, key=lambda name: (name == "learning_rate", name != "loss"))
    return [line_chart(name.replace("_", " "), "epoch", _pair(history, name)) for name in ordered]


def _pair(history: History, name: str) -> dict[str, Sequence[float]]:
    found = {"training": history.get(name), "validation": history.get(_VALIDATION + name)}
    return {label: values for label, values in found.items() if values}
