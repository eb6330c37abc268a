"""A pipeline's intermediate representation (PipelineSpec as JSON values), and ways through it.

>>> spec = {"root": {"dag": {"tasks": {"A": {"componentRef": {"name": "a"}}}}}, "components": {"a": {}}}
>>> [name for name, _ in tasks(spec)]
['A']
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

Spec = dict[str, Any]
"""JSON values in the names of protobuf's JSON (`componentRef`), as `json_format.MessageToDict` gives them."""


def dags(spec: Spec) -> Iterator[Spec]:
    """Yields the root's DAG and those of components."""
    for component in (spec.get("root", {}), *spec.get("components", {}).values()):
        if "dag" in component:
            yield component["dag"]


def tasks(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Yields the name and the task of every DAG, sorted by name within one."""
    for dag in dags(spec):
        yield from sorted(dag.get("tasks", {}).items())


def component_of(spec: Spec, task: Spec) -> Spec:
    """Returns what a task runs; empty if there is no such component."""
    return spec.get("components", {}).get(task.get("componentRef", {}).get("name"), {})


def executor_of(spec: Spec, task: Spec) -> Spec:
    """Returns how a task is executed; empty for a DAG."""
    label = component_of(spec, task).get("executorLabel")
    return spec.get("deploymentSpec", {}).get("executors", {}).get(label, {})


def constant(task: Spec, name: str) -> Any:
    """Returns the value of a parameter that is given in the specification itself; None if it is not."""
    parameter = task.get("inputs", {}).get("parameters", {}).get(name, {})
    return parameter.get("runtimeValue", {}).get("constant")


def json_constant(task: Spec, name: str) -> Any:
    """Returns what a parameter's constant says as JSON; None if it is not a constant or no JSON."""
    text = constant(task, name)
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def title(artifact: Spec) -> str:
    """Returns the name of an artifact's type, such as `tfx.Model`, however the type is given."""
    kind = artifact.get("artifactType", {})
    if "schemaTitle" in kind:
        return kind["schemaTitle"]
    for line in kind.get("instanceSchema", "").splitlines():
        if line.startswith("title:"):
            return line.removeprefix("title:").strip()
    return ""


def replaced(value: Any, change: Callable[[Spec], Spec]) -> Any:
    """Returns JSON values in which every mapping, the inner ones first, has gone through a function."""
    if isinstance(value, dict):
        return change({key: replaced(item, change) for key, item in value.items()})
    if isinstance(value, list):
        return [replaced(item, change) for item in value]
    return value
