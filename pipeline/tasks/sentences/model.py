"""The published encoder with a head for two classes."""

import keras
import tensorflow_transform as tft

from components.trainer import bert


def build_model(
    tft_output: tft.TFTransformOutput,  # noqa: ARG001 (part of the contract)
    encoder: str | None = None,
    dropout: float = 0.1,
) -> keras.Model:
    """Builds the encoder with its published weights; the mean of its states goes into a linear layer.

    Args:
        tft_output: Transform's output; nothing of it is needed.
        encoder: Folder of the encoder, None for the package's.
        dropout: Part that is dropped in training, in the encoder and before the head.

    Returns:
        A model, not compiled, from `token_ids`, [batch, pieces] padded with 0, to `{"probability": [batch, 1]}`:
        float32, how likely the sentence is positive. The layers of the encoder are `block_0` to `block_5`, the head is
        `head`.

    Raises:
        UsageError: There is no such encoder.
    """
    ids = keras.Input((None,), dtype="int64", name="token_ids")
    states = bert.encoder(bert.find(encoder), dropout)(ids)
    sentence = keras.layers.GlobalAveragePooling1D(name="mean")(states, mask=keras.ops.not_equal(ids, 0))
    logit = keras.layers.Dense(1, name="head")(keras.layers.Dropout(dropout, name="drop")(sentence))
    # float32 keeps probabilities apart near 0 and 1 under mixed precision.
    probability = keras.layers.Activation("sigmoid", dtype="float32", name="probability")(logit)
    return keras.Model({"token_ids": ids}, {"probability": probability}, name="sentences")
