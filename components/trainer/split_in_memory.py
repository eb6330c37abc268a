"""A split whose parsed columns are held in memory."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from components.trainer import sequences
from components.trainer.input_config import InputConfig
from components.trainer.sources import cache, order
from components.trainer.sources.arrays import Arrays
from components.trainer.sources.order import Placed
from components.trainer.split import Augmentation, Reader
from components.trainer.split_rows import SplitRows

_DEFAULT = InputConfig()


class InMemory(SplitRows):
    """A split whose parsed columns are held in memory.

    Args:
        columns: Name to tensor of shape [rows, ...].
        reader: Knows which one is the label.
        config: How it is read.
        augmentation: Changes each row anew in every pass.

    Attributes:
        bytes: The memory that the columns take.
    """

    def __init__(
        self,
        columns: Mapping[str, Any],
        reader: Reader,
        config: InputConfig = _DEFAULT,
        augmentation: Augmentation | None = None,
    ) -> None:
        source = Arrays(columns)
        super().__init__(source, source.rows, reader, config, augmentation)
        reader.check_labels(source.columns)
        held = list(source.columns.values())
        self.bytes = sum(cache.size(column) for column in held)
        self._lengths = sequences.lengths(held) if config.lists == "bucketed" else None
        dense = all(isinstance(column, tf.Tensor) for column in held)
        self._row_bytes = max(1, self.bytes // source.rows) if dense else None

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        """See the base class."""
        if self._row_bytes and not self._augmentation:
            return self._in_bulk(
                lambda first, size: order.permuted(self.rows, first, size, seed),
                first_step,
                batch_size,
                self._row_bytes,
            )
        pool = 1 if self._lengths is None else sequences.pool_batches(self.rows, batch_size)

        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            place = step // pool * pool * batch_size + tf.range(pool * batch_size, dtype=tf.int64)
            row = order.shuffled(place, self.rows, seed)
            if self._lengths is None:
                return place, row
            of_batch = order.of_a_pool(tf.gather(self._lengths, row), step, batch_size, pool, seed)
            return tf.gather(place, of_batch), tf.gather(row, of_batch)

        return self._finished(Placed(tf.data.Dataset.range(first_step, order.ENDLESS), batch), seed, batch_size)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        """See the base class."""
        return self._finished(order.in_order(self.rows, batches), None, None)
