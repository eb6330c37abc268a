"""Raw features on their way from JSON into TensorFlow."""

import base64
import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from components import op_error
from components.errors import UsageError


def reason(error: tf.errors.OpError) -> str:
    """Returns what an operation did not like, without where in the graph that was."""
    return op_error.gist(str(error.message)) or type(error).__name__


def tensor(spec: Any, value: Any) -> tf.Tensor:
    """Returns one row of an input as a batch.

    Args:
        spec: The `tf.TensorSpec` of the input.
        value: What `pipeline.raw_input.row` has made of it.

    Raises:
        UsageError: A text stands where a number must.
    """
    values = [_plain(spec, x) for x in value] if isinstance(value, list) else _plain(spec, value)
    return tf.constant([values], spec.dtype)


def _plain(spec: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return base64.b64decode(value["b64"])
    if isinstance(value, str) and spec.dtype != tf.string:
        try:
            return float(value) if spec.dtype.is_floating else int(value)
        except ValueError:
            raise UsageError(f"`{spec.name}` must be a number.", received=f"{spec.name}={value}") from None
    return math.nan if value is None else value
