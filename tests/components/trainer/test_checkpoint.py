import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer import callbacks, checkpoint, fit, loop
from components.trainer.checkpoint import Checkpoint
from components.trainer.config import CallbacksConfig, ModelConfig, OptimizerConfig, TrainingConfig
from components.trainer.input_pipeline import InMemory, Reader
from components.trainer.plan import Plan
from tests.components.trainer.kill import KillDuring, Killed

ROWS = 96
READER = Reader({name: tf.io.FixedLenFeature([], tf.float32) for name in ("x", "y")}, label="y")


def split(seed: int) -> InMemory:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=ROWS).astype(np.float32)
    y = (np.sin(3 * x) + draw.normal(scale=0.3, size=ROWS)).astype(np.float32)
    return InMemory({"x": tf.constant(x), "y": tf.constant(y)}, READER)


def config(**changes) -> TrainingConfig:
    values = {
        "model": ModelConfig("model.build"),
        "label": "y",
        "loss": "mean_squared_error",
        "optimizer": OptimizerConfig(learning_rate=0.02),
        "batch_size": 8,
        "epochs": 6,
        "steps_per_execution": 2,
        "callbacks": CallbacksConfig(early_stopping_patience=4, plateau_patience=1, tensorboard=False),
    }
    return TrainingConfig(**{**values, **changes})


def train(config: TrainingConfig, folder, kill_during: int | None = None):
    """One attempt, from nothing but what is on the disk."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    x = keras.Input((), name="x")
    hidden = keras.layers.Dense(8, activation="relu")(keras.layers.Reshape((1,))(x))
    hidden = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(hidden))
    model = keras.Model({"x": x}, keras.layers.Dense(1)(hidden))
    plan = Plan.of(config, ROWS, ROWS)
    fit.compile_model(model, config, plan)
    state = Checkpoint(folder, config.callbacks.monitor, config.callbacks.mode)
    watching = callbacks.create(config.callbacks, folder.parent, state)
    if kill_during is not None:
        watching.append(KillDuring(kill_during))
    first_epoch = state.first_epoch
    how = {"fit": fit.fit, "custom": loop.fit}[config.loop]
    history = how(model, split(1), split(2), config, plan, watching, first_epoch)
    for timing in ("examples_per_second", "input_wait"):
        history.pop(timing, None)
    return SimpleNamespace(model=model, history=history, state=state, first_epoch=first_epoch)


def assert_same(one, other) -> None:
    """Not one bit differs, on one machine."""
    assert one.history == other.history
    mine_and_theirs = [run.model.variables + run.model.optimizer.variables for run in (one, other)]
    for mine, theirs in zip(*mine_and_theirs, strict=True):
        np.testing.assert_array_equal(mine, theirs, err_msg=mine.path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fit", "custom"])
def test_a_killed_training_ends_as_if_it_had_not_been_killed(tmp_path, kind):
    training = config(loop=kind)
    whole = train(training, tmp_path / "whole")
    with pytest.raises(Killed):
        train(training, tmp_path / "killed", kill_during=1)
    with pytest.raises(Killed):
        train(training, tmp_path / "killed", kill_during=3)
    again = train(training, tmp_path / "killed")
    assert again.first_epoch == 3
    assert_same(again, whole)
    # The test means something only if the plateau has been reached before the kill and random numbers were drawn.
    assert len(set(whole.history["learning_rate"])) > 1


def test_early_stopping_goes_on_counting_and_knows_the_best_weights_of_before(tmp_path):
    # A rate so high that training soon gets worse.
    patient = config(
        epochs=9,
        optimizer=OptimizerConfig(name="sgd", learning_rate=0.2),
        callbacks=CallbacksConfig(early_stopping_patience=2, plateau_patience=None, tensorboard=False),
    )
    whole = train(patient, tmp_path / "whole")
    stopped_after = len(whole.history["loss"])
    assert stopped_after < patient.epochs
    with pytest.raises(Killed):
        train(patient, tmp_path / "killed", kill_during=stopped_after - 1)
    assert_same(train(patient, tmp_path / "killed"), whole)


@pytest.mark.slow
def test_a_training_that_was_over_is_not_trained_again(tmp_path):
    patient = config(
        epochs=9,
        optimizer=OptimizerConfig(name="sgd", learning_rate=0.2),
        callbacks=CallbacksConfig(early_stopping_patience=1, plateau_patience=None, tensorboard=False),
    )
    for training in (config(epochs=2), patient):
        folder = tmp_path / str(training.callbacks.early_stopping_patience)
        first = train(training, folder)
        second = train(training, folder)
        assert second.first_epoch == training.epochs
        assert_same(second, first)


def test_only_the_last_and_the_best_epoch_are_kept(tmp_path):
    folder = tmp_path / "state"
    trained = train(config(), folder)
    best = trained.history["val_loss"].index(min(trained.history["val_loss"]))
    weights = {f"epoch-{epoch}.weights.h5" for epoch in (best, len(trained.history["loss"]) - 1)}
    assert {path.name for path in folder.iterdir()} == {"state.json", *weights}
    trained.state.keep_best(tmp_path / "best.weights.h5")
    early_stopping_restored = [variable.numpy() for variable in trained.model.variables]
    trained.model.load_weights(tmp_path / "best.weights.h5")
    for restored, kept in zip(early_stopping_restored, trained.model.variables, strict=True):
        np.testing.assert_array_equal(restored, kept)
    trained.state.remove()
    assert not folder.exists()


def test_state_that_was_being_written_when_the_power_went_is_not_used(tmp_path):
    folder = tmp_path / "state"
    trained = train(config(epochs=2), folder)
    (folder / "state.json.part").write_text('{"next_epoch": 5')
    (folder / "writing.weights.h5").write_text("half")
    (folder / "epoch-2.weights.h5").write_text("renamed, yet not in the state")
    assert_same(train(config(epochs=2), folder), trained)


def arguments(**changes) -> SimpleNamespace:
    values = {
        "custom_config": {"training": {"epochs": 3}, "code": "a"},
        "hyperparameters": None,
        "train_files": ["/t/*"],
        "eval_files": ["/e/*"],
        "transform_output": "/graph",
        "model_run_dir": "/node/model_run/7",
    }
    return SimpleNamespace(**{**values, **changes})


def place(config=CallbacksConfig(), **changes):  # noqa: B008
    return checkpoint.open_for(arguments(**changes), config)._folder


def test_the_state_of_a_node_that_is_run_again_is_found_by_what_decides_on_the_result(tmp_path):
    assert place().parent.parent.name == "node"
    assert place(model_run_dir="/node/model_run/8") == place()
    for change in (
        {"custom_config": {"training": {"epochs": 4}, "code": "a"}},
        {"custom_config": {"training": {"epochs": 3}, "code": "b"}},
        {"hyperparameters": {"values": {"batch_size": 8}}},
        {"train_files": ["/other/*"]},
        {"transform_output": "/other"},
    ):
        assert place(**change) != place()
    assert checkpoint.open_for(arguments(), CallbacksConfig(checkpoint=False)) is None


def test_the_state_is_json_that_names_the_epochs(tmp_path):
    train(config(epochs=2), tmp_path / "state")
    state = json.loads((tmp_path / "state" / "state.json").read_text())
    assert (state["next_epoch"], state["last_epoch"]) == (2, 1)
    assert state["callbacks"]["EarlyStopping"]["best"] == min(state["history"]["val_loss"])
