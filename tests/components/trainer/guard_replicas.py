"""What the guard does on two replicas; run by itself, as devices are split before TensorFlow starts.

Prints one JSON object. Two logical CPU devices stand in for two GPUs.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tests.components.trainer import guard_cases

CASES: dict[str, dict[str, Any]] = {
    "fit": {},
    "custom": {"loop": "custom", "accumulation": 2},
    "mixed precision": {"loop": "custom", "mixed_precision": True},
}


def main(folder: Path) -> None:
    """Prints what the tests look at: row 5 of 8 is one of the second replica's."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    rows, found = guard_cases.data(), {}
    rows[0]["amount"][3 * guard_cases.BATCH + 5] = np.nan
    for name, changes in CASES.items():
        stopped = guard_cases.train(guard_cases.config(**changes), rows, folder / name, strategy=two)
        skipped = guard_cases.train(guard_cases.config(skip=1, **changes), rows, strategy=two)
        without = guard_cases.train(guard_cases.config(skip=1, **changes), rows, without=[3], strategy=two)
        found[name] = {
            "error": stopped.error,
            "kept": [str(path) for path in (folder / name).iterdir()],
            "skipped": skipped.history,
            "without": without.history,
            "difference": max(
                float(np.abs(np.subtract(value, without.values[path], dtype=np.float64)).max())
                for path, value in skipped.values.items()
            ),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
