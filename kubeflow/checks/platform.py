"""What is wrong with the platform document, and with the limits of containers."""

import re
from collections.abc import Iterator

from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2

from kubeflow.checks.finding import Finding
from kubeflow.spec import Spec

_BY = "KFP's driver (v2/driver/k8s.go)"
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_CPU = re.compile(r"\d+(\.\d+)?|\d+m")
_MEMORY = re.compile(r"\d+(\.\d+)?([KMGT]i?|k)?")


def find(spec: Spec, platform: Spec | None) -> list[Finding]:
    """Returns what Kubernetes or KFP's driver would refuse."""
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    found = [item for label, executor in sorted(executors.items()) for item in _limits(label, executor)]
    if platform is None:
        return found
    configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return [*found, *(item for label, config in sorted(configs.items()) for item in _config(label, config, executors))]


def _limits(label: str, executor: Spec) -> Iterator[Finding]:
    limits = executor.get("container", {}).get("resources", {})
    for key, form, example in (
        ("resourceCpuLimit", _CPU, "500m or 2"),
        ("resourceMemoryLimit", _MEMORY, "512Mi or 4Gi"),
    ):
        if key in limits and not form.fullmatch(limits[key]):
            yield Finding(label, f"A limit must be written as in {example}.", f"{key}={limits[key]}", "Kubernetes")


def _config(label: str, config: Spec, executors: Spec) -> Iterator[Finding]:
    if label not in executors:
        yield Finding(label, "The platform document must name executors of the pipeline.", label, _BY)
    try:
        json_format.ParseDict(config, kubernetes_executor_config_pb2.KubernetesExecutorConfig())
    except json_format.ParseError as error:
        yield Finding(label, "The platform document must hold what KFP's Kubernetes platform knows.", str(error), _BY)
        return
    for mount in (*config.get("pvcMount", ()), *config.get("secretAsVolume", ())):
        path = mount["mountPath"]
        if not path.startswith("/") or ":" in path:
            yield Finding(label, "A mount path must be absolute and without `:`.", f"path={path}", "Kubernetes")
    for name in _references(config):
        if not _SUBDOMAIN.fullmatch(name):
            rule = "The name of a claim or a secret must be small letters, digits, `-` and `.`."
            yield Finding(label, rule, name or "an empty one", "Kubernetes")


def _references(config: Spec) -> Iterator[str]:
    for mount in config.get("pvcMount", ()):
        yield mount["constant"]
    for key in ("secretAsEnv", "secretAsVolume", "imagePullSecret"):
        for secret in config.get(key, ()):
            yield secret["secretName"]
