"""The custom loop against Keras's; what two replicas of it do is in `test_two_replicas.py`."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer.config import CallbacksConfig
from components.trainer.run_fn import run_fn
from tests.components.trainer import tiny
from tests.components.trainer.loop_cases import VALIDATION, config, train


class Calls(keras.callbacks.Callback):
    """Writes down what a loop calls, with the number of the batch or epoch and the names of the logs."""

    HOOKS = [
        f"on_{what}_{when}"
        for what in ("train", "epoch", "train_batch", "test", "test_batch")
        for when in ("begin", "end")
    ]

    def __init__(self, stop_after_epoch: int) -> None:
        super().__init__()
        self.calls: list[tuple] = []
        self._stop_after = stop_after_epoch
        for hook in self.HOOKS:
            setattr(self, hook, self._recorder(hook))

    def _recorder(self, hook: str):
        def record(*number, logs=None):
            number, logs = (number[:-1], number[-1]) if number and not isinstance(number[-1], int) else (number, logs)
            self.calls.append((hook, *number, tuple(sorted(set(logs or {}) - {"examples_per_second"}))))
            if hook == "on_epoch_end" and number[0] == self._stop_after:
                self.model.stop_training = True

        return record


@pytest.fixture(scope="module")
def once():
    """The training that others are compared to."""
    return train(config())


def assert_same(run, other, atol=1e-6):
    """Float32 sums in another order give 1e-7 a step, and these are six steps."""
    np.testing.assert_allclose(run.weights, other.weights, atol=atol)
    assert run.history.keys() == other.history.keys()
    for name, values in run.history.items():
        np.testing.assert_allclose(values, other.history[name], atol=atol, err_msg=name)


def test_it_takes_the_steps_of_fit_with_the_same_random_numbers_and_calls():
    runs, calls = [], []
    for loop in ("fit", "custom"):
        calls.append(Calls(stop_after_epoch=1))
        runs.append(train(config(loop=loop, epochs=3, steps_per_execution=3), random=True, callbacks=(calls[-1],)))
    assert len(runs[0].history["loss"]) == 2
    assert_same(*runs)
    assert calls[0].calls == calls[1].calls
    assert ("on_train_batch_end", 2, ("loss", "mean_squared_error", "r2_score")) in calls[1].calls


def test_micro_batches_add_up_to_the_batch(once):
    # The last batch of a pass has 11 rows in micro-batches of 8 and 3.
    assert_same(train(config(accumulation=2)), once)


def test_the_steps_of_an_execution_do_not_matter(once):
    assert_same(train(config(steps_per_execution=3)), once, atol=0)


def test_losses_and_metrics_are_means_over_weighted_rows(once):
    _, labels, weights = VALIDATION.data
    squares = np.square(once.predictions - labels)
    measured = once.history["val_mean_squared_error"][-1]
    # Float32 means of 21 rows.
    assert measured == pytest.approx(np.average(squares, weights=weights), abs=1e-6)
    assert abs(measured - squares.mean()) > 1e-3
    assert once.speed[-1] > 0


def test_l2_leaves_biases_and_norms_alone(once):
    kernels = [variable for variable in once.model.trainable_variables if variable.regularizer]
    assert sorted(variable.path.split("/")[-1] for variable in kernels) == ["embeddings", "kernel", "kernel"]
    penalty = 0.01 * sum(float(np.sum(np.square(variable))) for variable in kernels)
    _, labels, weights = VALIDATION.data
    entropy = -np.log(np.where(labels == 1, once.predictions, 1 - once.predictions))
    # The loss of a batch is divided by its rows, not by their weights.
    assert once.history["val_loss"][-1] == pytest.approx(np.mean(entropy * weights) + penalty, abs=1e-6)


@pytest.mark.parametrize(
    "changes", [{"accumulation": 2}, pytest.param({"loop": "fit"}, marks=pytest.mark.slow)], ids=["custom", "fit"]
)
def test_mixed_precision_is_within_its_error(once, changes):
    mixed = train(config(mixed_precision=True, **changes))
    assert mixed.model.get_layer("dense").compute_dtype == "float16"
    # Float16 has 11 bits, an error of 5e-4 in each number; the clipped steps of 0.02 turn it into 1e-5 each.
    assert 0 < np.abs(mixed.weights - once.weights).max() < 3e-4
    np.testing.assert_allclose(mixed.history["val_loss"], once.history["val_loss"], atol=1e-3)


@pytest.mark.slow
def test_run_fn_trains_with_it_and_exports_all_signatures(trainer_arguments, tmp_path):
    training = tiny.config(loop="custom", accumulation=2, callbacks=CallbacksConfig(tensorboard=True))
    given = trainer_arguments(tmp_path, training=training)
    run_fn(given)
    assert list(tmp_path.rglob("events.out.tfevents*"))
    course = json.loads((Path(given.model_run_dir) / "history.json").read_text())["history"]
    assert course["loss"][1] < course["loss"][0]
    assert {"val_auc", "learning_rate", "examples_per_second"} <= set(course)
    signatures = tf.saved_model.load(given.serving_model_dir).signatures
    assert set(signatures) == {"serving_default", "serving_examples", "transform_features"}
    examples = tf.constant([tiny.serialize(row) for row in tiny.rows(20, seed=9)])
    assert np.std(signatures["serving_examples"](examples=examples)["probability"]) > 0.001
