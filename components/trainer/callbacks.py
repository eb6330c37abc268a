"""What watches a training and steps in: progress, early stopping, plateau, TensorBoard, checkpoint."""

import time
from pathlib import Path
from typing import Any

import keras

from components import progress
from components.trainer.checkpoint import Checkpoint
from components.trainer.config import CallbacksConfig

Logs = dict[str, float]


def create(
    config: CallbacksConfig, folder: Path, checkpoint: Checkpoint | None = None
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks in the order in which they have to run.

    Args:
        config: Which ones.
        folder: Where TensorBoard's scalars and histograms go.
        checkpoint: What lets a killed training go on; None where nothing does.
    """
    watched: dict[str, Any] = {"monitor": config.monitor, "mode": config.mode}
    callbacks = [LearningRate()]
    if (patience := config.plateau_patience) is not None:
        plateau = keras.callbacks.ReduceLROnPlateau
        callbacks.append(plateau(factor=config.plateau_factor, patience=patience, **watched))
    if (patience := config.early_stopping_patience) is not None:
        callbacks.append(keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True, **watched))
    if config.tensorboard:
        # The graph of a large model takes seconds to write, and a batch's scalars take as long as a small model's
        # batch.
        sparing: dict[str, Any] = {"write_graph": False, "update_freq": "epoch"}
        board = keras.callbacks.TensorBoard
        callbacks.append(board(str(folder), histogram_freq=config.histograms or 0, **sparing))
    callbacks += [keras.callbacks.History(), Progress()]
    if checkpoint is not None:
        # The last one, as it writes down what the others have decided.
        checkpoint.watch(callbacks)
        callbacks.append(checkpoint)
    return callbacks


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
        self._stage: dict[str, int] = {}

    def on_stage_begin(self, stage: int, stages: int, epochs: int, **_: int) -> None:
        """Notes where the training is; a single stage is not worth telling."""
        self._stage = {"epochs": epochs, **({"stage": stage + 1, "stages": stages} if stages > 1 else {})}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Starts the clock."""
        self._epoch, self._told = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Emits `step` with the epoch, the step in it, how many it has, and the metrics so far."""
        if time.monotonic() - self._told >= self.seconds_between_steps:
            self._told = time.monotonic()
            self._emit("step", self._epoch, logs, step=batch + 1, steps=self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Emits `epoch` with the number of epochs done and of those planned, and the metrics but for `input_wait`."""
        self._emit("epoch", epoch, logs)

    def _emit(self, event: str, epoch: int, logs: Logs | None, **fields: Any) -> None:
        metrics = {name: float(value) for name, value in (logs or {}).items() if name != "input_wait"}
        progress.emit(
            event, **{"epoch": epoch + 1, "epochs": self.params["epochs"], **self._stage, **fields}, metrics=metrics
        )
