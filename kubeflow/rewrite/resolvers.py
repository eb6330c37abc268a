"""Resolvers: KFP refuses a pipeline that has one (KFP/v2/compiler/visitor.go:134).

In their place a step copies what a pointer names, and the step that pushes a model writes the pointer: `kubeflow/
pointer.py`. So a baseline is what was pushed last, whatever the order of times says.
"""

import copy
import graphlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubeflow.rewrite.commands import command
from kubeflow.spec import Spec, component_of, executor_of, title

FOLDER = "folder"
MODEL = "tfx.Model"
PUSHED = "tfx.PushedModel"


@dataclass(frozen=True)
class _Resolved:
    """An output of a resolver that somebody takes."""

    task: str
    key: str
    kind: str

    @property
    def name(self) -> str:
        """What the pointer calls it."""
        return f"{self.task}.{self.key}"

    @property
    def input(self) -> str:
        """The input of the pushing step that is published for it."""
        return f"published_{self.task}_{self.key}".replace("-", "_")


def without_resolvers(spec: Spec) -> Spec:
    """Returns the specification without resolvers and the inputs that they feed: there never is a baseline."""
    spec = copy.deepcopy(spec)
    for name in list(_resolvers(spec)):
        _drop(spec, name)
    return spec


def with_pointer(spec: Spec, image: str, parameter: str, options: Sequence[str] = ()) -> Spec:
    """Returns the specification in which a step that reads the pointer stands for each resolver.

    Args:
        spec: The specification. Where no step pushes a model nothing writes a pointer, and the resolvers go.
        image: The image of the step.
        parameter: The root's parameter with the folder of the pushed versions.
        options: More options for its command.
    """
    pushers = _making(spec, PUSHED)
    if not pushers:
        return without_resolvers(spec)
    spec = copy.deepcopy(spec)
    _drop_inner(spec)
    for name in _resolvers(spec):
        resolved = [
            _Resolved(name, key, title(artifact))
            for key, artifact in sorted(_component(spec, name)["outputDefinitions"]["artifacts"].items())
        ]
        _read(spec, name, image, parameter, options)
        for pusher in pushers:
            _publish(spec, pusher, resolved)
    return spec


def _tasks(spec: Spec) -> Spec:
    return spec["root"]["dag"]["tasks"]


def _component(spec: Spec, name: str) -> Spec:
    return component_of(spec, _tasks(spec)[name])


def _resolvers(spec: Spec) -> list[str]:
    return sorted(name for name, task in _tasks(spec).items() if "resolver" in executor_of(spec, task))


def _making(spec: Spec, kind: str) -> list[str]:
    """Returns the tasks with an output of a type, each after those that it depends on."""
    graph = {name: set(task.get("dependentTasks", ())) | set(_producers(task)) for name, task in _tasks(spec).items()}
    made = {name: _component(spec, name).get("outputDefinitions", {}).get("artifacts", {}) for name in graph}
    order = graphlib.TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order()
    return [name for name in order if any(title(artifact) == kind for artifact in made.get(name, {}).values())]


def _producers(task: Spec) -> Iterator[str]:
    for source in task.get("inputs", {}).get("artifacts", {}).values():
        yield source.get("taskOutputArtifact", {}).get("producerTask", "")


def _drop_inner(spec: Spec) -> None:
    """Drops resolvers that nothing but another resolver takes from: the one of the blessing before the model's."""
    resolvers = set(_resolvers(spec))
    outer = {producer for name, task in _tasks(spec).items() if name not in resolvers for producer in _producers(task)}
    for name in sorted(resolvers - outer):
        _drop(spec, name)


def _drop(spec: Spec, name: str) -> None:
    task = _tasks(spec).pop(name)
    component = spec["components"].pop(task["componentRef"]["name"])
    del spec["deploymentSpec"]["executors"][component["executorLabel"]]
    for other in _tasks(spec).values():
        _forget(component_of(spec, other), other, name)


def _forget(component: Spec, task: Spec, producer: str) -> None:
    """Takes a producer out of a task that is fed by it."""
    if producer in task.get("dependentTasks", ()):
        task["dependentTasks"].remove(producer)
    artifacts = task.get("inputs", {}).get("artifacts", {})
    for key, source in list(artifacts.items()):
        if source.get("taskOutputArtifact", {}).get("producerTask") == producer:
            del artifacts[key]
            component["inputDefinitions"]["artifacts"].pop(key)


def _read(spec: Spec, name: str, image: str, parameter: str, options: Sequence[str]) -> None:
    """Makes a resolver the step that reads the pointer."""
    task, component = _tasks(spec)[name], _component(spec, name)
    task["inputs"] = {"parameters": {FOLDER: {"componentInputParameter": parameter}}}
    task.pop("dependentTasks", None)
    task.pop("cachingOptions", None)
    component["inputDefinitions"] = {"parameters": {FOLDER: {"parameterType": "STRING"}}}
    spec["deploymentSpec"]["executors"][component["executorLabel"]] = {
        "container": {
            "image": image,
            "command": command("step.resolve"),
            "args": [f"--name={name}", *options, "--executor_input", "{{$}}"],
        }
    }


def _publish(spec: Spec, pusher: str, resolved: list[_Resolved]) -> None:
    """Lets the pushing step write into the pointer what the resolver asks for."""
    task, component = _tasks(spec)[pusher], _component(spec, pusher)
    args = executor_of(spec, task)["container"]["args"]
    inputs = component["inputDefinitions"]["artifacts"]
    for item in resolved:
        models = [key for key, artifact in inputs.items() if title(artifact) == MODEL]
        pushed = item.kind == MODEL and bool(models)
        if not pushed and not _feed(spec, pusher, item):
            continue
        entry = {"name": item.name, "input": models[0] if pushed else item.input, "pushed": pushed}
        args.insert(0, f"--publish={json.dumps(entry, sort_keys=True)}")


def _feed(spec: Spec, pusher: str, item: _Resolved) -> bool:
    """Gives the pushing step this run's artifact of the type, and returns whether there is one."""
    makers = [name for name in _making(spec, item.kind) if name != pusher and not _is_reader(spec, name)]
    if not makers:
        return False
    task, outputs = _tasks(spec)[pusher], _component(spec, makers[0])["outputDefinitions"]["artifacts"]
    key = min(key for key, artifact in outputs.items() if title(artifact) == item.kind)
    _component(spec, pusher)["inputDefinitions"]["artifacts"][item.input] = copy.deepcopy(outputs[key])
    task["inputs"]["artifacts"][item.input] = {
        "taskOutputArtifact": {"producerTask": makers[0], "outputArtifactKey": key}
    }
    task["dependentTasks"] = sorted({*task.get("dependentTasks", ()), makers[0]})
    return True


def _is_reader(spec: Spec, name: str) -> bool:
    executor = executor_of(spec, _tasks(spec)[name])
    return "resolver" in executor or executor.get("container", {}).get("command") == command("step.resolve")
