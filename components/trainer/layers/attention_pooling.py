"""A sequence becomes one vector, weighted by what matters."""

from typing import Any

import keras
from keras import ops

from components.trainer.layers.checks import check_counts, check_shape


@keras.saving.register_keras_serializable(package="slipway")
class AttentionPooling(keras.layers.Layer):
    """The mean over time with learned weights: `softmax(tanh(x @ kernel + bias) @ context)`.

    The word attention of Yang et al. 2016, "Hierarchical attention networks for document classification". Steps that
    the mask leaves out get no weight; a sequence with no step left becomes zeros.

    Args:
        units: Size of the hidden layer that scores a step.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        UsageError: units is no count, or (when built) the input is not [batch, time, features].

    Example:
        >>> tokens, mask = keras.random.normal((2, 5, 8)), [[True] * 5, [True] * 2 + [False] * 3]
        >>> _, weights = AttentionPooling(4)(tokens, mask=mask, return_attention_scores=True)
        >>> bool((weights[1, 2:] == 0).numpy().all())
        True
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_counts(units=units)
        self.units = units
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel [features, units], the bias [units] and the context [units]."""
        check_shape("AttentionPooling", input_shape, "batch time features")
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.context = self.add_weight(shape=(self.units, 1), initializer="glorot_uniform", name="context")
        self.input_spec = keras.InputSpec(ndim=3, axes={-1: input_shape[-1]})

    def call(self, inputs: Any, mask: Any = None, return_attention_scores: bool = False) -> Any:
        """Pools over time.

        Args:
            inputs: [batch, time, features].
            mask: Booleans [batch, time], False where a step is padding. That of an `Embedding` or `Masking` comes by
                itself.
            return_attention_scores: Whether the weights are returned too.

        Returns:
            [batch, features], and if asked for the weights [batch, time].
        """
        hidden = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)
        logits = ops.cast(ops.squeeze(ops.matmul(hidden, self.context), -1), "float32")
        if mask is None:
            weights = ops.softmax(logits, axis=-1)
        else:
            mask = ops.cast(mask, "bool")
            weights = ops.softmax(ops.where(mask, logits, -1e30), axis=-1)
            weights = ops.where(mask, weights, ops.zeros_like(weights))
        weights = ops.cast(weights, inputs.dtype)
        # A masked step may hold anything, even NaN, which a weight of zero would not silence.
        steps = inputs if mask is None else ops.where(mask[..., None], inputs, ops.zeros_like(inputs))
        pooled = ops.einsum("bt,btf->bf", weights, steps)
        return (pooled, weights) if return_attention_scores else pooled

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Returns None: the output has no time axis, so no mask either."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
