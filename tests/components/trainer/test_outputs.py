"""A model of two outputs, one with class weights, through both loops: numbers are those of NumPy."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer import callbacks, stages
from components.trainer.class_weights import class_weights
from components.trainer.config import (
    CallbacksConfig,
    MetricConfig,
    ModelConfig,
    OptimizerConfig,
    OutputConfig,
    TrainingConfig,
)
from components.trainer.input_pipeline import InMemory, Reader
from components.trainer.plan import Plan
from components.trainer.run_fn import run_fn
from tests.components.trainer import tiny

LABELS = {"price": "y", "kind": "class"}
SPEC = {
    "x": tf.io.FixedLenFeature([3], tf.float32),
    "y": tf.io.FixedLenFeature([1], tf.float32),
    "class": tf.io.FixedLenFeature([], tf.int64),
}
# Neither is a multiple of a batch.
ROWS, VALIDATION_ROWS = 43, 21


def columns(rows: int, seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3)).astype(np.float32) * np.linspace(0.1, 3, rows, dtype=np.float32)[:, None]
    kind = np.clip(np.floor(x[:, 1] + 1.5), 0, 2).astype(np.int64)
    return {"x": x, "y": (x[:, :1] + draw.normal(size=(rows, 1))).astype(np.float32), "class": kind}


def split(rows: int, seed: int) -> InMemory:
    return InMemory({name: tf.constant(column) for name, column in columns(rows, seed).items()}, Reader(SPEC, LABELS))


def config(**changes) -> TrainingConfig:
    values = {
        "model": ModelConfig("model.build"),
        "outputs": {
            "price": OutputConfig("y", "huber", {"delta": 0.5}, metrics=("MeanAbsoluteError",)),
            "kind": OutputConfig(
                "class",
                "sparse_categorical_crossentropy",
                loss_weight=0.5,
                metrics=("accuracy", MetricConfig("top_k_accuracy", {"k": 2, "name": "top_2"})),
                class_weights=True,
            ),
        },
        "optimizer": OptimizerConfig("momentum", 0.05),
        "batch_size": 16,
        "eval_batch_size": 8,
        "epochs": 2,
        "callbacks": CallbacksConfig(early_stopping_patience=None, tensorboard=False),
    }
    return TrainingConfig(**{**values, **changes})


def build_model(mapping: bool) -> keras.Model:
    entry = keras.Input((3,), name="x")
    hidden = keras.layers.Dense(8, activation="relu")(entry)
    price = keras.layers.Dense(1, name="price")(hidden)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(hidden)
    return keras.Model({"x": entry}, {"price": price, "kind": kind} if mapping else [price, kind])


def train(
    config: TrainingConfig, mapping: bool = True, strategy: tf.distribute.Strategy | None = None
) -> SimpleNamespace:
    strategy = strategy or tf.distribute.get_strategy()
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(mapping)
    watching = callbacks.create(config.callbacks, Path("unused"))
    plan = Plan.of(config, ROWS, VALIDATION_ROWS, strategy.num_replicas_in_sync)
    course = stages.train(model, split(ROWS, 1), split(VALIDATION_ROWS, 2), config, plan, watching)
    for timing in ("examples_per_second", "input_wait"):
        course.history.pop(timing, None)
    weights = {weight.path: weight.numpy() for weight in model.weights}
    return SimpleNamespace(model=model, history=course.history, weights=weights)


@pytest.fixture(scope="module")
def in_fit():
    return train(config())


@pytest.fixture(scope="module")
def accumulated():
    """In the custom loop, in micro-batches; with outputs as a list."""
    return train(config(loop="custom", accumulation=2), mapping=False)


def assert_same(run: SimpleNamespace, other: SimpleNamespace, atol: float = 1e-6) -> None:
    """Float32 sums in another order give 1e-7 a step, and these are six steps."""
    for path, weight in run.weights.items():
        np.testing.assert_allclose(weight, other.weights[path], atol=atol, err_msg=path)
    assert set(run.history) == set(other.history)
    for name, values in run.history.items():
        np.testing.assert_allclose(values, other.history[name], atol=atol, err_msg=name)


def test_losses_and_metrics_are_named_after_their_outputs(in_fit):
    names = {"loss", "price_loss", "kind_loss", "price_mean_absolute_error", "kind_accuracy", "kind_top_2"}
    assert set(in_fit.history) == names | {f"val_{name}" for name in names} | {"learning_rate"}


@pytest.mark.slow
def test_the_custom_loop_does_the_same_with_micro_batches_and_a_list_of_outputs(in_fit, accumulated):
    assert_same(accumulated, in_fit)


def test_losses_are_means_over_rows_with_class_weights(in_fit):
    data = columns(VALIDATION_ROWS, 2)
    predicted = {name: value.numpy() for name, value in in_fit.model({"x": data["x"]}).items()}
    error = np.abs(predicted["price"] - data["y"])
    huber = np.where(error < 0.5, error**2 / 2, 0.5 * error - 0.125).mean()
    weights = class_weights(np.bincount(columns(ROWS, 1)["class"]))
    entropy = -np.log(predicted["kind"][np.arange(VALIDATION_ROWS), data["class"]])
    weighted = (entropy * weights[data["class"]]).mean()
    last = {name: values[-1] for name, values in in_fit.history.items()}
    # Float32 means of 21 rows, in batches of 7 and in one.
    assert last["val_price_loss"] == pytest.approx(huber, abs=1e-6)
    assert last["val_kind_loss"] == pytest.approx(weighted, abs=1e-6)
    assert abs(weighted - entropy.mean()) > 1e-3
    assert last["val_loss"] == pytest.approx(huber + 0.5 * weighted, abs=1e-6)
    assert last["val_price_mean_absolute_error"] == pytest.approx(error.mean(), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["fit", "custom"])
def test_batches_of_different_size_count_by_their_rows(in_fit, loop):
    # Batches of 4 and 5 rows in place of 7.
    uneven = train(config(loop=loop, eval_batch_size=5, steps_per_execution=1))
    for name in ("val_loss", "val_price_loss", "val_kind_loss"):
        assert uneven.history[name] == pytest.approx(in_fit.history[name], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["fit", "custom"])
def test_xla_changes_nothing_but_the_order_of_sums(in_fit, loop):
    compiled = train(config(loop=loop, jit_compile=True))
    assert compiled.model.jit_compile
    assert_same(compiled, in_fit, atol=1e-5)


def two_outputs(tft_output):
    inputs = {"fare_scaled": keras.Input((1,), name="fare_scaled"), "miles": keras.Input((1,), name="miles")}
    hidden = keras.layers.Dense(4, activation="relu")(keras.layers.Concatenate()(list(inputs.values())))
    tip = keras.layers.Dense(1, activation="sigmoid", name="tip")(hidden)
    return keras.Model(inputs, {"tip": tip, "words": keras.layers.Dense(1, name="words")(hidden)})


@pytest.mark.slow
def test_run_fn_trains_and_exports_all_outputs_without_any_label(trainer_arguments, tmp_path):
    outputs = {
        "tip": OutputConfig(tiny.LABEL, "binary_crossentropy", metrics=("AUC",)),
        "words": OutputConfig("a_words", "mean_squared_error"),
    }
    training = tiny.config(
        model=ModelConfig(f"{__name__}.two_outputs"),
        callbacks=CallbacksConfig(monitor="val_tip_auc", mode="max", tensorboard=False),
    )
    training = dataclasses.replace(training, label="", loss="", metrics=(), outputs=outputs)
    given = trainer_arguments(tmp_path, training=training)
    run_fn(given)
    course = json.loads((Path(given.model_run_dir) / "history.json").read_text())["history"]
    assert {"val_tip_loss", "val_tip_auc", "val_words_loss"} <= set(course)
    signatures = tf.saved_model.load(given.serving_model_dir).signatures
    for name in ("serving_default", "serving_examples"):
        assert set(signatures[name].structured_outputs) == {"tip", "words"}
    assert tiny.LABEL not in signatures["serving_default"].structured_input_signature[1]
    transformed = set(signatures["transform_features"].structured_outputs)
    assert "fare_scaled" in transformed
    assert not {tiny.LABEL, "a_words"} & transformed
