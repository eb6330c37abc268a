"""The share of a training's time that goes into looking for values that are not finite.

The graph of a step is the same with and without a `Watch`, so its callbacks are all that it costs: they are timed in
place, as a ratio of two whole trainings would be lost in the machine's noise.
"""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.cases import Case
from components.trainer import fit, stages
from components.trainer.guard import Guard
from components.trainer.plan import Plan
from components.trainer.watch import Watch


class TimedWatch(Watch):
    """Adds up the seconds of its callbacks, without the first epoch, which builds their functions."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seconds = self.began = self.ended = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            self.seconds, self.began = 0.0, time.perf_counter()
        self._timed(super().on_epoch_begin, epoch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._timed(super().on_train_batch_end, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._timed(super().on_epoch_end, epoch, logs)
        self.ended = time.perf_counter()

    def _timed(self, callback: Callable[..., None], *args: Any) -> None:
        began = time.perf_counter()
        callback(*args)
        self.seconds += time.perf_counter() - began


def measure(case: Case, loop: str, epochs: int) -> float:
    """Returns the share of the time of a training, its validation included, from 0 to 1.

    Args:
        case: The training.
        loop: `fit` or `custom`.
        epochs: Epochs that are measured.
    """
    split, config = case.split(), case.config(loop=loop)
    plan = Plan(epochs + 1, case.steps, case.steps_per_execution, case.steps_per_execution)
    model = case.build()
    fit.compile_model(model, config, plan)
    watch = TimedWatch(Guard(config, split, "", None), split, config)
    stages.LOOPS[loop](model, split, split, config, plan, [watch])
    return watch.seconds / (watch.ended - watch.began)
