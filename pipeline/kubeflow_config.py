"""What a task's pods get on Kubernetes. No TensorFlow here: the command line reads this too."""

import re
from dataclasses import dataclass, field
from typing import Literal

from components.errors import UsageError

_CPU = re.compile(r"\d+(\.\d+)?|\d+m")
# The same data are refused again.
_FINAL = ("DataGate",)
_MEMORY = re.compile(r"\d+(\.\d+)?([KMGT]i|[kMGT])?")


@dataclass(frozen=True)
class VolumeMount:
    """A persistent volume claim that every step sees.

    Args:
        claim: The name of the claim.
        path: Where it is mounted, absolute.
        sub_path: The folder inside the volume; None mounts all of it.
    """

    claim: str
    path: str
    sub_path: str | None = None


@dataclass(frozen=True)
class SecretVariables:
    """Keys of a secret as environment variables.

    Args:
        secret: The name of the secret.
        keys: Key in the secret to the name of the variable.
    """

    secret: str
    keys: dict[str, str]


@dataclass(frozen=True)
class SecretVolume:
    """A secret as files.

    Args:
        secret: The name of the secret.
        path: The folder in which each key is a file, absolute.
    """

    secret: str
    path: str


@dataclass(frozen=True)
class Toleration:
    """A taint that a pod may be scheduled in spite of, in Kubernetes' words."""

    key: str = ""
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""


@dataclass(frozen=True)
class NodeConfig:
    """What the pod of a node gets.

    Args:
        cpu: Its limit of CPUs as Kubernetes writes it, such as `2` or `500m`; None sets no limit.
        memory: Its limit of memory, such as `4Gi`; None sets no limit.
        gpus: How many accelerators it gets.
        gpu_type: On Kubernetes the name of the resource, on Vertex the name of the device, such as `NVIDIA_TESLA_T4`.
        node_selector: Labels of the machines that it may run on.
        tolerations: Taints that it may be scheduled in spite of.
        retries: How often it is started again after a failure; None takes `kubeflow.retries`.
    """

    cpu: str | None = None
    memory: str | None = None
    gpus: int = 0
    gpu_type: str = "nvidia.com/gpu"
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    retries: int | None = None

    def check(self, key: str) -> None:
        """Raises a UsageError that begins with `key` if Kubernetes could not read a limit."""
        for name, form, example in (("cpu", _CPU, "500m or 2"), ("memory", _MEMORY, "512Mi or 4Gi")):
            value = getattr(self, name)
            if value is not None and not form.fullmatch(value):
                raise UsageError(f"`{key}.{name}` must be written as in {example}.", received=f"{name}={value}")
        for name in ("gpus", "retries"):
            if (getattr(self, name) or 0) < 0:
                raise UsageError(f"`{key}.{name}` must be at least 0.", received=f"{name}={getattr(self, name)}")


@dataclass(frozen=True)
class KubeflowConfig:
    """What a task needs on Kubeflow.

    Args:
        volumes: Persistent volume claims; the data and the pushed models lie in them, unless said otherwise in the
            first one.
        secret_variables: Secrets that the steps see in their environment.
        secret_volumes: Secrets that the steps see as files.
        image_pull_secrets: Names of the secrets with which the image is pulled.
        retries: How often a step is started again after a failure; DataGate's only if `nodes` says so.
        checkpoints: A folder in a volume in which a training that is killed leaves its state for the next attempt; None
            begins anew.
        metadata: A metadata store into which the last step of a run writes the run, so that `slipway runs`, `show` and
            `lineage` know it: an SQLite file in a volume, or `mysql://USER@HOST/DATABASE` or `postgresql://...`, with
            the password in `SLIPWAY_STORE_PASSWORD` from a secret. None writes none.
        default: What every pod gets that `nodes` does not name.
        nodes: Node id, such as `Trainer`, to what its pod gets instead.
    """

    volumes: tuple[VolumeMount, ...] = (VolumeMount("slipway", "/slipway"),)
    secret_variables: tuple[SecretVariables, ...] = ()
    secret_volumes: tuple[SecretVolume, ...] = ()
    image_pull_secrets: tuple[str, ...] = ()
    retries: int = 2
    checkpoints: str | None = "/slipway/checkpoints"
    metadata: str | None = None
    default: NodeConfig = NodeConfig()
    nodes: dict[str, NodeConfig] = field(default_factory=dict)

    def check(self) -> None:
        """Raises a UsageError if a number or an amount makes no sense."""
        if self.retries < 0:
            raise UsageError("`kubeflow.retries` must be at least 0.", received=f"retries={self.retries}")
        for key, node in {
            "default": self.default,
            **{f"nodes.{name}": node for name, node in self.nodes.items()},
        }.items():
            node.check(f"kubeflow.{key}")

    def of(self, node: str) -> NodeConfig:
        """Returns what the pod of a node gets."""
        return self.nodes.get(node, self.default)

    def retries_of(self, node: str) -> int:
        """Returns how often a node is started again; one that judges the data only if `nodes` says so."""
        if node in _FINAL and node not in self.nodes:
            return 0
        own = self.of(node).retries
        return (0 if node in _FINAL else self.retries) if own is None else own

    def records_of(self, pipeline: str) -> str | None:
        """Returns where the steps of a pipeline leave what the last one writes into `metadata`; None if nowhere."""
        return f"{self.volumes[0].path.rstrip('/')}/records/{pipeline}" if self.metadata and self.volumes else None
