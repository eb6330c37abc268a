"""Arrays in memory."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import UsageError
from components.trainer.sources.source import Features, Indexed


class Arrays(Indexed):
    """Columns in memory: numpy arrays, lists of lists of any length, tensors, dense or ragged.

    Args:
        columns: Name to [rows, ...].

    Raises:
        UsageError: There is no column, or they differ in their rows.

    Example:
        >>> Arrays({"x": np.arange(6).reshape(3, 2), "words": [[1], [], [2, 3]]}).rows
        3
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        with tf.device("CPU:0"):
            self.columns = {name: _tensor(values) for name, values in columns.items()}
        rows = {name: int(column.shape[0]) for name, column in self.columns.items()}
        if len(set(rows.values())) != 1:
            raise UsageError("Columns must be there, all with as many rows.", received=str(rows))
        self.rows = next(iter(rows.values()))

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        return {name: tf.gather(column, raw) for name, column in self.columns.items()}


def _tensor(values: Any) -> Any:
    if isinstance(values, tf.Tensor | tf.RaggedTensor):
        return values
    lists = isinstance(values, list | tuple) and any(isinstance(value, list | tuple | np.ndarray) for value in values)
    return tf.ragged.constant(values, row_splits_dtype=tf.int64) if lists else tf.constant(np.asarray(values))
