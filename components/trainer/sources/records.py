"""TFRecords of tf.train.Example."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import tensorflow as tf

from components.trainer import sequences
from components.trainer.sources import files
from components.trainer.sources.source import Features, Sharded

Compression = Literal["GZIP", "ZLIB", ""]
_READ_AT_ONCE = 2**18


class Records(Sharded):
    """TFRecords, parsed many at once.

    Args:
        patterns: File patterns.
        spec: What to read of each record, as `tf.io.parse_example` takes it. Lists of any length become ragged tensors.
        compression: That of the files; None takes GZIP for what begins like it.

    Raises:
        DataRefused: A pattern matches no file.
    """

    def __init__(
        self, patterns: str | Iterable[str], spec: Mapping[str, Any], compression: Compression | None = None
    ) -> None:
        self.shards = files.matching(patterns)
        self._spec = sequences.ragged_spec(spec)
        self._compression = _guessed(self.shards[0]) if compression is None else compression

    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        """See the base class."""
        return tf.data.TFRecordDataset(shard, self._compression, buffer_size=_READ_AT_ONCE)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        return tf.io.parse_example(raw, self._spec)

    def least_bytes(self) -> int:
        """Returns the size of the files: parsed examples are hardly ever smaller, even than compressed ones."""
        return files.size(self.shards)


def _guessed(file: str) -> Compression:
    with tf.io.gfile.GFile(file, "rb") as opened:
        return "GZIP" if opened.read(2) == b"\x1f\x8b" else ""
