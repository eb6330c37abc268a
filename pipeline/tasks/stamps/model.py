"""Two published encoders, one of pictures and one of words, below one layer for the classes."""

from typing import Literal

import keras
import tensorflow_transform as tft

from components.errors import UsageError, did_you_mean
from components.trainer.hub.layer import HubLayer
from pipeline.tasks.stamps.preprocessing import PIXELS, WORDS

CLASSES = 7
INPUTS = {"both": (PIXELS, WORDS), "image": (PIXELS,), "text": (WORDS,)}


def build_model(
    tft_output: tft.TFTransformOutput,
    inputs: Literal["both", "image", "text"] = "both",
    picture_encoder: str = "converted:efficientnet-lite0",
    word_encoder: str = "converted:glove-50d",
    dropout: float = 0.2,
) -> keras.Model:
    """Builds the encoders as they were published, and the classes.

    Args:
        tft_output: Transform's output; it knows the size of a picture.
        inputs: Which halves of a stamp are used.
        picture_encoder: Handle of a module from pictures [N, height, width, 3] in 0..1 to vectors.
        word_encoder: Handle of a module from strings [N] to vectors.
        dropout: Part of the vectors that is dropped in training.

    Returns:
        A model, not compiled, from `pixels` and `words`, or the one of them that is used, to
        `{"probabilities": [batch, 7]}`, float32. The encoders are the layers `picture` and `words`, the classes are
        `probabilities`.

    Raises:
        UsageError: There is no such module, or `inputs` is none of the three.
    """
    if inputs not in INPUTS:
        raise UsageError(
            "`inputs` must be one of three.", received=f"inputs={inputs}", fix=did_you_mean(inputs, INPUTS)
        )
    taken, vectors = {}, []
    if PIXELS in INPUTS[inputs]:
        taken[PIXELS] = keras.Input(tft_output.transformed_feature_spec()[PIXELS].shape, name=PIXELS)
        # The statistics of a few hundred stamps would replace those of ImageNet while it is fine-tuned.
        encoder = HubLayer(picture_encoder, arguments={"training": False}, name="picture")
        vectors.append(encoder(taken[PIXELS]))
    if WORDS in INPUTS[inputs]:
        taken[WORDS] = keras.Input((), dtype="string", name=WORDS)
        vector = HubLayer(word_encoder, name="caption")(taken[WORDS])
        # Adam moves all weights alike, so 50 numbers beside 1280 would have no say.
        vectors.append(keras.layers.Rescaling(10.0, name="louder")(vector))
    both = keras.layers.Concatenate(name="vectors")(vectors) if len(vectors) > 1 else vectors[0]
    x = keras.layers.Dropout(dropout, name="drop")(both)
    # Nothing is known of the classes at first. float32 keeps probabilities apart near 0 and 1 under mixed precision.
    classes = keras.layers.Dense(
        CLASSES, activation="softmax", kernel_initializer="zeros", dtype="float32", name="probabilities"
    )
    outputs = classes(x)
    return keras.Model(taken, {"probabilities": outputs}, name="stamps")
