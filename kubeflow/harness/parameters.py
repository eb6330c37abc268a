"""Values of runtime parameters, as somebody typed them or as another step made them."""

import json
from collections.abc import Iterable
from typing import Any

from components.errors import UsageError
from kubeflow.spec import Spec
from kubeflow.typed_parameters import declared, typed


def given(spec: Spec, assignments: Iterable[str]) -> dict[str, Any]:
    """Returns the value of each of the root's parameters: its default, or what was typed.

    Args:
        spec: The PipelineSpec.
        assignments: `name=value` each.

    Raises:
        UsageError: A parameter does not exist, has another type, or has neither default nor value.
    """
    known = declared(spec)
    values = {name: parameter["defaultValue"] for name, parameter in known.items() if "defaultValue" in parameter}
    values |= typed(spec, assignments)
    for name, parameter in known.items():
        if name not in values and not parameter.get("isOptional"):
            raise UsageError("A runtime parameter without a default must be given.", received=f"no {name}")
    return values


def converted(name: str, value: Any, kind: str) -> Any:
    """Returns a value as its type wants it, the way KFP's driver converts (KFP/v2/driver/resolve.go:202).

    Raises:
        UsageError: It is of another type.
    """
    try:
        if kind == "STRING":
            return value if isinstance(value, str) else json.dumps(value)
        found = json.loads(value) if isinstance(value, str) else value
        return _number(found, kind) if kind.startswith("NUMBER") else found
    except ValueError:
        raise UsageError(f"`{name}` must be of type {kind}.", received=f"{name}={value}") from None


def _number(value: Any, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    if kind == "NUMBER_INTEGER" and value != int(value):
        raise ValueError(value)
    return int(value) if kind == "NUMBER_INTEGER" else float(value)
