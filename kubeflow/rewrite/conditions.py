"""Conditions over keys that exist, and the Pusher's.

A condition over a channel that is an input of the same node names `_<producer>.<output>` instead of the input's key
(tfx/types/channel.py:563, TFX/step_builder.py:297), and CEL finds no such key (KFP/v2/expression/expression.go:134).
"""

import copy
import re
from typing import Any

from kubeflow.spec import Spec, component_of, executor_of, tasks, title

BLESSINGS = ("tfx.ModelBlessing", "tfx.InfraBlessing")
KEY = re.compile(r"inputs\.artifacts\['([^']+)'\]")


def with_known_keys(spec: Spec) -> Spec:
    """Returns the specification in which conditions name inputs of their own task."""
    spec = copy.deepcopy(spec)
    for _, task in tasks(spec):
        policy = task.get("triggerPolicy", {})
        if "condition" in policy:
            policy["condition"] = _with_names(policy["condition"], _names(task))
    return spec


def _with_names(condition: str, names: dict[str, str]) -> str:
    return KEY.sub(lambda match: f"inputs.artifacts['{names.get(match[1], match[1])}']", condition)


def _names(task: Spec) -> dict[str, str]:
    """Returns TFX's name of each input that is an output of another task to the input's key."""
    return {
        f"_{source['producerTask']}.{source['outputArtifactKey']}": key
        for key, source in _artifact_sources(task).items()
    }


def _artifact_sources(task: Spec) -> dict[str, Any]:
    artifacts = task.get("inputs", {}).get("artifacts", {})
    return {key: value["taskOutputArtifact"] for key, value in artifacts.items() if "taskOutputArtifact" in value}


def gated(spec: Spec) -> Spec:
    """Returns the specification in which whatever takes a blessing is triggered only by a blessed one.

    TFX's Pusher looks for itself and then succeeds without having pushed; untriggered, a run shows that.
    """
    spec = copy.deepcopy(spec)
    for _, task in tasks(spec):
        if "resolver" in executor_of(spec, task):
            continue
        artifacts = component_of(spec, task).get("inputDefinitions", {}).get("artifacts", {})
        blessings = [key for key, artifact in sorted(artifacts.items()) if title(artifact) in BLESSINGS]
        own = task.get("triggerPolicy", {}).get("condition", "")
        demands = [
            f"inputs.artifacts['{key}'].artifacts[0].metadata['blessed'] == 1.0"
            for key in blessings
            if key not in KEY.findall(own)
        ]
        if demands:
            task.setdefault("triggerPolicy", {})["condition"] = " && ".join([*filter(None, [own]), *demands])
    return spec
