"""A residual network as a subclassed model."""

from collections.abc import Sequence
from typing import Any

import keras

from components.errors import UsageError
from components.trainer.layers.checks import check_counts, check_rate, check_shape
from components.trainer.layers.residual_block import ResidualBlock


@keras.saving.register_keras_serializable(package="slipway")
class ResNet(keras.Model):
    """A stem, stages of `ResidualBlock`s, the mean over space, and a head (He et al. 2016, arXiv:1512.03385).

    `ResNet((3, 3, 3), (16, 32, 64), 10)` is the paper's ResNet-20 for CIFAR-10, with projections for its shortcuts;
    `ResNet((2, 2, 2, 2), (64, 128, 256, 512), 1000, stem_kernel=7, stem_strides=2, stem_pool=True)` is ResNet-18.

    Args:
        stages: Blocks of each stage; every stage after the first halves height and width.
        widths: Channels of each stage.
        classes: Outputs of the head; None has no head and returns the pooled features.
        activation: Of the head: None returns logits. The head computes in float32 at least, so that mixed precision
            leaves losses exact.
        stem_kernel: Width of the first convolution, 3 by default.
        stem_strides: Steps of the first convolution, 1 by default.
        stem_pool: Whether max pooling halves height and width after the stem.
        dropout: Part of the pooled features that is dropped in training, none by default.
        kernel_regularizer: Penalty on all kernels, none by default.
        kwargs: Arguments of `keras.Model`, such as `name` and `dtype`.

    Raises:
        UsageError: There is not one width per stage, an argument is no count, or (when built) the input is not
            [batch, height, width, channels].

    Example:
        >>> model = ResNet(stages=(1, 1), widths=(8, 16), classes=3)
        >>> model(keras.ops.ones((2, 16, 16, 3))).shape
        TensorShape([2, 3])
    """

    def __init__(
        self,
        stages: Sequence[int],
        widths: Sequence[int],
        classes: int | None,
        activation: Any = None,
        stem_kernel: int = 3,
        stem_strides: int = 1,
        stem_pool: bool = False,
        dropout: float = 0.0,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stages, self.widths, self.classes = tuple(stages), tuple(widths), classes
        _check_stages(self.stages, self.widths)
        check_counts(
            stem_kernel=stem_kernel, stem_strides=stem_strides, **({} if classes is None else {"classes": classes})
        )
        check_rate(dropout=dropout)
        self.activation = keras.activations.get(activation)
        self.stem_kernel, self.stem_strides, self.stem_pool = stem_kernel, stem_strides, stem_pool
        self.dropout = dropout
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self._make_layers()

    def _make_layers(self) -> None:
        policy, penalty = self.dtype_policy, self.kernel_regularizer
        self.stem = keras.layers.Conv2D(
            self.widths[0],
            self.stem_kernel,
            strides=self.stem_strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=penalty,
            dtype=policy,
            name="stem",
        )
        self.stem_norm = keras.layers.BatchNormalization(dtype=policy, name="stem_norm")
        self.max_pool = keras.layers.MaxPooling2D(3, 2, padding="same", dtype=policy) if self.stem_pool else None
        self.blocks = [
            ResidualBlock(
                width,
                strides=2 if stage > 0 and block == 0 else 1,
                kernel_regularizer=penalty,
                dtype=policy,
                name=f"stage_{stage}_block_{block}",
            )
            for stage, (blocks, width) in enumerate(zip(self.stages, self.widths, strict=True))
            for block in range(blocks)
        ]
        self.pool = keras.layers.GlobalAveragePooling2D(dtype=policy, name="pool")
        self.drop = keras.layers.Dropout(self.dropout, dtype=policy, name="drop")
        self.head = None
        if self.classes is not None:
            precise = "float64" if self.variable_dtype == "float64" else "float32"
            self.head = keras.layers.Dense(
                self.classes, self.activation, kernel_regularizer=penalty, dtype=precise, name="head"
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes all weights."""
        check_shape("ResNet", input_shape, "batch height width channels")
        self.stem.build(input_shape)
        shape = self.stem.compute_output_shape(input_shape)
        self.stem_norm.build(shape)
        if self.max_pool is not None:
            shape = self.max_pool.compute_output_shape(shape)
        for block in self.blocks:
            block.build(shape)
            shape = block.compute_output_shape(shape)
        if self.head is not None:
            self.head.build((shape[0], shape[-1]))
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Maps images [batch, height, width, channels] to [batch, classes], or [batch, widths[-1]] without a head."""
        outputs = keras.ops.relu(self.stem_norm(self.stem(inputs), training=training))
        if self.max_pool is not None:
            outputs = self.max_pool(outputs)
        for block in self.blocks:
            outputs = block(outputs, training=training)
        outputs = self.drop(self.pool(outputs), training=training)
        return outputs if self.head is None else self.head(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns [batch, classes], or [batch, widths[-1]] without a head."""
        return (input_shape[0], self.widths[-1] if self.classes is None else self.classes)

    def get_config(self) -> dict[str, Any]:
        own = {
            "stages": self.stages,
            "widths": self.widths,
            "classes": self.classes,
            "activation": keras.activations.serialize(self.activation),
            "stem_kernel": self.stem_kernel,
            "stem_strides": self.stem_strides,
            "stem_pool": self.stem_pool,
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}


def _check_stages(stages: tuple[int, ...], widths: tuple[int, ...]) -> None:
    if not stages or len(stages) != len(widths):
        raise UsageError(
            "A ResNet needs a number of blocks and a width for each stage.",
            received=f"stages={stages}, widths={widths}",
            fix="Give both the same length, 1 or more.",
        )
    for number, width in zip(stages, widths, strict=True):
        check_counts(stages=number, widths=width)
