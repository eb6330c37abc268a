"""Class weights inside the loss, for loops and models that have no place for sample weights."""

from typing import Any

import keras
from keras import ops

from components.errors import UsageError


@keras.saving.register_keras_serializable(package="slipway")
class ClassWeighted(keras.losses.Loss):
    """Multiplies the loss of each example with the weight of its class.

    It gives the same as the loss with `sample_weight=example_weights(labels, weights)`; sample weights come on top.

    Args:
        loss: The loss to weigh, over class ids, one-hot classes, or one yes/no output.
        weights: Weight of each class, two or more; `class_weights` computes them from counts. For a yes/no output, of
            no and yes.
        reduction: None takes that of `loss`. The mean is over the number of examples, not over their weights.
        name: None takes that of `loss`.
        dtype: Of the computation, that of `loss` by default.

    Raises:
        UsageError: There are less than two weights, or one is negative.

    Example:
        >>> loss = ClassWeighted(keras.losses.SparseCategoricalCrossentropy(from_logits=True), (1.0, 5.0))
        >>> logits = ops.array([[0.0, 0.0]])
        >>> round(float(loss(ops.array([1]), logits)) / float(loss(ops.array([0]), logits)), 3)
        5.0
    """

    def __init__(
        self,
        loss: keras.losses.Loss,
        weights: tuple[float, ...],
        reduction: str | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name or loss.name, reduction=reduction or loss.reduction, dtype=dtype or loss.dtype)
        self.weights = tuple(float(weight) for weight in weights)
        if len(self.weights) < 2 or min(self.weights) < 0:
            raise UsageError("There must be two class weights or more, none negative.", received=f"weights={weights}")
        self.loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the weighted loss of each example; shapes are those of the loss."""
        losses = self.loss.call(y_true, y_pred)
        return losses * ops.reshape(self._of_examples(y_true, y_pred), ops.shape(losses))

    def _of_examples(self, y_true: Any, y_pred: Any) -> Any:
        weights = ops.convert_to_tensor(self.weights, dtype=self.dtype)
        outputs, classes = y_pred.shape[-1], len(self.weights)
        if outputs not in (1, classes) or (outputs == 1 and classes != 2):
            raise UsageError(
                "There must be a weight per class.", received=f"{classes} weights for {outputs} model outputs"
            )
        if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == outputs > 1:
            return ops.matmul(y_true, ops.expand_dims(weights, -1))
        return ops.take(weights, ops.cast(y_true, "int32"))

    def get_config(self) -> dict[str, Any]:
        loss = keras.saving.serialize_keras_object(self.loss)
        return {**super().get_config(), "loss": loss, "weights": self.weights}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ClassWeighted":
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})
