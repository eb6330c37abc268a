"""A densely connected layer with its own weights."""

from typing import Any

import keras
from keras import ops

from components.trainer.layers.checks import check_counts, check_shape


@keras.saving.register_keras_serializable(package="slipway")
class Dense(keras.layers.Layer):
    """Computes `activation(inputs @ kernel + bias)` over the last axis; any number of axes can lead.

    Args:
        units: Size of the output.
        activation: Name or function; None is linear.
        use_bias: Whether a bias is added.
        kernel_initializer: Of the kernel, Glorot uniform by default.
        bias_initializer: Of the bias, zeros by default.
        kernel_regularizer: Penalty on the kernel, none by default.
        bias_regularizer: Penalty on the bias, none by default.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        UsageError: units is no count, or (when built) the size of the last axis is unknown.

    Example:
        >>> Dense(4, activation="relu", kernel_regularizer="l2")(keras.Input((7, 3))).shape
        (None, 7, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_counts(units=units)
        self.units, self.use_bias = units, use_bias
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the kernel [features, units] and the bias [units]."""
        check_shape("Dense", input_shape, "... features")
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                name="bias",
            )
        self.input_spec = keras.InputSpec(min_ndim=2, axes={-1: input_shape[-1]})

    def call(self, inputs: Any) -> Any:
        """Maps [..., features] to [..., units]."""
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape with the last axis of size `units`."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        own = {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
        }
        return {**super().get_config(), **own}
