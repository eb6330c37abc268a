"""What watches a training and steps in: progress, early stopping, plateau, TensorBoard, checkpoint, the loss."""

import math
import time
from pathlib import Path
from typing import Any

import keras

from components import progress
from components.errors import ComponentFailed
from components.trainer.checkpoint import Checkpoint
from components.trainer.config import CallbacksConfig

Logs = dict[str, float]


def create(
    config: CallbacksConfig, folder: Path, checkpoint: Checkpoint | None = None
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks in the order in which they have to run.

    Args:
        config: Which ones.
        folder: Where TensorBoard's scalars go.
        checkpoint: What lets a killed training go on; None where nothing does.
    """
    watched: dict[str, Any] = {"monitor": config.monitor, "mode": config.mode}
    callbacks = [FiniteLoss(), LearningRate()]
    if (patience := config.plateau_patience) is not None:
        plateau = keras.callbacks.ReduceLROnPlateau
        callbacks.append(plateau(factor=config.plateau_factor, patience=patience, **watched))
    if (patience := config.early_stopping_patience) is not None:
        callbacks.append(keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True, **watched))
    if config.tensorboard:
        # The graph of a large model takes seconds to write, and a batch's scalars take as long as a small model's
        # batch.
        callbacks.append(keras.callbacks.TensorBoard(str(folder), write_graph=False, update_freq="epoch"))
    callbacks += [keras.callbacks.History(), Progress()]
    if checkpoint is not None:
        # The last one, as it writes down what the others have decided.
        checkpoint.watch(callbacks)
        callbacks.append(checkpoint)
    return callbacks


class FiniteLoss(keras.callbacks.Callback):
    """Stops a training whose loss is no longer a number.

    `keras.callbacks.TerminateOnNaN` only ends `fit`, and the pipeline would go on with what is left of the model.
    """

    async_safe = True

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remembers the epoch for the error."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Checks the mean loss of the epoch so far: once it is not finite it stays so."""
        self._check(logs, f"epoch {self._epoch + 1}, step {batch + 1}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Checks the validation loss too."""
        self._check(logs, f"epoch {epoch + 1}")

    @staticmethod
    def _check(logs: Logs | None, where: str) -> None:
        for name in ("loss", "val_loss"):
            value = (logs or {}).get(name, 0.0)
            if not math.isfinite(value):
                raise ComponentFailed(
                    "The loss must be finite.",
                    received=f"{name}={value} in {where}",
                    fix="Lower training.optimizer.learning_rate, or look for values that are not finite in the data.",
                )


class LearningRate(keras.callbacks.Callback):
    """Adds the learning rate to what an epoch reports."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """See the class."""
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


class Progress(keras.callbacks.Callback):
    """Tells the person who waits: `epoch` after each epoch, `step` in between, at most one a second."""

    async_safe = True
    seconds_between_steps = 1.0

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0
        self._told = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Starts the clock."""
        self._epoch, self._told = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Emits `step` with the epoch, the step in it, how many it has, and the metrics so far."""
        if time.monotonic() - self._told >= self.seconds_between_steps:
            self._told = time.monotonic()
            self._emit("step", self._epoch, logs, step=batch + 1, steps=self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Emits `epoch` with the number of epochs done and of those planned, and the metrics."""
        self._emit("epoch", epoch, logs)

    def _emit(self, event: str, epoch: int, logs: Logs | None, **fields: Any) -> None:
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        progress.emit(event, epoch=epoch + 1, epochs=self.params["epochs"], metrics=metrics, **fields)
