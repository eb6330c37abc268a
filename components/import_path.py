"""Functions named by import path, the way the configuration names a user's code."""

import importlib
from collections.abc import Callable
from typing import Any

from components.errors import UsageError, did_you_mean


def resolve(path: str, key: str) -> Callable[..., Any]:
    """Returns the function at an import path.

    Args:
        path: Such as `pipeline.tasks.taxi.model.build_model`.
        key: The key of the configuration that holds it, for the error.

    Raises:
        UsageError: The module does not import, or does not have the function.

    Example:
        >>> resolve("math.hypot", "training.model.build")(3, 4)
        5.0
    """
    rule = f"`{key}` must be the import path of a function."
    module_name, _, name = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise UsageError(rule, received=path, fix=f"Importing it gave {type(error).__name__}: {error}.") from error
    function = getattr(module, name, None)
    if not callable(function):
        own = {other: value for other, value in vars(module).items() if getattr(value, "__module__", "") == module_name}
        known = [other for other, value in own.items() if callable(value) and not other.startswith("_")]
        raise UsageError(rule, received=path, fix=did_you_mean(name, known))
    return function
