"""What splits share, wherever their rows are: decoding, augmenting, batching, reading ahead."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from components.trainer import sequences
from components.trainer.input_config import InputConfig
from components.trainer.sources import opening
from components.trainer.sources.order import Placed
from components.trainer.sources.source import Features, Source
from components.trainer.split import Augmentation, Reader, Split

_ROWS_AT_ONCE, _BULK_BYTES = 1024, 2**20


class SplitRows(Split):
    """Rows that have a place in the stream are decoded, augmented, and made features and label."""

    def __init__(
        self, source: Source, rows: int, reader: Reader, config: InputConfig, augmentation: Augmentation | None
    ) -> None:
        self.rows = rows
        self._source, self._reader, self._config, self._augmentation = source, reader, config, augmentation

    def _finished(self, placed: Placed, seed: int | None, size: int | None) -> tf.data.Dataset:
        """Returns batches of (features, label).

        Args:
            placed: Batches of raw elements.
            seed: That of the augmentation; None in evaluation.
            size: Rows in each batch; None where that differs.
        """
        if not self._source.vectorised or self._augmentation:
            return self._mapped(self._decoded(placed, seed, size), self._reader.split)
        return self._mapped(placed.numbers, lambda *number: self._split(placed.rows(*number)[1]))

    def _split(self, raw: tf.Tensor) -> tuple[Features, Any]:
        return self._reader.split(self._source.decode(raw))

    def _in_bulk(
        self, placed_from: Callable[[int, int], Placed], first_step: int, batch_size: int, row_bytes: int
    ) -> tf.data.Dataset:
        """Returns the stream of a split of dense columns, several batches decoded at once: ops cost more than rows.

        Args:
            placed_from: Makes the batches from one on, of so many rows.
            first_step: The batch to begin with.
            batch_size: Rows in a batch.
            row_bytes: About the size of one.
        """
        at_once = max(1, min(_ROWS_AT_ONCE, _BULK_BYTES // row_bytes) // batch_size)
        first, rest = divmod(first_step, at_once)
        placed = placed_from(first, at_once * batch_size)

        def bulk(*number: tf.Tensor) -> Any:
            rows = self._split(placed.rows(*number)[1])
            return tf.nest.map_structure(lambda x: tf.reshape(x, [at_once, batch_size, *x.shape[1:]]), rows)

        return self._ahead(self._parallel(placed.numbers, bulk).unbatch().skip(rest))

    def _decoded(self, placed: Placed, seed: int | None, size: int | None) -> tf.data.Dataset:
        """Returns batches of features; the arguments are those of `_finished`."""
        decode, augmented = self._source.decode, self._augmented(seed)
        batches = _plain_map(placed.numbers, placed.rows)
        if not self._source.vectorised:
            return self._each(batches, lambda place, raw: augmented(place, decode(raw)), size)
        if not self._augmentation:
            return self._parallel(batches, lambda _, raw: decode(raw))
        return self._each(self._parallel(batches, lambda place, raw: (place, decode(raw))), augmented, size)

    def _augmented(self, seed: int | None) -> Callable[[tf.Tensor, Features], Features]:
        def augmented(place: tf.Tensor, features: Features) -> Features:
            if not self._augmentation:
                return features
            seeds = None if seed is None else tf.stack([tf.constant(seed, tf.int64), place])
            return self._augmentation(features, seeds)

        return augmented

    def _each(
        self, batches: tf.data.Dataset, function: Callable[[tf.Tensor, Any], Features], size: int | None
    ) -> tf.data.Dataset:
        """Maps the rows of batches, each by itself, and makes batches of them again."""

        def mapped(place: tf.Tensor, rows: Any) -> tf.data.Dataset:
            each = self._parallel(tf.data.Dataset.from_tensor_slices((place, rows)), function)
            return sequences.batched(each, size or tf.size(place, tf.int64))

        # Two at a time: while the last rows of a batch are waited for, the next one has begun.
        return batches.interleave(mapped, cycle_length=2, num_parallel_calls=2, deterministic=True)

    def _parallel(self, dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
        # AutoGraph has nothing to convert in these functions and takes its time to find out.
        plain = tf.autograph.experimental.do_not_convert(function)
        return dataset.map(plain, num_parallel_calls=self._config.parallel_calls or tf.data.AUTOTUNE)

    def _mapped(self, dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
        return self._ahead(self._parallel(dataset, function))

    def _ahead(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Reads ahead, as the last step of a stream."""
        options = tf.data.Options()
        options.deterministic = self._config.deterministic
        options.autotune.ram_budget = opening.BUFFERS
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        batches = tf.data.AUTOTUNE if self._config.prefetch is None else self._config.prefetch
        return (dataset.prefetch(batches) if batches else dataset).with_options(options)


def _plain_map(dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
    return dataset.map(tf.autograph.experimental.do_not_convert(function))
