"""Pictures in a folder for each class."""

import tensorflow as tf

from components.trainer.sources import files
from components.trainer.sources.source import Features, Indexed

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")


class Images(Indexed):
    """A folder of pictures by class: `image`, uint8 [height, width, channels], and `label`, the class id.

    Args:
        folder: Has a folder for each class, on any file system.
        size: (height, width) that every picture is scaled to; None leaves them as they are, for an augmentation that
            gives them one size.
        channels: 3 for colour, 1 for grey. Of an animation the first frame is taken.

    Attributes:
        classes: The names of the classes in the order of their ids.

    Raises:
        UsageError: There is no such folder.
        DataRefused: It has fewer than two classes, or one without pictures.
    """

    vectorised = False

    def __init__(self, folder: str, size: tuple[int, int] | None = None, channels: int = 3) -> None:
        found = files.by_class(str(folder), SUFFIXES)
        self.classes, self.rows = found.classes, len(found.files)
        self._files, self._size, self._channels = found.files, size, channels
        with tf.device("CPU:0"):
            self._paths, self._labels = tf.constant(found.files), tf.constant(found.labels, tf.int64)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        encoded = tf.io.read_file(tf.gather(self._paths, raw))
        image = tf.io.decode_image(encoded, self._channels, expand_animations=False)
        image = tf.ensure_shape(image, [None, None, self._channels])
        if self._size:
            scaled = tf.image.resize(image, self._size, antialias=True)
            image = tf.cast(tf.round(tf.clip_by_value(scaled, 0.0, 255.0)), tf.uint8)
        return {"image": image, "label": tf.gather(self._labels, raw)}

    def name(self, row: int) -> str:
        """Returns the path of a picture."""
        return self._files[row]
