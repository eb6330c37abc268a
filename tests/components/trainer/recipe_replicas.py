"""What a recipe trains on two replicas and on one: run by itself, as devices are split before TensorFlow starts.

Prints one JSON object. Two logical CPU devices stand in for two GPUs.
"""

import json
from typing import Any

import tensorflow as tf

from components.trainer import strategy
from components.trainer.config import OptimizerConfig
from tests.components.trainer import stage_cases

# Steps of Adam would be the same however gradients are clipped.
OPTIMIZER = OptimizerConfig("momentum", weight_decay=0.1, clip_norm=0.3)


def trained(devices: tf.distribute.Strategy, **changes: Any) -> dict[str, Any]:
    """Trains both stages. Validation has batches of odd size; dropout would draw other numbers on two replicas."""
    config = stage_cases.config(optimizer=OPTIMIZER, eval_batch_size=8, **changes)
    run = stage_cases.train(config, devices=devices, dropout=0.0)
    start, first, second = run.watch.weights
    local = [devices.experimental_local_results(weight.value) for weight in run.model.weights]
    return {
        "weights": {path: weight.tolist() for path, weight in second.items()},
        "history": run.history,
        "unchanged": [
            [path for path in start if one[path].tobytes() == other[path].tobytes()]
            for one, other in ((start, first), (first, second))
        ],
        "copies_differ": [
            weight.path
            for weight, copies in zip(run.model.weights, local, strict=True)
            if any(copy.numpy().tobytes() != copies[0].numpy().tobytes() for copy in copies)
        ],
        "steps": stage_cases.steps(run.model.optimizer),
    }


def main() -> None:
    """Prints what the tests look at."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = strategy.create("mirrored")
    result = {
        "replicas": two.num_replicas_in_sync,
        "one": trained(tf.distribute.get_strategy()),
        "fit": trained(two),
        "custom": trained(two, loop="custom"),
        "fit, mixed": trained(two, mixed_precision=True),
        "custom, mixed": trained(two, loop="custom", mixed_precision=True),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
