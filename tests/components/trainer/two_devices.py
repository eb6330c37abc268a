"""Trains the tiny task on two logical CPU devices; run by itself, as devices are split before TensorFlow starts.

python -m tests.components.trainer.two_devices FOLDER GRAPH TRAIN_PATTERN EVAL_PATTERN prints one JSON object.
"""

import contextlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.trainer import callbacks, export, input_pipeline, strategy
from components.trainer.config import ModelConfig
from components.trainer.run_fn import run_fn
from tests.components.trainer import tiny
from tests.components.trainer.conftest import arguments
from tests.components.trainer.kill import KillDuring, Killed


def shares(pattern: str, graph: str) -> list[list[list[int]]]:
    """Returns the labels that each replica sees in the first steps, by step and replica."""
    spec = tft.TFTransformOutput(graph).transformed_feature_spec()
    reader = input_pipeline.Reader({name: spec[name] for name in ("unused", "tipped")}, "tipped")
    split = input_pipeline.read([pattern], reader, memory_mb=1)
    devices = strategy.create("mirrored")
    batches = iter(devices.experimental_distribute_dataset(split.training(batch_size=16, seed=1)))
    steps = [devices.run(lambda features, label: features["unused"][:, 0], args=next(batches)) for _ in range(10)]
    return [[part.numpy().tolist() for part in devices.experimental_local_results(step)] for step in steps]


def course(folder: Path, graph: str, patterns: dict[str, str], execution: int = 1, **changes: Any) -> dict[str, Any]:
    """Runs a training and returns its history and the predictions of what was exported."""
    given = arguments(Path(graph), patterns, folder, execution, training=tiny.config(**changes))
    run_fn(given)
    examples = tf.constant([tiny.serialize(row) for row in tiny.rows(20, seed=9)])
    served = tf.saved_model.load(given.serving_model_dir).signatures["serving_examples"](examples=examples)
    return {**history(given), "predictions": served["probability"].numpy().ravel().tolist()}


def course_alone(folder: Path, graph: str, patterns: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Runs a training and returns its history; nothing is exported, as that takes longer than the training."""
    given = arguments(Path(graph), patterns, folder, training=tiny.config(**changes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "save", lambda *_: None)
        run_fn(given)
    return history(given)


def history(given: SimpleNamespace) -> dict[str, Any]:
    return {"history": json.loads((Path(given.model_run_dir) / "history.json").read_text())["history"]}


def resumed(folder: Path, graph: str, patterns: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Kills a training in its second epoch, then runs it again."""
    given = arguments(Path(graph), patterns, folder, training=tiny.config(**changes))
    create = callbacks.create
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(callbacks, "create", lambda *args: [*create(*args), KillDuring(epoch=1)])
        run_fn(given)
    return course(folder, graph, patterns, execution=2, **changes)


def main(folder: str, graph: str, train: str, evaluation: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    patterns = {"train": train, "eval": evaluation}
    plain = {"model": ModelConfig("tests.components.trainer.tiny.build_model", {"plain": True})}
    statistics = {"strategy": "mirrored", "memory_mb": 0}
    found: dict[str, Any] = {
        "one": course_alone(Path(folder) / "one", graph, patterns, strategy="default", **plain),
        "two": course_alone(Path(folder) / "two", graph, patterns, strategy="mirrored", **plain),
        "two_with_statistics": course_alone(Path(folder) / "statistics", graph, patterns, **statistics),
    }
    found["resumed"] = resumed(Path(folder) / "resumed", graph, patterns, **statistics)
    found["shares"] = shares(train, graph)
    found["replicas"] = strategy.create("mirrored").num_replicas_in_sync
    print(json.dumps(found))


if __name__ == "__main__":
    np.seterr(all="raise")
    main(*sys.argv[1:])
