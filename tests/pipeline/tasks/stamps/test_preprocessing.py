import functools

import numpy as np
import pytest
import tensorflow as tf

from pipeline.tasks.stamps import preprocessing
from pipeline.tasks.stamps.preprocessing import PIXELS, WORDS, decode
from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.in_place import preprocessing_fn, through_transform
from tests.pipeline.tasks.stamps.conftest import SIZE

COLOURS = noise(SIZE, SIZE, 3)


def test_it_is_the_same_eagerly_in_a_data_set_and_through_transform(output):
    files = [encoded(COLOURS), encoded(noise(50, 20)), encoded(noise(1, 1)), encoded(noise(40, 40, 4))]
    captions = ["A cat.", "", "Räuchermännchen", "\x00"]
    raw = {"image": tf.constant(files), "caption": tf.sparse.from_dense(tf.constant(captions)[:, tf.newaxis])}
    function = preprocessing_fn("stamps", size=SIZE)
    eager = function(raw)
    batches = tf.data.Dataset.from_tensor_slices(raw).batch(3).map(function)
    streamed = {name: tf.concat([batch[name] for batch in batches], 0) for name in (PIXELS, WORDS)}
    rows = [
        {"image": file, "caption": caption or None, "label": 3, "category": "plants"}
        for file, caption in zip(files, captions, strict=True)
    ]
    transformed = through_transform(output, rows)
    assert eager[PIXELS].shape == (4, SIZE, SIZE, 3)
    np.testing.assert_array_equal(streamed[PIXELS], eager[PIXELS])
    # A graph may divide by 255 by multiplying, which is one float32 rounding away.
    np.testing.assert_allclose(transformed[PIXELS], eager[PIXELS], atol=2e-7)
    for words in (eager[WORDS], streamed[WORDS], transformed[WORDS]):
        assert [word.decode() for word in words.numpy()] == captions
    assert transformed["label"].numpy().tolist() == [3] * 4


def test_what_transform_declares(output):
    spec = output.transformed_feature_spec()
    assert {name: (tuple(kind.shape), kind.dtype) for name, kind in spec.items()} == {
        PIXELS: ((SIZE, SIZE, 3), tf.float32),
        WORDS: ((), tf.string),
        "label": ((), tf.int64),
    }


def test_a_batch_without_any_caption():
    none = tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.constant([], tf.string), [2, 0])
    found = preprocessing_fn("stamps", size=SIZE)({"image": tf.constant([encoded(COLOURS)] * 2), "caption": none})
    assert set(found) == {PIXELS, WORDS}
    assert found[WORDS].numpy().tolist() == [b"", b""]


def test_the_size_is_a_parameter(output):
    raw = {"image": tf.constant([encoded(COLOURS)]), "caption": tf.sparse.from_dense([["x"]])}
    assert preprocessing_fn("stamps", size=24)(raw)[PIXELS].shape == (1, 24, 24, 3)


def test_a_picture_of_the_right_size_is_only_scaled():
    np.testing.assert_allclose(decode(encoded(COLOURS), SIZE), COLOURS / 255, atol=1e-6)


@pytest.mark.parametrize("shape", [(SIZE, SIZE), (SIZE, SIZE, 3)])
def test_grey_is_a_colour_too(shape):
    picture = np.full(shape, 51, np.uint8)
    np.testing.assert_allclose(decode(encoded(picture), SIZE), np.full((SIZE, SIZE, 3), 0.2), atol=1e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_what_is_transparent_is_paper(channels):
    picture = np.full((SIZE, SIZE, channels), 51, np.uint8)
    picture[:8, :, -1] = 0
    picture[8:, :, -1] = 255
    decoded = decode(encoded(picture), SIZE).numpy()
    np.testing.assert_allclose(decoded[:8], 1, atol=1e-6)
    np.testing.assert_allclose(decoded[8:], 0.2, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 900), (900, 1), (3, 5, 4), (640, 480, 3), (17, 16)])
def test_any_size(shape):
    decoded = decode(encoded(noise(*shape)), SIZE).numpy()
    assert decoded.shape == (SIZE, SIZE, 3)
    assert (decoded >= 0).all()
    assert (decoded <= 1).all()


def test_proportions_are_kept_on_white():
    decoded = decode(encoded(np.zeros((2 * SIZE, SIZE), np.uint8)), SIZE).numpy()
    np.testing.assert_allclose(decoded[:, 4:12], 0, atol=1e-5)
    np.testing.assert_allclose(decoded[:, :4], 1, atol=1e-5)
    np.testing.assert_allclose(decoded[:, 12:], 1, atol=1e-5)


def test_an_empty_batch():
    function = functools.partial(preprocessing.preprocessing_fn, custom_config={"params": {"size": SIZE}})
    none = tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.constant([], tf.string), [0, 0])
    assert function({"image": tf.constant([], tf.string), "caption": none})[PIXELS].shape == (0, SIZE, SIZE, 3)


@pytest.mark.parametrize("junk", [b"", b"no image", encoded(COLOURS)[:60]])
def test_bytes_that_are_no_image_are_an_error(junk):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode(junk, SIZE)
