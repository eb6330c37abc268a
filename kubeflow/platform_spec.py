"""The second document of a file for KFP: what Kubernetes gives the pods.

Its messages are those of `kubernetes_platform/proto/kubernetes_executor_config.proto` of kubeflow/pipelines. CPUs,
memory and accelerators are not among them: `kubeflow/rewrite/resources.py`.
"""

from collections.abc import Iterable
from typing import Any

from kubeflow.rewrite.names import executor
from pipeline.kubeflow_config import KubeflowConfig, NodeConfig, Toleration


def platform_spec(config: KubeflowConfig, labels: Iterable[str]) -> dict[str, Any] | None:
    """Returns the document, None where the pods get nothing.

    Args:
        config: What the task needs.
        labels: The labels of all executors.
    """
    nodes = {executor(node): value for node, value in config.nodes.items()}
    common = _common(config)
    executors = {label: {**common, **_placement(nodes.get(label, config.default))} for label in sorted(labels)}
    found = {label: value for label, value in executors.items() if value}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": found}}}} if found else None


def _common(config: KubeflowConfig) -> dict[str, Any]:
    """Returns what every pod gets."""
    lists = {
        "pvcMount": [_mount(volume.claim, volume.path, volume.sub_path) for volume in config.volumes],
        "secretAsEnv": [
            {
                "secretName": variables.secret,
                "keyToEnv": [{"secretKey": key, "envVar": name} for key, name in sorted(variables.keys.items())],
            }
            for variables in config.secret_variables
        ],
        "secretAsVolume": [{"secretName": volume.secret, "mountPath": volume.path} for volume in config.secret_volumes],
        "imagePullSecret": [{"secretName": name} for name in config.image_pull_secrets],
    }
    return {name: items for name, items in lists.items() if items}


def _mount(claim: str, path: str, sub_path: str | None) -> dict[str, str]:
    mount = {"constant": claim, "mountPath": path}
    return {**mount, "subPath": sub_path} if sub_path else mount


def _placement(node: NodeConfig) -> dict[str, Any]:
    """Returns where the pod of a node may run."""
    found: dict[str, Any] = {}
    if node.node_selector:
        found["nodeSelector"] = {"labels": dict(node.node_selector)}
    if node.tolerations:
        found["tolerations"] = [_toleration(toleration) for toleration in node.tolerations]
    return found


def _toleration(toleration: Toleration) -> dict[str, str]:
    values = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
    }
    return {name: value for name, value in values.items() if value}
