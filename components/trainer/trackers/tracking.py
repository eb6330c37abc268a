"""The trackers of a training, fed as a callback and ended as a context."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import keras

from components import progress
from components.errors import UsageError
from components.settings import to_dict
from components.trainer import history, tracker_config
from components.trainer.config import TrainingConfig
from components.trainer.trackers import execution
from components.trainer.trackers.tracker import RunInfo, Tracker, flatten

# Read on import: each would report its use or its errors to its makers, wherever it keeps its runs.
_REPORTS_NOTHING = {"mlflow": ("MLFLOW_DISABLE_TELEMETRY", "true"), "wandb": ("WANDB_ERROR_REPORTING", "false")}

_log = logging.getLogger(__name__)


class Tracking(keras.callbacks.Callback):
    """Keeps a training in trackers: on leaving the context, their runs end.

    A tracker that fails does not take the training with it: one warning says so, and it is left alone from then on. A
    training that goes on after it was killed makes runs of its own, which have the epochs before too.

    Args:
        folder: Where the training leaves the picture of its course.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._trackers: list[Tracker] = []
        self._folder = folder
        self._epochs = 0

    def add(self, tracker: Tracker) -> None:
        """Takes another tracker in, and tells ML Metadata and who watches about its run."""
        self._trackers.append(tracker)
        if running := execution.current():
            running.tracked.append(tracker.run)
        run = tracker.run
        progress.emit("tracked", tracker=run.tracker, run_id=run.run_id, location=run.location)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        picture = self._folder / history.PLOT_FILE
        if picture.exists():
            self._each(lambda tracker: tracker.log_picture(picture))
        self._each(lambda tracker: tracker.finish(failed=kind is not None))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps the epoch, and those before it that have not been kept yet."""
        self._catch_up()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Keeps what a training that had ended already has brought back."""
        self._catch_up()

    def _catch_up(self) -> None:
        course = self.model.history.history
        for epoch in range(self._epochs, len(course.get("loss", ()))):
            metrics = {name: float(values[epoch]) for name, values in course.items()}
            self._each(lambda tracker: tracker.log_metrics(epoch + 1, metrics))  # noqa: B023 (called at once)
            self._epochs = epoch + 1

    def _each(self, action: Callable[[Tracker], None]) -> None:
        for tracker in tuple(self._trackers):
            try:
                action(tracker)
            except Exception as error:  # noqa: BLE001 (no tracker's failure is worth a model)
                self._trackers.remove(tracker)
                _log.warning("%s has failed and is left alone: %s", tracker.run.tracker, _line(error))


def start(config: TrainingConfig, folder: Path) -> Tracking:
    """Starts the runs of all trackers of a configuration.

    Args:
        config: The training.
        folder: Where it leaves the picture of its course.

    Raises:
        UsageError: A run cannot be started.
    """
    tracking = Tracking(folder)
    tracker_config.check_locations(config.trackers, config.mlflow, config.wandb)
    running = execution.current()
    info = RunInfo(
        name=f"{running.run_id}/{running.id}" if running else folder.name,
        group=running.pipeline if running else "slipway",
        parameters=_parameters(config),
        tags=running.tags if running else {},
    )
    for name in config.trackers:
        os.environ.setdefault(*_REPORTS_NOTHING[name])
        try:
            tracker = _STARTERS[name](config, info)
        except Exception as error:
            tracking.__exit__(type(error), error, None)
            raise UsageError(
                "A tracker must be able to start its run.",
                received=f"{name}: {_line(error)}",
                fix=f"Correct training.{name}, or take it out of training.trackers.",
            ) from error
        tracking.add(tracker)
    return tracking


def _parameters(config: TrainingConfig) -> dict[str, Any]:
    """Returns all that decides on the training; the trackers do not."""
    values = to_dict(config)
    return flatten({name: value for name, value in values.items() if name not in ("trackers", *_STARTERS)})


def _mlflow(config: TrainingConfig, info: RunInfo) -> Tracker:
    from components.trainer.trackers.mlflow_run import MlflowRun

    return MlflowRun(config.mlflow, info)


def _wandb(config: TrainingConfig, info: RunInfo) -> Tracker:
    from components.trainer.trackers.wandb_run import WandbRun

    return WandbRun(config.wandb, info)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')}"


_STARTERS: dict[str, Callable[[TrainingConfig, RunInfo], Tracker]] = {"mlflow": _mlflow, "wandb": _wandb}
