"""Which row comes when: in order, or every pass in an order of its own, from any batch on."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from components.trainer import sequences

ENDLESS = 2**62


class Placed(NamedTuple):
    """Batches of raw elements with their places in the stream.

    Args:
        numbers: What counts the batches.
        rows: Maps an element of it to the batch, (places [rows], raw elements [rows]).
    """

    numbers: tf.data.Dataset
    rows: Callable[..., tuple[tf.Tensor, tf.Tensor]]


def in_order(rows: int, batches: int) -> Placed:
    """Returns the numbers of all rows in order, in so many batches, and again without an end."""

    def batch(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        number %= batches
        row = tf.range(number * rows // batches, (number + 1) * rows // batches)
        return row, row

    return Placed(tf.data.Dataset.range(ENDLESS), batch)


def permuted(rows: int, first: int, size: int, seed: int) -> Placed:
    """Returns the numbers of all rows, each pass in an order of its own, from a batch of so many rows on."""

    def batch(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return places(number, size), shuffled(places(number, size), rows, seed)

    return Placed(tf.data.Dataset.range(first, ENDLESS), batch)


def places(number: tf.Tensor, size: int) -> tf.Tensor:
    """Returns the places in the stream of a batch of so many rows."""
    return number * size + tf.range(size, dtype=tf.int64)


def shuffled(position: tf.Tensor, rows: int, seed: int) -> tf.Tensor:
    """Returns the rows at positions of the endless stream: each pass is a permutation of its own."""
    seeds = tf.stack([tf.fill(tf.shape(position), tf.constant(seed, tf.int64)), position // rows, position * 0], axis=1)
    # `tf.random.experimental.index_shuffle` is the same, but takes no seed per element.
    return tf.raw_ops.RandomIndexShuffle(
        index=position % rows, seed=seeds, max_index=tf.constant(rows - 1, tf.int64), rounds=4
    )


def of_a_pool(lengths: tf.Tensor, step: tf.Tensor, batch_size: int, pool: int, seed: int) -> tf.Tensor:
    """Returns which rows of a pool are the batch of a step; the order of its batches is drawn for each pool."""
    [number] = tf.unstack(shuffled(step[tf.newaxis], pool, seed), 1)
    return sequences.batch_of_similar_length(lengths, number, batch_size)
