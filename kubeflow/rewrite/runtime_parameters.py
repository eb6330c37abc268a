"""What can be set at submit time, found in the specification itself.

A parameter that is only a part of a JSON text (the learning rate in the Trainer's `custom_config`) stands in it as a
placeholder, as the KFP SDK compiles a formatted string: `{{$.inputs.parameters['learning_rate']}}`. KFP's launcher
puts the value there (KFP/v2/component/launcher_v2.go: getPlaceholders), or leaves it, as it replaces in no fixed
order, to our entry point.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.trainer.config import DEFAULT_EPOCHS
from kubeflow.rewrite.caching import FINGERPRINT, reading_data
from kubeflow.spec import Spec, component_of, constant, json_constant, tasks

DATA, PUSH = "data_uri", "push_destination"
INSIDE = "runtime_"
"""What the name of a task's parameter begins with that only stands inside another one."""
_TYPES = {str: "STRING", int: "NUMBER_INTEGER", float: "NUMBER_DOUBLE"}
_BOUNDS = {"lower_bound": "lower", "upper_bound": "upper", "absolute": "min_change"}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Binding:
    """A runtime parameter and where it goes.

    Args:
        name: What it is called at submit time.
        default: Its value in the configuration.
        task: The task.
        key: The task's parameter.
        path: The place in that parameter's JSON; empty where it is all of it.
        kind: Its type in Python.
    """

    name: str
    default: Any
    task: str
    key: str
    path: Path
    kind: type

    @property
    def input(self) -> str:
        """What the task calls it."""
        return f"{INSIDE}{self.name}" if self.path else self.key


def placeholder(name: str) -> str:
    """Returns what stands for a task's parameter inside a text."""
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def bindings(spec: Spec, data_uri: str, fingerprint: str | None = None) -> list[Binding]:
    """Returns what can be set at submit time.

    Args:
        spec: The specification as TFX compiles it.
        data_uri: Where the data are for the steps.
        fingerprint: That of the data; None makes no parameter of it.
    """
    found: list[Binding] = []
    reading = reading_data(spec)
    for name, task in tasks(spec):
        if name in reading and constant(task, "input_base") is not None:
            found.append(Binding(DATA, data_uri, name, "input_base", (), str))
            if fingerprint:
                found.append(Binding(FINGERPRINT, fingerprint, name, FINGERPRINT, (), str))
        found += _training(name, json_constant(task, "custom_config"))
        found += _thresholds(name, json_constant(task, "eval_config"))
        found += _destination(name, json_constant(task, "push_destination"))
    return found


def _training(task: str, custom_config: Any) -> Iterator[Binding]:
    """Yields length and learning rate where they are single numbers: recipes and schedules have none."""
    training = custom_config.get("training") if isinstance(custom_config, dict) else None
    if not isinstance(training, dict):
        return
    if not training["recipe"]:
        epochs = training["epochs"] or DEFAULT_EPOCHS
        yield Binding("epochs", epochs, task, "custom_config", ("training", "epochs"), int)
        rate = training["optimizer"]["learning_rate"]
        if isinstance(rate, int | float):
            optimizer = ("training", "optimizer", "learning_rate")
            yield Binding("learning_rate", float(rate), task, "custom_config", optimizer, float)
    if training["steps_per_epoch"] is not None:
        length = ("training", "steps_per_epoch")
        yield Binding("steps_per_epoch", training["steps_per_epoch"], task, "custom_config", length, int)


def _thresholds(task: str, eval_config: Any) -> Iterator[Binding]:
    for path, value in _leaves(eval_config):
        if "per_slice_thresholds" in path and path[-1] in _BOUNDS:
            yield Binding(_threshold_name(eval_config, path), float(value), task, "eval_config", path, float)


def _threshold_name(eval_config: Any, path: Path) -> str:
    """Returns the metric's name with the bound, after the output's where there are several, before `slice`."""
    _, spec_index, _, metric_index, _, threshold_index, *_ = path
    spec = eval_config["metrics_specs"][spec_index]
    metric = spec["metrics"][metric_index]
    slices = metric["per_slice_thresholds"][threshold_index]["slicing_specs"]
    words = [*spec.get("output_names", []), metric["class_name"], _BOUNDS[str(path[-1])]]
    return _snake("_".join([*words, *([] if slices == [{}] else ["slice"])]))


def _destination(task: str, destination: Any) -> Iterator[Binding]:
    if isinstance(destination, dict) and "base_directory" in destination.get("filesystem", {}):
        folder = destination["filesystem"]["base_directory"]
        yield Binding(PUSH, folder, task, "push_destination", ("filesystem", "base_directory"), str)


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, key))
    else:
        yield path, value


def _snake(name: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def parametrized(spec: Spec, found: list[Binding]) -> Spec:
    """Returns the specification whose root takes the parameters and whose tasks use them."""
    spec = copy.deepcopy(spec)
    declared = spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})
    for binding in found:
        declared[binding.name] = {"parameterType": _TYPES[binding.kind], "defaultValue": binding.default}
    by_task = {name: [binding for binding in found if binding.task == name] for name, _ in tasks(spec)}
    for name, task in tasks(spec):
        if by_task[name]:
            _bind(
                task["inputs"]["parameters"], component_of(spec, task)["inputDefinitions"]["parameters"], by_task[name]
            )
    return spec


def _bind(parameters: Spec, declared: Spec, found: list[Binding]) -> None:
    """Feeds a task's parameters, and puts placeholders into its constants."""
    for key in {binding.key for binding in found if binding.path}:
        inside = [binding for binding in found if binding.key == key]
        text = _with_placeholders(parameters[key]["runtimeValue"]["constant"], inside)
        parameters[key] = {"runtimeValue": {"constant": text}}
    for binding in found:
        parameters[binding.input] = {"componentInputParameter": binding.name}
        declared[binding.input] = {"parameterType": _TYPES[binding.kind]}


def _with_placeholders(text: str, found: list[Binding]) -> str:
    value = json.loads(text)
    for binding in found:
        *parents, last = binding.path
        node = value
        for key in parents:
            node = node[key]
        node[last] = placeholder(binding.input)
    text = json.dumps(value, sort_keys=True)
    for binding in found:
        if binding.kind is not str:  # A number stands without quotes.
            text = text.replace(f'"{placeholder(binding.input)}"', placeholder(binding.input))
    return text
