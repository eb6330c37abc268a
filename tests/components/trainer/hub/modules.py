"""Tiny modules in the Hub format, made by the tests."""

from pathlib import Path

import tensorflow as tf

FEATURES, UNITS = 3, 4


class Tiny(tf.train.Checkpoint):
    """Normalises by moving means and multiplies: has a training mode, statistics, a loss and a doubled name."""

    def __init__(self, dtype: tf.DType) -> None:
        super().__init__()
        kernel = tf.random.stateless_normal((FEATURES, UNITS), (1, 2), dtype=dtype)
        self.kernel = tf.Variable(kernel, name="block_1/kernel")
        self.bias = tf.Variable(tf.ones(UNITS, dtype), name="block_1/bias")
        self.second = tf.Variable(tf.ones(UNITS, dtype), name="block_1/bias")
        self.mean = tf.Variable(
            tf.zeros(FEATURES, dtype),
            trainable=False,
            name="norm/mean",
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN,
        )
        self.variables = [self.mean, self.kernel, self.bias, self.second]
        self.trainable_variables = [self.kernel, self.bias, self.second]
        self.regularization_losses = [tf.function(lambda: tf.reduce_sum(self.kernel**2), input_signature=[])]
        spec = tf.TensorSpec([None, FEATURES], dtype, name="features")
        for training in (True, False):
            self.__call__.get_concrete_function(spec, training=training)

    @tf.function
    def __call__(self, x, training=False):
        if training:
            self.mean.assign_add((tf.reduce_mean(x, 0) - self.mean) * 0.5)
        return (x - self.mean) @ self.kernel + self.bias * self.second


def save_tiny(folder: Path, dtype: tf.DType = tf.float32) -> Path:
    """Saves `Tiny` with a signature `both` of two outputs."""
    module = Tiny(dtype)

    @tf.function(input_signature=[tf.TensorSpec([None, FEATURES], dtype, name="features")])
    def both(features):
        return {"sum": tf.reduce_sum(features, 1), "units": module(features)}

    tf.saved_model.save(module, str(folder), signatures={"both": both})
    return folder


def save_words(folder: Path) -> Path:
    """Saves a module from strings to vectors with a vocabulary file."""
    import numpy as np

    from components.trainer.hub.converters import glove_50d

    return glove_50d.save(["good", "bad", "n't", "."], np.arange(8, dtype="float32").reshape(4, 2), folder)
