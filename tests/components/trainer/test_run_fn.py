import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components import progress
from components.errors import ComponentFailed, DataRefused, UsageError
from components.trainer import export, fit
from components.trainer.config import CallbacksConfig, ModelConfig, OptimizerConfig
from components.trainer.run_fn import run_fn
from tests.components.trainer import tiny


def one_number(tft_output):
    """A Sequential model, and one that takes a single feature."""
    return keras.Sequential(
        [keras.Input((1,), name="fare_scaled"), keras.layers.Dense(1, activation="sigmoid", name="tip")]
    )


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        return self.dense(inputs["fare_scaled"])


def subclassed(tft_output):
    return Subclassed()


def linear(tft_output):
    return keras.Sequential([keras.Input((1,), name="fare_scaled"), keras.layers.Dense(1)])


def leaking(tft_output):
    x = keras.Input((1,), name="fare_if_tipped")
    return keras.Model(x, keras.layers.Dense(1)(x))


def model_of(name: str) -> ModelConfig:
    return ModelConfig(f"{__name__}.{name}")


def written(given) -> dict:
    return json.loads((Path(given.model_run_dir) / "history.json").read_text())


def files(folder: str | Path) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    return tmp_path_factory.mktemp("Trainer")


CONFIG = tiny.config(
    strategy="mirrored",
    epochs=3,
    metrics=("AUC", "BinaryAccuracy"),
    callbacks=CallbacksConfig(monitor="val_auc", mode="max"),
)


