"""Focal losses (Lin et al. 2017, "Focal loss for dense object detection"): easy examples count less.

    >>> import numpy as np
    >>> loss = SparseFocal(gamma=2.0, from_logits=True)
    >>> easy, hard = loss(np.array([0]), np.array([[4.0, 0.0]])), loss(np.array([0]), np.array([[0.0, 4.0]]))
    >>> bool(hard > 1000 * easy)
    True

All work on logarithms of probabilities, so values and gradients are finite for logits of any size.
"""

from typing import Any

import keras
from keras import ops

from components.errors import UsageError


@keras.saving.register_keras_serializable(package="slipway")
class BinaryFocal(keras.losses.Loss):
    """Cross-entropy of independent yes/no outputs, times `(1 - p)**gamma` for the probability `p` of the truth.

    The loss of an example is the mean over its last axis, as in `keras.losses.BinaryCrossentropy`.

    Args:
        gamma: How much easy examples are played down; 0 is plain cross-entropy.
        alpha: Weight of the class 1, where class 0 gets `1 - alpha`; None weighs both with 1.
        from_logits: Whether predictions are logits; probabilities by default.
        reduction: As in Keras, the mean over the batch by default.
        name: Name of the loss.
        dtype: Of the computation, float32 by default.

    Raises:
        UsageError: gamma is negative, or alpha is not between 0 and 1.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float | None = None,
        from_logits: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_focal",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        _check_gamma(gamma)
        if alpha is not None and not 0 <= alpha <= 1:
            raise UsageError("`alpha` must be between 0 and 1.", received=f"alpha={alpha}")
        self.gamma, self.alpha, self.from_logits = gamma, alpha, from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each example.

        Args:
            y_true: [batch, ..., outputs] of 0 and 1, or [batch] where there is one output.
            y_pred: Logits or probabilities of shape [batch, ..., outputs].
        """
        y_true = _like(y_true, y_pred)
        if self.from_logits:
            log_yes, log_no = ops.log_sigmoid(y_pred), ops.log_sigmoid(-y_pred)
        else:
            inside = _clip(y_pred)
            log_yes, log_no = ops.log(inside), ops.log1p(-inside)
        yes, no = _focal(log_yes, log_no, self.gamma), _focal(log_no, log_yes, self.gamma)
        if self.alpha is not None:
            yes, no = self.alpha * yes, (1 - self.alpha) * no
        return ops.mean(y_true * yes + (1 - y_true) * no, axis=-1)

    def get_config(self) -> dict[str, Any]:
        own = {"gamma": self.gamma, "alpha": self.alpha, "from_logits": self.from_logits}
        return {**super().get_config(), **own}


class _OneOfManyFocal(keras.losses.Loss):
    """What the focal losses over one of many classes share."""

    _NAME = ""

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: tuple[float, ...] | None = None,
        from_logits: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name or self._NAME, reduction=reduction, dtype=dtype)
        _check_gamma(gamma)
        if alpha is not None and min(alpha) < 0:
            raise UsageError("`alpha` must not be negative.", received=f"alpha={alpha}")
        self.gamma, self.from_logits = gamma, from_logits
        self.alpha = None if alpha is None else tuple(alpha)

    def _per_class(self, y_pred: Any) -> Any:
        """Returns the loss that each class would have, were it the truth."""
        if self.from_logits:
            log_p = ops.log_softmax(y_pred, axis=-1)
        else:
            log_p = ops.log(_clip(y_pred / ops.sum(y_pred, axis=-1, keepdims=True)))
        # The floor is what 1 - p can reach above 0 in float32; at the floor the gradient is 0, not 0 * infinity.
        log_rest = ops.log(ops.maximum(-ops.expm1(log_p), 1e-8))
        losses = _focal(log_p, log_rest, self.gamma)
        return losses if self.alpha is None else losses * self._alphas(y_pred)

    def _alphas(self, y_pred: Any) -> Any:
        assert self.alpha is not None
        if y_pred.shape[-1] != len(self.alpha):
            raise UsageError(
                "`alpha` must hold a weight per class.",
                received=f"{len(self.alpha)} weights for {y_pred.shape[-1]} classes",
            )
        return ops.convert_to_tensor(self.alpha, dtype=y_pred.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"gamma": self.gamma, "alpha": self.alpha, "from_logits": self.from_logits}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="slipway")
class CategoricalFocal(_OneOfManyFocal):
    """Cross-entropy over one-hot classes, times `(1 - p)**gamma` for the probability `p` of the truth.

    Args:
        gamma: How much easy examples are played down; 0 is plain cross-entropy.
        alpha: Weight of each class; None weighs all with 1.
        from_logits: Whether predictions are logits; probabilities by default.
        reduction: As in Keras, the mean over the batch by default.
        name: Name of the loss, `categorical_focal` by default.
        dtype: Of the computation, float32 by default.

    Raises:
        UsageError: gamma or a weight is negative.
    """

    _NAME = "categorical_focal"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each example; both arguments have the shape [batch, ..., classes]."""
        return ops.sum(y_true * self._per_class(y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="slipway")
class SparseFocal(_OneOfManyFocal):
    """`CategoricalFocal` for class ids: `y_true` of shape [batch, ...] or [batch, ..., 1]."""

    _NAME = "sparse_focal"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each example.

        Args:
            y_true: Class ids of shape [batch, ...] or [batch, ..., 1].
            y_pred: Logits or probabilities of shape [batch, ..., classes].
        """
        return pick(self._per_class(y_pred), y_true)


def pick(per_class: Any, labels: Any) -> Any:
    """Returns the entry of each label: [..., classes] and [...] or [..., 1] become [...]."""
    labels = ops.cast(labels, "int32")
    if len(labels.shape) < len(per_class.shape):
        labels = ops.expand_dims(labels, -1)
    return ops.squeeze(ops.take_along_axis(per_class, labels, axis=-1), -1)


def _focal(log_p: Any, log_rest: Any, gamma: float) -> Any:
    # exp(gamma * log(1 - p)): as a power of 1 - p, a gamma below 1 has an infinite slope at p = 1.
    return -ops.exp(gamma * log_rest) * log_p


def _clip(probabilities: Any) -> Any:
    return ops.clip(probabilities, keras.config.epsilon(), 1 - keras.config.epsilon())


def _like(y_true: Any, y_pred: Any) -> Any:
    return ops.expand_dims(y_true, -1) if len(y_true.shape) < len(y_pred.shape) else y_true


def _check_gamma(gamma: float) -> None:
    if gamma < 0:
        raise UsageError("`gamma` must not be negative.", received=f"gamma={gamma}", fix="0 is cross-entropy.")
