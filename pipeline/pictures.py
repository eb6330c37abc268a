"""Pictures of any size made one size, in TensorFlow's graph."""

import tensorflow as tf


def fitted(picture: tf.Tensor, size: int) -> tf.Tensor:
    """Scales the longer side of a picture; the shorter one keeps its proportion, centred on zeros.

    Args:
        picture: [height, width, channels], float32.
        size: Pixels of both sides.

    Returns:
        [size, size, channels], smoothed where the picture shrinks. One of this size stays as it is.
    """
    sides = tf.shape(picture)[:2]
    scale = size / tf.reduce_max(sides)
    shape = tf.maximum(1, tf.cast(tf.round(tf.cast(sides, tf.float64) * scale), tf.int32))
    return tf.image.resize_with_crop_or_pad(tf.image.resize(picture, shape, antialias=True), size, size)
