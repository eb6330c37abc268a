"""What KFP's driver does before a step (KFP/v2/driver/container.go).

It resolves the inputs, evaluates the condition over them, and finds places for the outputs: artifacts at
`<root>/<pipeline>/<run>/<task>/<uuid>/<key>`, parameters in files below `/tmp/kfp/outputs`.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeflow.harness import condition, metadata
from kubeflow.harness.parameters import converted
from kubeflow.rewrite.exit_handler import RUN_ID
from kubeflow.spec import Spec
from kubeflow.step.executor_input import local_path

Json = dict[str, Any]


@dataclass(frozen=True)
class Outputs:
    """What a step has made.

    Args:
        artifacts: Output key to the artifact.
        parameters: Output key to the value.
    """

    artifacts: Json = field(default_factory=dict)
    parameters: Json = field(default_factory=dict)


def inputs(
    task: Spec, component: Spec, parents: Json, made: Mapping[str, Outputs], run: str, status: Json | None = None
) -> Json:
    """Returns the inputs of a step as they stand in its ExecutorInput.

    Args:
        task: The task.
        component: What it runs.
        parents: The parameters of the DAG around it.
        made: What the steps before it have made.
        run: The id of the run.
        status: The final state of what it waits for; None before the end.
    """
    wanted = task.get("inputs", {})
    types = component.get("inputDefinitions", {}).get("parameters", {})
    values = {}
    for key, source in wanted.get("parameters", {}).items():
        value = _parameter(source, parents, made, run, status)
        values[key] = converted(key, value, types[key]["parameterType"]) if key in types else value
    artifacts = {
        key: {"artifacts": [metadata.handed_on(_artifact(source["taskOutputArtifact"], made))]}
        for key, source in wanted.get("artifacts", {}).items()
    }
    return {"artifacts": artifacts, "parameterValues": values}


def _parameter(source: Json, parents: Json, made: Mapping[str, Outputs], run: str, status: Json | None) -> Any:
    if "componentInputParameter" in source:
        return parents[source["componentInputParameter"]]
    if "taskOutputParameter" in source:
        output = source["taskOutputParameter"]
        return made[output["producerTask"]].parameters[output["outputParameterKey"]]
    if "taskFinalStatus" in source:
        return status
    constant = source["runtimeValue"]["constant"]
    return run if constant == RUN_ID else constant


def _artifact(source: Json, made: Mapping[str, Outputs]) -> Json:
    return made[source["producerTask"]].artifacts[source["outputArtifactKey"]]


def triggered(task: Spec, given: Json) -> bool:
    """Returns whether a task's condition holds; one without is always triggered.

    CEL sees the fields of the inputs by their names in protobuf (KFP/v2/expression/expression.go).
    """
    wanted = task.get("triggerPolicy", {}).get("condition")
    return not wanted or condition.holds(wanted, {"inputs": {**given, "parameter_values": given["parameterValues"]}})


def outputs(name: str, component: Spec, run_root: str, launcher_root: Path) -> Json:
    """Returns the places for a step's outputs as they stand in its ExecutorInput.

    Args:
        name: The task's name.
        component: What it runs.
        run_root: URI of the run's artifacts.
        launcher_root: The folder that stands for the file system's root in the pod.
    """
    place = f"{run_root}/{name}/{uuid.uuid4()}"
    declared = component.get("outputDefinitions", {})
    return {
        "artifacts": {
            key: {
                "artifacts": [
                    {
                        "name": key,
                        "type": artifact["artifactType"],
                        "uri": f"{place}/{key}",
                        "metadata": artifact.get("metadata", {}),
                    }
                ]
            }
            for key, artifact in declared.get("artifacts", {}).items()
        },
        "parameters": {
            key: {"outputFile": str(launcher_root / "tmp" / "kfp" / "outputs" / key)}
            for key in declared.get("parameters", {})
        },
        "outputFile": f"{launcher_root}{local_path(place)}/output_metadata.json",
    }
