"""A step that always runs last, and records how the run ended.

KFP wants the rest in a DAG of its own (KFP/v2/driver/resolve.go:203); TFX's compiler can do that for one function
component (TFX/pipeline_builder.py:246), but leaves the root's parameters outside.
"""

import copy
from collections.abc import Sequence

from kubeflow.rewrite.commands import command
from kubeflow.spec import Spec

INNER = "Pipeline"
HANDLER = "ExitHandler"
STATUS, FOLDER, RUN = "final_status", "folder", "run"
RUN_ID = "{{$.pipeline_job_uuid}}"
"""Stands for the run's id, until KFP's driver puts that there (KFP/v2/driver/resolve.go); the final status has none."""


def with_exit_handler(spec: Spec, image: str, parameter: str, options: Sequence[str] = ()) -> Spec:
    """Returns the specification with its tasks in an inner DAG and the exit handler beside that.

    Args:
        spec: The specification.
        image: The image of the exit handler.
        parameter: The root's parameter with the folder of the pushed versions, beside which the state is recorded.
        options: More options for its command.
    """
    spec = copy.deepcopy(spec)
    inputs, args = spec["root"].get("inputDefinitions", {}), [*options, "--executor_input", "{{$}}"]
    label = f"{HANDLER}_executor"
    kinds: Spec = {name: {"parameterType": "STRING"} for name in (STATUS, FOLDER, RUN)}
    kinds[STATUS]["isOptional"] = True
    spec["components"][INNER] = {"dag": spec["root"]["dag"], "inputDefinitions": copy.deepcopy(inputs)}
    spec["components"][HANDLER] = {"executorLabel": label, "inputDefinitions": {"parameters": kinds}}
    spec["deploymentSpec"]["executors"][label] = {
        "container": {"image": image, "command": command("step.exit_handler"), "args": args}
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
                        RUN: {"runtimeValue": {"constant": RUN_ID}},
                    }
                },
                "dependentTasks": [INNER],
                "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
            },
        }
    }
    return spec
