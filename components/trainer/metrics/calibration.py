"""Whether a model's probabilities mean what they say."""

from typing import Any

import keras
import numpy as np
from keras import ops

from components.errors import UsageError
from components.trainer.metrics.confusion import class_ids, example_weights, flat


@keras.saving.register_keras_serializable(package="slipway")
class ExpectedCalibrationError(keras.metrics.Metric):
    """The mean gap between how sure a model is and how often it is right.

    Predictions fall into `bins` of equal width (a bin holds its upper edge); the gap of each bin counts by the weight
    of its examples (Naeini et al. 2015; Guo et al. 2017, "On calibration of modern neural networks"). Over classes, a
    prediction is the highest probability, and right when its class is. With one yes/no output it is the probability of
    yes, compared with how often yes is true: the bins of `sklearn.calibration.calibration_curve`.

    Args:
        bins: Number of bins, 15 by default as in the paper.
        from_logits: Whether predictions are logits; probabilities by default.
        name: Name of the metric.
        dtype: Of the result, float32 by default.

    Raises:
        UsageError: There is no bin.

    Example:
        >>> metric = ExpectedCalibrationError(bins=10)
        >>> metric.update_state([1, 1, 1, 0], [[0.75], [0.75], [0.75], [0.75]])
        >>> float(metric.result())
        0.0
    """

    def __init__(
        self,
        bins: int = 15,
        from_logits: bool = False,
        name: str = "expected_calibration_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if bins < 1:
            raise UsageError("`bins` must be at least 1.", received=f"bins={bins}")
        self.bins, self.from_logits = bins, from_logits
        self.weight = self._sums("weight")
        self.confidence = self._sums("confidence")
        self.correct = self._sums("correct")

    def _sums(self, name: str) -> Any:
        return self.add_variable((self.bins,), initializer="zeros", dtype="float64", aggregation="sum", name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
            y_true: Class ids of shape [batch, ...] or [batch, ..., 1], or one-hot [batch, ..., classes]; 0 and 1 for
                one yes/no output.
            y_pred: Probabilities or logits of shape [batch, ..., classes], or [batch, ..., 1] for a yes/no output.
            sample_weight: Weight of each example, [batch, ...] or [batch, ..., 1]; 1 by default.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.cast(ops.convert_to_tensor(y_pred), "float64")
        confidence, correct = self._judged(y_true, y_pred)
        weights = example_weights(sample_weight, confidence)
        edges = ops.convert_to_tensor(np.linspace(0.0, 1.0, self.bins + 1)[1:-1], dtype="float64")
        # One row per bin: a matrix product sums in an order that does not depend on threads, unlike a scatter.
        member = ops.one_hot(ops.searchsorted(edges, confidence, side="left"), self.bins, axis=0, dtype="float64")
        for sums, values in ((self.weight, 1.0), (self.confidence, confidence), (self.correct, correct)):
            sums.assign(sums + ops.squeeze(ops.matmul(member, ops.expand_dims(weights * values, -1)), -1))

    def _judged(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        if y_pred.shape[-1] == 1:
            scores = ops.reshape(y_pred, (-1,))
            yes = ops.cast(ops.reshape(y_true, (-1,)), "float64")
            return (ops.sigmoid(scores) if self.from_logits else scores), yes
        scores = flat(y_pred)
        probabilities = ops.softmax(scores, axis=-1) if self.from_logits else scores
        right = ops.cast(ops.argmax(scores, axis=-1), "int32") == class_ids(y_true, y_pred)
        # The initial value is for the empty batch that a replica may get at the end, of which Keras takes no maximum.
        return ops.max(probabilities, axis=-1, initial=0.0), ops.cast(right, "float64")

    def result(self) -> Any:
        """Returns the value as a scalar, from 0 to 1; where nothing was counted, 0."""
        gaps = ops.sum(ops.abs(self.correct - self.confidence))
        return ops.cast(ops.divide_no_nan(gaps, ops.sum(self.weight)), self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins, "from_logits": self.from_logits}
