"""Augmentation of pictures of any size, one at a time, in a single pass over the pixels that are kept."""

from dataclasses import dataclass

import tensorflow as tf

from components.trainer.sources.source import Features


@dataclass(frozen=True)
class CropAndFlip:
    """A random part of a picture, mirrored half of the time, scaled to one size (Szegedy et al. 2014).

    Cropping, mirroring and scaling are one operation, which reads only the part. In evaluation the whole picture is
    scaled.

    Args:
        size: (height, width) of the result.
        area: The least part of the picture's area that is taken.
        ratio: How far the proportions may change: from 1 / ratio to ratio.
        flip: Whether half of the pictures are mirrored.
        brightness: By how much a picture may become darker or brighter, 0 to 1.
        feature: The feature that holds the picture, [height, width, channels] of any number type; it becomes float32.

    Example:
        >>> picture = {"image": tf.zeros([60, 80, 3], tf.uint8)}
        >>> tuple(CropAndFlip((32, 32))(picture, tf.constant([1, 2], tf.int64))["image"].shape)
        (32, 32, 3)
    """

    size: tuple[int, int]
    area: float = 0.35
    ratio: float = 4 / 3
    flip: bool = True
    brightness: float = 0.0
    feature: str = "image"

    def __call__(self, features: Features, seed: tf.Tensor | None) -> Features:
        """Returns the features with the picture changed.

        Args:
            features: Those of one element.
            seed: Two numbers that decide, int64; None in evaluation.
        """
        image = features[self.feature]
        box = tf.constant([0.0, 0.0, 1.0, 1.0])
        if seed is not None:
            draws = tf.unstack(tf.random.stateless_uniform([6], seed))
            box = self._box(tf.cast(tf.shape(image)[:2], tf.float32), draws)
        scaled = tf.image.crop_and_resize(image[tf.newaxis], box[tf.newaxis], [0], self.size)[0]
        if seed is not None and self.brightness:
            scaled = tf.clip_by_value(scaled * (1 + self.brightness * (2 * draws[5] - 1)), 0.0, 255.0)
        return {**features, self.feature: tf.ensure_shape(scaled, [*self.size, image.shape[-1]])}

    def _box(self, sides: tf.Tensor, draws: list[tf.Tensor]) -> tf.Tensor:
        """Returns top, left, bottom, right in 0..1; mirrored if left is greater than right."""
        share, proportion, down, right, mirrored, _ = draws
        area = (self.area + (1 - self.area) * share) * sides[0] * sides[1]
        change = tf.pow(self.ratio, 2 * proportion - 1)
        # Of the picture's own proportions, so that the part fits in it as often as can be.
        width = tf.minimum(1.0, tf.sqrt(area * change * sides[1] / sides[0]) / sides[1])
        height = tf.minimum(1.0, area / (width * sides[0] * sides[1]))
        top, left = down * (1 - height), right * (1 - width)
        box = tf.stack([top, left, top + height, left + width])
        return tf.where(mirrored < 0.5, tf.gather(box, [0, 3, 2, 1]), box) if self.flip else box
