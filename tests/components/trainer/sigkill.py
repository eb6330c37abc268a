"""Trains, killed again and again by a real SIGKILL; run by itself, as each attempt is a fork that has run nothing yet.

python -m tests.components.trainer.sigkill LOOP FOLDER writes `whole.npz` and `killed.npz`: every weight, every variable
of the optimizer and the history, of an uninterrupted training and of one that was killed at each of KILLS.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.trainer import callbacks
from tests.components.trainer import test_checkpoint

# The epoch in which an attempt is killed, and where: at a step, or as it calls a method of Path the n-th time. The
# methods are those with which a checkpoint is written: rename the weights, rename the state, remove old weights.
KILLS = [
    (0, "step", 1),
    (1, "step", 5),
    (1, "replace", 0),
    (1, "replace", 1),
    (2, "unlink", 0),
    (4, "step", 11),
    (4, "half", 0),
]


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class KillAt(keras.callbacks.Callback):
    """Kills the process at a step of an epoch, or from that epoch's end on in the n-th call of a method."""

    def __init__(self, epoch: int, what: str, number: int) -> None:
        super().__init__()
        self._epoch, self._what, self._number, self._reached = epoch, what, number, False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._reached = epoch == self._epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._reached and self._what == "step" and batch >= self._number:
            kill()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not self._reached or self._what == "step":
            return
        if self._what == "half":
            self.model.save_weights = self._write_half
        else:
            setattr(Path, self._what, self._counting(getattr(Path, self._what)))

    def _write_half(self, path: Path) -> None:
        keras.Model.save_weights(self.model, path)
        os.truncate(path, path.stat().st_size // 2)
        kill()

    def _counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            if self._number == 0:
                kill()
            self._number -= 1
            return method(*arguments)

        return counted


def attempt(loop: str, folder: Path, result: Path, kill_at: KillAt | None = None) -> int:
    """Trains in a process of its own; returns the signal that ended it, or 0."""
    child = os.fork()
    if child:
        return os.WTERMSIG(os.waitpid(child, 0)[1])
    code = 1
    try:
        create = callbacks.create
        # The first of them, so that its end of an epoch comes before the checkpoint's.
        callbacks.create = lambda *args: [*([kill_at] if kill_at else []), *create(*args)]
        trained = test_checkpoint.train(test_checkpoint.config(loop=loop), folder)
        variables = trained.model.variables + trained.model.optimizer.variables
        np.savez(result, **trained.history, **{variable.path: variable.numpy() for variable in variables})
        code = 0
    finally:
        os._exit(code)


def main(loop: str, folder: str) -> None:
    place = Path(folder)
    for number, (epoch, what, count) in enumerate(KILLS):
        ended = attempt(loop, place / "state", place / "killed.npz", KillAt(epoch, what, count))
        assert ended == signal.SIGKILL, f"attempt {number} ended with {ended}, not at {KILLS[number]}"
    for name, state in (("killed", "state"), ("whole", "other")):
        assert attempt(loop, place / state, place / f"{name}.npz") == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
