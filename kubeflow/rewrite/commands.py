"""The project's entry point in the place of TFX's.

TFX's (TFX/container/kubeflow_v2_run_executor.py) opens `artifact.uri` itself, where KFP's launcher has already put the
files (KFP/v2/component/launcher_v2.go:811), wants types that KFP does not hand on, finds custom artifact classes only
under their titles, and gives executors no pipeline and no run. KFP ignores `lifecycle`, in which ExampleGen's driver is
(no reference in KFP/), so that runs in the step.
"""

import copy
import json
from collections.abc import Mapping, Sequence

from kubeflow.spec import Spec, component_of, executor_of, tasks

INPUTS_SPEC = "--json_serialized_inputs_spec_args"
EXECUTOR_CLASS = "--executor_class_path"
RUN_DRIVER = "--run_driver"


def command(module: str) -> list[str]:
    """Returns what runs a module of this folder in the image."""
    return ["python", "-m", "pipeline.kubeflow_code", module]


def runs_driver(container: Spec) -> bool:
    """Returns whether a container is an ExampleGen's, whose driver looks at the data."""
    return "preCacheCheck" in container.get("lifecycle", {}) or RUN_DRIVER in container.get("args", [])


def with_entrypoint(
    spec: Spec,
    classes: Mapping[str, str],
    options: Sequence[str] = (),
    driver_in_step: bool = True,
    components: Mapping[str, str] | None = None,
) -> Spec:
    """Returns the specification whose TFX steps run `kubeflow/entrypoint.py`.

    Args:
        spec: The specification.
        classes: Title of a custom artifact type to the import path of its class.
        options: More options for every step.
        driver_in_step: Whether the step runs ExampleGen's driver; otherwise the orchestrator does.
        components: Name of a task to that of its type in ML Metadata, for the steps that are to know it.
    """
    spec = copy.deepcopy(spec)
    for name, task in tasks(spec):
        container = executor_of(spec, task).get("container", {})
        if EXECUTOR_CLASS not in container.get("args", []):
            continue
        own = [f"--node={name}", *options]
        if components and name in components:
            own.append(f"--component={components[name]}")
        if classes:
            own.append(f"--artifact_classes={json.dumps(dict(classes), sort_keys=True)}")
        if driver_in_step and runs_driver(container):
            own.append(RUN_DRIVER)
            del container["lifecycle"]
        container["command"] = command("entrypoint")
        container["args"] = [*own, *container["args"]]
    return spec


def with_inputs_spec(spec: Spec) -> Spec:
    """Returns the specification whose steps are told the inputs that their components have now."""
    spec = copy.deepcopy(spec)
    for _, task in tasks(spec):
        args = executor_of(spec, task).get("container", {}).get("args", [])
        if INPUTS_SPEC in args:
            inputs = component_of(spec, task).get("inputDefinitions", {})
            args[args.index(INPUTS_SPEC) + 1] = json.dumps(inputs, sort_keys=True)
    return spec
