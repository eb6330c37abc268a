"""What the custom loop is held against: a small training on rows with weights, the last batch of a pass not full."""

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.trainer import fit, loop
from components.trainer.config import CallbacksConfig, ModelConfig, OptimizerConfig, TrainingConfig
from components.trainer.input_pipeline import Split
from components.trainer.loss_scale import LossScale
from components.trainer.plan import Plan

Data = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]


def data(rows: int, seed: int) -> Data:
    """Features, labels and weights; the second half of the rows is of another size than the first."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3)).astype(np.float32) * np.linspace(0.1, 3, rows, dtype=np.float32)[:, None]
    features = {"x": x, "id": draw.integers(0, 5, (rows, 1))}
    labels = (x[:, 0] > draw.normal(size=rows) * 0.3).astype(np.int64)
    return features, labels, draw.uniform(0, 2, rows).astype(np.float32)


class Uneven(Split):
    """Rows in the order in which they are; a pass of 43 in batches of 16 ends with a batch of 11."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.data = rows, data(rows, seed)

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(self.data).batch(batch_size).repeat().skip(first_step)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(self.data).batch(-(-self.rows // batches)).repeat()


TRAIN, VALIDATION = Uneven(43, seed=1), Uneven(21, seed=2)


def config(**changes: Any) -> TrainingConfig:
    values: dict[str, Any] = {
        "model": ModelConfig("not.used"),
        "label": "y",
        "loss": "binary_crossentropy",
        # R2 makes its variables late, with the first batch.
        "metrics": ("mean_squared_error", "r2_score"),
        # Clips every step. Momentum, as the steps of Adam are large where a gradient is as small as its error.
        "optimizer": OptimizerConfig("momentum", 0.1, clip_norm=0.2),
        "batch_size": 16,
        "eval_batch_size": 8,
        "epochs": 2,
        "steps_per_execution": 1,
        "l2": 0.01,
        "loop": "custom",
        "callbacks": CallbacksConfig(tensorboard=False),
    }
    return TrainingConfig(**{**values, **changes})


def build_model(random: bool) -> keras.Model:
    """A model with an embedding and a norm; if random, with dropout and batch statistics too."""
    inputs = {"x": keras.Input((3,), name="x"), "id": keras.Input((1,), name="id", dtype="int64")}
    ids = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(inputs["id"]))
    hidden = keras.layers.Dense(8, activation="relu")(keras.layers.Concatenate()([inputs["x"], ids]))
    hidden = keras.layers.LayerNormalization()(hidden)
    if random:
        hidden = keras.layers.BatchNormalization()(keras.layers.Dropout(0.3)(hidden))
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(hidden))


def train(
    config: TrainingConfig,
    strategy: tf.distribute.Strategy | None = None,
    random: bool = False,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> SimpleNamespace:
    """Returns the weights, the history but for its timings, and what the model makes of the validation split."""
    strategy = strategy or tf.distribute.get_strategy()
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_float16" if config.mixed_precision else "float32")
    plan = Plan.of(config, TRAIN.rows, VALIDATION.rows, strategy.num_replicas_in_sync)
    with strategy.scope():
        model = build_model(random)
        fit.compile_model(model, config, plan)
    keras.config.set_dtype_policy("float32")
    how = {"fit": fit.fit, "custom": loop.fit}[config.loop]
    history = how(model, TRAIN, VALIDATION, config, plan, list(callbacks))
    speed, _ = history.pop("examples_per_second", None), history.pop("input_wait")
    predictions = np.ravel(model(VALIDATION.data[0], training=False))
    weights = np.concatenate([np.ravel(weight) for weight in model.get_weights()])
    return SimpleNamespace(model=model, weights=weights, history=history, predictions=predictions, speed=speed)


def courses(two: tf.distribute.Strategy) -> dict[str, Any]:
    """Returns what one and two replicas end with, by number of replicas and what else is different."""
    runs: dict[str, tuple[tf.distribute.Strategy | None, dict[str, Any]]] = {
        "one": (None, {}),
        "two": (two, {}),
        "two, accumulated": (two, {"accumulation": 2}),
        "two, three steps an execution": (two, {"steps_per_execution": 3}),
        "two, mixed precision": (two, {"mixed_precision": True}),
    }
    done = {name: train(config(**changes), strategy) for name, (strategy, changes) in runs.items()}
    return {
        name: {"weights": run.weights.tolist(), "history": run.history, "predictions": run.predictions.tolist()}
        for name, run in done.items()
    }


def after_overflow_on_the_second(two: tf.distribute.Strategy) -> dict[str, dict[str, float]]:
    """Takes a step of size 1 with a gradient that is not finite on one replica only, then one that is on both."""
    with two.scope():
        weight = keras.Variable([1.0, 1.0])
        optimizer = LossScale(keras.optimizers.SGD(1.0), initial_scale=4.0)
        optimizer.build([weight])

    @tf.function
    def step(overflow: tf.Tensor) -> None:
        def on_replica() -> None:
            second = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float32)
            gradient = tf.where(second * overflow > 0, float("inf"), 1.0)
            optimizer.apply([tf.fill([2], gradient)], [weight])

        two.run(on_replica)

    seen = {}
    for name, overflow in (("overflow", 1.0), ("finite", 0.0)):
        step(tf.constant(overflow))
        seen[name] = {
            "weight": float(keras.ops.convert_to_numpy(weight)[0]),
            "scale": float(keras.ops.convert_to_numpy(optimizer.dynamic_scale)),
        }
    return seen
