"""Pictures as the modules of TensorFlow Hub take them."""

import tensorflow as tf


def as_pictures(values: tf.Tensor, size: int = 224) -> tf.Tensor:
    """Returns a batch of pictures in three colours and of one size.

    Args:
        values: [batch, height, width] or [batch, height, width, 1 or 3], float32. What goes beyond 0..1, such as a
            spectrogram, is scaled to it, picture by picture.
        size: Pixels of both sides.

    Returns:
        [batch, size, size, 3] in 0..1.
    """
    pictures = values if values.shape.rank == 4 else values[..., tf.newaxis]
    lowest = tf.minimum(tf.reduce_min(pictures, axis=[1, 2, 3], keepdims=True), 0.0)
    highest = tf.maximum(tf.reduce_max(pictures, axis=[1, 2, 3], keepdims=True), 1.0)
    pictures = (pictures - lowest) / (highest - lowest)
    pictures = tf.image.resize(pictures, [size, size], antialias=True)
    return pictures if pictures.shape[-1] == 3 else tf.image.grayscale_to_rgb(pictures)
