"""MiniLM-L6 (all-MiniLM-L6-v2): a published sentence encoder converted into the TF Hub SavedModel format.

The weights are those of https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2. As there, a sentence is the mean
of the states of its word pieces, scaled to length 1.
"""

from pathlib import Path

import tensorflow as tf

from components.trainer import bert
from components.trainer.hub.converters import saved_module


def build(folder: Path) -> Path:
    """Writes the module [N, pieces] int64 to [N, 384] and returns its folder.

    Raises:
        UsageError: The package with the weights, or the one that reads them, is not installed.
    """
    return save(bert.find(None), folder)


def save(published: Path, folder: Path) -> Path:
    """Writes an encoder as a module from ids of word pieces, padded with 0, to sentences.

    Args:
        published: Folder of the encoder, as `bert.find` returns it.
        folder: Where to.
    """
    encoder = bert.encoder(published)

    def embed(ids: tf.Tensor) -> tf.Tensor:
        there = tf.cast(ids != 0, tf.float32)[..., tf.newaxis]
        total = tf.reduce_sum(encoder(ids, training=False) * there, axis=1)
        # The mean of nothing is NaN.
        return tf.math.l2_normalize(total / tf.maximum(tf.reduce_sum(there, axis=1), 1.0), axis=1)

    ids = tf.TensorSpec([None, None], tf.int64, name="inputs")
    return saved_module.save(embed, ids, [variable.value for variable in encoder.weights], folder)
