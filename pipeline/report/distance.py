"""How far the values of a feature are from those of other data, as TensorFlow Data Validation measures it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

STANDARD = 0  # Of histograms: buckets of equal width.

L_INFINITY, JENSEN_SHANNON = "L-infinity", "Jensen-Shannon"


@dataclass(frozen=True)
class Distance:
    """How far a feature is from the same feature of other data.

    Args:
        split: The split that is looked at.
        other: What it is held against.
        measure: `L-infinity`: the largest difference of the share of a value. `Jensen-Shannon`: the divergence of
            histograms, in bits.
        value: The distance, 0 to 1.
        limit: What the schema allows; None where it says nothing.
    """

    split: str
    other: str
    measure: str
    value: float
    limit: float | None

    @property
    def over(self) -> bool:
        """Whether it is more than the schema allows."""
        return self.limit is not None and self.value > self.limit


def measured(one: Any, other: Any, comparator: Any) -> tuple[str, float, float | None] | None:
    """Returns the measure, the distance and its limit; None where there is nothing to measure.

    Args:
        one: A feature's statistics.
        other: Those of the other data.
        comparator: The schema's comparator for the feature; None without one.
    """
    if one.HasField("string_stats") and other.HasField("string_stats"):
        value = _l_infinity(one.string_stats, other.string_stats)
        return _limited(L_INFINITY, value, comparator, "infinity_norm")
    if one.HasField("num_stats") and other.HasField("num_stats"):
        value = _jensen_shannon(standard(one.num_stats), standard(other.num_stats))
        return _limited(JENSEN_SHANNON, value, comparator, "jensen_shannon_divergence")
    return None


def standard(numbers: Any) -> Any:
    """Returns the histogram of equal buckets of a feature of numbers; None without one."""
    return next((histogram for histogram in numbers.histograms if histogram.type == STANDARD), None)


def rebinned(histogram: Any, edges: Sequence[float]) -> list[float]:
    """Returns the counts of a histogram for other bins, as if the values of a bucket were spread evenly.

    Args:
        histogram: The histogram.
        edges: The borders of the bins, rising.
    """
    counts = [0.0] * (len(edges) - 1)
    for bucket in histogram.buckets:
        for number, share in _shares(bucket.low_value, bucket.high_value, edges):
            counts[number] += bucket.sample_count * share
    return counts


def _shares(low: float, high: float, edges: Sequence[float]) -> Iterator[tuple[int, float]]:
    if not high > low:  # One value, which is where it is.
        inside = [number for number, (left, right) in enumerate(pairwise(edges)) if left <= low < right]
        yield (inside[0] if inside else len(edges) - 2), 1.0
        return
    for number, (left, right) in enumerate(pairwise(edges)):
        overlap = min(high, right) - max(low, left)
        if overlap > 0:
            yield number, overlap / (high - low)


def _limited(measure: str, value: float | None, comparator: Any, name: str) -> tuple[str, float, float | None] | None:
    known = comparator is not None and comparator.HasField(name)
    return None if value is None else (measure, value, getattr(comparator, name).threshold if known else None)


def _l_infinity(one: Any, other: Any) -> float | None:
    shares = [_of_labels(one), _of_labels(other)]
    if not all(shares):
        return None
    return max(abs(shares[0].get(label, 0.0) - shares[1].get(label, 0.0)) for label in {**shares[0], **shares[1]})


def _of_labels(strings: Any) -> dict[str, float]:
    counts = {bucket.label: bucket.sample_count for bucket in strings.rank_histogram.buckets}
    total = sum(counts.values())
    return {label: count / total for label, count in counts.items()} if total else {}


def _jensen_shannon(one: Any, other: Any) -> float | None:
    if one is None or other is None:
        return None
    places = {
        edge for side in (one, other) for bucket in side.buckets for edge in (bucket.low_value, bucket.high_value)
    }
    if not places or not all(map(math.isfinite, places)):
        return None
    edges = sorted(places) if len(places) > 1 else [*places, *(place + 1 for place in places)]
    counts = [[*rebinned(side, edges), float(side.num_nan)] for side in (one, other)]
    if not all(sum(side) for side in counts):
        return None
    p, q = ([count / sum(side) for count in side] for side in counts)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2


def _relative_entropy(p: Sequence[float], q: Sequence[float]) -> float:
    return sum(a * math.log2(a / b) for a, b in zip(p, q, strict=True) if a > 0)
