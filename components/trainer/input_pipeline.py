"""Rows as batches, fast and the same every time.

Training reads an endless stream: one shuffled pass over the split after the other, cut into full batches that go across
the border of two passes. So every row comes exactly once in each pass, all batches have one static shape, every replica
gets its share, and batch number n is a function of the seed and n alone: a training that goes on at step n sees what it
would have seen. Validation reads each row once, in order, in batches whose sizes differ by at most one row: no batch is
too small for the replicas to share.

Opening a split reads it through once. That counts its rows, finds those that are broken before a step is taken, and
keeps what fits in the memory budget: there a batch is a gather over columns, shuffled by a pseudo-random permutation of
the whole split that needs no buffer. Elements that have a number (files of a folder) are permuted likewise and decoded
in every pass, in parallel. What lies in shards is read from them in every pass: shards in shuffled order, interleaved,
shuffled in a buffer, and decoded a batch at a time.

Lists of any length come padded, rows of similar lengths together (`components/trainer/sequences.py`): there a row comes
once in each pass but for the pool of batches that lies across the border of two.

An augmentation comes after all that is kept. What it does to a row is drawn from the seed and the row's place in the
stream: other changes in every pass, the same ones in every training.

Several workers each read all of it and take their share of every batch (auto-shard policy DATA), so that together they
take the batches of one: shards by file would depend on how many files Transform happened to write.
"""

import abc
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from components.errors import DataRefused, UsageError, did_you_mean
from components.trainer import sequences
from components.trainer.input_config import InputConfig
from components.trainer.sources import cache, opening, order
from components.trainer.sources.arrays import Arrays
from components.trainer.sources.order import Placed
from components.trainer.sources.records import Records
from components.trainer.sources.source import Features, Indexed, Sharded, Source

_DEFAULT = InputConfig()
_SHARDS_AT_ONCE = 16
_SHUFFLED_BYTES = 2**28
_BLOCK, _BLOCK_BYTES = 128, 2**18
_ROWS_AT_ONCE, _BULK_BYTES = 1024, 2**20

Augmentation: TypeAlias = Callable[[Features, tf.Tensor | None], Features]
"""Changes the features of one row, by a seed of two int64; None in evaluation, where nothing is left to chance."""


@dataclass(frozen=True)
class Reader:
    """How parsed columns become features and a label.

    Args:
        spec: Feature spec of the features to read and of the labels.
        label: Name of the label, or that of each output of the model by the name of the output.
        ragged: Whether lists of any length stay ragged tensors; otherwise they are padded.
    """

    spec: Mapping[str, Any]
    label: str | Mapping[str, str]
    ragged: bool = False

    def split(self, parsed: Mapping[str, Any]) -> tuple[Features, Any]:
        """Returns (features, label), the labels of several outputs by the names of the outputs."""
        if not self.ragged:
            parsed = {name: sequences.padded(value) for name, value in parsed.items()}
        if isinstance(self.label, str):
            return {name: value for name, value in parsed.items() if name != self.label}, parsed[self.label]
        features = {name: value for name, value in parsed.items() if name not in self.label.values()}
        return features, {output: parsed[name] for output, name in self.label.items()}

    @property
    def labels(self) -> set[str]:
        """The names of all labels."""
        return {self.label} if isinstance(self.label, str) else set(self.label.values())


class Split(abc.ABC):
    """The rows of a split.

    Attributes:
        rows: How many there are, at least one.
    """

    rows: int

    @abc.abstractmethod
    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        """Returns the endless shuffled stream of `(features, label)`.

        Args:
            batch_size: Rows in every batch, for all replicas together.
            seed: Decides on the order.
            first_step: The batch to begin with, counted from 0.
        """

    @abc.abstractmethod
    def evaluation(self, batches: int) -> tf.data.Dataset:
        """Returns every row once, in order, as `(features, label)`, then all of them again, without an end.

        Args:
            batches: In how many batches, at most as many as there are rows.
        """


def read(
    patterns: Iterable[str],
    reader: Reader,
    memory_mb: int,
    shuffle_buffer: int = 10_000,
    config: InputConfig = _DEFAULT,
) -> Split:
    """Opens a split of gzip TFRecords, as Transform writes them.

    Args:
        patterns: File patterns.
        reader: What to read of each record.
        memory_mb: Mebibytes that the parsed rows may take.
        shuffle_buffer: Rows shuffled together in a split that does not fit.
        config: How it is read.

    Raises:
        DataRefused: There is no row, or a file or a record cannot be read and may not be left out.
    """
    patterns = list(patterns)
    files = tf.io.gfile.glob(patterns)
    if not files:
        raise _no_rows(", ".join(patterns))
    source = Records(files, reader.spec, "GZIP")
    return _opened(source, reader, memory_mb, shuffle_buffer, config, None, ", ".join(patterns))


def from_source(
    source: Source,
    label: str | Mapping[str, str],
    *,
    memory_mb: int = 1024,
    shuffle_buffer: int = 10_000,
    config: InputConfig = _DEFAULT,
    augmentation: Augmentation | None = None,
    name: str = "the split",
) -> Split:
    """Opens a split of any source, for `fit`, the custom loop and whatever else takes a `tf.data.Dataset`.

    Args:
        source: Where the rows come from.
        label: Name of the label, or that of each output of the model by the name of the output.
        memory_mb: Mebibytes that decoded rows may take.
        shuffle_buffer: Rows shuffled together in a source of shards that does not fit; 256 MiB of them at most.
        config: How it is read.
        augmentation: Changes each row anew in every pass.
        name: What the log and errors call it.

    Raises:
        UsageError: A label does not exist.
        DataRefused: There is no row, or one that cannot be read and may not be left out.

    Example:
        >>> split = from_source(Arrays({"x": np.arange(6.0), "y": np.arange(6)}), "y")
        >>> features, label = next(iter(split.training(batch_size=4, seed=1)))
        >>> sorted(features), label.shape.as_list()
        (['x'], [4])
    """
    return _opened(source, Reader({}, label), memory_mb, shuffle_buffer, config, augmentation, name)


def _opened(
    source: Source,
    reader: Reader,
    memory_mb: int,
    shuffle_buffer: int,
    config: InputConfig,
    augmentation: Augmentation | None,
    name: str,
) -> Split:
    config.check()
    reader = dataclasses.replace(reader, ragged=config.lists == "ragged")
    with tf.device("CPU:0"):
        opened = opening.read_through(source, memory_mb * 2**20, config, name)
        if not opened.rows:
            raise _no_rows(name)
        if isinstance(opened.source, Arrays):
            split: Split = InMemory(opened.source.columns, reader, config, augmentation)
        else:
            split = OnDisk(opened, reader, shuffle_buffer, config, augmentation)
    return split


def _no_rows(name: str) -> DataRefused:
    return DataRefused("A split must hold rows.", received=f"none in {name}", fix="Check the split's records.")


class _Rows(Split):
    """What splits share: rows that have a place in the stream are decoded, augmented, and made features and label."""

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


class InMemory(_Rows):
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
        _check_labels(reader, source.columns)
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


class OnDisk(_Rows):
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
        _check_labels(reader, spec)
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


def _check_labels(reader: Reader, columns: Mapping[str, Any]) -> None:
    for label in reader.labels:
        if label not in columns:
            raise UsageError(
                "The label must be a feature of the source.",
                received=f"label={label}",
                fix=did_you_mean(label, columns),
            )


def _plain_map(dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
    return dataset.map(tf.autograph.experimental.do_not_convert(function))
