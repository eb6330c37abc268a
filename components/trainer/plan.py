"""How long a training is. No TensorFlow here: the command line draws schedules over it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from components.trainer.config import TrainingConfig


@dataclass(frozen=True)
class Plan:
    """How long a training is.

    Args:
        epochs: Epochs at most.
        steps_per_epoch: Steps of an epoch.
        validation_steps: Steps of a validation.
        steps_per_execution: Steps in one call of the training function; divides the two.
    """

    epochs: int
    steps_per_epoch: int
    validation_steps: int
    steps_per_execution: int

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.epochs * self.steps_per_epoch

    @classmethod
    def of(cls, config: TrainingConfig, rows: int, validation_rows: int, replicas: int = 1) -> Self:
        """Returns how long to train on a split.

        Keras has no shorter execution at the end of an epoch, so steps are cut into executions of equal length. The
        steps that make a pass may become up to 1 % more where that allows more of them in one execution, and the
        validation smaller batches.

        Args:
            config: The training.
            rows: Rows of the training split.
            validation_rows: Rows of the validation split.
            replicas: How many replicas share a batch.

        Example:
            A pass over 10,051 rows takes 251 steps of 40, a prime number; 252 steps are 18 executions of 14.

            >>> from components.trainer.config import ModelConfig
            >>> config = TrainingConfig(ModelConfig("model.build"), label="y", loss="huber", batch_size=40, epochs=2)
            >>> Plan.of(config, rows=10_051, validation_rows=4_951)
            Plan(epochs=2, steps_per_epoch=252, validation_steps=14, steps_per_execution=14)
        """
        one_pass = max(1, round(rows / config.batch_size))
        choices: Iterable[int] = range(one_pass, one_pass + one_pass // 100 + 1)
        if config.steps_per_epoch is not None:
            choices = [config.steps_per_epoch]
        most = max(1, validation_rows // replicas)
        fewest = min(most, math.ceil(validation_rows / config.eval_batch_size))
        # Keras's loop over several steps fails in TensorFlow 2.21 as soon as there is a second replica ("You must feed
        # a value for placeholder tensor 'while/cond/Placeholder'").
        most_at_once = 1 if config.loop == "fit" and replicas > 1 else config.steps_per_execution
        executed = [
            (at_once, -steps)
            for steps in choices
            for at_once in range(1, most_at_once + 1)
            if steps % at_once == 0 and _rounded_up(fewest, at_once) <= most
        ]
        at_once, steps = max(executed)
        return cls(config.total_epochs, -steps, _rounded_up(fewest, at_once), at_once)


def _rounded_up(number: int, multiple: int) -> int:
    return math.ceil(number / multiple) * multiple
