"""What a recipe trains on two replicas and on one: run by itself, as devices are split before TensorFlow starts.

Prints one JSON object. Two logical CPU devices stand in for two GPUs.
"""

import json
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.trainer import group_optimizer, recipe
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.recipe_config import Rule, Stage
from components.trainer.schedule_config import Polynomial

# Steps of Adam would be the same however gradients are clipped.
CONFIG = OptimizerConfig("momentum", weight_decay=0.1, clip_norm=0.3)
STAGES = (
    Stage((Rule("head/.*", 0.05), Rule(".*", None))),
    Stage((Rule("head/.*", Polynomial(learning_rate=0.05)), Rule("body/kernel", 0.01), Rule(".*", None))),
)


def build() -> keras.Model:
    entry = keras.Input((3,))
    hidden = keras.layers.BatchNormalization(name="norm")(keras.layers.Dense(4, "relu", name="body")(entry))
    return keras.Model(entry, keras.layers.Dense(1, dtype="float32", name="head")(hidden))


def trained(strategy: tf.distribute.Strategy, policy: str = "float32") -> dict[str, Any]:
    """Fits both stages for two steps each, the replicas' halves made to differ."""
    rng = np.random.default_rng(0)
    inputs = (rng.normal(size=(8, 3)) * np.repeat([[10.0], [0.1]], 4, axis=0)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((inputs, rng.normal(size=(8, 1)).astype("float32"))).batch(8)
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_dtype_policy(policy)
    before = None
    with strategy.scope():
        model = build()
    start = {weight.path: weight.numpy() for weight in model.weights}
    for index in range(len(STAGES)):
        with strategy.scope():
            optimizer = group_optimizer.create(recipe.apply(model, STAGES, index), CONFIG, total_steps=2)
            # Few steps take less time than tracing them, which several replicas have to do.
            model.compile(optimizer, "mse", jit_compile=False, run_eagerly=strategy.num_replicas_in_sync == 1)
            if before is not None:
                group_optimizer.carry(before, model)
            elif policy == "mixed_float16":
                # At the usual 2**15 the first gradients overflow, and so few steps would all be skipped.
                model.optimizer.build(model.trainable_variables)
                model.optimizer.dynamic_scale.assign(64.0)
        model.fit(data, epochs=2, verbose=0)
        before = model.optimizer
    local = [strategy.experimental_local_results(weight.value) for weight in model.weights]
    return {
        "weights": {weight.path: weight.numpy().tolist() for weight in model.weights},
        "unchanged": [
            weight.path for weight in model.weights if start[weight.path].tobytes() == weight.numpy().tobytes()
        ],
        "copies_differ": [
            weight.path
            for weight, copies in zip(model.weights, local, strict=True)
            if any(copy.numpy().tobytes() != copies[0].numpy().tobytes() for copy in copies)
        ],
        "optimizer": type(model.optimizer).__name__,
        "steps": [int(variable.numpy()) for variable in model.optimizer.variables if variable.name == "iteration"],
    }


def main() -> None:
    """Prints what the tests look at."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    result = {
        "replicas": two.num_replicas_in_sync,
        "one": trained(tf.distribute.get_strategy()),
        "two": trained(two),
        "mixed": trained(two, "mixed_float16"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
