"""A training as a run of MLflow."""

import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from components.trainer.tracker_config import MlflowConfig
from components.trainer.trackers.execution import TrackedRun
from components.trainer.trackers.tracker import RunInfo

_SQLITE = "sqlite:///"
_PARAMETERS_AT_ONCE = 100
_LONGEST_VALUE = 6000


class MlflowRun:
    """A run that has been started.

    The default store is SQLite: MLflow no longer opens its older store of plain files without being told to. All goes
    through a client of its own, so that runs of the model's code are not touched.

    Args:
        config: Where it is kept.
        info: What it is started with.
    """

    def __init__(self, config: MlflowConfig, info: RunInfo) -> None:
        uri = str(config.location)
        self._client = MlflowClient(tracking_uri=uri)
        experiment = self._experiment(config.experiment or info.group, uri)
        self._id = self._client.create_run(experiment, run_name=info.name, tags=dict(info.tags)).info.run_id
        self.run = TrackedRun("mlflow", self._id, without_user(uri))
        parameters = [Param(name, str(value)[:_LONGEST_VALUE]) for name, value in info.parameters.items()]
        for first in range(0, len(parameters), _PARAMETERS_AT_ONCE):
            self._client.log_batch(self._id, params=parameters[first : first + _PARAMETERS_AT_ONCE])

    def _experiment(self, name: str, uri: str) -> str:
        if found := self._client.get_experiment_by_name(name):
            return found.experiment_id
        # MLflow would put what belongs to a local database into the working directory.
        beside = Path(uri.removeprefix(_SQLITE)).absolute().parent / "mlartifacts" / name
        return self._client.create_experiment(name, beside.as_uri() if uri.startswith(_SQLITE) else None)

    def log_metrics(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See the protocol."""
        now = int(time.time() * 1000)
        self._client.log_batch(self._id, [Metric(name, value, now, epoch) for name, value in metrics.items()])

    def log_picture(self, path: Path) -> None:
        """See the protocol."""
        self._client.log_artifact(self._id, str(path))

    def finish(self, failed: bool) -> None:
        """See the protocol."""
        self._client.set_terminated(self._id, "FAILED" if failed else "FINISHED")


def without_user(uri: str) -> str:
    """Returns a URI without user and password.

    Example:
        >>> without_user("https://me:secret@host:5000/a"), without_user("sqlite:////home/mlflow.db")
        ('https://host:5000/a', 'sqlite:////home/mlflow.db')
    """
    user, separator, _ = urlsplit(uri).netloc.rpartition("@")
    return uri.replace(f"{user}{separator}", "", 1) if separator else uri
