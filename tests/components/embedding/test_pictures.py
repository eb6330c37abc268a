import numpy as np
import pytest
import tensorflow as tf

from components.embedding.pictures import as_pictures


@pytest.mark.parametrize("shape", [(2, 6, 4), (2, 6, 4, 1), (2, 6, 4, 3)])
def test_every_form_becomes_pictures_in_three_colours(shape):
    values = np.random.default_rng(0).uniform(0, 1, shape).astype("float32")
    found = as_pictures(tf.constant(values), 8).numpy()
    assert found.shape == (2, 8, 8, 3)
    assert found.min() >= 0
    assert found.max() <= 1
    if shape[-1] != 3:
        assert np.array_equal(found[..., 0], found[..., 2])


def test_what_is_in_range_stays_and_the_rest_is_scaled_picture_by_picture():
    low, high = np.full((2, 2), 0.25, "float32"), np.array([[-2, 6], [2, 2]], "float32")
    found = as_pictures(tf.stack([low, high]), 2).numpy()
    np.testing.assert_allclose(found[0], 0.25)
    np.testing.assert_allclose(found[1, ..., 0], [[0, 1], [0.5, 0.5]])
