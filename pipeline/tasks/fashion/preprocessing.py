"""A picture from its encoded bytes, all in TensorFlow's graph: what is served is what was trained on.

| feature | made from | shape | dtype |
|---|---|---|---|
| `pixels` | `image`: a PNG, JPEG, GIF, BMP or WebP file of any size | [batch, 28, 28, 1], 0 to 1 | float32 |
| `label` | the label, where there is one | [batch] | int64 |

Colours become their luma (ITU-R 601), transparent parts black, which is the background of the training pictures; of
an animation the first frame counts. The longer side is scaled to 28 pixels, smoothed where it shrinks; the shorter one
keeps its proportion, centred on black. A grey picture of 28 x 28 stays as it is.
"""

import tensorflow as tf

from pipeline.pictures import fitted

LABEL = "label"
PIXELS = "pixels"
SIZE = 28


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Maps raw features to those of the model.

    Args:
        inputs: The features of the schema, [batch] each.

    Returns:
        The table above; without the label when `inputs` has none.

    Raises:
        tf.errors.InvalidArgumentError: (When run.) The bytes are no image.
    """
    spec = tf.TensorSpec([SIZE, SIZE, 1], tf.float32)
    outputs = {PIXELS: tf.map_fn(decode, inputs["image"], fn_output_signature=spec)}
    return {**outputs, LABEL: inputs[LABEL]} if LABEL in inputs else outputs


def decode(image: tf.Tensor) -> tf.Tensor:
    """Returns one picture, [SIZE, SIZE, 1] in 0..1, from its encoded bytes, a scalar."""
    return fitted(_grey(tf.io.decode_image(image, expand_animations=False)), SIZE)


def _grey(image: tf.Tensor) -> tf.Tensor:
    """Returns [height, width, 1] in 0..1 from uint8 of one (grey), two (grey, alpha), three (RGB) or four channels."""
    values = tf.cast(image, tf.float32) / 255
    channels = tf.shape(values)[2]
    has_alpha = channels % 2 == 0
    alpha = tf.where(has_alpha, values[..., -1:], 1.0)
    red_green_blue = tf.constant([[0.299], [0.587], [0.114]])
    luma = tf.cond(channels >= 3, lambda: tf.tensordot(values[..., :3], red_green_blue, 1), lambda: values[..., :1])
    return luma * alpha
