"""Names that Argo and the KFP tools take.

KFP passes the names of tasks on to Argo (KFP/v2/compiler/argocompiler/argo.go:386), which wants letters, digits and `-`
only (argo-workflows workflow/validate/validate.go:1711). `comp-` and `exec-` are the KFP SDK's own prefixes, which
`kfp.local` cuts off unseen (kfp/local/executor_input_utils.py:117).
"""

import re
from typing import Any

from kubeflow.spec import Spec

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def kebab(name: str) -> str:
    """Returns a name of small letters, digits and `-`.

    Example:
        >>> kebab("ImportExampleGen"), kebab("Resolver.latest_blessed")
        ('import-example-gen', 'resolver-latest-blessed')
    """
    return "-".join(_WORD.findall(name)).lower()


def component(name: str) -> str:
    """Returns the name of the component behind a task."""
    return f"comp-{kebab(name)}"


def executor(name: str) -> str:
    """Returns the label of the executor behind a task; the platform document knows it by that."""
    return f"exec-{kebab(name)}"


def renamed(spec: Spec) -> Spec:
    """Returns the specification with the names of tasks, components and executors in kebab case."""
    labels = {
        value["executorLabel"]: executor(name) for name, value in spec["components"].items() if "executorLabel" in value
    }
    executors = spec["deploymentSpec"]["executors"]
    return {
        **spec,
        "root": _component(spec["root"], labels),
        "components": {component(name): _component(value, labels) for name, value in spec["components"].items()},
        "deploymentSpec": {
            **spec["deploymentSpec"],
            "executors": {labels[label]: value for label, value in executors.items() if label in labels},
        },
    }


def _component(value: Spec, labels: dict[str, str]) -> Spec:
    changed = dict(value)
    if "executorLabel" in changed:
        changed["executorLabel"] = labels[changed["executorLabel"]]
    if "dag" in changed:
        tasks = changed["dag"]["tasks"]
        changed["dag"] = {**changed["dag"], "tasks": {kebab(name): _task(task) for name, task in tasks.items()}}
    return changed


def _task(task: Spec) -> Spec:
    changed = dict(_producers(task))
    changed["taskInfo"] = {**task.get("taskInfo", {}), "name": kebab(task["taskInfo"]["name"])}
    changed["componentRef"] = {"name": component(task["componentRef"]["name"])}
    if "dependentTasks" in task:
        changed["dependentTasks"] = sorted(map(kebab, task["dependentTasks"]))
    return changed


def _producers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: kebab(item) if key == "producerTask" else _producers(item) for key, item in value.items()}
    return value
