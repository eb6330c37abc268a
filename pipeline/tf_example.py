"""Making the records of a TFRecord file."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import tensorflow as tf

from components.errors import UsageError

_INT64 = range(-(2**63), 2**63)


def example(features: Mapping[str, Any]) -> bytes:
    """Returns a serialized tf.train.Example, the same bytes for the same values.

    Args:
        features: Name to a value, or to a list, tuple or flat array of values of one type: int becomes int64, float
            becomes float32, str and bytes become bytes. None and empty sequences leave the feature out, which is how
            TFX writes a missing value.

    Raises:
        UsageError: A value has another type, or an integer needs more than 64 bits.

    Example:
        >>> import tensorflow as tf
        >>> record = example({"fare": 12.5, "company": None})
        >>> list(tf.train.Example.FromString(record).features.feature)
        ['fare']
    """
    message = tf.train.Example()
    for name, value in features.items():
        values = _as_list(value)
        if values:
            _fill(message.features.feature[name], name, values)
    return cast(bytes, message.SerializeToString(deterministic=True))


def _as_list(value: Any) -> list[Any]:
    if hasattr(value, "tolist"):  # numpy's; importing it here would slow the command line.
        value = value.tolist()
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _fill(feature: Any, name: str, values: list[Any]) -> None:
    if all(isinstance(value, int) and value in _INT64 for value in values):
        feature.int64_list.value.extend(values)
    elif all(isinstance(value, float) for value in values):
        feature.float_list.value.extend(values)
    elif all(isinstance(value, str | bytes) for value in values):
        feature.bytes_list.value.extend(_as_bytes(values))
    else:
        rule = "A feature holds 64-bit integers, floats, or str and bytes."
        raise UsageError(rule, received=f"{name}={values[0] if len(values) == 1 else values!r}")


def _as_bytes(values: Iterable[str | bytes]) -> list[bytes]:
    return [value.encode() if isinstance(value, str) else value for value in values]
