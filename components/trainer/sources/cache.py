"""What a source has decoded, kept: in memory as far as the budget goes, else on disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.trainer.input_config import InputConfig
from components.trainer.sources.arrays import Arrays
from components.trainer.sources.packed import PackedInMemory, PackedOnDisk, Packing
from components.trainer.sources.source import Features, Source

PACKED = "packed"
_SHARD_BYTES = 2**25


class Cache:
    """Takes the batches of a source one after the other.

    Args:
        budget: Bytes of memory that they may take.
        config: Says what happens beyond it.
        packing: How the elements are packed, where they are.

    Attributes:
        rows: The elements so far.
    """

    def __init__(self, budget: int, config: InputConfig, packing: Packing | None) -> None:
        self.rows = 0
        self._budget, self._config, self._packing = budget, config, packing
        self._kept: list[Features] = []
        self._bytes = 0
        self._disk: _DiskCache | None = None

    def add(self, batch: Features) -> None:
        """Keeps a batch."""
        self.rows += int(next(iter(batch.values())).shape[0])
        if self._disk:
            self._disk.write(batch)
        elif self._bytes <= self._budget:
            self._kept.append(batch)
            # Rows of sparse tensors cannot be taken.
            self._bytes += self._budget + 1 if _is_sparse(batch) else sum(map(size, batch.values()))
            if self._bytes > self._budget:
                self._leave_memory()

    def source(self) -> Source | None:
        """Returns the elements that were kept; None where they were not."""
        if self._disk:
            return self._disk.source()
        if not self._kept:
            return None
        columns = {name: tf.concat([batch[name] for batch in self._kept], 0) for name in self._kept[0]}
        self._kept.clear()
        return PackedInMemory(columns[PACKED], self._packing) if self._packing else Arrays(columns)

    def _leave_memory(self) -> None:
        if self._config.cache == "disk" and not _is_sparse(self._kept[0]):
            self._disk = _DiskCache(self._config.cache_folder, self._packing)
            for batch in self._kept:
                self._disk.write(batch)
        self._kept.clear()


class _DiskCache:
    """TFRecords of packed elements in a folder that is gone when nothing reads it any more."""

    def __init__(self, folder: str | None, packing: Packing | None) -> None:
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(prefix="slipway-input-", dir=folder)
        self._packing = packing
        self._files: list[str] = []
        self._left = 0
        self._writer: tf.io.TFRecordWriter | None = None

    def write(self, batch: Features) -> None:
        for record in self._packed(batch):
            if self._left <= 0:
                self._next_file()
            assert self._writer
            self._writer.write(record)
            self._left -= len(record)

    def source(self) -> PackedOnDisk:
        assert self._writer
        assert self._packing
        self._writer.close()
        return PackedOnDisk(self._files, self._packing, self._folder)

    def _packed(self, batch: Features) -> Iterator[bytes]:
        if PACKED in batch:
            yield from batch[PACKED].numpy()
            return
        elements = tf.data.Dataset.from_tensor_slices(batch)
        self._packing = self._packing or Packing(
            {name: tf.TensorSpec(kind.shape, kind.dtype) for name, kind in elements.element_spec.items()}
        )
        yield from elements.map(self._packing.pack, num_parallel_calls=2, deterministic=True).as_numpy_iterator()

    def _next_file(self) -> None:
        if self._writer:
            self._writer.close()
        self._files.append(str(Path(self._folder.name) / f"{len(self._files):05}"))
        self._writer, self._left = tf.io.TFRecordWriter(self._files[-1]), _SHARD_BYTES


def size(column: Any) -> int:
    """Returns the bytes that a column takes in memory."""
    if isinstance(column, tf.RaggedTensor):
        return size(column.values) + size(column.row_splits)
    if column.dtype == tf.string:
        return int(tf.reduce_sum(tf.strings.length(column))) + 24 * int(tf.size(column))
    return int(tf.size(column)) * column.dtype.size


def _is_sparse(batch: Features) -> bool:
    return any(isinstance(column, tf.SparseTensor) for column in batch.values())
