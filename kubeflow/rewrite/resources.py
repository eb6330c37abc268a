"""What a container may use. The strings are read by KFP 2.13 and later, the numbers by older ones and by Vertex."""

import copy
from collections.abc import Callable
from decimal import Decimal

from kubeflow.spec import Spec, executor_of, tasks
from pipeline.kubeflow_config import NodeConfig

_UNITS = {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "k": 10**3,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
}


def with_resources(spec: Spec, config: Callable[[str], NodeConfig]) -> Spec:
    """Returns the specification with the limits of each node.

    Args:
        spec: The specification.
        config: From the name of a task to what its pod gets.
    """
    spec = copy.deepcopy(spec)
    for name, task in tasks(spec):
        container = executor_of(spec, task).get("container")
        resources = _resources(config(name))
        if container is not None and resources:
            container["resources"] = {**container.get("resources", {}), **resources}
    return spec


def _resources(node: NodeConfig) -> Spec:
    found: Spec = {}
    if node.cpu:
        found.update(cpuLimit=cpus(node.cpu), resourceCpuLimit=node.cpu)
    if node.memory:
        found.update(memoryLimit=gigabytes(node.memory), resourceMemoryLimit=node.memory)
    if node.gpus:
        count = str(node.gpus)
        found["accelerator"] = {
            "type": node.gpu_type,
            "count": count,
            "resourceType": node.gpu_type,
            "resourceCount": count,
        }
    return found


def cpus(text: str) -> float:
    """Returns a number of CPUs from Kubernetes' way to write it.

    Example:
        >>> cpus("500m"), cpus("2")
        (0.5, 2.0)
    """
    return float(Decimal(text.removesuffix("m")) / (1000 if text.endswith("m") else 1))


def gigabytes(text: str) -> float:
    """Returns gigabytes (10^9 bytes) from Kubernetes' way to write an amount of memory.

    Example:
        >>> gigabytes("2G"), gigabytes("1Gi")
        (2.0, 1.073741824)
    """
    unit = text.lstrip("0123456789.")
    return float(Decimal(text.removesuffix(unit)) * _UNITS.get(unit, 1) / 10**9)
