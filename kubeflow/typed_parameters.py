"""Runtime parameters as somebody types them, read by the types that a compiled file declares.

>>> spec = {"root": {"inputDefinitions": {"parameters": {"epochs": {"parameterType": "NUMBER_INTEGER"}}}}}
>>> typed(spec, ["epochs=3"])
{'epochs': 3}
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from components.errors import UsageError, did_you_mean
from kubeflow.spec import Spec

_EXAMPLES = {
    "STRING": "any text",
    "NUMBER_INTEGER": "a whole number",
    "NUMBER_DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "LIST": 'a JSON list such as ["a", 1]',
    "STRUCT": 'a JSON object such as {"a": 1}',
}


def declared(spec: Spec) -> dict[str, Any]:
    """Returns the root's parameters by name."""
    return dict(spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {}))


def typed(spec: Spec, assignments: Iterable[str]) -> dict[str, Any]:
    """Returns the values that were typed, by name.

    Args:
        spec: The PipelineSpec.
        assignments: `name=value` each.

    Raises:
        UsageError: A parameter does not exist, has another type, or is given twice.
    """
    known = declared(spec)
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError("A parameter is written NAME=VALUE.", received=assignment)
        if name not in known:
            raise UsageError("A runtime parameter must exist.", received=name, fix=_nearest(name, known))
        if name in values:
            raise UsageError("A parameter must be given once.", received=assignment)
        values[name] = _value(name, text, known[name]["parameterType"])
    return values


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    nearest, listing = did_you_mean(name, known), f"Known: {', '.join(sorted(known)) or 'none'}."
    return f"{nearest} {listing}" if nearest.startswith("Did") else listing


def _value(name: str, text: str, kind: str) -> Any:
    if kind == "STRING":
        return text
    try:
        found = json.loads(text, parse_constant=_refuse)
        if not _FITS.get(kind, lambda _: True)(found):
            raise ValueError(text)
    except ValueError:
        example = _EXAMPLES.get(kind, "JSON")
        raise UsageError(f"`{name}` must be of type {kind}: {example}.", received=f"{name}={text}") from None
    return int(found) if kind == "NUMBER_INTEGER" else found


def _refuse(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity, which Python reads and JSON does not know.


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_FITS: dict[str, Callable[[Any], bool]] = {
    "NUMBER_INTEGER": lambda value: _is_number(value) and value == int(value),
    "NUMBER_DOUBLE": _is_number,
    "BOOLEAN": lambda value: isinstance(value, bool),
    "LIST": lambda value: isinstance(value, list),
    "STRUCT": lambda value: isinstance(value, dict),
}