@pytest.fixture(scope="module")
def trained(trainer_arguments, node):
    """A run with everything switched on, and the events it told."""
    given = trainer_arguments(node, 1, training=CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(progress.EVENTS_VARIABLE, str(node / "events"))
        run_fn(given)
    return given


def test_the_model_and_the_course_are_written_and_nothing_else_is_left(trained, node):
    assert files(Path(trained.serving_model_dir).parent) == {"Format-Serving"}
    expected = {"history.json", "history.png", "training.json", "best.weights.h5", "train", "validation"}
    assert files(trained.model_run_dir) == expected
    assert not (node / ".unfinished").exists()


def test_the_course_has_losses_metrics_and_the_learning_rate_of_each_epoch(trained):
    course = written(trained)
    names = {"loss", "auc", "binary_accuracy"}
    assert set(course["history"]) == names | {f"val_{name}" for name in names} | {"learning_rate", "input_wait"}
    assert {len(values) for values in course["history"].values()} == {course["epochs"]}
    assert course["history"]["loss"][-1] < course["history"]["loss"][0]
    assert course["best_epoch"] == 1 + int(np.argmax(course["history"]["val_auc"]))


def test_epochs_are_told_as_they_end(trained, node):
    events = [json.loads(line) for line in (node / "events").read_text().splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [(event["epoch"], event["epochs"]) for event in epochs] == [
        (number, 3) for number in range(1, len(epochs) + 1)
    ]
    assert [event["metrics"]["val_auc"] for event in epochs] == written(trained)["history"]["val_auc"]


def test_the_model_that_is_exported_is_that_of_the_best_epoch(trained, transformed):
    served = tf.saved_model.load(trained.serving_model_dir).signatures["serving_examples"]
    probabilities = served(examples=tf.constant(transformed.serialized["eval"]))["probability"]
    labels = [row["tipped"] for row in tiny.rows(tiny.ROWS["eval"], seed=1)]
    measured = keras.metrics.AUC()
    measured.update_state(labels, probabilities)
    # Probabilities of other batches differ in the last bits, which may carry one over a threshold of the AUC's 200.
    assert float(measured.result()) == pytest.approx(max(written(trained)["history"]["val_auc"]), abs=2e-3)


@pytest.fixture
def exported(monkeypatch) -> list[list[np.ndarray]]:
    """The weights that would have been exported; writing them takes longer than training them."""
    weights: list[list[np.ndarray]] = []
    monkeypatch.setattr(export, "save", lambda model, *_: weights.append([value.numpy() for value in model.variables]))
    return weights


def assert_same(given, weights: list[np.ndarray], trained) -> None:
    """Not one bit differs."""
    one, other = written(given), written(trained)
    for course in (one, other):
        del course["history"]["input_wait"]
    assert one == other
    saved = tf.saved_model.load(trained.serving_model_dir).model_variables
    for mine, theirs in zip(weights, saved, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(trained, trainer_arguments, tmp_path, exported):
    again = trainer_arguments(tmp_path / "again", training=CONFIG)
    other = trainer_arguments(tmp_path / "other", training=dataclasses.replace(CONFIG, seed=2))
    for given in (again, other):
        run_fn(given)
    assert_same(again, exported[0], trained)
    assert written(other)["history"]["loss"] != written(trained)["history"]["loss"]


@pytest.mark.slow
def test_a_run_that_failed_after_training_is_not_trained_again(
    trained, trainer_arguments, tmp_path, monkeypatch, exported
):
    failed, second = (trainer_arguments(tmp_path / "Trainer", execution, training=CONFIG) for execution in (1, 2))
    with monkeypatch.context() as patch:
        patch.setattr(export, "save", _no_space)
        with pytest.raises(OSError, match="No space left"):
            run_fn(failed)
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "train_step", _trained)
        run_fn(second)
    assert_same(second, exported[0], trained)
    assert files(tmp_path / "Trainer") == {"model", "model_run"}


def _no_space(*_):
    raise OSError("No space left on device")


def _trained(*_):
    raise AssertionError("it was trained again")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["one_number", "subclassed"])
def test_sequential_and_subclassed_models_are_trained_too(trainer_arguments, tmp_path, model):
    config = tiny.config(model=model_of(model), epochs=1, memory_mb=0)
    given = trainer_arguments(tmp_path, training=config)
    run_fn(given)
    signature = tf.saved_model.load(given.serving_model_dir).signatures["serving_default"]
    assert list(signature.structured_outputs) == ["tip" if model == "one_number" else "output"]


def test_without_callbacks_the_last_epoch_is_exported_and_no_state_is_written(trainer_arguments, tmp_path, exported):
    none = CallbacksConfig(early_stopping_patience=None, plateau_patience=None, tensorboard=False, checkpoint=False)
    given = trainer_arguments(tmp_path, training=tiny.config(model=model_of("one_number"), epochs=1, callbacks=none))
    run_fn(given)
    assert files(given.model_run_dir) == {"history.json", "history.png", "training.json"}
    assert files(tmp_path) == {"model", "model_run"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "tiped"}, "The label must be a transformed feature. Received: label=tiped. Did you mean 'tipped'?"),
        ({"model": model_of("leaking")}, "Received: input fare_if_tipped."),
        ({"metrics": ("AUCC",)}, "Did you mean 'auc'?"),
        ({"callbacks": CallbacksConfig(monitor="val_acc")}, "Received: monitor=val_acc."),
    ],
)
def test_what_cannot_be_trained_is_refused_before_training(trainer_arguments, tmp_path, monkeypatch, changes, message):
    monkeypatch.setattr(fit, "fit", _trained)
    with pytest.raises(UsageError) as caught:
        run_fn(trainer_arguments(tmp_path, training=tiny.config(**changes)))
    assert message in str(caught.value)


def test_an_unknown_key_of_the_configuration_is_refused(trainer_arguments, tmp_path):
    given = trainer_arguments(tmp_path, training=tiny.config())
    given.custom_config["training"]["epoch"] = 3
    with pytest.raises(UsageError, match=r"Received: epoch. Did you mean 'epochs'"):
        run_fn(given)


def test_an_empty_split_is_refused(trainer_arguments, tmp_path):
    given = trainer_arguments(tmp_path, training=tiny.config())
    given.eval_files = [str(tmp_path / "nothing" / "*")]
    with pytest.raises(DataRefused, match=r"A split must hold rows."):
        run_fn(given)


def test_a_loss_that_explodes_fails_the_node_and_exports_nothing(trainer_arguments, tmp_path):
    config = tiny.config(
        model=model_of("linear"),
        loss="mean_squared_error",
        metrics=(),
        optimizer=OptimizerConfig(name="sgd", learning_rate=1e38),
    )
    given = trainer_arguments(tmp_path, training=config)
    with pytest.raises(ComponentFailed, match=r"gradients must be finite. Received: -inf in .* step 2 "):
        run_fn(given)
    # Not in an output folder of the node, which TFX removes when it fails.
    assert files(tmp_path / "nonfinite" / "1") == {"step-2"}
    assert not Path(given.serving_model_dir).exists()
