"""The losses of several outputs, each told as a mean over rows."""

from typing import Any

import keras
from keras import ops
from keras.src.trainers.compile_utils import CompileLoss


class OutputLosses(CompileLoss):
    """What `Model.compile` makes of a mapping of losses, with means that are right for batches of any size.

    Keras 3.15 weighs the loss that it tells of each output with the static size of a batch, which is unknown where
    batches differ: each then counts the same, in `fit` and on replicas with shares of different size.
    """

    def build(self, y_true: Any, y_pred: Any) -> None:
        super().build(y_true, y_pred)
        self._metrics[:] = [_RowMean(name=metric.name) for metric in self._metrics]
        self._count_rows(y_pred)

    def call(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Returns the weighted sum of the losses, each a mean over rows."""
        self._count_rows(y_pred)
        return super().call(y_true, y_pred, sample_weight)

    def _count_rows(self, y_pred: Any) -> None:
        rows = ops.shape(keras.tree.flatten(y_pred)[0])[0]
        for metric in self.metrics:
            metric.rows = rows


class _RowMean(keras.metrics.Mean):
    """A mean of means, each weighted with its `rows`, whatever weight Keras gives."""

    rows: Any = None

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        super().update_state(values, sample_weight=self.rows)
