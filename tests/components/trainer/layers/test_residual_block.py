import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer.layers import ResidualBlock
from tests.components.trainer.layers.check_layer import check_layer

IMAGES = np.random.default_rng(1).normal(size=(4, 5, 6, 3)).astype("float32")


def test_everything_with_a_projection(tmp_path):
    def make(**kwargs):
        return ResidualBlock(4, strides=2, kernel_regularizer=keras.regularizers.L2(0.01), **kwargs)

    check_layer(make, IMAGES, tmp_path, output_shape=(4, 3, 3, 4))


@pytest.mark.parametrize(("filters", "strides", "projects"), [(3, 1, False), (3, 2, True), (4, 1, True)])
def test_projects_only_where_shapes_differ(filters, strides, projects):
    block = ResidualBlock(filters, strides)
    block.build(IMAGES.shape)
    assert (block.projection is not None) == projects
    assert tuple(block(IMAGES).shape) == block.compute_output_shape(IMAGES.shape)


def test_without_projection_the_input_passes():
    block = ResidualBlock(3)
    block.build(IMAGES.shape)
    block.norm_2.gamma.assign(keras.ops.zeros(3))
    np.testing.assert_allclose(block(IMAGES), np.maximum(IMAGES, 0), atol=1e-6)


def test_training_flag_reaches_batch_normalization():
    block = ResidualBlock(4, strides=2)
    block(IMAGES, training=False)
    means = [norm.moving_mean for norm in (block.norm_1, block.norm_2, block.projection_norm)]
    assert all((mean.numpy() == 0).all() for mean in means)
    block(IMAGES, training=True)
    assert all((mean.numpy() != 0).any() for mean in means)


def test_bad_arguments_and_shapes_are_refused():
    with pytest.raises(UsageError, match="Received: strides=0"):
        ResidualBlock(4, strides=0)
    with pytest.raises(UsageError, match="batch, height, width, channels"):
        ResidualBlock(4)(keras.Input((8, 3)))
