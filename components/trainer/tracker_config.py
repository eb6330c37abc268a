"""What the experiment trackers can be told, and what is wrong with it. No TensorFlow and no tracker here."""

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from components.errors import UsageError

TrackerName = Literal["mlflow", "wandb"]

# MLflow's light package keeps runs in a database only with the two others.
_PACKAGES = {
    "mlflow": {"mlflow": "mlflow-skinny", "sqlalchemy": "sqlalchemy", "alembic": "alembic"},
    "wandb": {"wandb": "wandb"},
}


@dataclass(frozen=True)
class MlflowConfig:
    """Where MLflow keeps the run.

    Args:
        tracking_uri: A store of MLflow, such as `sqlite:///runs/mlflow.db` or the address of a server. None takes that
            of the environment variable `MLFLOW_TRACKING_URI`; a local run sets it to the home's `mlflow.db` unless it
            is set. User and password belong into MLflow's own environment variables.
        experiment: The experiment; None takes the pipeline's name.
    """

    tracking_uri: str | None = None
    experiment: str | None = None

    @property
    def location(self) -> str | None:
        """The store, or None if nothing names one."""
        return self.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")


@dataclass(frozen=True)
class WandbConfig:
    """Where Weights & Biases keeps the run.

    Args:
        mode: `offline` only writes files, which `wandb sync` uploads; `online` sends them to the server that
            `wandb login` has chosen.
        folder: Where the files go, in a sub-folder `wandb`. None takes the environment variable `WANDB_DIR`; a local
            run sets it to the home unless it is set.
        project: The project; None takes the pipeline's name.
    """

    mode: Literal["offline", "online"] = "offline"
    folder: str | None = None
    project: str | None = None

    @property
    def location(self) -> str | None:
        """The folder, or None if nothing names one."""
        return self.folder or os.environ.get("WANDB_DIR")


def check(trackers: Sequence[TrackerName], mlflow: MlflowConfig) -> None:
    """Raises a UsageError if a tracker is named twice, is not installed, or has a location with a password in it."""
    for name in trackers:
        if trackers.count(name) > 1:
            raise UsageError("Each tracker must be named once.", received=f"trackers={', '.join(trackers)}")
        _check_installed(name)
    address = urlsplit(mlflow.tracking_uri or "")
    if address.password or (address.username and address.scheme.startswith("http")):
        raise UsageError(
            "A password must not be in the configuration, which ML Metadata keeps.",
            received="training.mlflow.tracking_uri with a user in it",
            fix="Set MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, instead.",
        )


def check_locations(trackers: Sequence[TrackerName], mlflow: MlflowConfig, wandb: WandbConfig) -> None:
    """Raises a UsageError if nothing says where a tracker's run is kept."""
    named = {
        "mlflow": (mlflow.location, "training.mlflow.tracking_uri or MLFLOW_TRACKING_URI"),
        "wandb": (wandb.location, "training.wandb.folder or WANDB_DIR"),
    }
    for name in trackers:
        location, settings = named[name]
        if not location:
            raise UsageError("A tracker must have a place for its runs.", received=name, fix=f"Set {settings}.")


def _check_installed(name: TrackerName) -> None:
    missing = [package for module, package in _PACKAGES[name].items() if not _installed(module)]
    if missing:
        raise UsageError(
            f"The tracker `{name}` needs packages that are not installed.",
            received=f"no {', '.join(missing)}",
            fix=f"Run `pip install {' '.join(missing)}`, or take it out of training.trackers.",
        )


def _installed(module: str) -> bool:
    # A folder of this name, such as the `wandb` that offline runs leave, would be found too, but has no origin.
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.origin is not None
