"""Parameters with the defaults, producers and types that TFX's compiler loses.

* The default of a RuntimeParameter is dropped (TFX/pipeline_builder.py:288, TFX/compiler_utils.py:95); KFP then refuses
  a run that does not give it (KFP/apiserver/template/v2_template.go:475).
* A parameter that another task computes names `<task>_task` as its producer (TFX/step_builder.py:404), which KFP does
  not know (KFP/v2/compiler/argocompiler/dag.go:655), and is typed STRING whatever it is (TFX/compiler_utils.py:107).
"""

import copy
from collections.abc import Mapping
from typing import Any

from kubeflow.spec import Spec, component_of, dags

_SUFFIX = "_task"


def with_defaults(spec: Spec, defaults: Mapping[str, Any]) -> Spec:
    """Returns the specification with defaults for the root's parameters; None is no default."""
    spec = copy.deepcopy(spec)
    known = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, parameter in known.items():
        if defaults.get(name) is not None:
            parameter.setdefault("defaultValue", defaults[name])
    return spec


def with_producers(spec: Spec) -> Spec:
    """Returns the specification in which computed parameters name a task that exists and have its type."""
    spec = copy.deepcopy(spec)
    for dag in dags(spec):
        for task in dag["tasks"].values():
            for name, parameter in task.get("inputs", {}).get("parameters", {}).items():
                if "taskOutputParameter" in parameter:
                    _mend(spec, dag, task, name, parameter["taskOutputParameter"])
    return spec


def _mend(spec: Spec, dag: Spec, task: Spec, name: str, source: Spec) -> None:
    producer = source["producerTask"]
    if producer not in dag["tasks"] and producer.removesuffix(_SUFFIX) in dag["tasks"]:
        producer = source["producerTask"] = producer.removesuffix(_SUFFIX)
    outputs = component_of(spec, dag["tasks"].get(producer, {})).get("outputDefinitions", {}).get("parameters", {})
    inputs = component_of(spec, task).get("inputDefinitions", {}).get("parameters", {})
    made = outputs.get(source.get("outputParameterKey"), {})
    if name in inputs and "parameterType" in made:
        inputs[name]["parameterType"] = made["parameterType"]
