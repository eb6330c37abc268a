"""What is compared: a name, and what it changes in a task's training."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from components.errors import UsageError
from components.overrides import replaced
from components.trainer.config import TrainingConfig
from pipeline.config import TaskConfig


@dataclass(frozen=True)
class Contender:
    """One of those that are compared.

    Args:
        name: What it is called; no other has the name.
        changes: Place in the task's configuration, such as `training.batch_size`, to the value there.
    """

    name: str
    changes: dict[str, Any] = field(default_factory=dict)

    def training(self, task: TaskConfig, seed: int, epochs: int | None = None) -> TrainingConfig:
        """Returns a training that differs from another contender's by its changes only.

        Early stopping and the plateau are off: it goes through all epochs, so that there is a curve to look at.

        Args:
            task: The task.
            seed: Its seed.
            epochs: Its epochs, of each stage where it has a recipe; None leaves them.

        Raises:
            UsageError: A change is none of the training, names no place there or has a value that does not fit.
        """
        for key, value in self.changes.items():
            if not key.startswith("training."):
                raise UsageError("Contenders differ in their training only.", received=f"{self.name}: {key}={value}")
            task = replaced(task, key, value)
        watching = dataclasses.replace(
            task.training.callbacks,
            early_stopping_patience=None,
            plateau_patience=None,
            tensorboard=False,
            checkpoint=False,
        )
        training = dataclasses.replace(task.training, callbacks=watching, seed=seed)
        return training if epochs is None else _of_epochs(training, epochs)


def _of_epochs(training: TrainingConfig, epochs: int) -> TrainingConfig:
    if not training.recipe:
        return dataclasses.replace(training, epochs=epochs)
    stages = tuple(dataclasses.replace(stage, epochs=epochs) for stage in training.recipe)
    return dataclasses.replace(training, recipe=stages)
