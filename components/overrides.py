"""Single values of a configuration replaced by their dotted key, strictly: what `--set` and the Tuner go through.

>>> from components.trainer.config import ModelConfig, TrainingConfig
>>> training = TrainingConfig(ModelConfig("model.build_model"), label="y", loss="huber")
>>> replaced(training, "optimizer.learning_rate", 0.1).optimizer.learning_rate
0.1
"""

import dataclasses
from collections.abc import Callable, Iterable
from types import GenericAlias
from typing import Any, TypeVar, get_args, get_type_hints

import yaml

from components.errors import UsageError, did_you_mean
from components.settings import coerce

ConfigT = TypeVar("ConfigT")
Leaf = Callable[[Any, Any], Any]


def replaced(config: ConfigT, key: str, value: Any) -> ConfigT:
    """Returns a configuration with one value replaced.

    Args:
        config: A dataclass.
        key: The dotted place, such as `optimizer.learning_rate`.
        value: A JSON value.

    Raises:
        UsageError: There is no such place, the value is of another type, or the configuration refuses it.
    """
    return _at(config, type(config), key.split("."), key, lambda kind, _: coerce(kind, value, where=key))


def replaced_by_text(config: ConfigT, assignment: str) -> ConfigT:
    """Returns a configuration with one value replaced, as somebody typed it.

    Args:
        config: A dataclass.
        assignment: `a.b=value`. The value is read as YAML and must have the type of the field; what YAML would read as
            a number or a list stays a text where the field is one.

    Raises:
        UsageError: No `=`, an unknown key, or a value of another type.
    """
    key, separator, text = assignment.partition("=")
    if not (key and separator):
        raise UsageError("An override is written key=value.", received=assignment, fix="Example: training.epochs=2.")
    return _at(config, type(config), key.split("."), key, lambda kind, node: _read(kind, node, text, key))


def kind_at(config: Any, key: str) -> Any:
    """Returns the type that a value at a place must have; in free mappings, that of the value which is there.

    Raises:
        UsageError: There is no such place.

    Example:
        >>> from components.trainer.config import CallbacksConfig
        >>> kind_at(CallbacksConfig(), "tensorboard")
        <class 'bool'>
    """
    found: list[Any] = []

    def look(kind: Any, node: Any) -> Any:
        found.append(kind)
        return node

    _at(config, type(config), key.split("."), key, look)
    return found[0]


def _at(node: Any, kind: Any, path: list[str], key: str, leaf: Leaf) -> Any:
    """Returns `node` with what `leaf` makes of the value at `path`; `kind` is the declared type of `node`."""
    if not path:
        return leaf(kind, node)
    name, *rest = path
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        kinds = get_type_hints(type(node), include_extras=True)
        _require(name, kinds, key)
        return dataclasses.replace(node, **{name: _at(getattr(node, name), kinds[name], rest, key, leaf)})
    if isinstance(node, dict):
        return _in_mapping(node, get_args(kind)[1], path, key, leaf)
    raise UsageError("An override must name a value that exists.", received=key, fix=f"Nothing is below `{name}`.")


def _in_mapping(node: dict[str, Any], declared: Any, path: list[str], key: str, leaf: Leaf) -> dict[str, Any]:
    """Returns a mapping with one entry replaced. In a free one (`params`) the defaults say what there is."""
    name, *rest = path
    if declared is Any:
        _require(name, node, key)
        return {**node, name: _at(node[name], _kind_of(node[name]), rest, key, leaf)}
    if dataclasses.is_dataclass(declared) and isinstance(declared, type):
        if any(field.default is field.default_factory for field in dataclasses.fields(declared)):
            _require(name, node, key)  # Not all of its fields have defaults: it has to be there.
        return {**node, name: _at(node.get(name) or declared(), declared, rest, key, leaf)}
    # The entries of this mapping are single values, so dots belong to the name (`tuning.space.optimizer.beta_1`).
    name = ".".join(path)
    return {**node, name: leaf(declared, node.get(name))}


def _kind_of(value: Any) -> Any:
    if value is None:
        return Any
    return GenericAlias(list, (type(value[0]),)) if isinstance(value, list) and value else type(value)


def _require(name: str, known: Iterable[str], key: str) -> None:
    if name not in known:
        raise UsageError("An override must name a value that exists.", received=key, fix=did_you_mean(name, known))


def _read(kind: Any, node: Any, text: str, key: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    try:
        return coerce(kind, value, where=key)
    except UsageError:
        if not isinstance(value, str) and str in (kind, *get_args(kind)):
            return text
        if (dataclasses.is_dataclass(node) or isinstance(node, dict)) and not isinstance(value, dict):
            inside = node if isinstance(node, dict) else get_type_hints(type(node))
            raise UsageError(
                "An override sets one value, not a group.",
                received=f"{key}={text}",
                fix=f"Inside it: {', '.join(inside)}.",
            ) from None
        raise
