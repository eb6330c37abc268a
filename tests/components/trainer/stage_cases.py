"""A training of two stages, the second with a schedule, on rows that fill batches or do not."""

from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from components.trainer import callbacks, stages
from components.trainer.checkpoint import Checkpoint
from components.trainer.config import CallbacksConfig, ModelConfig, TrainingConfig
from components.trainer.input_pipeline import InMemory, Reader
from components.trainer.plan import Plan
from components.trainer.recipe_config import Rule, Stage
from components.trainer.schedule_config import Polynomial
from tests.components.trainer.kill import KillDuring

ROWS, VALIDATION_ROWS = 64, 42
READER = Reader({"x": tf.io.FixedLenFeature([3], tf.float32), "y": tf.io.FixedLenFeature([1], tf.float32)}, label="y")

RECIPE = (
    Stage((Rule("head/.*", 0.01), Rule(".*", None)), epochs=2),
    Stage((Rule("head/.*", Polynomial(learning_rate=0.01)), Rule("body/kernel", 0.001), Rule(".*", None)), epochs=2),
)


def split(rows: int, seed: int) -> InMemory:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3)).astype(np.float32)
    y = (np.sin(x.sum(1, keepdims=True)) + draw.normal(scale=0.3, size=(rows, 1))).astype(np.float32)
    return InMemory({"x": tf.constant(x), "y": tf.constant(y)}, READER)


def build_model(dropout: float) -> keras.Model:
    entry = keras.Input((3,), name="x")
    hidden = keras.layers.BatchNormalization(name="norm")(keras.layers.Dense(8, "relu", name="body")(entry))
    hidden = keras.layers.Dropout(dropout)(hidden)
    return keras.Model({"x": entry}, keras.layers.Dense(1, dtype="float32", name="head")(hidden))


def config(**changes) -> TrainingConfig:
    values = {
        "model": ModelConfig("model.build"),
        "label": "y",
        "loss": "mean_squared_error",
        "recipe": RECIPE,
        "batch_size": 16,
        "steps_per_execution": 2,
        "callbacks": CallbacksConfig(early_stopping_patience=None, plateau_patience=None, tensorboard=False),
    }
    return TrainingConfig(**{**values, **changes})


class Watch(keras.callbacks.Callback):
    """Keeps the weights and the optimizer of the end of each stage, and what the callbacks are told of stages."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, int]] = []
        self.weights: list[dict[str, np.ndarray]] = []
        self.optimizers: list[keras.optimizers.Optimizer] = []

    def on_stage_begin(self, **position: int) -> None:
        self.told.append(position)

    def on_train_begin(self, logs=None) -> None:
        if not self.weights:
            self.weights.append({weight.path: weight.numpy() for weight in self.model.weights})
        optimizer = self.model.optimizer
        first_step = self.told[-1]["stage"] == 0 and int(optimizer.iterations.numpy()) == 0
        if first_step and isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            # At the usual 2**15 of mixed precision the first gradients overflow, and few steps would move anything.
            optimizer.dynamic_scale.assign(64.0)

    def on_train_end(self, logs=None) -> None:
        self.weights.append({weight.path: weight.numpy() for weight in self.model.weights})
        self.optimizers.append(self.model.optimizer)


def train(
    config: TrainingConfig,
    folder: Path | None = None,
    kill_during: int | None = None,
    devices: tf.distribute.Strategy | None = None,
    dropout: float = 0.2,
) -> SimpleNamespace:
    """One attempt, from nothing but what is on the disk."""
    devices = devices or tf.distribute.get_strategy()
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_float16" if config.mixed_precision else "float32")
    with devices.scope():
        model = build_model(dropout)
    keras.config.set_dtype_policy("float32")
    saved = Checkpoint(folder, config.callbacks.monitor, config.callbacks.mode) if folder else None
    watch = Watch()
    watching = [*callbacks.create(config.callbacks, folder or Path("unused"), saved), watch]
    if kill_during is not None:
        watching.append(KillDuring(kill_during, batch=1))
    plan = Plan.of(config, ROWS, VALIDATION_ROWS, devices.num_replicas_in_sync)
    course = stages.train(model, split(ROWS, 1), split(VALIDATION_ROWS, 2), config, plan, watching, saved)
    for timing in ("examples_per_second", "input_wait"):
        course.history.pop(timing, None)
    return SimpleNamespace(model=model, history=course.history, stages=course.stages, watch=watch)


def steps(optimizer: keras.optimizers.Optimizer) -> list[int]:
    """The steps of the stage, and of each group."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return [int(variable.numpy()) for variable in inner.variables if variable.name == "iteration"]
