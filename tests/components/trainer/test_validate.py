import importlib.util
from typing import Any

import keras
import pytest

from components.errors import UsageError
from components.trainer import strategy
from components.trainer.config import CallbacksConfig, ModelConfig, OptimizerConfig, TrainingConfig
from components.trainer.fit import create_metrics
from components.trainer.schedule_config import Cosine
from components.trainer.validate import check_outputs, validate


def build_model(tft_output: Any, units: int = 8) -> None:
    """Never called: a configuration is checked without building anything."""
    raise AssertionError


def config(**changes: Any) -> TrainingConfig:
    values = {
        "model": ModelConfig(f"{__name__}.build_model"),
        "label": "y",
        "loss": "binary_crossentropy",
        "metrics": ("AUC",),
    }
    return TrainingConfig(**{**values, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss": "BinaryCrossentropy", "metrics": ("auc", "BinaryAccuracy")},
        {"callbacks": CallbacksConfig(monitor="val_auc", mode="max")},
        {"loop": "custom", "accumulation": 4, "l2": 0.01, "label_smoothing": 0.1},
        {"callbacks": CallbacksConfig(monitor="loss", plateau_patience=None, early_stopping_patience=None)},
        {"model": ModelConfig(f"{__name__}.build_model", {"units": 3})},
        {
            "optimizer": OptimizerConfig(learning_rate=Cosine(learning_rate=0.1)),
            "callbacks": CallbacksConfig(plateau_patience=None),
        },
    ],
)
def test_a_good_configuration_passes(changes):
    validate(config(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "binary_crosentropy"}, "Did you mean 'binary_crossentropy'?"),
        ({"metrics": ("AUK",)}, "Did you mean 'auc'?"),
        ({"batch_size": 0}, "`training.batch_size` must be at least 1. Received: batch_size=0."),
        ({"steps_per_epoch": 0}, "`training.steps_per_epoch` must be at least 1."),
        ({"accumulation": 0}, "`training.accumulation` must be at least 1."),
        ({"accumulation": 2}, "Received: accumulation=2, loop=fit. Set training.loop=custom"),
        (
            {"accumulation": 3, "loop": "custom"},
            "batch_size=64, accumulation=3 on 1 replicas. Set training.batch_size to a multiple of 3.",
        ),
        ({"l2": -0.1}, "`training.l2` must not be negative."),
        (
            {"l2": 0.1, "optimizer": OptimizerConfig("adamw")},
            "Set training.l2=null, or training.optimizer.weight_decay=0.",
        ),
        ({"label_smoothing": 1.0}, "`training.label_smoothing` must be at least 0 and less than 1."),
        (
            {"label_smoothing": 0.1, "loss": "sparse_categorical_crossentropy"},
            "Take smooth_sparse_categorical_crossentropy,",
        ),
        ({"seed": -1}, "`training.seed` must be a number of 32 bits."),
        ({"memory_mb": -1}, "`training.memory_mb` must not be negative."),
        ({"model": ModelConfig("tests.no_such.build")}, "must be the import path of a function"),
        ({"model": ModelConfig(f"{__name__}.build_mode")}, "Did you mean 'build_model'?"),
        ({"model": ModelConfig(f"{__name__}.build_model", {"unit": 3})}, "Received: unit. Did you mean 'units'?"),
        ({"callbacks": CallbacksConfig(monitor="val_los")}, "Did you mean 'val_loss'?"),
        ({"callbacks": CallbacksConfig(monitor="val_precision", mode="max")}, "Received: monitor=val_precision."),
        ({"callbacks": CallbacksConfig(monitor="val_auc")}, "Set training.callbacks.mode=max."),
        ({"callbacks": CallbacksConfig(monitor="loss", mode="max")}, "Set training.callbacks.mode=min."),
        ({"callbacks": CallbacksConfig(plateau_factor=1.0)}, "`plateau_factor` must be between 0 and 1."),
        (
            {"optimizer": OptimizerConfig(learning_rate=Cosine(learning_rate=0.1))},
            "Set training.callbacks.plateau_patience=null",
        ),
    ],
)
def test_a_bad_configuration_is_refused_with_the_fix(changes, message):
    with pytest.raises(UsageError) as caught:
        validate(config(**changes))
    assert message in str(caught.value)


def test_a_batch_smaller_than_the_replicas_is_refused(monkeypatch):
    monkeypatch.setattr(strategy, "replicas", lambda name: 4)
    with pytest.raises(UsageError, match=r"batch_size=2 for 4 replicas. Set training.batch_size to a multiple of 4"):
        validate(config(batch_size=2))


def test_micro_batches_that_replicas_cannot_share_are_refused(monkeypatch):
    monkeypatch.setattr(strategy, "replicas", lambda name: 4)
    with pytest.raises(UsageError, match=r"accumulation=2 on 4 replicas\. Set training.batch_size to a multiple of 8"):
        validate(config(batch_size=20, loop="custom", accumulation=2))


def test_outputs_that_are_not_float32_are_refused():
    entry = keras.Input((2,))
    half, whole = (keras.layers.Dense(1, dtype=dtype)(entry) for dtype in ("mixed_float16", "float32"))
    check_outputs(keras.Model(entry, {"whole": whole}))
    with pytest.raises(UsageError, match=r'is float16\. Give the layers that make them dtype="float32"'):
        check_outputs(keras.Model(entry, {"whole": whole, "half": half}))


def test_tensorboard_must_be_installed_when_it_is_wanted(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install tensorboard"):
        validate(config())
    validate(config(callbacks=CallbacksConfig(tensorboard=False)))


def test_metrics_have_the_same_names_however_often_they_are_created():
    for _ in range(2):
        assert [metric.name for metric in create_metrics(config(metrics=("AUC", "binary_accuracy")))] == [
            "auc",
            "binary_accuracy",
        ]
