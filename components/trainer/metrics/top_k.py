"""Accuracy that lets a model name several classes."""

from typing import Any

import keras
from keras import ops

from components.errors import UsageError
from components.trainer.metrics.confusion import class_ids, example_weights, flat


@keras.saving.register_keras_serializable(package="slipway")
class TopKAccuracy(keras.metrics.Metric):
    """The part of the examples whose class is among the `k` highest scores.

    Equal to `sklearn.metrics.top_k_accuracy_score`. Among equal scores the class with the higher id comes first, as
    there; a model whose outputs are all the same is not right by that alone, as it is in Keras.

    Args:
        k: How many classes the model may name, 5 by default.
        name: Name of the metric, `top_<k>_accuracy` by default.
        dtype: Of the result, float32 by default.

    Raises:
        UsageError: k is less than 1.

    Example:
        >>> metric = TopKAccuracy(k=2)
        >>> metric.update_state([2, 0], [[0.5, 0.1, 0.4], [0.2, 0.3, 0.5]])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name or f"top_{k}_accuracy", dtype=dtype)
        if k < 1:
            raise UsageError("`k` must be at least 1.", received=f"k={k}")
        self.k = k
        self.hits = self.add_variable((), initializer="zeros", dtype="float64", aggregation="sum", name="hits")
        self.total = self.add_variable((), initializer="zeros", dtype="float64", aggregation="sum", name="total")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
            y_true: Class ids of shape [batch, ...] or [batch, ..., 1], or one-hot [batch, ..., classes].
            y_pred: Scores of shape [batch, ..., classes].
            sample_weight: Weight of each example, [batch, ...] or [batch, ..., 1]; 1 by default.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        labels, scores = ops.expand_dims(class_ids(y_true, y_pred), -1), flat(y_pred)
        own = ops.take_along_axis(scores, labels, axis=-1)
        earlier = ops.arange(scores.shape[-1]) <= labels
        # Counted by what comes after: a NaN compares with nothing, so it never makes a hit.
        behind = ops.sum(ops.cast((scores < own) | ((scores == own) & earlier), "int32"), axis=-1)
        weights = example_weights(sample_weight, scores)
        self.hits.assign(self.hits + ops.sum(weights * ops.cast(scores.shape[-1] - behind < self.k, "float64")))
        self.total.assign(self.total + ops.sum(weights))

    def result(self) -> Any:
        """Returns the value as a scalar; where nothing was counted, 0."""
        return ops.cast(ops.divide_no_nan(ops.convert_to_tensor(self.hits), self.total), self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}
