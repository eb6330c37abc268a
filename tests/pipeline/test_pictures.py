import numpy as np
import pytest

from pipeline.pictures import fitted


def test_one_of_the_size_stays_as_it_is():
    picture = np.random.default_rng(0).uniform(size=(6, 6, 3)).astype("float32")
    np.testing.assert_array_equal(fitted(picture, 6), picture)


@pytest.mark.parametrize(
    ("shape", "filled"), [((8, 4, 1), (4, 2)), ((3, 6, 2), (2, 4)), ((1, 1, 3), (4, 4)), ((1, 90, 1), (1, 4))]
)
def test_proportions_are_kept_in_the_middle_of_zeros(shape, filled):
    found = fitted(np.ones(shape, "float32"), 4).numpy()
    assert found.shape == (4, 4, shape[2])
    # Weights of the smoothing add up to one but for a rounding.
    assert tuple((found[..., 0] > 0.999).any(axis).sum() for axis in (1, 0)) == filled
    assert (found > 0.001).sum() == filled[0] * filled[1] * shape[2]
