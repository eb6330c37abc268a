"""What all trackers can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from components.trainer.trackers.execution import TrackedRun


@dataclass(frozen=True)
class RunInfo:
    """What a run is started with.

    Args:
        name: What a person sees it under.
        group: The experiment or project unless the configuration names one.
        parameters: Name to value.
        tags: Name to text.
    """

    name: str
    group: str
    parameters: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)


class Tracker(Protocol):
    """A tracker with a run that has been started."""

    run: TrackedRun

    def log_metrics(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Keeps the metrics of an epoch, which is counted from 1."""

    def log_picture(self, path: Path) -> None:
        """Keeps a PNG."""

    def finish(self, failed: bool) -> None:
        """Ends the run, in one of two states."""


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns nested values under dotted names, empty groups left out.

    Example:
        >>> flatten({"optimizer": {"name": "adam"}, "metrics": ["auc"], "recipe": [], "loss_params": {}})
        {'optimizer.name': 'adam', 'metrics.0': 'auc'}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list | tuple):
            value = {str(position): item for position, item in enumerate(value)}
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
