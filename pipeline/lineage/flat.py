"""Parameters by their parts: TFX writes most of them as JSON, and a person changes one value inside."""

import json
from collections.abc import Iterator
from typing import Any


def flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yields a value by its parts, `"null"` where one is set to nothing.

    Args:
        name: The value's name, which becomes the beginning of the name of each part.
        value: Anything; a text that holds JSON stands for what it means.

    Example:
        >>> list(flat("custom_config", '{"training": {"seed": 1}}'))
        [('custom_config.training.seed', 1)]
    """
    yield from _flat(name, _parsed(value))


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for place, inner in enumerate(value):
            yield from _flat(f"{name}[{place}]", inner)
    else:
        yield name, "null" if value is None else value


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
