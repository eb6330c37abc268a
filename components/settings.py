"""Frozen dataclasses from JSON values and back, strictly.

>>> from components.trainer.config import OptimizerConfig
>>> from_dict(OptimizerConfig, {"name": "sgd"}).learning_rate
0.001
"""

import dataclasses
from typing import Any, TypeVar

import pydantic
import pydantic_core

from components.errors import UsageError, did_you_mean

ConfigT = TypeVar("ConfigT")
_FORBID_EXTRA = pydantic.ConfigDict(extra="forbid")


def to_dict(config: Any) -> dict[str, Any]:
    """Returns a dataclass as values that JSON can hold."""
    return pydantic.TypeAdapter(type(config)).dump_python(config, mode="json")


def from_dict(kind: type[ConfigT], values: dict[str, Any]) -> ConfigT:
    """Builds a dataclass from JSON values.

    Args:
        kind: The dataclass.
        values: Its fields; those with a default can be left out.

    Raises:
        UsageError: A key is unknown or missing, or a value has another type.
    """
    return coerce(kind, values)


def coerce(kind: Any, value: Any, where: str = "") -> Any:
    """Returns the value as the type says, dataclasses built from mappings at any depth.

    Args:
        kind: A type, such as `int | None`, `tuple[str, ...]` or a dataclass.
        value: JSON values.
        where: The dotted name of the place, for the error.

    Raises:
        UsageError: The value does not fit.
    """
    try:
        # The tuple is there because pydantic takes no configuration for a dataclass itself, only for what is around it.
        return pydantic.TypeAdapter(tuple[kind], config=_FORBID_EXTRA).validate_python((value,))[0]
    except pydantic.ValidationError as error:
        raise _usage_error(error.errors()[0], kind, where) from None


def _usage_error(error: pydantic_core.ErrorDetails, kind: Any, where: str) -> UsageError:
    inside = [str(part) for part in error["loc"][1:]]
    place = ".".join([where, *inside] if where else inside)
    if error["type"] == "unexpected_keyword_argument":
        fields = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
        fix = did_you_mean(inside[-1], fields) if len(inside) == 1 else None
        return UsageError("Every key of the configuration must exist.", received=place, fix=fix)
    if error["type"] == "missing":
        return UsageError("The configuration must be complete.", received=f"no {place}")
    expected = error["msg"].removeprefix("Input should be ")
    return UsageError(f"`{place}` must be {expected}.", received=f"{place}={error['input']!r}")
