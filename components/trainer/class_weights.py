"""Class weights from how often each class occurs. No TensorFlow here.

>>> class_weights([90, 10]).round(2).tolist()
[0.56, 5.0]
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from components.errors import UsageError
from components.trainer.config import TrainingConfig

if TYPE_CHECKING:
    from components.trainer.input_pipeline import Split

ClassWeights = Mapping[str, tuple[float, ...]]
"""The weight of each class, by the name of the output, which is empty for the only output of a model."""

_COUNTED_AT_ONCE = 4096


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


def of_outputs(config: TrainingConfig, split: "Split") -> ClassWeights:
    """Returns the class weights that a training asks for, of the outputs that have any.

    Args:
        config: The training.
        split: The training split, which is read once if its classes have to be counted.

    Raises:
        UsageError: Labels are no classes, or a class has no example.
    """
    found = {
        name: tuple(given[id_] for id_ in range(len(given)))
        for name, target in config.targets.items()
        if isinstance(given := target.class_weights, dict)
    }
    counted = [name for name, target in config.targets.items() if target.class_weights is True]
    if counted:
        found |= {name: tuple(class_weights(counts).tolist()) for name, counts in _counts(split, counted).items()}
    return found


def _counts(split: "Split", outputs: Sequence[str]) -> dict[str, np.ndarray]:
    counts = {name: np.zeros(0) for name in outputs}
    batches = math.ceil(split.rows / _COUNTED_AT_ONCE)
    for _, labels, *_ in split.evaluation(batches).take(batches).as_numpy_iterator():
        for name, before in counts.items():
            more = _classes(labels[name] if name else labels)
            size = max(before.size, more.size)
            counts[name] = np.pad(before, (0, size - before.size)) + np.pad(more, (0, size - more.size))
    return counts


def _classes(labels: Any) -> np.ndarray:
    """Returns how many examples of a batch each class has."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        return np.asarray(labels, np.float64).sum(axis=0)  # One-hot classes.
    ids = np.ravel(labels)
    if not np.issubdtype(ids.dtype, np.number) or (ids < 0).any() or (ids != np.floor(ids)).any():
        raise UsageError(
            "Class weights need labels that are class ids or one-hot classes.",
            received=f"labels of {labels.dtype} such as {ids[0]}",
            fix="Set training.class_weights=false.",
        )
    return np.bincount(ids.astype(np.int64)).astype(np.float64)
