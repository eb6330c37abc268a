"""The transformed TFRecords as batches, fast and the same every time.

Training reads an endless stream: one shuffled pass over the split after the other, cut into full batches that go across
the border of two passes. So every row comes exactly once in each pass, all batches have one static shape, every replica
gets its share, and batch number n is a function of the seed and n alone: a training that goes on at step n sees what it
would have seen. Validation reads each row once, in order, in batches whose sizes differ by at most one row: no batch is
too small for the replicas to share.

A split that fits in the memory budget is parsed once and a batch is a gather over its columns, shuffled by a
pseudo-random permutation of the whole split that needs no buffer. A larger one is read from its shards in every pass:
files in shuffled order, interleaved, records shuffled in a buffer, batched as bytes and then parsed as one batch.

Lists of any length come padded, rows of similar lengths together (`components/trainer/sequences.py`): there a row comes
once in each pass but for the pool of batches that lies across the border of two.

Several workers each read all of it and take their share of every batch (auto-shard policy DATA), so that together they
take the batches of one: shards by file would depend on how many files Transform happened to write.
"""

import abc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import DataRefused
from components.trainer import sequences

_PARSED_AT_ONCE = 4096
_FILES_AT_ONCE = 16
_BLOCK = 128
_ENDLESS = 2**62


