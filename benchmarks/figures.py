"""How a benchmark states what it has measured, and on what."""

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path


def machine(*more: str) -> str:
    """Returns what the figures were taken on: processor, load, and whatever else the caller knows of it."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next((line.split(": ")[1] for line in told if "model name" in line), platform.machine())
    return f"{', '.join([f'{os.cpu_count()} cores of {processor}', *more])}; load {os.getloadavg()[0]:.1f}"


def ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    """Returns the ratio of each measurement to the one that was taken beside it.

    >>> ratios([3.0, 4.0], [2.0, 1.0])
    [1.5, 4.0]
    """
    return [one / other for one, other in zip(some, others, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Returns the median of values and how far they spread.

    >>> spread([3, 1, 1200], 0)
    '3 (1 - 1,200)'
    >>> spread([])
    '-'
    """
    if not values:
        return "-"
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} - {max(values):,.{digits}f})"
