"""A stamp from its encoded bytes and its caption, all in TensorFlow's graph: what is served is what was trained on.

| feature | made from | shape, dtype |
|---|---|---|
| `pixels` | `image`: a PNG, JPEG, GIF, BMP or WebP file of any size | [batch, 128, 128, 3], 0 to 1, float32 |
| `words` | `caption`, "" where there is none | [batch], string |
| `label` | the label, where there is one | [batch], int64 |

Transparent parts become white, which is the paper that stamps are put on; of an animation the first frame counts. The
longer side is scaled to `transform.params.size` pixels, the shorter one keeps its proportion, centred on white.
"""

from typing import Any, TypeAlias

import tensorflow as tf

from pipeline.pictures import fitted

LABEL = "label"
PIXELS = "pixels"
WORDS = "words"

Column: TypeAlias = tf.Tensor | tf.SparseTensor


def preprocessing_fn(inputs: dict[str, Column], custom_config: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Maps raw features to those of the model.

    Args:
        inputs: The features of the schema, [batch] each; `caption` is sparse.
        custom_config: Under `params` it has `size`.

    Returns:
        The table above; without the label when `inputs` has none.

    Raises:
        tf.errors.InvalidArgumentError: (When run.) The bytes are no image.
    """
    size = custom_config["params"]["size"]
    spec = tf.TensorSpec([size, size, 3], tf.float32)
    pixels = tf.map_fn(lambda image: decode(image, size), inputs["image"], fn_output_signature=spec)
    outputs = {PIXELS: pixels, WORDS: _given(inputs["caption"])}
    return {**outputs, LABEL: inputs[LABEL]} if LABEL in inputs else outputs


def decode(image: tf.Tensor, size: int) -> tf.Tensor:
    """Returns one picture, [size, size, 3] in 0..1, from its encoded bytes, a scalar."""
    colours = _on_white(tf.io.decode_image(image, expand_animations=False))
    # Smoothing leaves the range by a rounding.
    return tf.clip_by_value(1 - fitted(1 - colours, size), 0, 1)


def _on_white(image: tf.Tensor) -> tf.Tensor:
    """Returns [height, width, 3] in 0..1 from uint8 of one (grey), two (grey, alpha), three (RGB) or four channels."""
    values = tf.cast(image, tf.float32) / 255
    channels = tf.shape(values)[2]
    alpha = tf.where(channels % 2 == 0, values[..., -1:], 1.0)
    colours = tf.cond(channels >= 3, lambda: values[..., :3], lambda: tf.repeat(values[..., :1], 3, axis=2))
    return 1 - (1 - colours) * alpha


def _given(texts: tf.SparseTensor) -> tf.Tensor:
    """Returns [batch] with "" for missing values."""
    # The batch may hold no value at all, then its sparse width is 0.
    dense = tf.sparse.to_dense(tf.SparseTensor(texts.indices, texts.values, [texts.dense_shape[0], 1]), "")
    return tf.reshape(dense, [-1])
