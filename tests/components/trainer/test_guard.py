"""Whole trainings on rows that are not finite, or become so in the model; see `guard_cases`."""

import json
import subprocess
import sys

import numpy as np
import pytest

from components.errors import ComponentFailed, UsageError
from components.trainer import bad_step
from components.trainer.config import GuardConfig
from components.trainer.guard import Guard
from components.trainer.nonfinite import NonFinite
from components.trainer.replay import replay
from components.trainer.validate import validate
from tests.components.trainer.guard_cases import BATCH, InOrder, config, data, train

LOOPS = pytest.mark.parametrize("loop", ["fit", "custom"])


def rows(**changes):
    """Finite rows but for `name=(step, row in the batch, value)`."""
    features, label = data()
    for name, (step, row, value) in changes.items():
        (label if name == "label" else features[name])[step * BATCH + row] = value
    return features, label


def assert_kept(trained, folder, found: NonFinite) -> None:
    """The fourth step was refused, is on the disk and is found again; the weights are those from before it."""
    bad, again = replay(folder / "step-4")
    assert again == bad.found == found
    assert (bad.step, bad.epoch, bad.step_in_epoch) == (4, 1, 4)
    row = f"example {bad.examples[found.rows[0]]} (row {found.rows[0]}) of " if found.rows else ""
    assert trained.error == (
        f"The loss and its gradients must be finite. Received: {found.value} in {found.where} at step 4 "
        f"(epoch 1, step 4), {row}batch {bad.batch}. Run `python -m components.trainer.replay {folder / 'step-4'}` "
        "to see it again."
    )
    _, _, values = bad_step.load(folder / "step-4")
    for value, kept in zip(trained.values.values(), values, strict=True):
        np.testing.assert_array_equal(kept, value)
    assert all(np.isfinite(value).all() for value in values)
    assert int(trained.model.optimizer.iterations.numpy()) == 3


def test_a_feature_is_named_with_its_step_and_row_and_found_again(tmp_path):
    stopped = train(config(loop="custom", accumulation=2), rows(amount=(3, 5, np.nan)), tmp_path / "kept")
    assert_kept(stopped, tmp_path / "kept", NonFinite("feature amount", "nan", (5,)))


@pytest.mark.slow
@LOOPS
@pytest.mark.parametrize(
    ("kind", "changes", "found"),
    [
        ("plain", {"amount": (3, 5, np.nan)}, NonFinite("feature amount", "nan", (5,))),
        ("log", {"amount": (3, 2, -1)}, NonFinite("the output of layer log (Log)", "nan", (2,))),
        ("root", {"x": (3, 2, 0)}, NonFinite("the gradient of steep/kernel", "nan")),
    ],
)
def test_feature_layer_and_gradient_are_named_in_both_loops(tmp_path, loop, kind, changes, found):
    stopped = train(config(kind, loop=loop, steps_per_execution=4), rows(**changes), tmp_path / "kept")
    assert_kept(stopped, tmp_path / "kept", found)


@pytest.mark.slow
@LOOPS
def test_as_many_as_configured_are_skipped_and_leave_nothing_behind(tmp_path, loop):
    bad = rows(amount=(3, 5, np.nan), x=(6, 0, np.inf))
    training = config(loop=loop, skip=2, steps_per_execution=4)
    skipped = train(training, bad, tmp_path / "kept")
    without = train(training, bad, without=(3, 6))
    assert skipped.error is None
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"step-4", "step-7"}
    assert (skipped.history.pop("skipped_steps"), without.history.pop("skipped_steps")) == ([2], [0])
    for name in ("loss", "mean_absolute_error", "val_loss"):
        # The same sums in the same order.
        assert skipped.history[name] == without.history[name]
    for path, value in skipped.values.items():
        np.testing.assert_array_equal(value, without.values[path], err_msg=path)


@pytest.mark.slow
def test_one_more_than_configured_stops_the_training():
    bad = rows(label=(0, 0, np.nan), amount=(3, 5, np.nan), x=(6, 0, np.inf))
    assert "Received: inf in feature x at step 7 " in train(config(skip=2), bad).error


@pytest.mark.slow
def test_gradients_that_overflow_in_float16_are_no_error_but_a_bad_feature_is(tmp_path):
    features, label = data()
    # 2**15 times the gradient of a label of 10,000 is far above 65,504.
    overflowing = train(config(mixed_precision=True), (features, label * 1e4))
    assert overflowing.error is None
    assert float(overflowing.model.optimizer.dynamic_scale.numpy()) < 2**15
    stopped = train(config(mixed_precision=True), rows(amount=(3, 5, np.nan)), tmp_path / "kept")
    assert "nan in feature amount at step 4 " in stopped.error
    assert replay(tmp_path / "kept" / "step-4")[1] == NonFinite("feature amount", "nan", (5,))


@pytest.mark.slow
def test_the_replay_is_a_command(tmp_path):
    train(config("log"), rows(amount=(3, 2, -1)), tmp_path / "kept")
    command = [sys.executable, "-m", "components.trainer.replay", str(tmp_path / "kept" / "step-4")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Again: nan in the output of layer log (Log)" in done.stdout


@pytest.mark.slow
def test_one_bad_replica_stops_both_or_both_skip_the_step(tmp_path):
    command = [sys.executable, "-m", "tests.components.trainer.guard_replicas", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == {"fit", "custom", "mixed precision"}
    for name, case in found.items():
        assert "nan in feature amount at step 4 " in case["error"], name
        assert [path.rsplit("/", 1)[-1] for path in case["kept"]] == ["step-4"]
        assert case["skipped"]["skipped_steps"] == [1]
        assert case["skipped"]["loss"] == case["without"]["loss"]
        # The same sums in the same order.
        assert case["difference"] == 0, name


def test_a_validation_loss_that_is_not_finite_stops_the_training():
    guard = Guard(config(), InOrder(data()), "unused", None)
    guard.look = lambda: None
    guard.on_epoch_end(2, {"loss": 0.5, "val_auc": np.nan})
    with pytest.raises(ComponentFailed, match=r"The loss must be finite. Received: val_loss=nan in epoch 3."):
        guard.on_epoch_end(2, {"loss": 0.5, "val_loss": np.nan})


def test_a_negative_number_of_steps_to_skip_is_refused():
    with pytest.raises(UsageError, match=r"`training.guard.skip` must not be negative. Received: skip=-1."):
        validate(config(guard=GuardConfig(skip=-1)))
