"""Rows that a Python function generates."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from components.trainer.sources.packed import Packing
from components.trainer.sources.source import Features, Sharded


class Generated(Sharded):
    """What generators give, one for each shard; each is called anew in every pass and has to give the same rows.

    Args:
        function: Returns an iterator over rows, mappings of name to values. With several shards it gets the number of
            one, else no argument.
        spec: Name to `tf.TensorSpec` of one row; sizes may be unknown.
        shards: How many generators are read beside each other. Python runs one at a time, so it only mixes their rows.

    Example:
        >>> source = Generated(lambda: ({"x": [number]} for number in range(3)), {"x": tf.TensorSpec([1], tf.float32)})
        >>> [source.decode(raw)["x"].numpy().tolist() for raw in source.raw(tf.constant(source.shards[0]))]
        [[0.0], [1.0], [2.0]]
    """

    vectorised = False

    def __init__(
        self, function: Callable[..., Iterator[Mapping[str, Any]]], spec: Mapping[str, tf.TensorSpec], shards: int = 1
    ) -> None:
        self._function, self._packing = function, Packing(spec)
        self.shards = [f"generator {number}" for number in range(shards)]

    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        """See the base class."""
        number = tf.strings.to_number(tf.strings.split(shard, " ")[1], tf.int64)
        rows = tf.data.Dataset.from_generator(self._rows, args=[number], output_signature=self._packing.spec)
        return rows.map(self._packing.pack)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        return self._packing.unpack(raw)

    def _rows(self, number: int) -> Iterator[dict[str, Any]]:
        for row in self._function(int(number)) if len(self.shards) > 1 else self._function():
            yield {name: row[name] for name in self._packing.spec}
