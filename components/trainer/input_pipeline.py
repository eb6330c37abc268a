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

import dataclasses
from collections.abc import Iterable, Mapping

import tensorflow as tf

from components.errors import DataRefused
from components.trainer.input_config import InputConfig
from components.trainer.sources import opening
from components.trainer.sources.arrays import Arrays
from components.trainer.sources.records import Records
from components.trainer.sources.source import Source
from components.trainer.split import Augmentation, Reader, Split
from components.trainer.split_in_memory import InMemory
from components.trainer.split_on_disk import OnDisk

__all__ = ["Augmentation", "InMemory", "OnDisk", "Reader", "Split", "from_source", "read"]

_DEFAULT = InputConfig()


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
        >>> split = from_source(Arrays({"x": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], "y": [0, 1, 2, 3, 4, 5]}), "y")
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
