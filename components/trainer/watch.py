"""Finds out that a training is no longer finite without a price for its steps, and then which step made it so."""

import math
import time
from typing import Any

import keras
import tensorflow as tf

from components.errors import ComponentFailed
from components.trainer import loop
from components.trainer.config import TrainingConfig
from components.trainer.guard import Guard
from components.trainer.guarded_optimizer import GuardedOptimizer
from components.trainer.input_pipeline import Split

Logs = dict[str, float]


class Watch(keras.callbacks.Callback):
    """Looks at the mean loss and the weights once a second and after each epoch, and stops what is not finite.

    What is not finite stays in both, so that it is still there when somebody looks. From the last look at which all was
    finite the steps are then taken again, each under a `GuardedOptimizer`, up to the one that `Guard` reports. Looks
    take a hundredth of the time at most, and hold a copy of the weights and of the optimizer's state in the host's
    memory.

    Args:
        guard: Reports the step.
        split: The training split, whose batches can be read again.
        config: The training.
    """

    seconds_between_looks = 1.0
    share_of_time = 0.01

    def __init__(self, guard: Guard, split: Split, config: TrainingConfig) -> None:
        super().__init__()
        self._guard, self._split, self._config = guard, split, config
        self._epoch = self._done = self._kept_at = 0
        self._next_look = 0.0
        self._kept: list[tf.Tensor] = []

    def set_model(self, model: keras.Model) -> None:
        """Passes the model on to the guard."""
        super().set_model(model)
        self._guard.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Passes the length of the training on to the guard."""
        super().set_params(params)
        self._guard.set_params(params)

    def on_stage_begin(self, stage: int, **_: int) -> None:
        """Passes the stage of the recipe on to the guard."""
        self._guard.on_stage_begin(stage)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Lists what a step changes; each stage has an optimizer of its own."""
        self._state = [*self.model.variables, *self.model.optimizer.variables]
        self._read = tf.function(self._copies, autograph=False)
        self._all_finite = tf.function(self._finite, autograph=False)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Keeps the weights."""
        self._epoch, self._done = epoch, 0
        self._keep()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Looks, once a second."""
        self._done = batch + 1
        began = time.monotonic()
        if began >= self._next_look:
            self._look(logs or {})
            self._keep()
            now = time.monotonic()
            self._next_look = now + max(self.seconds_between_looks, (now - began) / self.share_of_time)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Looks, before anything that is not finite is saved."""
        self._look(logs or {})
        self._guard.check_losses(epoch, logs or {})

    def _look(self, logs: Logs) -> None:
        if not (math.isfinite(logs.get("loss", 0.0)) and self._all_finite()):
            self._take_again()

    def _keep(self) -> None:
        self._kept, self._kept_at = self._read(), self._done

    def _take_again(self) -> None:
        """Goes back to what was kept, and to the step that was not finite; that one is not taken."""
        for variable, value in zip(self._state, self._kept, strict=True):
            variable.assign(value)
        with self.model.distribute_strategy.scope():
            self.model.optimizer = GuardedOptimizer(self.model.optimizer)
            self.model.optimizer.build(self.model.trainable_variables)
        self._guard.begin(self._epoch, self._kept_at)
        first = self._epoch * self.params["steps"] + self._kept_at
        loop.take_steps(self.model, self._split, self._config, first, self._done - self._kept_at)
        self._guard.look()
        raise ComponentFailed(
            "The loss and the weights must be finite.",
            received=f"some that are not in epoch {self._epoch + 1}, but were when its steps were taken again",
            fix="Lower training.optimizer.learning_rate, or set training.guard.skip=1 to have each step checked.",
        )

    def _copies(self) -> list[tf.Tensor]:
        with tf.device("CPU:0"):
            return [tf.identity(_local(variable)) for variable in self._state]

    def _finite(self) -> tf.Tensor:
        values = [tf.convert_to_tensor(_local(variable)) for variable in self._state]
        return tf.reduce_all([tf.reduce_all(tf.math.is_finite(value)) for value in values if value.dtype.is_floating])


def _local(variable: keras.Variable) -> Any:
    """Returns one replica's copy of a variable."""
    return tf.distribute.get_strategy().experimental_local_results(variable.value)[0]
