"""Which execution in ML Metadata a training belongs to, and which trackers' runs it made.

TFX gives `run_fn` neither, so the Trainer's executor hands the one down and takes the other back this way.
"""

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrackedRun:
    """A run of a tracker.

    Args:
        tracker: The tracker's name.
        run_id: The run's id there.
        location: The store or folder, without a password.
    """

    tracker: str
    run_id: str
    location: str


@dataclass(frozen=True)
class Execution:
    """An execution of the Trainer.

    Args:
        pipeline: The pipeline's name.
        run_id: The pipeline run's id.
        id: The execution's id.
        tracked: Gets the trackers' runs.
    """

    pipeline: str
    run_id: str
    id: int
    tracked: list[TrackedRun] = field(default_factory=list)

    @property
    def tags(self) -> dict[str, str]:
        """What a tracker's run carries, to be found from ML Metadata's side."""
        return {
            "mlmd.pipeline": self.pipeline,
            "mlmd.pipeline_run": self.run_id,
            "mlmd.execution": str(self.id),
        }

    @property
    def properties(self) -> dict[str, str]:
        """What the execution carries, to be found from the trackers' side."""
        runs = {f"{run.tracker}_run_id": run.run_id for run in self.tracked}
        return runs | {f"{run.tracker}_location": run.location for run in self.tracked}


def tracked_runs(properties: Mapping[str, str]) -> tuple[TrackedRun, ...]:
    """Returns the trackers' runs that are among the custom properties of an execution.

    Example:
        >>> tracked_runs({"run_fn": "f", "mlflow_run_id": "1f", "mlflow_location": "sqlite:///mlflow.db"})
        (TrackedRun(tracker='mlflow', run_id='1f', location='sqlite:///mlflow.db'),)
    """
    trackers = sorted(name.removesuffix("_run_id") for name in properties if name.endswith("_run_id"))
    return tuple(
        TrackedRun(name, properties[f"{name}_run_id"], properties[f"{name}_location"])
        for name in trackers
        if f"{name}_location" in properties
    )


_CURRENT: ContextVar[Execution | None] = ContextVar("execution", default=None)


@contextlib.contextmanager
def running(execution: Execution) -> Iterator[Execution]:
    """Makes an execution the current one of this thread."""
    token = _CURRENT.set(execution)
    try:
        yield execution
    finally:
        _CURRENT.reset(token)


def current() -> Execution | None:
    """Returns the execution that runs in this thread; None outside of the Trainer's executor."""
    return _CURRENT.get()
