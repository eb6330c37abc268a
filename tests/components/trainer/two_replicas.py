"""What two replicas compute and what one does: run by itself, as devices are split before TensorFlow starts.

Prints one JSON object. Two logical CPU devices stand in for two GPUs.
"""

import json
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.trainer import losses, optimizers
from components.trainer import strategy as strategies
from components.trainer.optimizer_config import OptimizerConfig
from tests.components.trainer import loop_cases, test_outputs
from tests.components.trainer.metrics.cases import CASES, ONE_OF_EACH_STATE

EXAMPLES = 32


def metric_values(strategy: tf.distribute.Strategy, name: str) -> dict[str, float]:
    """Updates a metric on each replica with its half, and says what it then is."""
    data = CASES[name].data(seed=7, examples=EXAMPLES)
    with strategy.scope():
        metric = CASES[name].make()

    def half(array: np.ndarray) -> Any:
        parts = np.split(array, strategy.num_replicas_in_sync)
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group])
        )

    for step in range(2):
        rows = slice(step * EXAMPLES // 2, (step + 1) * EXAMPLES // 2)
        labels, predictions, weights = (half(array[rows]) for array in data)
        strategy.run(metric.update_state, args=(labels, predictions, weights))
    value = float(metric.result())
    metric.reset_state()
    return {"value": value, "after_reset": float(metric.result()), "reference": float(CASES[name].reference(*data))}


def trained_weights(strategy: tf.distribute.Strategy, config: OptimizerConfig) -> list[Any]:
    """Fits a small model for three steps of one global batch, its halves made to differ, and returns its weights."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(8, 3)) * np.repeat([[10.0], [0.1]], 4, axis=0)
    labels = rng.integers(0, 3, 8)
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.LayerNormalization(), keras.layers.Dense(3)]
        )
        loss = losses.create("sparse_focal", class_weights=(1.0, 2.0, 3.0), from_logits=True)
        model.compile(optimizers.create(config, total_steps=3), loss, jit_compile=False)
    model.fit(tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(8), epochs=3, verbose=0)
    return [weight.tolist() for weight in model.get_weights()]


def several_outputs(one: tf.distribute.Strategy, two: tf.distribute.Strategy, loop: str) -> list[Any]:
    """Trains a model of two outputs on one and on two replicas; returns the histories."""
    return [test_outputs.train(test_outputs.config(loop=loop), strategy=where).history for where in (one, two)]


def main() -> None:
    """Prints what the tests look at."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = strategies.create("mirrored")
    configs = {
        "clipped": OptimizerConfig("adamw", 0.05, weight_decay=0.1, clip_norm=0.3),
        "plain": OptimizerConfig("momentum", 0.05, weight_decay=0.1),
    }
    result = {
        "replicas": two.num_replicas_in_sync,
        "metrics": {name: metric_values(two, name) for name in ONE_OF_EACH_STATE},
        "weights": {
            name: [trained_weights(strategy, config) for strategy in (tf.distribute.get_strategy(), two)]
            for name, config in configs.items()
        },
        "loop": loop_cases.courses(two),
        "outputs": {loop: several_outputs(strategies.create("default"), two, loop) for loop in ("fit", "custom")},
        "overflow": loop_cases.after_overflow_on_the_second(two),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
