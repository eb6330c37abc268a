"""What statistics say of one feature, split by split."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipeline.report.charts import BarChart, bars, histogram, number_text, shortened
from pipeline.report.distance import rebinned, standard

_BINS, _TOP = 10, 8  # TFDV has as many bins, so that those of like splits are drawn as they are.
_LONGEST = 60
_BYTES = "__BYTES_VALUE__"  # TFDV's word for a value that is no text.
_AUDIO_TAG = "audio"
_TYPES = {0: "int", 1: "float", 2: "string", 3: "bytes", 4: "struct"}


@dataclass(frozen=True)
class SplitStatistics:
    """A feature in one split.

    Args:
        split: The split.
        numbers: What there is to say in numbers, name to value.
        tops: The most frequent values and their shares, of texts.
    """

    split: str
    numbers: tuple[tuple[str, str], ...]
    tops: tuple[tuple[str, float], ...] = ()


def name_of(feature: Any) -> str:
    """Returns the name of a feature's statistics."""
    return feature.name or ".".join(feature.path.step)


def type_of(feature: Any, described: Any) -> str:
    """Returns what a feature's values are, in a word or two.

    Args:
        feature: Its statistics.
        described: What the schema says of it; None if nothing.
    """
    if described is not None and described.HasField("image_domain"):
        return "image"
    if described is not None and _AUDIO_TAG in described.annotation.tag:
        return "sound"
    return _TYPES.get(feature.type, "unknown")


def of_split(split: str, feature: Any, is_text: bool) -> SplitStatistics:
    """Returns what one split's statistics say.

    Args:
        split: The split's name.
        feature: The statistics.
        is_text: Whether values may be shown; those of files are not.
    """
    kind = feature.WhichOneof("stats")
    stats: Any = getattr(feature, kind) if kind else None
    told = _common(stats.common_stats) if kind else []
    if kind == "num_stats":
        told += _numbers(stats)
    elif kind == "string_stats":
        told += [("distinct", number_text(stats.unique)), ("mean length", number_text(stats.avg_length))]
    elif kind == "bytes_stats":
        told += [("distinct", number_text(stats.unique)), ("mean bytes", number_text(stats.avg_num_bytes))]
    tops = _tops(stats) if kind == "string_stats" and is_text else ()
    return SplitStatistics(split, tuple(told), tops)


def chart_of(name: str, splits: Mapping[str, Any], tops: Mapping[str, Sequence[tuple[str, float]]]) -> BarChart | None:
    """Returns the values of a feature drawn, the splits side by side, in shares: they are not of one size.

    Args:
        name: The feature.
        splits: The statistics of each split.
        tops: The most frequent values of each split, of texts.
    """
    if any(tops.values()):
        frequent = sorted((pair for found in tops.values() for pair in found), key=lambda pair: -pair[1])
        wanted = list(dict.fromkeys(value for value, _ in frequent))[:_TOP]
        shares = {split: {value: dict(found).get(value, 0.0) for value in wanted} for split, found in tops.items()}
        return bars(f"Share of values of {name}", shares)
    known = {split: standard(one.num_stats) for split, one in splits.items() if one.HasField("num_stats")}
    drawn = {split: one for split, one in known.items() if one is not None and _total(one)}
    ends = [edge for one in drawn.values() for bucket in one.buckets for edge in (bucket.low_value, bucket.high_value)]
    if not ends or not all(map(math.isfinite, ends)):
        return None
    low, high = min(ends), max(ends)
    width = (high - low) / _BINS or 1.0
    edges = [low + number * width for number in range(_BINS)] + [high if high > low else low + _BINS]
    if not all(low < high for low, high in pairwise(edges)):
        return None
    counts = {split: [count / _total(one) for count in rebinned(one, edges)] for split, one in drawn.items()}
    return histogram(f"Share of values of {name}", edges, counts)


def _common(common: Any) -> list[tuple[str, str]]:
    examples = common.num_non_missing + common.num_missing
    share = f" ({common.num_missing / examples:.1%})" if common.num_missing and examples else ""
    told = [("examples", number_text(common.num_non_missing)), ("missing", f"{number_text(common.num_missing)}{share}")]
    if common.max_num_values > 1 or common.min_num_values != common.max_num_values:
        ends = f"{number_text(common.min_num_values)} to {number_text(common.max_num_values)}"
        told += [("values each", ends), ("mean values", number_text(common.avg_num_values))]
    return told


def _numbers(stats: Any) -> list[tuple[str, str]]:
    shown = {"mean": stats.mean, "std": stats.std_dev, "min": stats.min, "median": stats.median, "max": stats.max}
    told = [(name, number_text(value)) for name, value in shown.items()]
    nan = sum(one.num_nan for one in stats.histograms[:1])
    return [*told, ("zeros", number_text(stats.num_zeros)), *([("NaN", number_text(nan))] if nan else [])]


def _tops(stats: Any) -> tuple[tuple[str, float], ...]:
    total = stats.common_stats.tot_num_values or stats.common_stats.num_non_missing or 1
    found = sorted(stats.top_values, key=lambda one: (-one.frequency, one.value))
    return tuple((shortened(one.value, _LONGEST), one.frequency / total) for one in found if one.value != _BYTES)


def _total(one: Any) -> float:
    return sum(bucket.sample_count for bucket in one.buckets)
