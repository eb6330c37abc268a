"""Trains the fashion model on two logical CPU devices; run by itself, as devices are split before TensorFlow starts.

python -m tests.pipeline.tasks.fashion.two_replicas GRAPH prints one JSON object.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from pipeline.tasks.fashion.model import build_model


def main(graph: str) -> None:
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    keras.utils.set_random_seed(1)
    pictures = np.random.default_rng(0).uniform(size=(32, 28, 28, 1)).astype(np.float32)
    with strategy.scope():
        model = build_model(tft.TFTransformOutput(graph), filters=[4])
        model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(pictures, np.arange(32) % 10, batch_size=8, epochs=2, verbose=0).history
    augmentation = model.get_layer("augmentation")
    batches = iter(strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensors(pictures[:8]).rebatch(8)))

    @tf.function
    def step(batch: tf.Tensor, training: bool) -> tf.Tensor:
        return augmentation(batch, training=training)

    batch = next(batches)
    changed, same = (
        [
            bool(np.any(after != before))
            for after, before in zip(
                strategy.experimental_local_results(strategy.run(step, (batch, training))),
                strategy.experimental_local_results(batch),
                strict=True,
            )
        ]
        for training in (True, False)
    )
    print(json.dumps({"loss": history["loss"], "changed_in_training": changed, "changed_otherwise": same}))


if __name__ == "__main__":
    main(sys.argv[1])
