"""Tiny modules in the place of the two encoders, with the names of the variables of the large one."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from components.trainer.hub.converters import glove_50d, saved_module
from pipeline.tasks.stamps.data import CLASSES

BLOCKS = [f"block_{number:02d}" for number in range(16)]
WORDS = ("a", "cat", "house", "red", ".", *CLASSES)


def save_pictures(folder: Path) -> Path:
    """A chain of 18 small layers over the mean colour, with the statistics of a normalization: [N, 4]."""
    normal = np.random.default_rng(0).normal
    kernels = [tf.Variable(normal(size=(3, 4)).astype("float32"), name="stem/kernel")]
    kernels += [
        tf.Variable(np.eye(4, dtype="float32") + normal(size=(4, 4)).astype("float32") / 8, name=f"{name}/kernel")
        for name in (*BLOCKS, "head")
    ]
    mean = tf.Variable(tf.zeros(3), trainable=False, name="stem/moving_mean")

    def embed(pictures: tf.Tensor, training: bool) -> tf.Tensor:
        x = tf.reduce_mean(pictures, axis=[1, 2])
        if training:
            mean.assign(tf.reduce_mean(x, axis=0))
        x = x - mean
        for kernel in kernels:
            x = tf.nn.softplus(x @ kernel)
        return x

    spec = tf.TensorSpec([None, None, None, 3], tf.float32, name="inputs")
    return saved_module.save(embed, spec, [*kernels, mean], folder, has_training=True)


def save_words(folder: Path) -> Path:
    """The mean of the vectors of a few words: [N, 8]."""
    vectors = np.random.default_rng(1).normal(size=(len(WORDS), 8)).astype("float32")
    return glove_50d.save(WORDS, vectors, folder)
