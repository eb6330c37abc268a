"""A training that ends as if its process had been killed."""

from typing import Any

import keras


class Killed(BaseException):
    """Like a kill, nothing on the way catches it."""


class KillDuring(keras.callbacks.Callback):
    """Ends the process, so to speak, in the middle of an epoch."""

    def __init__(self, epoch: int, batch: int = 4) -> None:
        super().__init__()
        self._epoch, self._batch = epoch, batch
        self._reached = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._reached = epoch == self._epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._reached and batch >= self._batch:
            raise Killed
