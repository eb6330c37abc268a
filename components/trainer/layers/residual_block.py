"""The building block of a ResNet."""

from typing import Any

import keras

from components.trainer.layers.checks import check_counts, check_shape


@keras.saving.register_keras_serializable(package="slipway")
class ResidualBlock(keras.layers.Layer):
    """Two convolutions with batch normalization, added to the input (He et al. 2016, arXiv:1512.03385).

    The input takes the shortcut as it is where shapes allow; where channels or strides differ, a 1x1 convolution with
    batch normalization projects it (option B of the paper).

    Args:
        filters: Channels of the output.
        strides: Steps of the first convolution: 2 halves height and width.
        kernel_size: Width of both convolutions, 3 by default.
        activation: After each convolution and after the sum, ReLU by default.
        kernel_regularizer: Penalty on the kernels of the convolutions, none by default.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        UsageError: An argument is no count, or (when built) the input is not [batch, height, width, channels].

    Example:
        >>> ResidualBlock(16, strides=2)(keras.Input((32, 32, 8))).shape
        (None, 16, 16, 16)
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        kernel_size: int = 3,
        activation: Any = "relu",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_counts(filters=filters, strides=strides, kernel_size=kernel_size)
        self.filters, self.strides, self.kernel_size = filters, strides, kernel_size
        self.activation = keras.activations.get(activation)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the convolutions, and the projection where the input does not fit the output."""
        check_shape("ResidualBlock", input_shape, "batch height width channels")
        inner_shape = self.compute_output_shape(input_shape)
        self.conv_1 = self._convolution(self.kernel_size, self.strides, "conv_1")
        self.norm_1 = keras.layers.BatchNormalization(dtype=self.dtype_policy, name="norm_1")
        self.conv_2 = self._convolution(self.kernel_size, 1, "conv_2")
        self.norm_2 = keras.layers.BatchNormalization(dtype=self.dtype_policy, name="norm_2")
        self.conv_1.build(input_shape)
        for layer in (self.norm_1, self.conv_2, self.norm_2):
            layer.build(inner_shape)
        self.projection = None
        if self.strides != 1 or input_shape[-1] != self.filters:
            self.projection = self._convolution(1, self.strides, "projection")
            self.projection_norm = keras.layers.BatchNormalization(dtype=self.dtype_policy, name="projection_norm")
            self.projection.build(input_shape)
            self.projection_norm.build(inner_shape)

    def _convolution(self, kernel_size: int, strides: int, name: str) -> keras.layers.Conv2D:
        return keras.layers.Conv2D(
            self.filters,
            kernel_size,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Maps [batch, height, width, channels] to [batch, height / strides, width / strides, filters]."""
        outputs = self.activation(self.norm_1(self.conv_1(inputs), training=training))
        outputs = self.norm_2(self.conv_2(outputs), training=training)
        shortcut = inputs
        if self.projection is not None:
            shortcut = self.projection_norm(self.projection(inputs), training=training)
        return self.activation(outputs + shortcut)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output; sizes round up, as "same" padding does."""
        batch, *sizes, _ = input_shape
        return (batch, *(None if size is None else -(-size // self.strides) for size in sizes), self.filters)

    def get_config(self) -> dict[str, Any]:
        own = {
            "filters": self.filters,
            "strides": self.strides,
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}
