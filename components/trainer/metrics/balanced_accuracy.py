"""Accuracy that a frequent class cannot dominate."""

from typing import Any

import keras
from keras import ops

from components.trainer.metrics.confusion import ConfusionCounts


@keras.saving.register_keras_serializable(package="slipway")
class BalancedAccuracy(ConfusionCounts):
    """The mean recall over the classes that occur in the truth; equal to `sklearn.metrics.balanced_accuracy_score`.

    Args:
        classes: Number of classes, two or more.
        name: Name of the metric.
        dtype: Of the result, float32 by default.

    Raises:
        UsageError: There is no choice between classes.

    Example:
        >>> metric = BalancedAccuracy(classes=2)
        >>> metric.update_state([0, 0, 0, 1], [[0.9, 0.1]] * 4)
        >>> float(metric.result())
        0.5
    """

    def __init__(self, classes: int, name: str = "balanced_accuracy", dtype: Any = None) -> None:
        super().__init__(classes, name=name, dtype=dtype)

    def result(self) -> Any:
        """Returns the value as a scalar; where nothing was counted, 0."""
        support = self.true_positives + self.false_negatives
        recall = ops.divide_no_nan(ops.convert_to_tensor(self.true_positives), support)
        return ops.cast(ops.divide_no_nan(ops.sum(recall), ops.sum(ops.cast(support > 0, "float64"))), self.dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: config[name] for name in ("classes", "name", "dtype")}
