import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer.layers import Dense
from tests.components.trainer.layers.check_layer import check_layer

INPUTS = np.random.default_rng(1).normal(size=(3, 4, 5)).astype("float32")


def test_everything(tmp_path):
    def make(**kwargs):
        return Dense(
            6, activation="gelu", kernel_regularizer=keras.regularizers.L2(0.01), bias_regularizer="l1", **kwargs
        )

    check_layer(make, INPUTS, tmp_path, output_shape=(3, 4, 6), masked=True)


@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 5), (2, 1, 3, 5)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_is_keras_dense_over_any_leading_axes(shape, use_bias):
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    ours, theirs = Dense(3, "tanh", use_bias=use_bias), keras.layers.Dense(3, "tanh", use_bias=use_bias)
    ours.build(shape)
    theirs.build(shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(inputs), theirs(inputs), atol=1e-6)


def test_regularizers_reach_the_losses():
    layer = Dense(2, kernel_regularizer=keras.regularizers.L2(0.5), kernel_initializer="ones", bias_regularizer="l2")
    layer.build((None, 3))
    assert float(sum(layer.losses)) == pytest.approx(0.5 * 6)


def test_bad_arguments_and_shapes_are_refused():
    with pytest.raises(UsageError, match=r"Received: units=0"):
        Dense(0)
    with pytest.raises(UsageError, match=r"Received: shape=\(None, None\)"):
        Dense(2)(keras.Input((None,)))
    layer = Dense(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="expected axis -1"):
        layer(np.ones((1, 4)))
