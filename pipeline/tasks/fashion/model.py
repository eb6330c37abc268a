"""Convolutional models of a picture, with their augmentation inside: it only acts in training."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow_transform as tft

from components.trainer.layers import ResNet
from pipeline.tasks.fashion.preprocessing import PIXELS

CLASSES = 10
OUTPUT = "probabilities"


@keras.saving.register_keras_serializable(package="slipway")
class Augmentation(keras.layers.Layer):
    """Mirrors half of the pictures and moves each by up to two pixels, in training only.

    Keras's own layers do so whenever they are called without `training`.

    Args:
        kwargs: Arguments of `keras.layers.Layer`, such as `name`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mirrored = keras.layers.RandomFlip("horizontal")
        self.moved = keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Builds both steps."""
        self.mirrored.build(input_shape)
        self.moved.build(input_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Maps pictures [batch, height, width, channels] to as many of the same size."""
        return self.moved(self.mirrored(inputs, training=True), training=True) if training else inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the input."""
        return input_shape


def build_model(
    tft_output: tft.TFTransformOutput, filters: Sequence[int] = (32, 64), dropout: float = 0.3, augment: bool = True
) -> keras.Model:
    """Builds a Sequential CNN: convolutions that halve the picture, a hidden layer, the classes.

    Args:
        tft_output: Transform's output; it knows the size of a picture.
        filters: Channels of each convolution.
        dropout: Part of the hidden units that is dropped in training.
        augment: Whether training sees pictures mirrored and moved.

    Returns:
        A model, not compiled, from `pixels`, [batch, 28, 28, 1], to `probabilities`, [batch, 10] float32.
    """
    model = keras.Sequential(_first_layers(tft_output, augment), name="cnn")
    for layer, channels in enumerate(filters):
        model.add(keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv_{layer}"))
        model.add(keras.layers.MaxPooling2D(name=f"pool_{layer}"))
    model.add(keras.layers.Flatten(name="flat"))
    model.add(keras.layers.Dense(128, activation="relu", name="hidden"))
    model.add(keras.layers.Dropout(dropout, name="drop"))
    # float32 keeps probabilities apart near 0 and 1 under mixed precision.
    model.add(keras.layers.Dense(CLASSES, activation="softmax", dtype="float32", name=OUTPUT))
    return model


def build_resnet(
    tft_output: tft.TFTransformOutput, filters: Sequence[int] = (32, 64), dropout: float = 0.3, augment: bool = True
) -> keras.Model:
    """Builds a residual network, a subclassed model, with a block for each of `filters` over a picture halved at once.

    The arguments and the result are those of `build_model`.
    """
    stages = (1,) * len(filters)
    net = ResNet(stages, filters, CLASSES, activation="softmax", stem_strides=2, dropout=dropout, name=OUTPUT)
    return keras.Sequential([*_first_layers(tft_output, augment), net], name="resnet")


def _first_layers(tft_output: tft.TFTransformOutput, augment: bool) -> list[Any]:
    pixels = keras.Input(tft_output.transformed_feature_spec()[PIXELS].shape, name=PIXELS)
    return [pixels, *([Augmentation(name="augmentation")] if augment else [])]
