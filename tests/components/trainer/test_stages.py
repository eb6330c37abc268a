"""A recipe through both loops; on two replicas it is in `test_recipe_replicas.py`."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from components import progress
from components.errors import UsageError
from components.trainer.config import CallbacksConfig, OptimizerConfig
from components.trainer.recipe_config import Rule, Stage, two_stage
from components.trainer.run_fn import run_fn
from tests.components.trainer import tiny
from tests.components.trainer.kill import Killed
from tests.components.trainer.stage_cases import config, steps, train


def assert_same(one: SimpleNamespace, other: SimpleNamespace) -> None:
    """Not one bit differs, on one machine."""
    assert one.history == other.history
    assert one.stages == other.stages
    mine_and_theirs = [run.model.variables + run.model.optimizer.variables for run in (one, other)]
    for mine, theirs in zip(*mine_and_theirs, strict=True):
        np.testing.assert_array_equal(mine, theirs, err_msg=mine.path)


@pytest.fixture(scope="module")
def in_fit():
    return train(config())


@pytest.fixture(scope="module")
def in_custom_loop():
    return train(config(loop="custom"))


def test_frozen_weights_and_statistics_keep_every_bit(in_fit):
    before, first, second = in_fit.watch.weights
    assert {path for path in before if np.any(before[path] != first[path])} == {"head/kernel", "head/bias"}
    assert {path for path in before if np.any(first[path] != second[path])} == {
        "head/kernel",
        "head/bias",
        "body/kernel",
    }


def test_a_stage_goes_on_with_the_steps_of_those_that_are_trained_in_both(in_fit):
    # Of the stage, and of each group: 4 steps an epoch.
    assert [steps(optimizer) for optimizer in in_fit.watch.optimizers] == [[8, 8], [8, 16, 8]]


def test_epochs_are_counted_through_and_each_stage_is_told(in_fit):
    assert in_fit.stages == (0, 2)
    assert in_fit.watch.told == [
        {"stage": 0, "stages": 2, "first_epoch": 0, "epochs": 4},
        {"stage": 1, "stages": 2, "first_epoch": 2, "epochs": 4},
    ]
    # The schedule counts the steps of its stage: it has reached the middle after the stage's first epoch. The other
    # rate of the last moment is that of the body.
    np.testing.assert_allclose(in_fit.history["learning_rate"], [0.01, 0.01, 0.005, 0.001], rtol=1e-5)


@pytest.mark.slow
def test_the_custom_loop_ends_with_the_weights_of_fit(in_fit, in_custom_loop):
    for path, weight in in_fit.watch.weights[-1].items():
        # 16 steps of Adam in float32, whose sums run in another order.
        np.testing.assert_allclose(in_custom_loop.watch.weights[-1][path], weight, atol=1e-6, err_msg=path)
    for name, values in in_fit.history.items():
        np.testing.assert_allclose(in_custom_loop.history[name], values, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_the_first_step_of_each_group_is_its_rate():
    rules = (Rule("head/.*", 0.25), Rule("body/.*", 0.0625), Rule(".*", None))
    run = train(config(recipe=(Stage(rules),), steps_per_epoch=1))
    before, after = run.watch.weights
    for layer, rate in (("head", 0.25), ("body", 0.0625)):
        # Adam's first step is the rate, but where a gradient is hardly larger than epsilon, or zero.
        moved = np.abs(after[f"{layer}/kernel"] - before[f"{layer}/kernel"])
        assert moved.max() == pytest.approx(rate, rel=1e-4)
        assert np.median(moved) == pytest.approx(rate, rel=1e-2)


@pytest.mark.slow
def test_early_stopping_ends_a_stage_and_hands_on_its_best_weights():
    # The first stage gets worse from its second epoch on; the second has a rate that changes nothing much.
    rest = Rule(".*", None)
    recipe = (Stage((Rule("head/.*", 2.0), rest), epochs=9), Stage((Rule("head/.*", 1e-12), rest), epochs=2))
    stopping = CallbacksConfig(early_stopping_patience=2, plateau_patience=None, tensorboard=False)
    run = train(config(recipe=recipe, optimizer=OptimizerConfig("sgd"), callbacks=stopping, steps_per_epoch=2))
    first = run.history["val_loss"][: run.stages[1]]
    assert run.stages[1] == len(first) < 9
    assert run.watch.told[1]["epochs"] == len(first) + 2 == len(run.history["val_loss"])
    assert run.history["val_loss"][run.stages[1]] == pytest.approx(min(first), rel=1e-3)
    assert first[-1] > 1.1 * min(first)


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["fit", "custom"])
@pytest.mark.parametrize("mixed_precision", [False, True])
def test_killed_in_any_stage_it_ends_as_if_it_had_not_been(tmp_path, loop, mixed_precision):
    training = config(loop=loop, mixed_precision=mixed_precision)
    whole = train(training, tmp_path / "whole")
    # In the first stage, in the first epoch of the second before anything of it is saved, and in the last epoch.
    for epoch in (1, 2, 3):
        with pytest.raises(Killed):
            train(training, tmp_path / "killed", kill_during=epoch)
    again = train(training, tmp_path / "killed")
    assert [position["stage"] for position in again.watch.told] == [1]
    assert_same(again, whole)


@pytest.mark.slow
def test_killed_between_stages_it_goes_on_from_the_best_weights(tmp_path):
    recipe = two_stage("head", 0.7, 1e-3, epochs=9, tuned_epochs=2)
    stopping = CallbacksConfig(early_stopping_patience=1, plateau_patience=None, tensorboard=False)
    training = config(recipe=recipe, optimizer=OptimizerConfig("momentum"), callbacks=stopping, steps_per_epoch=2)
    whole = train(training, tmp_path / "whole")
    assert whole.stages[1] < 9
    with pytest.raises(Killed):
        train(training, tmp_path / "killed", kill_during=whole.stages[1])
    assert_same(train(training, tmp_path / "killed"), whole)


def test_a_recipe_that_does_not_cover_the_model_is_refused_before_training():
    with pytest.raises(UsageError, match=r"A rule must match every variable. Received: no rule for body/kernel,"):
        train(config(recipe=(Stage((Rule("head/.*", 0.1),)),)))


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["fit", "custom"])
def test_run_fn_trains_all_stages_tells_them_and_exports(trainer_arguments, tmp_path, monkeypatch, loop):
    recipe = (Stage((Rule("probability/.*", 0.01), Rule(".*", None)), epochs=1), Stage((Rule(".*", 0.001),), epochs=2))
    training = tiny.config(recipe=recipe, epochs=None, loop=loop, callbacks=CallbacksConfig(tensorboard=True))
    given = trainer_arguments(tmp_path, training=training)
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(tmp_path / "events"))
    run_fn(given)
    written = json.loads((Path(given.model_run_dir) / "history.json").read_text())
    assert (written["epochs"], written["stages"]) == (3, [1, 2])
    assert written["best_epoch"] > 1
    np.testing.assert_allclose(written["history"]["learning_rate"], [0.01, 0.001, 0.001], rtol=1e-6)
    told = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    epochs = [event for event in told if event["event"] == "epoch"]
    assert [(event["stage"], event["epoch"], event["epochs"]) for event in epochs] == [(1, 1, 3), (2, 2, 3), (2, 3, 3)]
    logged = tf.data.TFRecordDataset([str(file) for file in (Path(given.model_run_dir) / "validation").iterdir()])
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in logged]
    of_epochs = {event.step for event in events for value in event.summary.value if value.tag == "epoch_loss"}
    assert of_epochs == {0, 1, 2}
    examples = tf.constant([tiny.serialize(row) for row in tiny.rows(20, seed=9)])
    served = tf.saved_model.load(given.serving_model_dir).signatures["serving_examples"](examples=examples)
    assert np.std(served["probability"]) > 0.001