@dataclass(frozen=True)
class Reader:
    """How a serialized example becomes features and a label.

    Args:
        spec: Feature spec of the features to read and of the labels.
        label: Name of the label, or that of each output of the model by the name of the output.
    """

    spec: Mapping[str, Any]
    label: str | Mapping[str, str]

    def parse(self, serialized: tf.Tensor) -> dict[str, Any]:
        """Parses a vector of serialized examples at once."""
        return tf.io.parse_example(serialized, sequences.ragged_spec(self.spec))

    def split(self, parsed: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Returns (features, label), the labels of several outputs by the names of the outputs; lists are padded."""
        parsed = {name: sequences.padded(value) for name, value in parsed.items()}
        if isinstance(self.label, str):
            return {name: value for name, value in parsed.items() if name != self.label}, parsed[self.label]
        features = {name: value for name, value in parsed.items() if name not in self.label.values()}
        return features, {output: parsed[name] for output, name in self.label.items()}


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


def read(patterns: Iterable[str], reader: Reader, memory_mb: int, shuffle_buffer: int = 10_000) -> Split:
    """Opens a split; what fits in memory is read.

    Args:
        patterns: File patterns of gzip TFRecords.
        reader: What to read of each record.
        memory_mb: Mebibytes that the parsed rows may take.
        shuffle_buffer: Rows shuffled together in a split that does not fit.

    Raises:
        DataRefused: There is no row, or a file cannot be read.
    """
    patterns = list(patterns)
    files = sorted(tf.io.gfile.glob(patterns))
    try:
        with tf.device("CPU:0"):
            columns = _columns(files, reader, memory_mb * 2**20)
            split = InMemory(columns, reader) if columns else OnDisk(files, reader, shuffle_buffer)
    except tf.errors.OpError as error:
        raise DataRefused("The transformed examples must be readable.", received=error.message) from error
    if not split.rows:
        raise DataRefused(
            "A split must hold rows.", received=f"none in {', '.join(patterns)}", fix="Check the split's records."
        )
    return split


class InMemory(Split):
    """A split whose parsed columns are held in memory.

    Args:
        columns: Name to tensor of shape [rows, ...].
        reader: Knows which one is the label.
    """

    def __init__(self, columns: Mapping[str, tf.Tensor], reader: Reader):
        self._columns, self._reader = dict(columns), reader
        self.rows = int(next(iter(self._columns.values())).shape[0])
        self._lengths = sequences.lengths(self._columns.values())

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        """See the base class."""
        pool = 1 if self._lengths is None else sequences.pool_batches(self.rows, batch_size)

        def batch(step: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            first = step // pool * pool * batch_size
            row = _shuffled(first + tf.range(pool * batch_size, dtype=tf.int64), self.rows, seed)
            if self._lengths is not None:
                row = tf.gather(row, _of_a_pool(tf.gather(self._lengths, row), step, batch_size, pool, seed))
            return self._take(lambda column: tf.gather(column, row))

        return _mapped(tf.data.Dataset.range(first_step, _ENDLESS), batch)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        """See the base class."""

        def batch(number: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            start = number % batches * self.rows // batches
            end = (number % batches + 1) * self.rows // batches
            return self._take(lambda column: column[start:end])

        return _mapped(tf.data.Dataset.range(_ENDLESS), batch)

    def _take(self, rows_of: Callable[[tf.Tensor], tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        return self._reader.split({name: rows_of(column) for name, column in self._columns.items()})


class OnDisk(Split):
    """A split that is read in every pass. Opening it counts its rows, a read without parsing.

    Args:
        files: gzip TFRecords, at least one.
        reader: What to read of each record.
        shuffle_buffer: Rows shuffled together.
    """

    def __init__(self, files: Sequence[str], reader: Reader, shuffle_buffer: int):
        self._files, self._reader, self._buffer = list(files), reader, shuffle_buffer
        self._has_lists = sequences.has_lists(reader.spec)
        self.rows = _count(self._files)

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        """See the base class."""

        def one_pass(number: tf.Tensor) -> tf.data.Dataset:
            own_seed = tf.constant(seed, tf.int64) * 1_000_003 + number
            files = tf.data.Dataset.from_tensor_slices(self._files).shuffle(len(self._files), seed=own_seed)
            return _blocks(files).unbatch().shuffle(min(self._buffer, self.rows), seed=own_seed)

        pool = sequences.pool_batches(self.rows, batch_size) if self._has_lists else 1
        first_pool, batches = divmod(first_step, pool)
        passes, rows = divmod(first_pool * pool * batch_size, self.rows)
        records = tf.data.Dataset.range(passes, _ENDLESS).flat_map(one_pass).skip(rows)
        if not self._has_lists:
            return _mapped(records.batch(batch_size, drop_remainder=True), self._parse)

        def one_pool(number: tf.Tensor, serialized: tf.Tensor) -> tf.data.Dataset:
            parsed = self._reader.parse(serialized)
            length = sequences.lengths(parsed.values())
            steps = tf.data.Dataset.range(number * pool, (number + 1) * pool)
            rows = steps.map(lambda step: _of_a_pool(length, step, batch_size, pool, seed))
            return rows.map(lambda row: {name: tf.gather(column, row) for name, column in parsed.items()})

        pools = records.batch(pool * batch_size, drop_remainder=True).enumerate(first_pool)
        return _mapped(pools.flat_map(one_pool).skip(batches), self._reader.split)

    def evaluation(self, batches: int) -> tf.data.Dataset:
        """See the base class."""
        sizes = np.diff(np.arange(batches + 1, dtype=np.int64) * self.rows // batches)
        records = tf.data.TFRecordDataset(self._files, "GZIP").batch(_PARSED_AT_ONCE)
        return _mapped(records.rebatch(sizes).repeat(), self._parse)

    def _parse(self, serialized: tf.Tensor) -> tuple[dict[str, Any], Any]:
        return self._reader.split(self._reader.parse(serialized))


def _shuffled(position: tf.Tensor, rows: int, seed: int) -> tf.Tensor:
    """Returns the rows at positions of the endless stream: each pass is a permutation of its own."""
    seeds = tf.stack([tf.fill(tf.shape(position), tf.constant(seed, tf.int64)), position // rows, position * 0], axis=1)
    # `tf.random.experimental.index_shuffle` is the same, but takes no seed per element.
    return tf.raw_ops.RandomIndexShuffle(
        index=position % rows, seed=seeds, max_index=tf.constant(rows - 1, tf.int64), rounds=4
    )


def _of_a_pool(lengths: tf.Tensor, step: tf.Tensor, batch_size: int, pool: int, seed: int) -> tf.Tensor:
    """Returns which rows of a pool are the batch of a step; the order of its batches is drawn for each pool."""
    [number] = tf.unstack(_shuffled(step[tf.newaxis], pool, seed), 1)
    return sequences.batch_of_similar_length(lengths, number, batch_size)


def _columns(files: Sequence[str], reader: Reader, budget: int) -> dict[str, tf.Tensor] | None:
    """Returns the parsed split, or None where a column is sparse or all of them take more than the budget."""
    sparse = any(isinstance(kind, tf.io.SparseFeature) for kind in reader.spec.values())
    # Parsed examples are hardly ever smaller than their gzip file, so a larger file need not be tried.
    if sparse or not files or sum(Path(file).stat().st_size for file in files) > budget:
        return None
    batches, size = [], 0
    for batch in tf.data.TFRecordDataset(files, "GZIP").batch(_PARSED_AT_ONCE).map(reader.parse).prefetch(1):
        batches.append(batch)
        size += sum(_bytes(column) for column in batch.values())
        if size > budget:
            return None
    return {name: tf.concat([batch[name] for batch in batches], 0) for name in reader.spec} if batches else None


def _bytes(column: tf.Tensor) -> int:
    if isinstance(column, tf.RaggedTensor):
        return _bytes(column.values) + _bytes(column.row_splits)
    if column.dtype == tf.string:
        return int(tf.reduce_sum(tf.strings.length(column))) + 24 * int(tf.size(column))
    return int(tf.size(column)) * column.dtype.size


def _count(files: Sequence[str]) -> int:
    if not files:
        return 0
    blocks = _blocks(tf.data.Dataset.from_tensor_slices(list(files)))
    return int(blocks.reduce(tf.constant(0, tf.int64), lambda rows, block: rows + tf.size(block, tf.int64)))


def _blocks(files: tf.data.Dataset) -> tf.data.Dataset:
    """Returns blocks of records, of several files in turn; threads hand each other blocks at less cost than records."""
    return files.interleave(
        lambda file: tf.data.TFRecordDataset(file, "GZIP").batch(_BLOCK),
        cycle_length=_FILES_AT_ONCE,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )


def _mapped(dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
    """Maps in parallel, in order, and reads ahead."""
    options = tf.data.Options()
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    # AutoGraph has nothing to convert in these functions and takes its time to find out.
    plain = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(plain, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE).with_options(options)
