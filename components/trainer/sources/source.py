"""The form that all sources share: raw elements that are cheap to shuffle, and how they become features."""

import abc
from collections.abc import Sequence
from typing import Any, TypeAlias

import tensorflow as tf

Features: TypeAlias = dict[str, Any]
"""Name to tensor, dense or ragged."""


class Source(abc.ABC):
    """Elements, raw, and how they become features.

    Attributes:
        vectorised: Whether `decode` takes a vector of raw elements; otherwise it takes one, and tf.data calls it in
            parallel.
    """

    vectorised: bool = True

    @abc.abstractmethod
    def decode(self, raw: tf.Tensor) -> Features:
        """Returns the features of raw elements, in TensorFlow's graph.

        Args:
            raw: [rows] if the source is vectorised, else a scalar.
        """


class Indexed(Source):
    """Elements that have a number, which is what is raw of them: any of them can be had at any time.

    Attributes:
        rows: How many there are.
    """

    rows: int

    def name(self, row: int) -> str:
        """Returns what a person calls an element."""
        return f"row {row}"


class Sharded(Source):
    """Elements that come one after the other, from shards that can be read beside each other.

    Attributes:
        shards: The names of the shards, files mostly.
    """

    shards: Sequence[str]

    @abc.abstractmethod
    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        """Returns the raw elements of a shard, scalars of type string, in order.

        Args:
            shard: Its name, a scalar in a graph.
        """

    def least_bytes(self) -> int:
        """Returns how many bytes the decoded elements take at least."""
        return 0
