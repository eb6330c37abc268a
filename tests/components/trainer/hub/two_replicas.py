"""HubLayer on two logical CPU devices; run by itself, as devices are split before TensorFlow starts.

python -m tests.components.trainer.hub.two_replicas MODULE prints one JSON object.
"""

import json
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.trainer.hub.layer import HubLayer
from tests.components.trainer.hub.modules import FEATURES

X = np.random.default_rng(0).normal(size=(16, FEATURES)).astype("float32")
Y = X.sum(1, keepdims=True)


def model(strategy: tf.distribute.Strategy, handle: str, trainable: bool) -> keras.Model:
    keras.utils.set_random_seed(1)
    with strategy.scope():
        entry = keras.Input((FEATURES,))
        made = keras.Model(entry, keras.layers.Dense(1)(HubLayer(handle, trainable, name="tiny")(entry)))
        made.compile(keras.optimizers.SGD(0.01), "mse")
    return made


def fit(made: keras.Model) -> None:
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    made.fit(data.with_options(options), epochs=1, verbose=0)


def loop(made: keras.Model, strategy: tf.distribute.Strategy) -> None:
    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((made(x, training=True) - y) ** 2) / len(X) + sum(made.losses) / 2
        gradients = tape.gradient(loss, [variable.value for variable in made.trainable_variables])
        made.optimizer.apply_gradients(zip(gradients, made.trainable_variables, strict=True))

    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(len(X))
    with strategy.scope():
        made.optimizer.build(made.trainable_variables)
        for batch in strategy.experimental_distribute_dataset(data):
            tf.function(lambda part: strategy.run(step, args=part))(batch)


def weights(made: keras.Model) -> dict[str, Any]:
    return {variable.path: variable.numpy().tolist() for variable in made.layers[1].weights}


def main(handle: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found: dict[str, Any] = {"replicas": two.num_replicas_in_sync, "mean": X.mean(0).tolist()}
    for name, trainable, train in [
        ("frozen", False, fit),
        ("fit", True, fit),
        ("loop", True, lambda made: loop(made, two)),
    ]:
        made = model(two, handle, trainable)
        before = weights(made)
        train(made)
        found[name] = {"before": before, "after": weights(made)}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
