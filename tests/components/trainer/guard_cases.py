"""Trainings of one epoch of eight steps, some of them on rows that are not finite or become so in the model."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.errors import ComponentFailed
from components.trainer import fit, loop
from components.trainer.config import CallbacksConfig, GuardConfig, ModelConfig, OptimizerConfig, TrainingConfig
from components.trainer.guard import Guard
from components.trainer.input_pipeline import Split
from components.trainer.plan import Plan
from components.trainer.watch import Watch

BATCH, STEPS = 8, 8
LOOPS = {"fit": fit.fit, "custom": loop.fit}


class InOrder(Split):
    """Rows in the order in which they are, without some of the batches."""

    def __init__(self, data: Any, without: Iterable[int] = ()) -> None:
        keep = np.concatenate([np.arange(BATCH) + step * BATCH for step in range(STEPS) if step not in without])
        self._data = tf.nest.map_structure(lambda column: column[keep], data)
        self.rows = len(keep)

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(self._data).batch(batch_size).repeat().skip(first_step)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(self._data).batch(-(-self.rows // batches)).repeat()


def data() -> tuple[dict[str, np.ndarray], np.ndarray]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(BATCH * STEPS, 3)).astype(np.float32)
    amount = draw.uniform(1, 2, size=(BATCH * STEPS, 1)).astype(np.float32)
    return {"x": x, "amount": amount}, (x.sum(axis=1, keepdims=True) + amount).astype(np.float32)


def build_model(tft_output: Any, kind: str) -> keras.Model:
    x, amount = keras.Input((3,), name="x"), keras.Input((1,), name="amount")
    hidden = keras.layers.Concatenate(name="both")([x, amount])
    hidden = keras.layers.Dense(4, activation="relu", name="body")(hidden)
    hidden = keras.layers.BatchNormalization(name="norm")(keras.layers.Dropout(0.2, name="drop")(hidden))
    output = keras.layers.Dense(1, dtype="float32", name="head")(hidden)
    if kind == "log":
        output = output + keras.ops.log(amount)
    if kind == "root":
        output = output + keras.ops.sqrt(keras.ops.abs(keras.layers.Dense(1, use_bias=False, name="steep")(x)))
    return keras.Model({"x": x, "amount": amount}, output)


def config(kind: str = "plain", skip: int = 0, **changes: Any) -> TrainingConfig:
    values: dict[str, Any] = {
        "model": ModelConfig(f"{__name__}.build_model", {"kind": kind}),
        "label": "y",
        "loss": "mean_squared_error",
        "metrics": ("mean_absolute_error",),
        "optimizer": OptimizerConfig("adam", 0.01, clip_norm=1.0),
        "batch_size": BATCH,
        "eval_batch_size": BATCH * STEPS,
        "epochs": 1,
        "steps_per_execution": 1,
        "guard": GuardConfig(skip),
        "callbacks": CallbacksConfig(tensorboard=False),
    }
    return TrainingConfig(**{**values, **changes})


def train(
    config: TrainingConfig,
    rows: Any,
    folder: Path | None = None,
    without: Iterable[int] = (),
    strategy: tf.distribute.Strategy | None = None,
) -> SimpleNamespace:
    """Trains an epoch, validating on rows that are finite; says how it ended."""
    strategy = strategy or tf.distribute.get_strategy()
    split = InOrder(rows, without)
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_float16" if config.mixed_precision else "float32")
    plan = Plan.of(config, split.rows, split.rows, strategy.num_replicas_in_sync)
    with strategy.scope():
        model = build_model(None, **config.model.params)
        fit.compile_model(model, config, plan)
    keras.config.set_dtype_policy("float32")
    guard = Guard(config, split, "unused", folder)
    watch = guard if config.checks_each_step else Watch(guard, split, config)
    error, history = None, None
    try:
        history = LOOPS[config.loop](model, split, InOrder(data()), config, plan, [watch])
        for timing in ("examples_per_second", "input_wait"):
            history.pop(timing, None)
    except ComponentFailed as failed:
        error = str(failed)
    values = {variable.path: variable.numpy() for variable in model.variables}
    return SimpleNamespace(model=model, error=error, history=history, values=values)
