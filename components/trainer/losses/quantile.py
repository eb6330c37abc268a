"""The loss of quantile regression."""

from typing import Any

import keras
from keras import ops

from components.errors import UsageError


@keras.saving.register_keras_serializable(package="slipway")
class Quantile(keras.losses.Loss):
    """Pinball loss: its minimum is at the quantiles of the target (Koenker and Bassett 1978).

    A prediction that is too low costs `q` a unit, one that is too high `1 - q`. The loss of an example is the mean over
    its quantiles.

    Args:
        quantiles: The quantiles, between 0 and 1, one model output each, in this order.
        reduction: As in Keras, the mean over the batch by default.
        name: Name of the loss.
        dtype: Of the computation, float32 by default.

    Raises:
        UsageError: There is no quantile, or one is not between 0 and 1.

    Example:
        >>> round(float(Quantile(quantiles=(0.1, 0.9))(ops.array([10.0]), ops.array([[8.0, 12.0]]))), 3)
        0.2
    """

    def __init__(
        self,
        quantiles: tuple[float, ...] = (0.1, 0.5, 0.9),
        reduction: str = "sum_over_batch_size",
        name: str = "quantile",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not quantiles or not all(0 < quantile < 1 for quantile in quantiles):
            raise UsageError("Quantiles must be between 0 and 1, and one at least.", received=f"quantiles={quantiles}")
        self.quantiles = tuple(quantiles)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each example.

        Args:
            y_true: Targets of shape [batch, ...] or [batch, ..., 1].
            y_pred: The quantiles, of shape [batch, ..., quantiles].

        Raises:
            UsageError: The model has another number of outputs than there are quantiles.
        """
        if y_pred.shape[-1] != len(self.quantiles):
            raise UsageError(
                "The model must have one output per quantile.",
                received=f"{y_pred.shape[-1]} outputs for quantiles={self.quantiles}",
            )
        if len(y_true.shape) < len(y_pred.shape):
            y_true = ops.expand_dims(y_true, -1)
        quantiles = ops.convert_to_tensor(self.quantiles, dtype=y_pred.dtype)
        error = y_true - y_pred
        return ops.mean(ops.maximum(quantiles * error, (quantiles - 1) * error), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "quantiles": self.quantiles}
