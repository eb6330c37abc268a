"""What KFP's compiler to Argo refuses: executors that it does not implement, references to nothing, cycles."""

import graphlib
from collections.abc import Iterator

from kubeflow.checks.finding import Finding
from kubeflow.spec import Spec, component_of, dags, executor_of, tasks

_DAG = "KFP's compiler (v2/compiler/argocompiler/dag.go:{})"
_VISITOR = "KFP's compiler (v2/compiler/visitor.go:{})"


def find(spec: Spec) -> list[Finding]:
    """Returns what it would refuse."""
    found = [item for dag in dags(spec) for item in _dag(spec, dag)]
    return [*found, *(item for name, task in tasks(spec) for item in _executor(spec, name, task))]


def _dag(spec: Spec, dag: Spec) -> Iterator[Finding]:
    steps = dag.get("tasks", {})
    for name, task in sorted(steps.items()):
        for producer in task.get("dependentTasks", ()):
            if producer not in steps:
                yield _unknown(name, f"depends on {producer}")
        for key, kind, source in _sources(task):
            yield from _source(spec, steps, name, key, kind, source)
    yield from _cycle(steps)


def _sources(task: Spec) -> Iterator[tuple[str, str, Spec]]:
    """Yields key, kind (`artifacts`, `parameters`) and source of each input that another task makes."""
    for kind, name in (("artifacts", "taskOutputArtifact"), ("parameters", "taskOutputParameter")):
        for key, value in sorted(task.get("inputs", {}).get(kind, {}).items()):
            if name in value:
                yield key, kind, value[name]


def _source(spec: Spec, steps: Spec, name: str, key: str, kind: str, source: Spec) -> Iterator[Finding]:
    producer = source["producerTask"]
    if producer not in steps:
        yield _unknown(name, f"{key} of {producer}")
        return
    output = source.get("outputArtifactKey", source.get("outputParameterKey"))
    maker, taker = component_of(spec, steps[producer]), component_of(spec, steps[name])
    made = maker.get("outputDefinitions", {}).get(kind, {}).get(output)
    taken = taker.get("inputDefinitions", {}).get(kind, {}).get(key, {})
    if made is None:
        rule = "An input must be an output of its producer."
        yield Finding(name, rule, f"{key} is {output} of {producer}, which has none", _DAG.format(655))
    elif made.get("parameterType") != taken.get("parameterType"):
        rule = "A parameter must have the type of the output that it is."
        received = f"{key} is {taken.get('parameterType')}, {output} of {producer} {made.get('parameterType')}"
        yield Finding(name, rule, received, "KFP's driver (v2/driver/resolve.go:202)")


def _unknown(name: str, received: str) -> Finding:
    return Finding(name, "The producer of an input must be a task of the same DAG.", received, _DAG.format(655))


def _cycle(steps: Spec) -> Iterator[Finding]:
    graph = {
        name: sorted({*task.get("dependentTasks", ()), *(source["producerTask"] for *_, source in _sources(task))})
        for name, task in sorted(steps.items())
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        names = error.args[1]
        yield Finding(min(names), "Tasks must not wait for each other.", " -> ".join(names), "Argo")


def _executor(spec: Spec, name: str, task: Spec) -> Iterator[Finding]:
    component, executor = component_of(spec, task), executor_of(spec, task)
    if not component:
        received = str(task.get("componentRef", {}).get("name"))
        yield Finding(name, "A task must have a component.", received, _VISITOR.format(111))
    elif "dag" not in component and not executor:
        received = str(component.get("executorLabel"))
        yield Finding(name, "A component must have an executor.", received, _VISITOR.format(121))
    elif executor and not executor.keys() & {"container", "importer"}:
        rule = "A task must be a container or an importer: KFP implements nothing else."
        yield Finding(name, rule, ", ".join(sorted(executor)), _VISITOR.format(134))
    if "importer" in executor:
        yield from _importer(name, task, component)


def _importer(name: str, task: Spec, component: Spec) -> Iterator[Finding]:
    if "condition" in task.get("triggerPolicy", {}):
        rule = "An importer must not have a condition."
        yield Finding(name, rule, task["triggerPolicy"]["condition"], _DAG.format(338))
    outputs = component.get("outputDefinitions", {}).get("artifacts", {})
    if len(outputs) != 1:
        by = "KFP's launcher (v2/component/importer_launcher.go:117)"
        yield Finding(name, "An importer must have one output.", ", ".join(sorted(outputs)) or "none", by)
