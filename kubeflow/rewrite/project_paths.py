"""Files of the project by their place in it: where it lies here says nothing about where it lies in the image."""

import copy
from pathlib import Path

from kubeflow.spec import Spec, tasks


def relative(spec: Spec, project: Path) -> Spec:
    """Returns the specification with paths below the project relative to it; steps run in the project's folder."""
    spec = copy.deepcopy(spec)
    start = f"{project}/"
    for _, task in tasks(spec):
        for parameter in task.get("inputs", {}).get("parameters", {}).values():
            value = parameter.get("runtimeValue", {})
            if isinstance(value.get("constant"), str):
                value["constant"] = value["constant"].removeprefix(start)
    return spec
