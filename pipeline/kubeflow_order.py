"""What is to be compiled for Kubeflow, checked before TensorFlow is imported."""

import importlib.metadata
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from components.errors import UsageError
from pipeline.config import TaskConfig
from pipeline.kubeflow_config import KubeflowConfig
from pipeline.lineage.connection import SQLITE, Location

TARGETS = ("kfp", "vertex")
BASELINES = ("pointer", "none")

_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]*")
_ROOTS = {"kfp": ("s3://", "gs://", "minio://"), "vertex": ("gs://",)}
_DISTRIBUTIONS = ("kfp", "kfp-kubernetes")


@dataclass(frozen=True)
class Order:
    """What is compiled.

    Args:
        config: The task's configuration as JSON values.
        target: `kfp`, the open-source Kubeflow Pipelines, or `vertex`.
        image: The image of the steps.
        pipeline_root: Where artifacts go unless a run says otherwise.
        data_uri: Where the steps find the TFRecords, unless a run says otherwise.
        push_uri: Where they put the versions of the model, unless a run says otherwise.
        baseline: `pointer` compares with the model that was pushed last, `none` with nothing. On Vertex TFX's resolver
            finds it.
    """

    config: dict[str, Any]
    target: Literal["kfp", "vertex"]
    image: str
    pipeline_root: str
    data_uri: str
    push_uri: str
    baseline: Literal["pointer", "none"] = "pointer"


def places(task: TaskConfig, target: str, pipeline_root: str, data_uri: str | None) -> tuple[str, str]:
    """Returns where the steps find the data and push to: in the first volume, or below Vertex's bucket."""
    volumes = task.kubeflow.volumes
    base = pipeline_root.rstrip("/") if target == "vertex" or not volumes else volumes[0].path
    return data_uri or f"{base}/data/{task.name}", task.push.directory or f"{base}/serving/{task.name}"


def check(order: Order, config: KubeflowConfig) -> None:
    """Raises a UsageError where the order could not work in the cluster."""
    if not _IMAGE.fullmatch(order.image):
        raise UsageError(
            "`--image` must be the name of an image.", received=order.image, fix="Example: registry.local/slipway:1."
        )
    if not order.pipeline_root.startswith(_ROOTS[order.target]):
        known = ", ".join(_ROOTS[order.target])
        raise UsageError(f"`--pipeline-root` must begin with {known}.", received=order.pipeline_root)
    _check_places(order, [volume.path for volume in config.volumes])
    if config.checkpoints is not None and order.target == "kfp":
        _require_volume("kubeflow.checkpoints", config.checkpoints, [volume.path for volume in config.volumes])
    if config.metadata is not None and order.target == "kfp":
        _check_metadata(config.metadata, [volume.path for volume in config.volumes])
    config.check()


def _check_metadata(where: str, mounts: list[str]) -> None:
    """Raises unless the store can be reached from a pod, and holds no password."""
    if Location.of(where).kind == SQLITE:
        _require_volume("kubeflow.metadata", where, mounts, "file")
    elif not mounts:
        rule = "`kubeflow.metadata` needs a volume, in which the steps leave what they did."
        raise UsageError(rule, received="kubeflow.volumes=[]")


def _check_places(order: Order, mounts: list[str]) -> None:
    if order.target == "vertex":
        _require_start("--data", order.data_uri, ("gs://",))
        _require_start("push.directory", order.push_uri, ("gs://",))
        return
    if not order.data_uri.startswith("gs://"):  # TensorFlow reads that itself.
        _require_volume("--data", order.data_uri, mounts)
    _require_volume("push.directory", order.push_uri, mounts)


def _require_start(option: str, uri: str, starts: tuple[str, ...]) -> None:
    if not uri.startswith(starts):
        raise UsageError(f"`{option}` must begin with {', '.join(starts)}.", received=uri)


def _require_volume(option: str, path: str, mounts: Iterable[str], kind: str = "folder") -> None:
    """Raises unless a path is in a volume: a pod sees nothing else, and keeps nothing else."""
    mounts = list(mounts)
    if not any(PurePosixPath(path).is_relative_to(mount) for mount in mounts):
        raise UsageError(
            f"`{option}` must be a {kind} in a mounted volume.",
            received=f"{path}; mounted: {', '.join(mounts) or 'nothing'}",
            fix="Example: --set 'kubeflow.volumes=[{claim: slipway, path: /slipway}]'.",
        )


def require_sdk() -> None:
    """Raises a UsageError that names the command to install the KFP SDK where it is missing."""
    for name in _DISTRIBUTIONS:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise UsageError(
                "Compiling for Kubeflow needs the KFP SDK.",
                received=f"no {name} in this environment",
                fix="`make install` brings it; elsewhere `pip install kfp kfp-kubernetes`.",
            ) from None
