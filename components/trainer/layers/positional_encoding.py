"""Where in a sequence a step is, told to layers that do not see order."""

import math
from typing import Any, Literal

import keras
from keras import ops

from components.errors import UsageError
from components.trainer.layers.checks import check_shape


@keras.saving.register_keras_serializable(package="slipway")
class PositionalEncoding(keras.layers.Layer):
    """Adds a vector for each position to the steps of a sequence (Vaswani et al. 2017, section 3.5).

    Sinusoidal: `sin(p / 10000**(2i/d))` at even and `cos` of the same at odd features; no weights, any length.
    Learned: a trained table, for sequences of up to `max_length` steps.

    Args:
        kind: `sinusoidal` (the default) or `learned`.
        max_length: Rows of the learned table, 2 or more.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        UsageError: The kind does not exist, `max_length` is missing or does not belong, or (when built) the input is
            not [batch, time, features] or is too long.

    Example:
        >>> encoded = PositionalEncoding()(keras.ops.zeros((1, 2, 4)))
        >>> encoded.numpy().round(3).tolist()
        [[[0.0, 1.0, 0.0, 1.0], [0.8410000205039978, 0.5400000214576721, 0.009999999776482582, 1.0]]]
    """

    def __init__(
        self, kind: Literal["sinusoidal", "learned"] = "sinusoidal", max_length: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if kind not in ("sinusoidal", "learned"):
            raise UsageError("`kind` must be sinusoidal or learned.", received=f"kind={kind!r}")
        # With one row, a longer sequence would broadcast instead of failing.
        if (kind == "learned" and (max_length is None or max_length < 2)) or (kind == "sinusoidal" and max_length):
            raise UsageError(
                "A learned encoding needs a length of 2 or more, a sinusoidal one takes none.",
                received=f"kind={kind!r}, max_length={max_length}",
            )
        self.kind, self.max_length = kind, max_length
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the table [max_length, features] of a learned encoding."""
        check_shape("PositionalEncoding", input_shape, "batch time features")
        self.table = None
        if self.max_length is not None:
            self._check_length(input_shape)
            self.table = self.add_weight(
                shape=(self.max_length, input_shape[-1]),
                initializer=keras.initializers.TruncatedNormal(stddev=0.02),
                name="table",
            )

    def _check_length(self, shape: tuple[int | None, ...]) -> None:
        if self.max_length is not None and shape[1] is not None and shape[1] > self.max_length:
            raise UsageError(
                "A learned encoding cannot go beyond its table.",
                received=f"{shape[1]} steps with max_length={self.max_length}",
                fix="Raise max_length, cut the sequence, or take kind='sinusoidal'.",
            )

    def call(self, inputs: Any) -> Any:
        """Maps [batch, time, features] to the same shape."""
        self._check_length(tuple(inputs.shape))
        length = ops.shape(inputs)[1]
        if self.table is not None:
            return inputs + ops.cast(self.table, self.compute_dtype)[:length]
        return inputs + ops.cast(_sinusoids(length, inputs.shape[-1]), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape as it is."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "max_length": self.max_length}


def _sinusoids(length: Any, features: int) -> Any:
    """Returns float32 [length, features]; float16 would lose positions above 2048."""
    even = ops.arange(0, features, 2, dtype="float32")
    angles = ops.arange(length, dtype="float32")[:, None] * ops.exp(-math.log(10_000.0) / features * even)[None, :]
    waves = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
    return ops.reshape(waves, (length, -1))[:, :features]
