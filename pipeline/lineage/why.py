"""What a node was run with, and what of it changed: why its cache answered or did not.

>>> earlier = Ingredients({"custom_config": '{"training": {"seed": 1}}'}, {"examples": (6,)})
>>> later = Ingredients({"custom_config": '{"training": {"seed": 2}}'}, {"examples": (15,)})
>>> for change in changes(earlier, later):
...     print(change)
parameter custom_config.training.seed: 1 -> 2
input examples: [6] -> [15]
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.lineage.flat import flat

KINDS = ("parameter", "code", "version", "input")

_CODE = "code"
_VERSIONS = f"{_CODE}.versions."
_MODULES = f"{_CODE}.modules."
# ExampleGen's driver finds these out after the cache was asked; they stand for data that are an input of another kind.
_FOUND_BY_DRIVER = frozenset({"input_fingerprint", "span", "version"})
_INTERNAL = "__"


@dataclass(frozen=True)
class Ingredients:
    """What one execution of a node is made of: what TFX's cache key is taken of, as far as it differs between two runs.

    Args:
        properties: The executor's properties, name to value; texts that hold JSON are compared by their parts.
        inputs: Name of each input to the ids of its artifacts, in order.
    """

    properties: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    Args:
        kind: `parameter`, `code` (a module of ours or the user's), `version` (of a library) or `input`.
        name: The property with the names inside of it, the module, the library, or the input.
        before: What it was; None where it was not there.
        after: What it is; None where it is gone.
    """

    kind: str
    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {_text(self.before)} -> {_text(self.after)}"


def changes(earlier: Ingredients, later: Ingredients) -> list[Change]:
    """Returns what differs between two executions of a node, by kind, then by name; empty where nothing does.

    The property `code`, `{"modules": {name: digest}, "versions": {library: version}}`, is told by module and library.
    What only ExampleGen's driver writes (`input_fingerprint`, `span`, `version`) counts where both executions have it.

    Args:
        earlier: What the node was made of the last time.
        later: What it is made of now.
    """
    before, after = _parts(earlier, later), _parts(later, earlier)
    keys = sorted({*before, *after}, key=lambda key: (KINDS.index(key[0]), key[1]))
    found = (Change(*key, before.get(key), after.get(key)) for key in keys)
    return [change for change in found if change.before != change.after]


def parts(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields the properties of an execution by their parts, but not what TFX notes for itself."""
    for name, value in properties.items():
        if not name.startswith(_INTERNAL):
            yield from flat(name, value)


def part(name: str) -> tuple[str, str]:
    """Returns the kind of a part of a property, and the name that it has as one of that kind."""
    if name.startswith(_VERSIONS):
        return "version", name.removeprefix(_VERSIONS)
    if name.startswith(_MODULES):
        return "code", name.removeprefix(_MODULES)
    return ("code" if _CODE in (name.partition(".")[0], name.rpartition(".")[2]) else "parameter"), name


def _parts(of: Ingredients, other: Ingredients) -> dict[tuple[str, str], Any]:
    known = {key: value for key, value in of.properties.items() if key not in _FOUND_BY_DRIVER - {*other.properties}}
    told: dict[tuple[str, str], Any] = {part(name): value for name, value in parts(known)}
    return told | {("input", name): list(ids) for name, ids in of.inputs.items() if ids}


def _text(value: Any) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)
