"""The figures by which a person tells one run from another."""

from collections.abc import Mapping, Sequence
from typing import Any

_NO_QUALITY = "ExampleCount"


def quality(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Returns the metrics of the whole split, those with a threshold first.

    Args:
        rows: The rows of a run's evaluation, as its events tell them.

    Example:
        >>> quality([{"metric": "AUC", "slice": "", "value": 0.9, "passed": True}])
        {'AUC': 0.9}
    """
    whole = [row for row in rows if not row["slice"] and row["value"] is not None]
    judged = sorted(whole, key=lambda row: (row.get("passed") is None, row["metric"] == _NO_QUALITY))
    return {row["metric"]: row["value"] for row in judged}
