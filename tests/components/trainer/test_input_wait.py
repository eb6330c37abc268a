"""The wait is held against inputs and steps whose times are known: sleeping ones."""

import time
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer import fit, loop
from components.trainer.plan import Plan
from tests.components.trainer import loop_cases

STEPS = 12


def asleep(seconds: float, value: tf.Tensor) -> tf.Tensor:
    def sleep(given: np.ndarray) -> np.ndarray:
        time.sleep(seconds)
        return given

    slept = tf.numpy_function(sleep, [value], value.dtype)
    slept.set_shape(value.shape)
    return slept


@keras.saving.register_keras_serializable()
class Sleeping(keras.layers.Layer):
    """Takes its time for a batch in training; in validation nothing may be read ahead meanwhile."""

    def __init__(self, seconds: float, **given: Any) -> None:
        super().__init__(**given)
        self._seconds = seconds

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return asleep(self._seconds, x) if self._seconds and training else x


class Slow(loop_cases.Uneven):
    """Rows that take their time, one batch after the other."""

    def __init__(self, seconds: float) -> None:
        super().__init__(32, seed=1)
        self._seconds = seconds

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        x = tf.ones((batch_size, 1))
        numbers = tf.data.Dataset.range(2**60)
        slow = numbers.map(lambda number: asleep(self._seconds, number)) if self._seconds else numbers
        return slow.map(lambda number: (x + 0 * tf.cast(number, tf.float32), x)).prefetch(1)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors((tf.ones((4, 1)), tf.ones((4, 1)))).repeat()


def waits(how: str, at_once: int, fetch: float, step: float) -> list[float]:
    """Returns the shares of the epochs after the first."""
    config = loop_cases.config(loop=how, epochs=3, loss="mean_squared_error", metrics=(), l2=None)
    plan = Plan(epochs=3, steps_per_epoch=STEPS, validation_steps=at_once, steps_per_execution=at_once)
    model = keras.Sequential([keras.Input((1,)), Sleeping(step), keras.layers.Dense(1)])
    fit.compile_model(model, config, plan)
    history = {"fit": fit.fit, "custom": loop.fit}[how](model, Slow(fetch), Slow(0), config, plan, [])
    assert len(history["input_wait"]) == 3
    return history["input_wait"][1:]


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("how", ["fit", "custom"])
@pytest.mark.parametrize(
    ("fetch", "step", "share"),
    # While a step sleeps the next batch is read ahead, so that only what is left of its time is waited for.
    [(0.0, 0.05, 0.0), (0.2, 0.1, 0.5), (0.05, 0.0, 1.0)],
)
def test_the_share_is_what_the_input_makes_a_step_wait(how, at_once, fetch, step, share):
    # Sleeping takes longer than asked, and the rest of a step takes its time too, on a busy machine a good part of it.
    assert np.mean(waits(how, at_once, fetch, step)) == pytest.approx(share, abs=0.25)
