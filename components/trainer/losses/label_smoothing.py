"""Label smoothing for class ids, which Keras has for one-hot labels only."""

from typing import Any

import keras
from keras import ops

from components.errors import UsageError
from components.trainer.losses.focal import pick


@keras.saving.register_keras_serializable(package="slipway")
class SmoothSparseCategoricalCrossentropy(keras.losses.Loss):
    """Cross-entropy against class ids of which `label_smoothing` is spread evenly over all classes.

    The same as `keras.losses.CategoricalCrossentropy(label_smoothing=...)` on one-hot labels, without building them
    (Szegedy et al. 2016, "Rethinking the Inception architecture", section 7).

    Args:
        label_smoothing: The part that is spread, from 0 to less than 1.
        from_logits: Whether predictions are logits; probabilities by default.
        reduction: As in Keras, the mean over the batch by default.
        name: Name of the loss.
        dtype: Of the computation, float32 by default.

    Raises:
        UsageError: label_smoothing is out of its range.

    Example:
        >>> loss = SmoothSparseCategoricalCrossentropy(label_smoothing=0.1, from_logits=True)
        >>> round(float(loss(ops.array([0]), ops.array([[10.0, 0.0]]))), 2)
        0.5
    """

    def __init__(
        self,
        label_smoothing: float = 0.1,
        from_logits: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str = "smooth_sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not 0 <= label_smoothing < 1:
            raise UsageError(
                "`label_smoothing` must be at least 0 and less than 1.", received=f"label_smoothing={label_smoothing}"
            )
        self.label_smoothing, self.from_logits = label_smoothing, from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each example.

        Args:
            y_true: Class ids of shape [batch, ...] or [batch, ..., 1].
            y_pred: Logits or probabilities of shape [batch, ..., classes].
        """
        if self.from_logits:
            log_p = ops.log_softmax(y_pred, axis=-1)
        else:
            scaled = y_pred / ops.sum(y_pred, axis=-1, keepdims=True)
            log_p = ops.log(ops.clip(scaled, keras.config.epsilon(), 1 - keras.config.epsilon()))
        truth, even = pick(log_p, y_true), ops.mean(log_p, axis=-1)
        return -((1 - self.label_smoothing) * truth + self.label_smoothing * even)

    def get_config(self) -> dict[str, Any]:
        own = {"label_smoothing": self.label_smoothing, "from_logits": self.from_logits}
        return {**super().get_config(), **own}
