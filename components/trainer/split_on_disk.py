"""A split that is read and decoded in every pass."""

import numpy as np
import tensorflow as tf

from components.trainer import sequences
from components.trainer.input_config import InputConfig
from components.trainer.sources import opening, order
from components.trainer.sources.order import Placed
from components.trainer.sources.source import Features, Indexed, Sharded
from components.trainer.split import Augmentation, Reader
from components.trainer.split_rows import SplitRows

_SHARDS_AT_ONCE = 16
_SHUFFLED_BYTES = 2**28
_BLOCK, _BLOCK_BYTES = 128, 2**18


class OnDisk(SplitRows):
    """A split that is read and decoded in every pass.

    Args:
        opened: A source and what its opening has found out.
        reader: Knows which feature is the label.
        shuffle_buffer: Rows shuffled together, where the source is one of shards.
        config: How it is read.
        augmentation: Changes each row anew in every pass.
    """

    def __init__(
        self,
        opened: opening.Opened,
        reader: Reader,
        shuffle_buffer: int,
        config: InputConfig,
        augmentation: Augmentation | None,
    ) -> None:
        super().__init__(opened.source, opened.rows, reader, config, augmentation)
        self._opened = opened
        self._buffer = max(1, min(shuffle_buffer, opened.rows, _SHUFFLED_BYTES // opened.raw_bytes))
        spec = self._decoded(self._placed(0, 1, 0), 0, 1).element_spec
        reader.check_labels(spec)
        self._pooled = config.lists == "bucketed" and sequences.are_lists(spec.values())
        dense = all(isinstance(kind, tf.TensorSpec) for kind in spec.values())
        self._bulk = dense and opened.source.vectorised and not augmentation

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        """See the base class."""
        if self._bulk:
            return self._in_bulk(
                lambda first, size: self._placed(first, size, seed), first_step, batch_size, self._opened.raw_bytes
            )
        if not self._pooled:
            return self._finished(self._placed(first_step, batch_size, seed), seed, batch_size)
        pool = sequences.pool_batches(self.rows, batch_size)
        first_pool, batches = divmod(first_step, pool)

        def one_pool(number: tf.Tensor, features: Features) -> tf.data.Dataset:
            length = sequences.lengths(features.values())
            steps = tf.data.Dataset.range(number * pool, (number + 1) * pool)
            rows = steps.map(lambda step: order.of_a_pool(length, step, batch_size, pool, seed))
            return rows.map(lambda row: {name: tf.gather(column, row) for name, column in features.items()})

        size = pool * batch_size
        pools = self._decoded(self._placed(first_pool, size, seed), seed, size).enumerate(first_pool)
        return self._mapped(pools.flat_map(one_pool).skip(batches), self._reader.split)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        """See the base class."""
        if isinstance(self._source, Indexed):
            return self._finished(order.in_order(self.rows, batches), None, None)
        sizes = np.diff(np.arange(batches + 1, dtype=np.int64) * self.rows // batches)
        assert isinstance(self._source, Sharded)
        records = tf.data.Dataset.from_tensor_slices(list(self._source.shards)).flat_map(self._source.raw)
        raw = records.batch(self._opened.block).rebatch(sizes).repeat()
        return self._finished(Placed(raw, lambda raw: (tf.zeros(tf.shape(raw), tf.int64), raw)), None, None)

    def _placed(self, first: int, size: int, seed: int) -> Placed:
        """Returns the endless stream from a batch of so many rows on."""
        if isinstance(self._source, Indexed):
            return order.permuted(self.rows, first, size, seed)
        passes, rows = divmod(first * size, self.rows)
        source = self._source
        assert isinstance(source, Sharded)
        records = tf.data.Dataset.range(passes, order.ENDLESS).flat_map(
            lambda number: self._one_pass(source, number, seed)
        )
        batches = records.skip(rows).batch(size, drop_remainder=True).enumerate(first)
        return Placed(batches, lambda number, raw: (order.places(number, size), raw))

    def _one_pass(self, source: Sharded, number: tf.Tensor, seed: int) -> tf.data.Dataset:
        own_seed = tf.constant(seed, tf.int64) * 1_000_003 + number
        shards = tf.data.Dataset.from_tensor_slices(list(source.shards))
        # Threads hand each other blocks at less cost than records.
        block = max(1, min(_BLOCK, _BLOCK_BYTES // self._opened.raw_bytes))
        blocks = shards.shuffle(len(source.shards), seed=own_seed).interleave(
            lambda shard: source.raw(shard).batch(block),
            cycle_length=_SHARDS_AT_ONCE,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        return blocks.unbatch().shuffle(self._buffer, seed=own_seed)
