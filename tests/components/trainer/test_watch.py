"""When the watch looks, how far it goes back, and what it lets nobody save; `test_guard` has what is then reported."""

import keras
import numpy as np
import pytest

from components.errors import ComponentFailed
from components.trainer import fit
from components.trainer.guard import Guard
from components.trainer.plan import Plan
from components.trainer.watch import Watch
from tests.components.trainer.guard_cases import BATCH, STEPS, InOrder, build_model, config, data


class Poison(keras.callbacks.Callback):
    """Writes a value that is not finite into the weights before a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self._step:
            self.model.get_layer("body").bias.assign([np.nan] * 4)


class Saved(keras.callbacks.Callback):
    """Notes whose epoch's weights a checkpoint would have written."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[int] = []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)


class Counted(InOrder):
    """Notes from which steps on its batches are read."""

    def __init__(self, rows) -> None:
        super().__init__(rows)
        self.first_steps: list[int] = []

    def training(self, batch_size, seed, first_step=0):
        self.first_steps.append(first_step)
        return super().training(batch_size, seed, first_step)


def train(rows, *, every_step=False, kind="plain", before=(), **changes):
    training = config(kind, **changes)
    split, saved = Counted(rows), Saved()
    keras.utils.set_random_seed(training.seed)
    plan = Plan.of(training, split.rows, split.rows, 1)
    model = build_model(None, kind)
    fit.compile_model(model, training, plan)
    watch = Watch(Guard(training, split, "unused", None), split, training)
    if every_step:
        watch.seconds_between_looks, watch.share_of_time = 0.0, float("inf")
    error = None
    try:
        fit.fit(model, split, InOrder(data()), training, plan, [*before, watch, saved])
    except ComponentFailed as failed:
        error = str(failed)
    return error, split.first_steps, saved.epochs, model


def test_it_goes_back_to_the_last_look_only():
    features, label = data()
    features["amount"][5 * BATCH + 2] = np.nan
    error, first_steps, saved, model = train((features, label), every_step=True, epochs=3)
    assert "nan in feature amount at step 6 (epoch 1, step 6)" in error
    # From the first row on, then the digest and the search of the step itself.
    assert first_steps == [0, 5, 5]
    assert saved == []
    assert int(model.optimizer.iterations.numpy()) == 5


def test_without_a_look_in_between_it_goes_back_to_the_beginning_of_the_epoch():
    features, label = data()
    features["amount"][5 * BATCH + 2] = np.nan
    error, first_steps, saved, _ = train((features, label))
    assert "at step 6 (epoch 1, step 6)" in error
    # The first step is looked at, the next a second later.
    assert first_steps == [0, 1, 5]
    assert saved == []


def test_weights_that_the_last_step_made_bad_are_not_saved_though_the_loss_is_finite():
    features, label = data()
    # The square root has no gradient at zero.
    features["x"][(STEPS - 1) * BATCH + 2] = 0.0
    error, _, saved, model = train((features, label), kind="root")
    assert "nan in the gradient of steep/kernel at step 8 " in error
    assert saved == []
    assert all(np.isfinite(variable.numpy()).all() for variable in model.variables)


def test_what_does_not_come_again_is_said_so():
    error, _, saved, _ = train(data(), before=[Poison(3)])
    assert error == (
        "The loss and the weights must be finite. Received: some that are not in epoch 1, but were when its steps were "
        "taken again. Lower training.optimizer.learning_rate, or set training.guard.skip=1 to have each step checked."
    )
    assert saved == []


def test_looks_take_a_hundredth_of_the_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("components.trainer.watch.time.monotonic", lambda: now[0])
    watch = Watch(Guard(config(), InOrder(data()), "unused", None), InOrder(data()), config())
    looks = []

    def look(logs):
        looks.append(now[0])
        now[0] += 0.5

    watch._look, watch._keep = look, lambda: None
    for step in range(1000):
        now[0] = 100.0 + step
        watch.on_train_batch_end(step)
    assert looks[:3] == [100.0, 151.0, 202.0]


def test_a_finite_training_is_the_same_with_it():
    _, _, saved, watched = train(data(), every_step=True, epochs=2)
    assert saved == [0, 1]
    keras.utils.set_random_seed(config().seed)
    plain, training, split = build_model(None, "plain"), config(epochs=2), InOrder(data())
    plan = Plan.of(training, split.rows, split.rows, 1)
    fit.compile_model(plain, training, plan)
    fit.fit(plain, split, InOrder(data()), training, plan, [])
    for one, other in zip(watched.weights, plain.weights, strict=True):
        # The same steps on the same device.
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_validation_loss_that_is_not_finite_stops_the_training():
    features, label = data()
    label[3] = np.inf
    training = config()
    split, saved = InOrder(data()), Saved()
    plan = Plan.of(training, split.rows, split.rows, 1)
    model = build_model(None, "plain")
    fit.compile_model(model, training, plan)
    watch = Watch(Guard(training, split, "unused", None), split, training)
    with pytest.raises(ComponentFailed, match=r"Received: val_loss=inf in epoch 1\."):
        fit.fit(model, split, InOrder((features, label)), training, plan, [watch, saved])
    assert saved.epochs == []
