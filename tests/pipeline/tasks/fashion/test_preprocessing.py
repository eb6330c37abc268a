import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipeline.tasks.fashion.preprocessing import PIXELS, SIZE, decode, preprocessing_fn
from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.in_place import through_transform

GREY = noise(28, 28)


def test_a_picture_of_the_right_size_is_only_scaled():
    np.testing.assert_allclose(decode(encoded(GREY))[..., 0], GREY / 255, atol=1e-6)


def test_it_is_the_same_eagerly_in_a_data_set_and_through_transform(output):
    files = [encoded(GREY), encoded(noise(50, 20, 3)), encoded(noise(1, 1)), encoded(noise(40, 40, 4))]
    eager = preprocessing_fn({"image": tf.constant(files)})[PIXELS]
    batches = tf.data.Dataset.from_tensor_slices({"image": files}).batch(3).map(preprocessing_fn)
    streamed = tf.concat([batch[PIXELS] for batch in batches], 0)
    rows = [{"image": file, "label": 3, "class_name": "Dress"} for file in files]
    transformed = through_transform(output, rows)
    assert eager.shape == (4, SIZE, SIZE, 1)
    np.testing.assert_array_equal(streamed, eager)
    # A graph may divide by 255 by multiplying, which is one float32 rounding away.
    np.testing.assert_allclose(transformed[PIXELS], eager, atol=2e-7)
    assert transformed["label"].numpy().tolist() == [3] * 4


def test_what_transform_declares(output):
    spec = output.transformed_feature_spec()
    assert {name: (tuple(kind.shape), kind.dtype) for name, kind in spec.items()} == {
        PIXELS: ((28, 28, 1), tf.float32),
        "label": ((), tf.int64),
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_formats(kind):
    flat = np.full((28, 28, 3), 77, np.uint8)
    # A format with loss keeps a flat picture within two of 255 steps.
    np.testing.assert_allclose(decode(encoded(flat, kind)), 77 / 255, atol=2 / 255)


def test_colours_become_their_luma():
    red, green, blue = (np.zeros((28, 28, 3), np.uint8) for _ in range(3))
    for channel, picture in enumerate((red, green, blue)):
        picture[..., channel] = 255
    for picture, luma in ((red, 0.299), (green, 0.587), (blue, 0.114)):
        np.testing.assert_allclose(decode(encoded(picture)), luma, atol=1e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_what_is_transparent_is_background(channels):
    picture = np.full((28, 28, channels), 200, np.uint8)
    picture[:14, :, -1] = 0
    picture[14:, :, -1] = 255
    decoded = decode(encoded(picture))[..., 0].numpy()
    assert not decoded[:14].any()
    np.testing.assert_allclose(decoded[14:], 200 / 255, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 900), (900, 1), (3, 5, 4), (640, 480, 3), (28, 29)])
def test_any_size(shape):
    decoded = decode(encoded(noise(*shape))).numpy()
    assert decoded.shape == (SIZE, SIZE, 1)
    assert np.isfinite(decoded).all()
    # Antialiasing weighs pixels positively, up to rounding.
    assert decoded.min() >= -1e-5
    assert decoded.max() <= 1 + 1e-5


def test_one_pixel_fills_the_picture():
    np.testing.assert_allclose(decode(encoded(np.full((1, 1), 51, np.uint8))), 0.2, atol=1e-6)


def test_proportions_are_kept_on_black():
    decoded = decode(encoded(np.full((56, 28), 255, np.uint8)))[..., 0].numpy()
    np.testing.assert_allclose(decoded[:, 7:21], 1, atol=1e-5)
    assert not decoded[:, :7].any()
    assert not decoded[:, 21:].any()


def test_it_shrinks_smoothly():
    """Stripes one pixel wide become grey; picking pixels would leave black or white."""
    stripes = np.zeros((280, 280), np.uint8)
    stripes[:, ::2] = 255
    np.testing.assert_allclose(decode(encoded(stripes))[2:-2, 2:-2], 0.5, atol=0.05)


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.fromarray(np.full((28, 28), value, np.uint8)) for value in (255, 0)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(decode(buffer.getvalue()), 1, atol=1e-6)


def test_the_label_need_not_be_there():
    assert set(preprocessing_fn({"image": tf.constant([encoded(GREY)])})) == {PIXELS}


def test_an_empty_batch():
    assert preprocessing_fn({"image": tf.constant([], tf.string)})[PIXELS].shape == (0, SIZE, SIZE, 1)


@pytest.mark.parametrize("junk", [b"", b"no image", encoded(GREY)[:60]])
def test_bytes_that_are_no_image_are_an_error(junk):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode(junk)
