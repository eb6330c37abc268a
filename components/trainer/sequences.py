"""Features that are lists of any length: padded for the model, in batches of similar lengths.

Padding costs as much as content. So training takes the rows of several batches together, a pool, sorts them by length
and cuts the batches out of that; which batch comes when is drawn again. Every row is still there once, and nothing has
to be known about lengths beforehand, as it has for fixed buckets.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

_BATCHES_OF_A_POOL = 50


def padded(feature: Any) -> Any:
    """Returns a feature as a model takes it: a list as [batch, longest], with 0 or "" after its end.

    There is at least one step, for layers that cannot do without: texts may all be empty.

    Args:
        feature: A ragged or sparse tensor; a dense one is returned as it is.

    Example:
        >>> padded(tf.ragged.constant([[1, 2], []])).numpy().tolist()
        [[1, 2], [0, 0]]
    """
    if isinstance(feature, tf.SparseTensor):
        dense = tf.sparse.to_dense(feature)
    elif isinstance(feature, tf.RaggedTensor):
        dense = feature.to_tensor()
    else:
        return feature
    missing = tf.cast(tf.equal(tf.shape(dense)[1], 0), tf.int32)
    rest = [[0, 0]] * (dense.shape.rank - 2)
    return tf.pad(dense, [[0, 0], [0, missing], *rest], constant_values="" if dense.dtype == tf.string else 0)


def ragged_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a feature spec that parses lists as ragged tensors, of which rows can be taken, not as sparse ones."""
    return {
        name: tf.io.RaggedFeature(kind.dtype, row_splits_dtype=tf.int64)
        if isinstance(kind, tf.io.VarLenFeature)
        else kind
        for name, kind in spec.items()
    }


def are_lists(specs: Iterable[tf.TypeSpec]) -> bool:
    """Says whether there are lists of any length among the features of batches with these specs."""
    return any(isinstance(kind, tf.RaggedTensorSpec) for kind in specs)


def batched(dataset: tf.data.Dataset, size: int | tf.Tensor) -> tf.data.Dataset:
    """Returns batches of mappings, with ragged tensors where elements have no fixed shape.

    Args:
        dataset: The elements.
        size: Elements of a batch; a number makes all batches full, a scalar tensor may leave a rest.
    """
    fixed = all(kind.shape.is_fully_defined() for kind in tf.nest.flatten(dataset.element_spec))
    return (dataset.batch if fixed else dataset.ragged_batch)(size, drop_remainder=isinstance(size, int))


def lengths(columns: Iterable[Any]) -> tf.Tensor | None:
    """Returns the length of each row over all its lists, int64 [rows]; None where there is no list."""
    lists = [column for column in columns if isinstance(column, tf.RaggedTensor)]
    return tf.add_n([column.row_lengths() for column in lists]) if lists else None


def pool_batches(rows: int, batch_size: int) -> int:
    """Returns how many batches are cut out of one pool, which is not more than a pass over the rows."""
    return max(1, min(_BATCHES_OF_A_POOL, rows // batch_size))


def batch_of_similar_length(lengths: tf.Tensor, number: tf.Tensor, batch_size: int) -> tf.Tensor:
    """Returns which rows of a pool are one of its batches, int32 [batch_size].

    Args:
        lengths: Length of each row of the pool, [rows].
        number: The batch, counted from 0 for the shortest rows.
        batch_size: Rows in it.
    """
    order = tf.argsort(lengths, stable=True)
    return tf.gather(order, tf.cast(number, tf.int32) * batch_size + tf.range(batch_size))
