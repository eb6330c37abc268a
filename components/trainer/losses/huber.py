"""The loss that outliers do not rule."""

from typing import Any

import keras

from components.errors import UsageError


@keras.saving.register_keras_serializable(package="slipway")
class Huber(keras.losses.Huber):
    """Squared error up to `delta`, linear beyond (Huber 1964); the loss of an example is the mean over its last axis.

    `keras.losses.Huber`, but a saved model gets its delta back: Keras 3.15 leaves it out of the configuration.

    Args:
        delta: Where the loss becomes linear, 1 by default.
        reduction: As in Keras, the mean over the batch by default.
        name: Name of the loss.
        dtype: Of the computation, float32 by default.

    Raises:
        UsageError: delta is not positive.

    Example:
        >>> loss = Huber(delta=2.0)
        >>> float(loss(keras.ops.array([[0.0]]), keras.ops.array([[5.0]])))
        8.0
    """

    def __init__(
        self, delta: float = 1.0, reduction: str = "sum_over_batch_size", name: str = "huber", dtype: Any = None
    ) -> None:
        super().__init__(delta=delta, reduction=reduction, name=name, dtype=dtype)
        if not delta > 0:
            raise UsageError("`delta` must be positive.", received=f"delta={delta}")
        self.delta = delta

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "delta": self.delta}
