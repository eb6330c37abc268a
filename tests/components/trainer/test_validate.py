import importlib.util
from typing import Any

import keras
import pytest

from components.errors import UsageError
from components.trainer import strategy
from components.trainer.config import (
    CallbacksConfig,
    MetricConfig,
    ModelConfig,
    OptimizerConfig,
    OutputConfig,
    TrainingConfig,
)
from components.trainer.objective import create_metrics
from components.trainer.recipe_config import Rule, Stage
from components.trainer.schedule_config import Cosine
from components.trainer.validate import check_model, validate


def build_model(tft_output: Any, units: int = 8) -> None:
    """Never called: a configuration is checked without building anything."""
    raise AssertionError


RECIPE = (Stage((Rule("head/.*", 0.1), Rule(".*", None)), epochs=2),)
SCHEDULED = (Stage((Rule(".*", Cosine(learning_rate=0.1, warmup_steps=50)),), epochs=2),)
NO_PLATEAU = CallbacksConfig(plateau_patience=None)
TWO = {
    "label": "",
    "loss": "",
    "metrics": (),
    "outputs": {
        "price": OutputConfig("price", "huber", metrics=("R2Score",)),
        "kind": OutputConfig("kind", "sparse_categorical_crossentropy", loss_weight=0.5, class_weights=True),
    },
}


def two(**changes: Any) -> dict[str, Any]:
    """A training of two outputs, with changes to one of them."""
    price = {"label": "price", "loss": "huber", **changes}
    return {**TWO, "outputs": {**TWO["outputs"], "price": OutputConfig(**price)}}


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
            "callbacks": NO_PLATEAU,
        },
        {"recipe": RECIPE},
        {"recipe": SCHEDULED, "callbacks": NO_PLATEAU, "steps_per_epoch": 100},
        {"metrics": ("AUC", MetricConfig("AUC", {"name": "auc_pr", "curve": "PR"}))},
        {"metrics": (MetricConfig("AUC", {"name": "a"}),), "callbacks": CallbacksConfig(monitor="val_a", mode="max")},
        {"loss_params": {"from_logits": True}, "class_weights": True},
        {"class_weights": {0: 1.0, 1: 5.0}},
        TWO,
        {**TWO, "callbacks": CallbacksConfig(monitor="val_price_r2_score", mode="max")},
    ],
)
def test_a_good_configuration_passes(changes):
    validate(config(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"recipe": RECIPE, "epochs": 3},
            "Received: epochs=3 and a recipe of 1 stages. Set training.epochs=null.",
        ),
        ({"recipe": SCHEDULED}, "Set training.callbacks.plateau_patience=null"),
        (
            {"recipe": SCHEDULED, "callbacks": NO_PLATEAU, "steps_per_epoch": 25},
            "The warm-up must leave steps for the decay. Received: warmup_steps=50 of 50 training steps.",
        ),
        (
            {"recipe": RECIPE, "optimizer": OptimizerConfig(learning_rate=Cosine(learning_rate=0.1))},
            "The rules of a recipe give the learning rates. Received: optimizer.learning_rate=cosine",
        ),
        ({"loss_params": {"from_logit": True}}, "Did you mean 'from_logits'?"),
        ({"label_smoothing": 0.1, "loss_params": {"label_smoothing": 0.1}}, "Labels are smoothed once."),
        ({"metrics": (MetricConfig("AUC", {"num_treshold": 9}),)}, "Did you mean 'num_thresholds'?"),
        ({"metrics": ("AUC", "auc")}, "Received: auc twice in training.metrics."),
        ({"class_weights": {0: 1.0}}, "must have a weight for each class id from 0 on."),
        ({"class_weights": {1: 1.0, 2: 2.0}}, "must have a weight for each class id from 0 on."),
        ({"class_weights": {0: 1.0, 1: -2.0}}, "must not be negative"),
        ({"class_weights": True, "loss": "huber"}, "Set training.class_weights=false."),
        ({"label": ""}, "`training.label` must be given."),
        ({"loss": ""}, "`training.loss` must be given."),
        (two(loss="hubber"), "Did you mean 'huber'?"),
        (two(loss_weight=0.0), "`training.outputs.price.loss_weight` must be positive."),
        (two(metrics=("R3Score",)), "Did you mean 'r2_score'?"),
        (two(label=""), "`training.outputs.price.label` must be given."),
        ({**TWO, "loss": "huber"}, "Set it in training.outputs.<output>.loss."),
        ({**TWO, "outputs": {"price": OutputConfig("price", "huber")}}, "in place of training.outputs."),
        ({**TWO, "callbacks": CallbacksConfig(monitor="val_r2_score")}, "Did you mean 'val_price_r2_score'?"),
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


def test_batches_that_keras_cannot_share_are_refused(monkeypatch):
    monkeypatch.setattr(strategy, "replicas", lambda name: 4)
    with pytest.raises(
        UsageError, match=r"batch_size=66 for 4 replicas. Set .* a multiple of 4, or training.loop=cust"
    ):
        validate(config(batch_size=66))
    validate(config(batch_size=66, loop="custom"))


def test_xla_on_replicas_is_refused(monkeypatch):
    monkeypatch.setattr(strategy, "replicas", lambda name: 4)
    with pytest.raises(UsageError, match=r"jit_compile=True on 4 replicas. Set training.jit_compile=false"):
        validate(config(jit_compile=True))


def test_micro_batches_that_replicas_cannot_share_are_refused(monkeypatch):
    monkeypatch.setattr(strategy, "replicas", lambda name: 4)
    with pytest.raises(UsageError, match=r"accumulation=2 on 4 replicas\. Set training.batch_size to a multiple of 8"):
        validate(config(batch_size=20, loop="custom", accumulation=2))


def test_outputs_that_are_not_float32_are_refused():
    entry = keras.Input((2,))
    half, whole = (keras.layers.Dense(1, dtype=dtype)(entry) for dtype in ("mixed_float16", "float32"))
    check_model(keras.Model(entry, {"whole": whole}), config())
    with pytest.raises(UsageError, match=r'is float16\. Give the layers that make them dtype="float32"'):
        check_model(keras.Model(entry, {"whole": whole, "half": half}), config())


@pytest.mark.parametrize(
    ("outputs", "changes", "message"),
    [
        (("price", "kind"), {}, "Received: outputs price, kind. Describe them in training.outputs"),
        (("price", "knd"), TWO, "Each of training.outputs must be an output of the model. Received: kind."),
        (("price", "kind", "more"), TWO, "Received: nothing for more. Add them to training.outputs."),
    ],
)
def test_outputs_that_are_not_those_of_the_model_are_refused(outputs, changes, message):
    entry = keras.Input((2,))
    model = keras.Model(entry, {name: keras.layers.Dense(1)(entry) for name in outputs})
    with pytest.raises(UsageError) as caught:
        check_model(model, config(**changes))
    assert message in str(caught.value)


def test_a_recipe_that_does_not_fit_the_model_is_refused():
    entry = keras.Input((2,))
    model = keras.Model(entry, keras.layers.Dense(1, name="tail")(entry))
    with pytest.raises(UsageError, match=r"A rule must decide on a variable. Received: 'head/\.\*'"):
        check_model(model, config(recipe=RECIPE))


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
