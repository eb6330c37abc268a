"""A step that always runs last, and records how the run ended.

KFP wants the rest in a DAG of its own (KFP/v2/driver/resolve.go:203); TFX's compiler can do that for one function
component (TFX/pipeline_builder.py:246), but leaves the root's parameters outside.
"""

import copy

from kubeflow.rewrite.commands import command
from kubeflow.spec import Spec

INNER = "Pipeline"
HANDLER = "ExitHandler"
STATUS, FOLDER = "final_status", "folder"


def with_exit_handler(spec: Spec, image: str, parameter: str) -> Spec:
    """Returns the specification with its tasks in an inner DAG and the exit handler beside that.

    Args:
        spec: The specification.
        image: The image of the exit handler.
        parameter: The root's parameter with the folder of the pushed versions, beside which the state is recorded.
    """
    spec = copy.deepcopy(spec)
    inputs = spec["root"].get("inputDefinitions", {})
    label = f"{HANDLER}_executor"
    kinds = {STATUS: {"parameterType": "STRING", "isOptional": True}, FOLDER: {"parameterType": "STRING"}}
    spec["components"][INNER] = {"dag": spec["root"]["dag"], "inputDefinitions": copy.deepcopy(inputs)}
    spec["components"][HANDLER] = {"executorLabel": label, "inputDefinitions": {"parameters": kinds}}
    spec["deploymentSpec"]["executors"][label] = {
        "container": {"image": image, "command": command("step.exit_handler"), "args": ["--executor_input", "{{$}}"]}
    }
    spec["root"]["dag"] = {
        "tasks": {
            INNER: {
                "taskInfo": {"name": INNER},
                "componentRef": {"name": INNER},
                "inputs": {
                    "parameters": {name: {"componentInputParameter": name} for name in inputs.get("parameters", {})}
                },
            },
            HANDLER: {
                "taskInfo": {"name": HANDLER},
                "componentRef": {"name": HANDLER},
                "inputs": {
                    "parameters": {
                        STATUS: {"taskFinalStatus": {"producerTask": INNER}},
                        FOLDER: {"componentInputParameter": parameter},
                    }
                },
                "dependentTasks": [INNER],
                "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
            },
        }
    }
    return spec
