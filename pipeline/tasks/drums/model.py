"""A small convolutional model of a drum sample."""

from collections.abc import Sequence

import keras
import tensorflow_transform as tft

from pipeline.tasks.drums.preprocessing import SPECTROGRAM

CLASSES = 5


def build_model(
    tft_output: tft.TFTransformOutput, filters: Sequence[int] = (16, 32, 64), dropout: float = 0.4
) -> keras.Model:
    """Builds convolutions that halve time and pitch, the mean over time, and the classes.

    Pitch keeps its place: high and low is what tells a hi-hat from a tom.

    Args:
        tft_output: Transform's output; it knows the size of a spectrogram.
        filters: Channels of each convolution.
        dropout: Part of the features before the classes that is dropped in training.

    Returns:
        A model, not compiled, from `spectrogram`, [batch, frames, bands], to `{"probabilities": [batch, 5]}`, float32.
    """
    shape = tft_output.transformed_feature_spec()[SPECTROGRAM].shape
    spectrogram = keras.Input(shape, name=SPECTROGRAM)
    x = keras.layers.Reshape((*shape, 1), name="image")(spectrogram)
    for layer, channels in enumerate(filters):
        x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv_{layer}")(x)
        x = keras.layers.MaxPooling2D(name=f"pool_{layer}")(x)
    x = keras.layers.Flatten(name="flat")(keras.ops.mean(x, axis=1))
    x = keras.layers.Dropout(dropout, name="drop")(x)
    # float32 keeps probabilities apart near 0 and 1 under mixed precision.
    outputs = keras.layers.Dense(CLASSES, activation="softmax", dtype="float32", name="probabilities")(x)
    return keras.Model({SPECTROGRAM: spectrogram}, {"probabilities": outputs}, name="drum_cnn")
