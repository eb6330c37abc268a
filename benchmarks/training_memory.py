"""The peak memory of one training, in a process of its own.

    python -m benchmarks.training_memory ACCUMULATION MICRO_BATCHES

Trains a model whose activations take nearly all of its memory, on batches of so many micro-batches of 128 images, and
prints by how many mebibytes its resident memory rises at most above what it is before the first step; on a GPU, what
TensorFlow says. `peak` starts the process.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf

from benchmarks.cases import Case, image_columns, image_model
from components.trainer import fit, loop
from components.trainer.plan import Plan

ROOT = Path(__file__).resolve().parents[1]
MICRO_BATCH, SIZE, STEPS = 128, 64, 3


def peak(accumulation: int, micro_batches: int) -> float:
    """Returns the mebibytes that a training takes at most."""
    command = [sys.executable, "-m", "benchmarks.training_memory", str(accumulation), str(micro_batches)]
    # Freed memory goes back to the system at once, so that what is resident is what is in use.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout.splitlines()[-1])


class Peak(keras.callbacks.Callback):
    """Notes the memory before the first step and the most until the last."""

    before = most = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Makes what is resident now the peak so far."""
        Path("/proc/self/clear_refs").write_text("5")
        self.before = _resident("VmRSS")

    def on_test_begin(self, logs: Any = None) -> None:
        """Notes the peak, validation not included."""
        self.most = _resident("VmHWM")


def _resident(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def main(accumulation: int, micro_batches: int) -> None:
    """Trains and prints the peak."""
    rows = MICRO_BATCH * micro_batches
    case = Case(lambda: image_model(SIZE, 32), lambda draw: image_columns(draw, SIZE, rows), rows, STEPS, 1)
    config = case.config(loop="custom", accumulation=accumulation)
    plan = Plan(1, STEPS, validation_steps=rows, steps_per_execution=1)
    model, split, noted = case.build(), case.split(), Peak()
    fit.compile_model(model, config, plan)
    loop.fit(model, split, split, config, plan, [noted])
    if tf.config.list_physical_devices("GPU"):
        print(tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20)
    else:
        print(noted.most - noted.before)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
