"""Features of any shape as one string, for shuffling, for the cache in memory and for that on disk."""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from components.trainer.sources.source import Features, Indexed, Sharded


class Packing:
    """Packs the features of one element into a string and back.

    Args:
        spec: Name to `tf.TensorSpec` of one element; sizes may be unknown.

    Example:
        >>> packing = Packing({"image": tf.TensorSpec([None, 2], tf.uint8), "label": tf.TensorSpec([], tf.int64)})
        >>> packed = packing.pack({"image": tf.zeros([3, 2], tf.uint8), "label": tf.constant(1, tf.int64)})
        >>> {name: tuple(value.shape) for name, value in packing.unpack(packed).items()}
        {'image': (3, 2), 'label': ()}
    """

    def __init__(self, spec: Mapping[str, tf.TensorSpec]) -> None:
        self.spec = dict(sorted(spec.items()))

    def pack(self, features: Features) -> tf.Tensor:
        """Returns a string, a scalar."""
        parts = [tf.io.serialize_tensor(tf.cast(features[name], kind.dtype)) for name, kind in self.spec.items()]
        return tf.io.serialize_tensor(tf.stack(parts))

    def unpack(self, packed: tf.Tensor) -> Features:
        """Returns the features."""
        parts = tf.unstack(tf.ensure_shape(tf.io.parse_tensor(packed, tf.string), [len(self.spec)]))
        return {
            name: tf.ensure_shape(tf.io.parse_tensor(part, kind.dtype), kind.shape)
            for part, (name, kind) in zip(parts, self.spec.items(), strict=True)
        }


class PackedInMemory(Indexed):
    """Packed elements in memory.

    Args:
        packed: Strings, [rows].
        packing: Unpacks them.
    """

    vectorised = False

    def __init__(self, packed: tf.Tensor, packing: Packing) -> None:
        self._packed, self._packing, self.rows = packed, packing, int(packed.shape[0])

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        return self._packing.unpack(tf.gather(self._packed, raw))


class PackedOnDisk(Sharded):
    """TFRecords of packed elements.

    Args:
        shards: The files.
        packing: Unpacks their records.
        folder: What has to live as long as the files are read.
    """

    vectorised = False

    def __init__(self, shards: Sequence[str], packing: Packing, folder: object = None) -> None:
        self.shards, self._packing, self._folder = shards, packing, folder

    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        """See the base class."""
        return tf.data.TFRecordDataset(shard, buffer_size=2**20)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        return self._packing.unpack(raw)
