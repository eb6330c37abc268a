"""Class weights from how often each class occurs. No TensorFlow here.

>>> class_weights([90, 10]).round(2).tolist()
[0.56, 5.0]
"""

from collections.abc import Sequence

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.errors import UsageError


def class_weights(counts: Sequence[float] | np.ndarray, *, beta: float | None = None) -> np.ndarray:
    """Returns a weight per class that makes rare classes count like frequent ones.

    The weights average 1 over the examples, so the scale of the loss, and with it the learning rate, stays.

    Args:
        counts: Examples (or the sum of their weights) of each class, in the order of the class ids.
        beta: None balances fully: the weight of a class is inverse to its count, as `class_weight="balanced"` of
            scikit-learn. A value below 1 balances by the effective number `(1 - beta**n) / (1 - beta)` of examples
            (Cui et al. 2019, "Class-balanced loss based on effective number of samples"); 0 does not balance.

    Returns:
        float64 of shape [classes].

    Raises:
        UsageError: A class has no example, or beta is out of its range.
    """
    numbers = np.asarray(counts, np.float64)
    if numbers.ndim != 1 or numbers.size < 2 or not (numbers > 0).all():
        raise UsageError(
            "Class weights need two classes or more, each with examples.",
            received=f"counts={numbers.tolist()}",
            fix="Leave classes without examples out, or give their weights by hand.",
        )
    if beta is not None and not 0 <= beta < 1:
        raise UsageError("`beta` must be at least 0 and less than 1.", received=f"beta={beta}")
    effective = numbers if beta is None else 1 - beta**numbers
    return numbers.sum() / effective / (numbers / effective).sum()


def example_weights(labels: Sequence[int] | np.ndarray, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Returns the weight of each example, to be given to `fit` as `sample_weight`.

    Args:
        labels: Class ids, integers of any shape.
        weights: Weight of each class.

    Returns:
        float64 of the shape of `labels`.

    Raises:
        UsageError: A label is no class id.
    """
    ids, table = np.asarray(labels), np.asarray(weights, np.float64)
    if not np.issubdtype(ids.dtype, np.integer) or (ids.size and not (ids.min() >= 0 and ids.max() < table.size)):
        raise UsageError(
            f"Labels must be class ids from 0 to {table.size - 1}.",
            received=f"{ids.dtype} from {ids.min() if ids.size else None} to {ids.max() if ids.size else None}",
        )
    return table[ids]


def counts_from_statistics(statistics: statistics_pb2.DatasetFeatureStatisticsList, label: str) -> dict[str, float]:
    """Returns how many examples each class has, from the statistics that StatisticsGen wrote.

    Args:
        statistics: Statistics of the training split, as `tfdv.load_statistics` reads them.
        label: Name of the label: a string, an integer that the schema calls categorical, or a number that is 0 or 1.

    Returns:
        Examples by the class's value as text, in the order of the values.

    Raises:
        UsageError: There is no such feature, or the statistics do not hold a count for each of its values.
    """
    features = {(feature.name or "/".join(feature.path.step)): feature for feature in statistics.datasets[0].features}
    if label not in features:
        raise UsageError("The label must be in the statistics.", received=f"label={label}")
    feature = features[label]
    if feature.HasField("string_stats"):
        counts = {bucket.label: bucket.sample_count for bucket in feature.string_stats.rank_histogram.buckets}
        if len(counts) == feature.string_stats.unique:
            return dict(sorted(counts.items(), key=lambda item: (len(item[0]), item[0])))
    elif feature.num_stats.min >= 0 and feature.num_stats.max <= 1 and _is_integer(feature):
        total = feature.num_stats.common_stats.num_non_missing
        return {"0": float(feature.num_stats.num_zeros), "1": float(total - feature.num_stats.num_zeros)}
    raise UsageError(
        "The statistics must hold a count for each class.",
        received=f"label={label} of type {statistics_pb2.FeatureNameStatistics.Type.Name(feature.type)}",
        fix="Mark the label as categorical in the schema (int_domain.is_categorical), or count by hand.",
    )


def _is_integer(feature: statistics_pb2.FeatureNameStatistics) -> bool:
    return feature.type == statistics_pb2.FeatureNameStatistics.INT
