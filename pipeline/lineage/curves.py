"""The training curves of runs, as these have told them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.chart import COLOURS, Chart, Line

_TRAINER = "Trainer"

Curve = tuple[float, ...]


def curves(runs: Sequence[Iterable[Mapping[str, Any]]]) -> dict[str, tuple[Curve, ...]]:
    """Returns each metric of the training with its value after each epoch of each run.

    Args:
        runs: The events of each run. One that took its model from the cache has trained in none of its epochs.
    """
    told = [[event["metrics"] for event in events if _is_epoch(event)] for events in runs]
    names = dict.fromkeys(name for epochs in told for metrics in epochs for name in metrics)
    return {
        name: tuple(tuple(metrics[name] for metrics in epochs if name in metrics) for epochs in told) for name in names
    }


def chart(of_runs: Sequence[Curve], names: Sequence[str]) -> Chart | None:
    """Returns the curves of one metric drawn over the epochs.

    Args:
        of_runs: The curve of each run.
        names: What marks each of them, a character.

    Returns:
        None where no run has two epochs, or where a value is negative or no number: the chart starts at 0.
    """
    drawn = [(name, curve) for name, curve in zip(names, of_runs, strict=False) if len(curve) > 1]
    if not drawn or not all(0 <= value < float("inf") for _, curve in drawn for value in curve):
        return None
    lines = [
        Line(tuple(enumerate(curve, start=1)), COLOURS[number % len(COLOURS)], name)
        for number, (name, curve) in enumerate(drawn)
    ]
    return Chart(lines, max(len(curve) for _, curve in drawn), "epoch")


def _is_epoch(event: Mapping[str, Any]) -> bool:
    # The trials of a Tuner have epochs too.
    return event["event"] == "epoch" and event.get("node", _TRAINER) == _TRAINER
